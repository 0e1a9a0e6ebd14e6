"""Describes the result of a run to a newcomer: the question, the result, and how certain it is."""

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.analysis.verdict import compared_runs, format_last, format_spread, last_values, valid_p
from gedanken.compare.parsed.left_out import format_left_out
from gedanken.compare.results import SeriesResult
from gedanken.compare.sentences import format_finding
from gedanken.compare.series.judgement import differ_in
from gedanken.compare.series.levels import PRIMARY_LEVEL, is_significant
from gedanken.compare.stats.permutation_test import smallest_p
from gedanken.experiment.counts import format_count
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.finding import Finding
from gedanken.experiment.format import format_p
from gedanken.experiment.run_log import DONE, INTERRUPTED, UNFINISHED

MAX_CHARACTERS = 400
"""Maximum length in characters of one line."""
MAX_EXAMPLE_CHARACTERS = 180
"""Maximum length in characters of the finding used as an example."""
_MAX_MODEL_NAME = 60
_PRINT_SITE = re.compile(r" \([^()]{0,99}:\d+\)| \(line \d+\)")
"""Matches the place of a print statement, such as ` (train.py:12)` or ` (line 12)`."""
_P_VALUE = re.compile(r" \(p [=<][^()]*\)")
_VERSION_LABEL = re.compile(r"\b[\w.]+-v\d+\b")
_RUN_LABEL = re.compile(r"\b(?:line|persona)[\w.-]*-(?P<origin>real|imagined)-(?P<number>\d+)\b")
_STATISTICAL = ("primary endpoint differs", "series differs")
"""Kinds of findings that come from a statistical test. A reader cannot check such a finding by looking at printed
lines.
"""


class PlainWords(NamedTuple):
    """The result of a run as three lines: the question, the result, and how certain it is."""

    question: str
    result: str
    confidence: str


def plain_words(analysis: Analysis) -> PlainWords:
    """Write the three lines. They never say that runs are equal, and say nothing about what was not compared."""
    version = analysis.main_version
    if version is None:
        words = PlainWords(
            _question(analysis, None),
            _nothing_to_compare(analysis),
            "Nothing was compared, so nothing is known about the model.",
        )
    else:
        result = f"{_result(version)}{_other_findings(analysis, version)}"
        words = PlainWords(_question(analysis, version), result, _confidence(version))
    warning = _incomplete_warning(analysis)
    return PlainWords(*(_normalize(text) for text in words._replace(result=f"{warning}{words.result}")))


def _question(analysis: Analysis, version: VersionAnalysis | None) -> str:
    setup = analysis.log.setup
    line = version.imagined[0].line if version and version.imagined else None
    model = setup and (setup.model if line is None else setup.model_at(line))
    name = (model.name if model else "the model")[:_MAX_MODEL_NAME]
    program = version.program.name if version and version.program else "the program"
    question = f"Does {name} know what {program} prints, without running it?"
    if version is None:
        return question
    real, imagined = compared_runs(version)
    comparison = (
        f"{format_count(len(real), 'real run')} and {format_count(len(imagined), 'run')} that the model imagined"
    )
    return f"{question} Compared: {comparison}."


def _nothing_to_compare(analysis: Analysis) -> str:
    imagined = [run for version in analysis.versions for run in version.imagined]
    if unusable := format_left_out(imagined):
        return f"The model wrote no output that could be compared: {unusable}."
    if imagined:
        return "Nothing to compare: no version of the program has both real and imagined runs."
    if any(version.real for version in analysis.versions):
        return "Nothing to compare: the program was run, but the model was not asked to imagine a run."
    return "Nothing to compare: no program was run."


def _result(version: VersionAnalysis) -> str:
    """State how many imagined runs have findings, with one example."""
    _real, imagined = compared_runs(version)
    unusable = format_left_out(version.imagined)
    # unusable replies are counted apart
    extra = f" {unusable[:1].upper()}{unusable[1:]}." if unusable else ""
    if cut := sum(run.cause is Cause.CUT for run in imagined):
        pronoun = "its" if cut == 1 else "their"
        runs = format_count(len(imagined), "imagined run")
        extra = f" {cut} of {runs} hit the token limit; only {pronoun} output up to that limit was compared.{extra}"
    findings = _unexplained_findings(version)
    runs_text = "the imagined run" if len(imagined) == 1 else f"the {len(imagined)} imagined runs"
    labels = {run.label for run in imagined}
    flagged = labels & {label for finding in findings for label in finding.runs}
    if flagged:
        verb = "differs" if len(flagged) == 1 else "differ"
        example = _describe_example(findings, _labels_with_output(imagined), labels)
        text = f"{_subject(len(flagged), len(imagined))} {verb} from the real runs{_silent_note(imagined)}. {example}"
    elif findings:
        text = f"No difference was found in {runs_text}. Other runs have {_describe_example(findings, labels)}"
    else:
        # no two runs print the same numbers
        scope = " in the text" if version.compared.series or version.compared.uncompared else ""
        text = f"No difference{scope} was found between {runs_text} and the real runs."
    return f"{text}{extra}"


def _other_findings(analysis: Analysis, version: VersionAnalysis) -> str:
    """Count the findings that are not about the runs of this version, in a sentence; empty if there are none."""
    counts = Counter(finding for finding in analysis.findings if not finding.explained_by) - Counter(
        version.compared.findings
    )
    return f" Elsewhere in the session: {format_count(counts.total(), 'finding')}." if counts else ""


def _subject(differing: int, total: int) -> str:
    if differing < total:
        return f"{differing} of {format_count(total, 'imagined run')}"
    if total == 2:
        return "Both imagined runs"
    return "The imagined run" if total == 1 else f"All {total} imagined runs"


def _silent_note(imagined: Sequence[Execution]) -> str:
    count = len(imagined) - len(_labels_with_output(imagined))
    return f"; {format_count(count, 'imagined run')} printed nothing" if count else ""


def _labels_with_output(imagined: Sequence[Execution]) -> frozenset[str]:
    return frozenset(run.label for run in imagined if run.stdout.strip())


def _describe_example(findings: Sequence[Finding], *preferred: AbstractSet[str]) -> str:
    """Count the findings and describe one of them.

    If possible, the described finding is about a run in the first set of `preferred`, otherwise about a run in the
    next set.
    """
    matching = (finding for labels in preferred for finding in findings if labels & set(finding.runs))
    first = next(matching, findings[0])
    # without file names, which a newcomer has not seen
    example = _RUN_LABEL.sub(_short_label, _P_VALUE.sub("", _PRINT_SITE.sub("", format_finding(first)))).rstrip(".")
    example = _truncate(_VERSION_LABEL.sub("the program", example), MAX_EXAMPLE_CHARACTERS)
    return f"1 finding: {example}." if len(findings) == 1 else f"{len(findings):,} findings, for example: {example}."


def _short_label(label: re.Match[str]) -> str:
    if label["origin"] == "real":
        return "a real run"
    return "sample 0 (temperature 0)" if label["number"] == "0" else "one imagined run"


def _confidence(version: VersionAnalysis) -> str:
    """Say which results can be checked on printed lines, which come from a statistical test, and what is
    undecided.
    """
    _real, _imagined = compared_runs(version)
    line_findings = [finding for finding in _unexplained_findings(version) if finding.check not in _STATISTICAL]
    sentences = [
        "It is certain that these runs differ: the report shows the lines that prove it, beside the real lines."
        if line_findings
        else ""
    ]
    sentences.append(_describe_numbers(version))
    if not _unexplained_findings(version):
        sentences.append("Finding no difference does not prove that there is none.")
    return " ".join(sentence for sentence in sentences if sentence)


def _describe_numbers(version: VersionAnalysis) -> str:
    primary = next((series for series in version.compared.series if series.role == "primary"), None)
    if primary is None:
        reason = version.compared.uncompared
        return f"{reason[:1].upper()}{reason[1:]}." if reason else "There are no numbers that could be compared."
    if outlier := next((finding for finding in _unexplained_findings(version) if finding.check == "outlier"), None):
        return _PRINT_SITE.sub("", format_finding(outlier))
    name, p_value = _PRINT_SITE.sub("", format_last(primary)), valid_p(primary)
    real, imagined = (format_spread(values) for values in last_values(primary))
    if p_value is None:
        undecided = f"Undecided whether {differ_in(name, len(primary.imagined))}"
        too_few = smallest_p(primary.n_real, primary.n_imagined) > PRIMARY_LEVEL
        if not primary.n_real or not primary.n_imagined:
            return f"{undecided}: no {'imagined' if primary.n_real else 'real'} run shows it."
        obstacle = "are too few for a statistical test" if too_few else "cannot be tested statistically"
        values_text = (
            f" (real: {real}; imagined: {imagined})" if last_values(primary)[0] and last_values(primary)[1] else ""
        )
        return f"{undecided}{values_text}: {_count_values(primary)} {obstacle}."
    if not is_significant(p_value):
        return f"The {name} does not differ significantly ({format_p(p_value)}; real: {real}; imagined: {imagined})."
    return (
        f"The {name} differs significantly ({format_p(p_value)}): {real} in real runs, {imagined} in imagined runs."
    )


def _count_values(series: SeriesResult) -> str:
    return f"{series.n_real:,} real and {format_count(series.n_imagined, 'imagined value')}"


def _unexplained_findings(version: VersionAnalysis) -> list[Finding]:
    return [finding for finding in version.compared.findings if not finding.explained_by]


def _incomplete_warning(analysis: Analysis) -> str:
    """Return a warning to put in front of the result of an incomplete run; empty if the run is complete."""
    outcome = analysis.log.outcome or DONE
    if outcome == INTERRUPTED:
        return "The run was interrupted; this is the result up to then. "
    if outcome == UNFINISHED:
        return "The run is not finished; this is the result so far. "
    return "" if outcome == DONE else f"The run ended early: {outcome[:80]}. This is the result up to then. "


def _normalize(text: str) -> str:
    return _truncate(harmless(" ".join(text.split())), MAX_CHARACTERS)


def _truncate(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 2] + " …"
