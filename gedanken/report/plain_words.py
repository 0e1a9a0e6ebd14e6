"""Puts the result of a run into words for a newcomer: the question, the result, and how certain it is."""

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.analysis.verdict import format_last, format_p, lasts, measured, spread_of, tested_p
from gedanken.compare.parsed.left_out import left_out
from gedanken.compare.results import SeriesResult
from gedanken.compare.sentences import sentence
from gedanken.compare.series.judged import differ_in
from gedanken.compare.series.levels import PRIMARY_LEVEL, is_told
from gedanken.compare.stats.permutation_test import smallest_p
from gedanken.experiment.counts import many
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.finding import Finding
from gedanken.experiment.run_log import DONE, INTERRUPTED, UNFINISHED

MOST = 400
"""Maximum length in characters of one line."""
EXAMPLE = 180
"""Maximum length in characters of the finding used as an example."""
_NAME = 60
_LINE = re.compile(r" \([^()]{0,99}:\d+\)| \(line \d+\)")
"""Matches the place of a print statement, such as ` (train.py:12)` or ` (line 12)`, which means nothing to a
newcomer."""
_P = re.compile(r" \(p [=<][^()]*\)")
_VERSION = re.compile(r"\b[\w.]+-v\d+\b")
_LABEL = re.compile(r"\b(?:line|persona)[\w.-]*-(?P<origin>real|imagined)-(?P<number>\d+)\b")
_STATISTICAL = ("primary endpoint differs", "series differs")
"""Kinds of findings that come from a statistical test. A reader cannot check them on printed lines."""


class PlainWords(NamedTuple):
    """The result of a run as three lines."""

    question: str
    result: str
    confidence: str


def plain_words(analysis: Analysis) -> PlainWords:
    """Write the three lines. They never claim that runs are equal, and say nothing about things that were not
    compared."""
    case = analysis.main_version
    if case is None:
        words = PlainWords(
            _question(analysis, None),
            _nothing_to_compare(analysis),
            "Nothing was compared, so nothing is known about the model.",
        )
    else:
        result = f"{_result(case)}{_elsewhere(analysis, case)}"
        words = PlainWords(_question(analysis, case), result, _confidence(case))
    partly = _partly(analysis)
    return PlainWords(*(_short(text) for text in words._replace(result=f"{partly}{words.result}")))


def _question(analysis: Analysis, version: VersionAnalysis | None) -> str:
    setup = analysis.log.setup
    at = version.imagined[0].line if version and version.imagined else None
    model = setup and (setup.model if at is None else setup.model_at(at))
    name = (model.name if model else "the model")[:_NAME]
    what = version.program.name if version and version.program else "the program"
    question = f"Does {name} know what {what} prints, without running it?"
    if version is None:
        return question
    real, imagined = measured(version)
    compared = f"{many(len(real), 'real run')} and {many(len(imagined), 'run')} that the model imagined"
    return f"{question} Compared: {compared}."


def _nothing_to_compare(analysis: Analysis) -> str:
    imagined = [run for version in analysis.versions for run in version.imagined]
    if lost := left_out(imagined):
        return f"The model wrote no output that could be compared: {lost}."
    if imagined:
        return "Nothing to compare: no version of the program has both real and imagined runs."
    if any(version.real for version in analysis.versions):
        return "Nothing to compare: the program was run, but the model was not asked to imagine a run."
    return "Nothing to compare: no program was run."


def _result(version: VersionAnalysis) -> str:
    """State how many imagined runs have findings, with one example."""
    _real, judged = measured(version)
    lost = left_out(version.imagined)
    # unusable replies are counted apart
    apart = f" {lost[:1].upper()}{lost[1:]}." if lost else ""
    if cut := sum(run.cause is Cause.CUT for run in judged):
        its = "its" if cut == 1 else "their"
        runs = many(len(judged), "imagined run")
        apart = f" {cut} of {runs} hit the token limit; only {its} output up to that limit was compared.{apart}"
    found = _found(version)
    which = "the imagined run" if len(judged) == 1 else f"the {len(judged)} imagined runs"
    labels = {run.label for run in judged}
    on = labels & {label for finding in found for label in finding.runs}
    if on:
        verb = "differs" if len(on) == 1 else "differ"
        example = _example(found, _speaking(judged), labels)
        told = f"{_of_all(len(on), len(judged))} {verb} from the real runs{_silent(judged)}. {example}"
    elif found:
        told = f"No difference was found in {which}. Other runs have {_example(found, labels)}"
    else:
        # no two runs print the same numbers
        what = " in the text" if version.compared.series or version.compared.uncompared else ""
        told = f"No difference{what} was found between {which} and the real runs."
    return f"{told}{apart}"


def _elsewhere(analysis: Analysis, version: VersionAnalysis) -> str:
    """State how many findings are about something other than the runs of this version."""
    found = Counter(finding for finding in analysis.findings if not finding.explained_by) - Counter(
        version.compared.findings
    )
    return f" Elsewhere in the session: {many(found.total(), 'finding')}." if found else ""


def _of_all(some: int, total: int) -> str:
    if some < total:
        return f"{some} of {many(total, 'imagined run')}"
    if total == 2:
        return "Both imagined runs"
    return "The imagined run" if total == 1 else f"All {total} imagined runs"


def _silent(judged: Sequence[Execution]) -> str:
    silent = len(judged) - len(_speaking(judged))
    return f"; {many(silent, 'imagined run')} printed nothing" if silent else ""


def _speaking(judged: Sequence[Execution]) -> frozenset[str]:
    """Return the labels of the runs that printed anything."""
    return frozenset(run.label for run in judged if run.stdout.strip())


def _example(found: Sequence[Finding], *preferred: AbstractSet[str]) -> str:
    """Count the findings and describe an example: if possible, a finding on a run in the first set of `preferred`, or
    else in the next set."""
    on = (finding for labels in preferred for finding in found if labels & set(finding.runs))
    first = next(on, found[0])
    # without file names, which a newcomer has not seen
    example = _LABEL.sub(_short_label, _P.sub("", _LINE.sub("", sentence(first)))).rstrip(".")
    example = _cut(_VERSION.sub("the program", example), EXAMPLE)
    return f"1 finding: {example}." if len(found) == 1 else f"{len(found):,} findings, for example: {example}."


def _short_label(label: re.Match[str]) -> str:
    if label["origin"] == "real":
        return "a real run"
    return "sample 0 (temperature 0)" if label["number"] == "0" else "one imagined run"


def _confidence(version: VersionAnalysis) -> str:
    """State which results rest on printed lines, which on a statistical test, and what is undecided."""
    _real, _imagined = measured(version)
    lines = [finding for finding in _found(version) if finding.check not in _STATISTICAL]
    told = [
        "It is certain that these runs differ: the report shows the lines that prove it, beside the real lines."
        if lines
        else ""
    ]
    told.append(_numbers(version))
    if not _found(version):
        told.append("Finding no difference does not prove that there is none.")
    return " ".join(sentence for sentence in told if sentence)


def _numbers(version: VersionAnalysis) -> str:
    primary = next((series for series in version.compared.series if series.role == "primary"), None)
    if primary is None:
        lost = version.compared.uncompared
        return f"{lost[:1].upper()}{lost[1:]}." if lost else "There are no numbers that could be compared."
    if far := next((finding for finding in _found(version) if finding.check == "outlier"), None):
        return _LINE.sub("", sentence(far))
    name, tested = _LINE.sub("", format_last(primary)), tested_p(primary)
    real, imagined = (spread_of(values) for values in lasts(primary))
    if tested is None:
        undecided = f"Undecided whether {differ_in(name, len(primary.imagined))}"
        few = smallest_p(primary.n_real, primary.n_imagined) > PRIMARY_LEVEL
        if not primary.n_real or not primary.n_imagined:
            return f"{undecided}: no {'imagined' if primary.n_real else 'real'} run shows it."
        why = "are too few for a statistical test" if few else "cannot be tested statistically"
        ends = f" (real: {real}; imagined: {imagined})" if lasts(primary)[0] and lasts(primary)[1] else ""
        return f"{undecided}{ends}: {_values(primary)} {why}."
    if not is_told(tested):
        return f"The {name} does not differ significantly ({format_p(tested)}; real: {real}; imagined: {imagined})."
    return f"The {name} differs significantly ({format_p(tested)}): {real} in real runs, {imagined} in imagined runs."


def _values(series: SeriesResult) -> str:
    return f"{series.n_real:,} real and {many(series.n_imagined, 'imagined value')}"


def _found(version: VersionAnalysis) -> list[Finding]:
    return [finding for finding in version.compared.findings if not finding.explained_by]


def _partly(analysis: Analysis) -> str:
    """Return a warning to put in front of the result if the run is incomplete; empty if it is complete."""
    outcome = analysis.log.outcome or DONE
    if outcome == INTERRUPTED:
        return "The run was interrupted; this is the result up to then. "
    if outcome == UNFINISHED:
        return "The run is not finished; this is the result so far. "
    return "" if outcome == DONE else f"The run ended early: {outcome[:80]}. This is the result up to then. "


def _short(text: str) -> str:
    return _cut(harmless(" ".join(text.split())), MOST)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 2] + " …"
