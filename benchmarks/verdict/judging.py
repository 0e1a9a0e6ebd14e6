"""Judges reference players: how often does the verdict name them rightly, wrongly, or not at all?"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from benchmarks.verdict.subjects import Subject, answers
from gedanken.agents.players.bank import read_bank
from gedanken.compare.stats.proportions import wilson_share
from gedanken.compare.verdict.judge import judge
from gedanken.compare.verdict.results import HYPOTHESES, Hypothesis

NAMES = ("computes", "imitates", "shortcut", "mixture", "undetermined")
WAYS = ("computes", "imitates", "shortcut", "mixture")
BINS = (0.0, 0.2, 0.5, 0.8, 0.95, 0.99, 1.0)


class JudgedSubject(NamedTuple):
    """The verdict on one subject."""

    subject: Subject
    name: str
    why: str
    posterior: dict[Hypothesis, float]
    operations: Mapping[str, str]
    """For each operation, such as `matrix product`, the name that the verdict gives: `computes`, for example."""

    @property
    def is_wrong(self) -> bool:
        """True if the subject was given a wrong name."""
        return self.name not in self.subject.right


def judge_subject(bank: Path, numbered: tuple[int, Subject]) -> JudgedSubject:
    """Let one subject answer, and judge it. `numbered` is the seed for choosing its questions, and the subject."""
    number, subject = numbered
    verdict = judge(answers(subject, read_bank(bank), number), subject.kind, resamples=0)
    names = {operation.operation: operation.name for operation in verdict.operations}
    return JudgedSubject(subject, verdict.name, verdict.why, verdict.posterior, names)


def judge_all(
    bank: Path, subjects: Sequence[Subject], report_progress: Callable[[int, int], None], processes: int
) -> list[JudgedSubject]:
    """Judge all subjects; return the results in order.

    `report_progress` gets the number of judged subjects, and the number of wrongly named ones.
    """
    judged = []
    with ProcessPoolExecutor(processes) as pool:
        for result in pool.map(partial(judge_subject, bank), enumerate(subjects), chunksize=4):
            judged.append(result)
            report_progress(len(judged), sum(result.is_wrong for result in judged))
    return judged


def matrix(judged: Sequence[JudgedSubject]) -> str:
    """Return the confusion matrix: rows are true ways, columns the names given."""
    lines = [f"| is | {' | '.join(NAMES)} |", f"|---|{'---|' * len(NAMES)}"]
    for way in WAYS:
        names = Counter(result.name for result in judged if result.subject.way == way)
        if names:
            lines.append(f"| {way} | {' | '.join(str(names[name]) for name in NAMES)} |")
    return "\n".join(lines)


def headline_figures(judged: Sequence[JudgedSubject]) -> str:
    """Return the two figures that the documentation quotes.

    They are the share of wrongly named subjects, and the share of pure subjects that are named rightly.
    """
    wrong = sum(result.is_wrong for result in judged)
    pure_results = [result for result in judged if result.subject.is_pure]
    rightly_named = sum(result.name == result.subject.way for result in pure_results)
    return "\n".join(
        [
            f"Wrongly named: {wilson_share(wrong, len(judged))}; "
            f"upper 95 % bound {upper_bound(wrong, len(judged)):.2%}.",
            f"Named rightly, of the pure ones: {wilson_share(rightly_named, len(pure_results))}.",
        ]
    )


def upper_bound(wrong: int, total: int) -> float:
    """Return the one-sided 95 % upper bound of the share `wrong / total` (Clopper and Pearson, 1934)."""
    from scipy.stats import beta

    return float(beta.ppf(0.95, wrong + 1, total - wrong)) if wrong < total else 1.0


def table_by(judged: Iterable[JudgedSubject], key: Callable[[JudgedSubject], str], head: str) -> str:
    """Return a table of how many subjects were named rightly, wrongly or not at all, grouped by `key`."""
    groups: dict[str, list[JudgedSubject]] = defaultdict(list)
    for result in judged:
        groups[key(result)].append(result)
    lines = [f"| {head} | subjects | rightly named | wrongly | undetermined |", "|---|---|---|---|---|"]
    for name, group in groups.items():
        wrong = sum(result.is_wrong for result in group)
        undetermined = sum(result.name == "undetermined" for result in group)
        lines.append(f"| {name} | {len(group)} | {len(group) - wrong - undetermined} | {wrong} | {undetermined} |")
    return "\n".join(lines)


def calibration(judged: Sequence[JudgedSubject]) -> str:
    """Return a table: for each range of posteriors, how often a hypothesis with such a posterior is true.

    Only pure subjects count.
    """
    counts = [[0, 0, 0.0] for _ in BINS[1:]]
    for result in judged:
        if result.subject.is_pure:
            for hypothesis in HYPOTHESES:
                value = result.posterior[hypothesis]
                bin_index = next(n for n, high in enumerate(BINS[1:]) if value <= high or high == BINS[-1])
                counts[bin_index][0] += hypothesis == result.subject.way
                counts[bin_index][1] += 1
                counts[bin_index][2] += value
    lines = ["| posterior | mean | true | of |", "|---|---|---|---|"]
    for (low, high), (true, n, total) in zip(pairwise(BINS), counts, strict=True):
        if n:
            lines.append(f"| {low:g} to {high:g} | {total / n:.3f} | {wilson_share(int(true), int(n))} | {int(n)} |")
    return "\n".join(lines)
