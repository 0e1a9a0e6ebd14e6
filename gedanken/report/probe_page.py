"""Renders the HTML page of probes: accuracy curves, pairs of items, posteriors, and questions with answers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from gedanken.analysis.probe_verdict import informative_scores
from gedanken.compare.verdict import sentences
from gedanken.compare.verdict.results import HYPOTHESES, OperationVerdict, Verdict
from gedanken.experiment.probe_item import ItemScore
from gedanken.experiment.run_log import RunLog
from gedanken.experiment.version import __version__
from gedanken.report.horizons import horizon_chart
from gedanken.report.html import content_policy, packaged, page_environment

ITEMS_SHOWN = 1500
"""Maximum number of questions that are shown for one model. The run folder contains all of them."""
CHARTS_SHOWN = 40
_JUDGED_ROLES = ("easy", "hard", "alone")


@dataclass(frozen=True, slots=True)
class ProbedQuestion:
    """One question with the answers under one condition, the real output, and the output of the item's rival
    program.
    """

    score: ItemScore
    truth: str
    rival: str | None
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProbedModel:
    """The verdict on one model under one condition, and the answers from which the verdict was computed."""

    verdict: Verdict
    answers: tuple[ProbedQuestion, ...]
    notes: tuple[str, ...] = ()
    """Remarks that a reader of the results must know, for example on replies that failed."""


class PairAccuracy(NamedTuple):
    """The share of right answers to the easy items and to the hard items, in all pairs of one operation and size."""

    size: int
    pairs: int
    easy: float
    hard: float
    rival: float
    """Share of the answers to the hard items that equal the output of the rival program."""


class Group(NamedTuple):
    """The questions of one pair, or a single question that belongs to no pair."""

    size: int
    name: str
    asked: tuple[ProbedQuestion, ...]

    @property
    def outcomes(self) -> str:
        """The outcomes of the answers to each item, for example `easy right, hard rival`."""
        return ", ".join(
            f"{question.score.item.role} {' '.join(answer.outcome for answer in question.score.answers)}"
            for question in self.asked
        )


class ShownOperation(NamedTuple):
    """The verdict on one model for one kind of operation, such as `matrix product`, prepared for display."""

    place: str
    judged: OperationVerdict
    sentence: str
    chart: Markup | None
    twins: tuple[PairAccuracy, ...]
    groups: tuple[Group, ...]


class ShownModel(NamedTuple):
    """One model, prepared for display."""

    place: str
    verdict: Verdict
    sentence: str
    numbers: str
    """A sentence that explains the probabilities shown beside the verdict “undetermined”; empty if none are shown."""
    operations: tuple[ShownOperation, ...]
    left_out: int
    """Number of questions that are not shown, because there are too many."""
    notes: tuple[str, ...]


def probed_model(log: RunLog, verdict: Verdict) -> ProbedModel:
    """Collect the questions and answers from which a verdict was computed."""
    items = {item.item.id: item for item in log.items}
    outputs: dict[str, list[str]] = defaultdict(list)
    for answer in log.answers:
        if answer.question.arm == verdict.condition:
            run = answer.execution
            outputs[answer.question.item].append(run.stdout or run.raw_reply or f"(nothing: {run.cause})")
    scores = [score for score in informative_scores(log) if score.condition == verdict.condition]
    answers = [
        ProbedQuestion(score, items[score.item.id].truth, items[score.item.id].rival, tuple(outputs[score.item.id]))
        for score in scores
    ]
    return ProbedModel(verdict, tuple(answers), log.notes)


def render_probes(models: Sequence[ProbedModel]) -> str:
    """Render the page of one or several models as one self-contained HTML file. The same input gives the same
    file."""
    environment = page_environment()
    environment.filters["share"] = _format_share
    style, script = packaged("style.css"), packaged("report.js")
    return environment.get_template("probes.html.j2").render(
        models=[_prepare_model(number, model) for number, model in enumerate(models, start=1)],
        HYPOTHESES=HYPOTHESES,
        version=__version__,
        style=Markup(style),
        script=Markup(script),
        policy=content_policy(style, script),
    )


def _format_share(value: float | None) -> str:
    """Format a share, for example `.97`. Shares near 0 or 1 have three digits, as in `> .999`."""
    if value is None:
        return "–"
    if 0.999 < value < 1:
        return "> .999"
    if 0 < value < 0.001:
        return "< .001"
    digits = 3 if 0 < value < 0.01 or 0.99 < value < 1 else 2
    return f"{value:.{digits}f}".removeprefix("0")


def _prepare_model(number: int, model: ProbedModel) -> ShownModel:
    model_id = f"m{number}"
    by_operation: dict[tuple[str, str], list[ProbedQuestion]] = defaultdict(list)
    for answer in model.answers[:ITEMS_SHOWN]:
        by_operation[answer.score.item.family, answer.score.item.operation].append(answer)
    operations = []
    for index, operation in enumerate(model.verdict.operations):
        operation_id = f"{model_id}o{index}"
        answers = by_operation.get((operation.family, operation.operation), [])
        chart = horizon_chart(operation, operation_id) if index < CHARTS_SHOWN else None
        sentence = sentences.describe_operation(operation)
        operations.append(
            ShownOperation(
                operation_id, operation, sentence, chart, _pair_accuracies(answers), _group_by_pair(answers)
            )
        )
    left_out = max(0, len(model.answers) - ITEMS_SHOWN)
    verdict, numbers = sentences.describe_verdict(model.verdict), sentences.explain_probabilities(model.verdict)
    return ShownModel(model_id, model.verdict, verdict, numbers, tuple(operations), left_out, model.notes)


def _group_by_pair(answers: Sequence[ProbedQuestion]) -> tuple[Group, ...]:
    """Group the questions by pair. The groups with the smallest size come first."""
    groups: dict[tuple[int, str], list[ProbedQuestion]] = defaultdict(list)
    for question in answers:
        groups[question.score.item.size, question.score.item.pair or question.score.item.id].append(question)
    return tuple(Group(size, name, tuple(questions)) for (size, name), questions in sorted(groups.items()))


def _pair_accuracies(answers: Sequence[ProbedQuestion]) -> tuple[PairAccuracy, ...]:
    pairs: dict[int, dict[str, dict[str, ItemScore]]] = defaultdict(lambda: defaultdict(dict))
    for answer in answers:
        item = answer.score.item
        if item.pair and item.role in _JUDGED_ROLES:
            pairs[item.size][item.pair][item.role] = answer.score
    results = []
    for size, pairs_of_size in sorted(pairs.items()):
        complete_pairs = [pair for pair in pairs_of_size.values() if "easy" in pair and "hard" in pair]
        if complete_pairs:
            easy, hard = (
                sum(pair[role].exact for pair in complete_pairs) / len(complete_pairs) for role in ("easy", "hard")
            )
            rival = sum(_rival_share(pair["hard"]) for pair in complete_pairs) / len(complete_pairs)
            results.append(PairAccuracy(size, len(complete_pairs), easy, hard, rival))
    return tuple(results)


def _rival_share(score: ItemScore) -> float:
    return sum(answer.outcome == "rival" for answer in score.answers) / len(score.answers)
