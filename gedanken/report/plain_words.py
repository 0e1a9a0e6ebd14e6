"""The result of a run for a reader who does not know the documentation: the question, the observation,
the certainty."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.analysis.verdict import format_last, format_p, lasts, measured, spread_of, tested_p
from gedanken.compare.parsed.left_out import left_out
from gedanken.compare.results import SeriesResult
from gedanken.compare.sentences import sentence
from gedanken.compare.series.levels import PRIMARY_LEVEL, is_told
from gedanken.compare.stats.permutation_test import smallest_p
from gedanken.experiment.counts import many
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Cause
from gedanken.experiment.finding import Finding
from gedanken.experiment.run_log import DONE, INTERRUPTED, UNFINISHED

MOST = 400
"""Maximum length in characters of one line."""
EXAMPLE = 180
"""Maximum length in characters of the finding used as an example."""
_NAME = 60
_LINE = re.compile(r" \(line \d+\)")
"""The source line of a print, which is useful in the report only."""
_LABEL = re.compile(r"\b(?:line|persona)[\w.-]*-imagined-\d+\b")
_STATISTICAL = ("primary endpoint differs", "series differs")
"""Kinds of findings that rest on a statistical test, not on lines that a reader can check."""


class PlainWords(NamedTuple):
    """The three lines of the result."""

    asked: str
    seen: str
    sure: str


def plain_words(analysis: Analysis) -> PlainWords:
    """Write the three lines. They never claim that runs are equal, and state nothing about what was not examined."""
    case = analysis.main_version
    if case is None:
        words = PlainWords(_asked(analysis, None), _nothing_to_see(analysis), "nothing can be said about the model.")
    else:
        seen = f"{_seen(case)}{_elsewhere(analysis, case)}"
        words = PlainWords(_asked(analysis, case), seen, _sure(case))
    partly = _partly(analysis)
    return PlainWords(*(_short(text) for text in words._replace(sure=f"{partly}{words.sure}")))


def _asked(analysis: Analysis, version: VersionAnalysis | None) -> str:
    setup = analysis.log.setup
    at = version.imagined[0].line if version and version.imagined else None
    model = setup and (setup.model if at is None else setup.model_at(at))
    name = (model.name if model else "the model")[:_NAME]
    what = version.program.name if version and version.program else "the program"
    question = f"does {name} know what {what} prints, without running it?"
    if version is None:
        return question
    real, imagined = measured(version)
    return f"{question} {many(len(real), 'real run')}, {many(len(imagined), 'imagined run')}."


def _nothing_to_see(analysis: Analysis) -> str:
    imagined = [run for version in analysis.versions for run in version.imagined]
    if lost := left_out(imagined):
        return f"no imagined run has output to judge: {lost}."
    if imagined:
        return "the program was imagined, but no version of it has both real and imagined runs."
    if any(version.real for version in analysis.versions):
        return "the program really ran; no run of it was imagined, so there is nothing to compare."
    return "no program was run, so there is nothing to compare."


def _seen(version: VersionAnalysis) -> str:
    """State on how many imagined runs something was found, with one example; unusable replies are counted separately.

    Values of numbers are mentioned only if a test shows a difference: no two runs have the same ones.
    """
    _real, judged = measured(version)
    lost = left_out(version.imagined)
    apart = f" {lost[:1].upper()}{lost[1:]}." if lost else ""
    if cut := sum(run.cause is Cause.CUT for run in judged):
        were, goes = ("was", "it goes") if cut == 1 else ("were", "they go")
        runs = many(len(judged), "imagined run")
        apart = f" {cut} of {runs} {were} cut short, and judged as far as {goes}.{apart}"
    found = _found(version)
    labels = {run.label for run in judged}
    on = labels & {label for finding in found for label in finding.runs}
    if on:
        verb = "differs" if len(on) == 1 else "differ"
        told = f"{_of_all(len(on), len(judged))} {verb} from the real runs. {_example(found)}"
    elif found:
        told = f"the imagined runs, taken together, differ from the real ones. {_example(found)}"
    else:
        numbers = "apart from their numbers, " if version.compared.series else ""
        which = "the one imagined run" if len(judged) == 1 else f"the {len(judged)} imagined runs"
        told = f"{numbers}nothing was found that tells {which} from real ones."
    return f"{told}{apart}"


def _elsewhere(analysis: Analysis, version: VersionAnalysis) -> str:
    """Summarize findings outside the program's runs, for example in what the model says about the machine."""
    found = Counter(finding for finding in analysis.findings if not finding.explained_by) - Counter(
        version.compared.findings
    )
    return f" In the rest of the session: {many(found.total(), 'finding')}." if found else ""


def _of_all(some: int, total: int) -> str:
    if some < total:
        return f"{some} of {many(total, 'imagined run')}"
    return "the one imagined run" if total == 1 else f"all {total} imagined runs"


def _example(found: Sequence[Finding]) -> str:
    """Write the first finding in words, without file names that a newcomer has not seen."""
    example = _LABEL.sub("one imagined run", _LINE.sub("", sentence(found[0]))).rstrip(".")
    more = f", and {many(len(found) - 1, 'finding')} more" if len(found) > 1 else ""
    return f"For example: {_cut(example, EXAMPLE)}{more}."


def _sure(version: VersionAnalysis) -> str:
    """State what rests on lines, what on a test of numbers, and what is undecided."""
    _real, _imagined = measured(version)
    lines = [finding for finding in _found(version) if finding.check not in _STATISTICAL]
    told = ["the lines that differ can be looked up in the report, beside the real ones." if lines else ""]
    told.append(_numbers(version))
    if not _found(version):
        told.append("Nothing found does not mean that they are the same.")
    return " ".join(sentence for sentence in told if sentence)


def _numbers(version: VersionAnalysis) -> str:
    primary = next((series for series in version.compared.series if series.role == "primary"), None)
    if primary is None:
        return "No numbers could be compared."
    if far := next((finding for finding in _found(version) if finding.check == "far out"), None):
        return _LINE.sub("", sentence(far))
    name, tested = _LINE.sub("", format_last(primary)), tested_p(primary)
    real, imagined = (spread_of(values) for values in lasts(primary))
    if tested is None:
        few = smallest_p(primary.n_real, primary.n_imagined) > PRIMARY_LEVEL
        why = "too few for a test" if few else "not fit for a test"
        ends = f" (it is {imagined} where it really is {real})" if lasts(primary)[0] and lasts(primary)[1] else ""
        return f"Whether the {name} differs cannot be determined{ends}: {_runs(primary)} are {why}."
    if not is_told(tested):
        return f"Whether the {name} differs is not decided ({format_p(tested)})."
    return f"The {name} really ends at {real}, imagined at {imagined}; chance alone is unlikely ({format_p(tested)})."


def _runs(series: SeriesResult) -> str:
    return f"{series.n_real:,} real and {series.n_imagined:,} imagined values"


def _found(version: VersionAnalysis) -> list[Finding]:
    return [finding for finding in version.compared.findings if not finding.explained_by]


def _partly(analysis: Analysis) -> str:
    """Return a warning to put in front if the run is incomplete."""
    outcome = analysis.log.outcome or DONE
    if outcome == INTERRUPTED:
        return "the run was interrupted, so this is only a part of it: "
    if outcome == UNFINISHED:
        return "the run is not finished, so this is only a part of it: "
    return "" if outcome == DONE else f"the run did not come to its planned end ({outcome[:80]}): "


def _short(text: str) -> str:
    return _cut(harmless(" ".join(text.split())), MOST)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 2] + " …"
