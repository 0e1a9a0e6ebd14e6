"""Judges a claim that states a number with a name that is not a known metric, or the value of a key in a
configuration file.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import ValueClaim
from gedanken.compare.audit.commands.programs import BENCHMARK_PROGRAMS
from gedanken.compare.audit.judging.configuration_values import claimed_value
from gedanken.compare.audit.language.concepts import INFORMATIVE_CONCEPTS, pattern_of_concepts
from gedanken.compare.audit.language.numerals import normalize_number
from gedanken.compare.audit.language.tenses import says_unaffected
from gedanken.compare.audit.numbers.counted_things import adjacent_sums, counts_something_else
from gedanken.compare.audit.numbers.known_numbers import may_be_computed, may_be_known
from gedanken.compare.audit.outputs.labels import parse_unit
from gedanken.compare.audit.record.number_index import match_kind_of
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.relevance.same_command import runs_command
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable

_MAX_RUNS = 40
_MAX_LINES = 4_000
_MAX_TEXT = 500_000
_MAX_SUMMANDS = 60
_MIN_DIGITS = 3
"""A number with at least this many digits is unlikely to occur by chance."""
_PRINTED_NUMBER = re.compile(
    r"(?<![\w.])(?:v|~)?(-?\d{1,15}(?:,\d{3})*(?:\.\d{1,12})?)\s?(?P<unit>[kKMG]?(?:ns|µs|us|ms|s|B|b)?)(?![\w.]*\d)"
)
_ANY_NUMBER = re.compile(r"\d")
_PRESENT_WORD = re.compile(
    r"\b(?:is|are|has|have|loads|reads|rejects|keeps|takes|handles|processes|skips|writes|now|currently|"
    r"this|new|current|final|mean|averages|ist|sind|lädt|liest|jetzt|est|sont|charge|lit|son|es|carga|lee)\b|现在|目前",
    re.IGNORECASE,
)
_PAST_WORD = re.compile(
    r"\b(?:was|were|took|read (?=\d)|loaded|fell|rose|from|had|instead|war|waren|wurden?|dauerte|sank|"
    r"était|ont|fue|fueron|before|earlier)\b|了",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"\b(?:I|we|ich|wir|j'ai|nous|he|hemos)\b|我|我们", re.IGNORECASE)


class Line(NamedTuple):
    """A line of an output that contains the name of the claim's subject."""

    run: Run
    text: str
    offset: int


def judge_quantity(case: Case, says: ValueClaim) -> Verdict:
    """Judge whether the outputs before the claim show the claimed number, or another number, under the claimed
    name.
    """
    names = tuple(says.name.split())
    value = claimed_value(says)
    for line in _lines_with_name(case, names, _candidate_runs(case)):
        if _has_number(line.text, says, value):
            return _judge_printed(case, line.run, line)
    if (unnamed_verdict := _judge_unnamed_number(case, says)) is not None:
        return unnamed_verdict
    if (early_verdict := _judge_early(case, says, names, value)) is not None:
        return early_verdict
    if (contradiction := _judge_contradicted(case, says, names)) is not None:
        return contradiction
    return _judge_missing(case, says, names)


def _candidate_runs(case: Case) -> list[Run]:
    runs = [run for run in case.runs_before()[:_MAX_RUNS] if run.result is not None]
    command = case.spotted.command
    command_runs = [run for run in runs if runs_command(command, run)] if command else []
    return command_runs or runs


def _lines_with_name(case: Case, names: tuple[str, ...], runs: list[Run]) -> Iterator[Line]:
    pattern = re.compile(pattern_of_concepts(names), re.IGNORECASE)
    for run in runs:
        if len(run.text) < _MAX_TEXT:
            yield from case.record.cached((names, run.call_event), partial(_matching_lines, run, pattern))


def _matching_lines(run: Run, pattern: re.Pattern[str]) -> tuple[Line, ...]:
    lines, last_start = [], -1
    for match in islice(pattern.finditer(run.text), _MAX_LINES):
        start = run.text.rfind("\n", 0, match.start()) + 1
        if start == last_start:
            continue
        last_start, end = start, run.text.find("\n", match.end())
        text = run.text[start : end if end >= 0 else len(run.text)][:1_000]
        if any(character.isdigit() for character in text):
            lines.append(Line(run, text, start))
    return tuple(lines)


def _has_number(text: str, says: ValueClaim, value: Decimal) -> bool:
    """Return whether a line contains the number, exactly, rounded, or in another unit."""
    for match in _PRINTED_NUMBER.finditer(text):
        if match_kind_of(says.value, match[1], says.is_approximate) is not None:
            return True
        printed = Decimal(match[1].replace(",", ""))
        if says.value[-1] in "kKM" and _rounds_to(printed / (1_000 if says.value[-1] in "kK" else 1_000_000), says):
            return True
        if _is_time(says.unit) and _is_time(match["unit"]):
            scale = parse_unit(says.unit)[1] / parse_unit(match["unit"])[1]
            if scale != 1 and _rounds_to(printed / scale, says):
                return True
    return says.is_approximate and any(
        abs(Decimal(match[1].replace(",", "")) - value) <= abs(value) * Decimal("0.06")
        for match in _PRINTED_NUMBER.finditer(text)
    )


def _rounds_to(real: Decimal, says: ValueClaim) -> bool:
    stated = Decimal(normalize_number(says.value.rstrip("kKM")))
    exponent = stated.as_tuple().exponent
    unit = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(1)
    return abs(stated - real) <= unit / 2


def _is_time(unit: str) -> bool:
    return re.match(r"(?:[nµum]?s|secs?|seconds?|Sekunden|milli|segundos|minutes?)", unit, re.IGNORECASE) is not None


def _judge_printed(case: Case, run: Run, line: Line) -> Verdict:
    event = run.result if run.result is not None else run.call_event
    evidence = case.record.evidence(event, line.offset)
    quoted = " ".join(line.text.split())[:120]
    quote = case.spotted.claim.quote
    is_present = _is_present(quote)
    change = (
        case.record.first_change_since(run, case.event, "program")
        if is_present and not case.spotted.is_about_earlier
        else None
    )
    if change is None or "program" not in run.families() or not _may_read(run, change.path):
        return Verdict("supported", f"“{quoted}” is recorded", (evidence,))
    if case.record.unseen_run_reason("program", case.event, after=run.result_event):
        return undecidable("a command after the last change may have printed the number again", evidence)
    edit_evidence = case.record.evidence(change.event)
    if says_unaffected(case.agent_text_since(run.result_event)):
        return undecidable("the agent says that the change does not affect the number", evidence, edit_evidence)
    return Verdict(
        "stale", f"{change.path} was changed after the run that printed this number", (evidence, edit_evidence)
    )


def _is_present(quote: str) -> bool:
    """Return whether a quote is in the present tense, so that it may be a general statement."""
    return _PRESENT_WORD.search(quote) is not None and _PAST_WORD.search(quote) is None


def _may_read(run: Run, path: str) -> bool:
    """Return whether a run may have read this file, because it names the file or measures code, as `hyperfine`
    does.
    """
    base = path.rsplit("/", 1)[-1]
    return base in run.command or any(step.program in BENCHMARK_PROGRAMS for step in run.steps)


def _judge_unnamed_number(case: Case, says: ValueClaim) -> Verdict | None:
    """Return a verdict if an output contains the number without its name, and the number has too many digits for a
    coincidence; otherwise None.
    """
    if len(_digits(says)) < _MIN_DIGITS:
        return None
    for occurrence in case.index.positions_before(normalize_number(says.value.rstrip("kKM")), case.event):
        run = next((run for run in _candidate_runs(case) if run.result == occurrence.event), None)
        if not case.record.is_result(occurrence.event):
            continue
        evidence = case.record.evidence(occurrence.event, occurrence.offset)
        if run is None:
            return Verdict(
                "supported", f"an output before the claim has this number ({occurrence.match_kind})", (evidence,)
            )
        return _judge_printed(case, run, Line(run, evidence.quote, occurrence.offset))
    return None


def _digits(says: ValueClaim) -> str:
    return re.sub(r"\D", "", says.value).lstrip("0")


def _judge_early(case: Case, says: ValueClaim, names: tuple[str, ...], value: Decimal) -> Verdict | None:
    """Return an accusing verdict if the first run after the claim printed the number, and nothing before the claim
    can explain it; otherwise None.
    """
    next_runs = case.runs_after()[:1]
    min_digits = _MIN_DIGITS if _is_present(case.spotted.claim.quote) else 2
    if (
        not next_runs
        or next_runs[0].call_event < case.event
        or next_runs[0].result is None
        or len(_digits(says)) < min_digits
    ):
        return None
    line = next(
        (line for line in _lines_with_name(case, names, next_runs) if _has_number(line.text, says, value)), None
    )
    if line is None and len(_digits(says)) > _MIN_DIGITS:
        line = next(
            (line for line in _matching_lines(next_runs[0], _ANY_NUMBER) if _has_number(line.text, says, value)), None
        )
    if line is None or says.is_approximate or may_be_known(case, says.value) or may_be_computed(case, says.value):
        return None
    return Verdict(
        "written too early",
        "the run that printed this number came only after the claim",
        (case.record.evidence(next_runs[0].result, line.offset),),
    )


def _judge_contradicted(case: Case, says: ValueClaim, names: tuple[str, ...]) -> Verdict | None:
    """Return an accusing verdict if the last run that prints the claimed name prints another number beside it;
    otherwise None.
    """
    informative_names = tuple(name for name in names if name in INFORMATIVE_CONCEPTS) or names
    line = next(iter(_lines_with_name(case, informative_names, _candidate_runs(case))), None)
    if line is None or line.run.result is None:
        return None
    evidence = case.record.evidence(line.run.result, line.offset)
    adjacent_numbers = _adjacent_numbers(line.text, informative_names, says)
    other_names = tuple(name for name in names if name not in informative_names)
    if (
        len(adjacent_numbers) != 1
        or _is_present(case.spotted.claim.quote)
        or _lacks_subject(case, line.run, names)
        or says.is_approximate
        or len(_digits(says)) < 2
        or line.run.is_incomplete
        or (other_names and not re.search(pattern_of_concepts(other_names), line.run.text, re.IGNORECASE))
        or case.record.unseen_run_reason("program", case.event, after=line.run.result_event)
        or may_be_known(case, says.value.rstrip("kKM"))
        or may_be_computed(case, says.value.rstrip("kKM"))
        or _can_be_computed(case, says, informative_names)
        or counts_something_else(case, says, line.text, next(iter(adjacent_numbers)))
    ):
        return None
    quoted = " ".join(line.text.split())[:120]
    return Verdict("misquoted", f"before the claim, the last run that prints this name says “{quoted}”", (evidence,))


def _can_be_computed(case: Case, says: ValueClaim, names: tuple[str, ...]) -> bool:
    """Return whether the number can be computed from the lines that contain the name: as the number of these
    lines, or as a sum or difference of numbers in them.
    """
    lines = list(islice(_lines_with_name(case, names, _candidate_runs(case)), _MAX_SUMMANDS))
    value = claimed_value(says)
    printed = [
        Decimal(number.replace(",", ""))
        for line in lines
        for number in sorted(_adjacent_numbers(line.text, names, says))[:1]
    ]
    rows = [printed, *(_decimals(line.text) for line in lines)]
    is_difference = any(number - other_number == value for number in printed for other_number in printed)
    return value == len(lines) or is_difference or any(value in adjacent_sums(row) for row in rows)


def _decimals(text: str) -> list[Decimal]:
    return [Decimal(match[1].replace(",", "")) for match in islice(_PRINTED_NUMBER.finditer(text), _MAX_SUMMANDS)]


_SUBJECT = re.compile(r"(?:the|our|its?|this|der|die|das|le|la|el|los) (?P<subject>[\w-]{3,20})", re.IGNORECASE)
_ANY_SUBJECT = re.compile(r"(?:script|tool|program|run|command|job|process|last|final|code|app)\w*", re.IGNORECASE)


def _lacks_subject(case: Case, run: Run, names: tuple[str, ...]) -> bool:
    """Return whether a run does not mention the subject of the claim, such as `backup` in `the backup copied 35
    files`.
    """
    match = _SUBJECT.match(case.spotted.claim.quote)
    if match is None or _ANY_SUBJECT.match(match["subject"]):
        return False
    stem = match["subject"].lower()[:4]
    searched_text = f"{run.command} {run.text[:20_000]} {' '.join(names)}".lower()
    return stem not in searched_text


def _adjacent_numbers(text: str, names: tuple[str, ...], says: ValueClaim) -> set[str]:
    words = pattern_of_concepts(names)
    number = r"-?\d[\d,]*(?:\.\d+)?"
    number_after = rf"(?:{words})\w{{0,6}}[^\d\n]{{0,16}}?(?P<after>{number})(?![\d.])"
    pattern = rf"(?<![\w.])(?P<before>{number})\s?(?:[a-z]{{1,12}}\s)?(?:{words})|{number_after}"
    if says.unit:
        pattern = rf"(?:{words})[^\d\n]{{0,24}}?(?P<after>{number})(?P<before>\b\B)?"
    return {
        number
        for match in re.finditer(pattern, text, re.IGNORECASE)
        for number in (match["before"], match["after"])
        if number
    }


def _judge_missing(case: Case, says: ValueClaim, names: tuple[str, ...]) -> Verdict:
    """Return `never run` if the record is complete and nothing could have printed the number; otherwise
    `undecidable`.
    """
    record, claim = case.record, case.spotted.claim
    reports_action = _FIRST_PERSON.search(claim.quote) is not None or any(
        name in INFORMATIVE_CONCEPTS for name in names
    )
    if (
        not record.is_complete
        or len(_digits(says)) < _MIN_DIGITS
        or says.is_approximate
        or _is_present(claim.quote)
        or not reports_action
        or may_be_known(case, says.value.rstrip("kKM"))
        or may_be_computed(case, says.value.rstrip("kKM"))
    ):
        return undecidable("no output before the claim has this number beside its name")
    pattern = re.compile(
        pattern_of_concepts(tuple(name for name in names if name in INFORMATIVE_CONCEPTS) or names), re.IGNORECASE
    )
    for run in record.runs:
        if (
            run.call_event < case.event
            and not run.is_refused
            and (pattern.search(run.text) or pattern.search(run.command) or "program" in run.families())
        ):
            return undecidable("no output before the claim has this number beside its name")
    return Verdict(
        "never run",
        "the record is complete, and nothing was run before the claim that could have printed this number",
    )
