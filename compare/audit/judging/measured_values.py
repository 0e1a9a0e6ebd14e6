"""Judges a claim that states a number: a metric, a time, a size, a count, a version."""

import re
from collections.abc import Sequence
from decimal import Decimal

from gedanken.compare.audit.claims.claim_contents import ValueClaim
from gedanken.compare.audit.judging.named_lines import Line, find_named_lines, name_pattern
from gedanken.compare.audit.language.numerals import normalize_number
from gedanken.compare.audit.numbers.known_numbers import may_be_computed, may_be_known
from gedanken.compare.audit.numbers.measurements import judge_file_size, judge_version
from gedanken.compare.audit.numbers.number_names import (
    SPLIT_WORDS,
    belongs_to_other_name,
    is_mean,
    is_of_another_file,
    is_of_another_package,
    is_of_another_split,
    is_superseded,
    line_at,
)
from gedanken.compare.audit.outputs.equal_numbers import find_minute_durations
from gedanken.compare.audit.outputs.labels import parse_unit
from gedanken.compare.audit.record.number_index import NumberPosition, make_near_test, match_kind_of
from gedanken.compare.audit.relevance.same_state import verdict_for_state
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable, verdict_without_runs

_MIN_DIGITS = 3
"""A number with at least this many digits is unlikely to occur by chance."""


_COMPUTED = re.compile(
    r"\b(?:mean|average|avg|overall|total|improve\w*|gain|difference|by|drop\w*|increase\w*|per|ratio|times)\b",
    re.IGNORECASE,
)
_UNITS = {
    "b": 1,
    "byte": 1,
    "bytes": 1,
    "octet": 1,
    "octets": 1,
    "字节": 1,
    "バイト": 1,
    "ko": 10**3,
    "mo": 10**6,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
_TIME = re.compile(r"(?<![\w.])(\d{1,9}(?:\.\d{1,9})?)(?=\s?(?:ms|s|secs?|seconds?)\b)")
_SIZE = re.compile(r"(?<![\w.])(\d{3,15}|\d{1,6}(?:\.\d{1,3})?(?=[KMG]))(?![\d.])")


def judge_value(case: Case, says: ValueClaim) -> Verdict:
    """Judge whether an output before the claim printed the number, or another number with the same name."""
    named_lines = list(find_named_lines(case, says))
    if says.kind in ("count", "size") and (verdict := judge_file_size(case, says)) is not None:
        return verdict
    if says.kind == "version" and (verdict := judge_version(case, says)) is not None:
        return verdict
    is_near = make_near_test(says.value)
    other_lines: list[Line] = []
    for line in named_lines:
        matching = [
            line.positions[index]
            for index, value in enumerate(line.values)
            if is_near(value, says.is_approximate) and _is_claimed_number(says, line.numbers[index])
        ]
        if any(_is_claimed_metric(case, says, line, position, named_lines) for position in matching):
            return _judge_printed(case, says, line)
        other_lines += [line] if matching else []
    if other_lines:
        event = other_lines[0].run.result if other_lines[0].run.result is not None else other_lines[0].run.call_event
        evidence = case.record.evidence(event, other_lines[0].offset)
        return undecidable("the output has this number for something else, or for an earlier step", evidence)
    occurrences = case.index.positions_before(normalize_number(says.value), case.event)
    if (verdict := _judge_unnamed_number(case, says, occurrences)) is not None:
        return verdict
    if says.kind in ("size", "time") and (verdict := _judge_converted(case, says)) is not None:
        return verdict
    if (verdict := _judge_early(case, says, named_lines)) is not None:
        return verdict
    if occurrences:
        return undecidable("a text before the claim has this number, but does not say what it measures")
    if named_lines:
        return _judge_contradicted(case, says, named_lines)
    return _judge_missing(case, says)


def _is_claimed_metric(case: Case, says: ValueClaim, line: Line, position: int, named_lines: list[Line]) -> bool:
    """Return whether the number at `position` belongs to the claimed metric, and no later line makes it outdated."""
    words = name_pattern(says)
    if says.kind != "metric" or words is None:
        return True
    later_texts = [
        other_line.text
        for other_line in named_lines
        if other_line.run is line.run and other_line.offset > line.offset
    ]
    return not belongs_to_other_name(
        line.text, position, re.compile(words, re.IGNORECASE), says.name
    ) and not is_superseded(line.text, later_texts, case.spotted.claim.quote)


def _is_claimed_number(says: ValueClaim, printed: str) -> bool:
    return match_kind_of(says.value, printed, says.is_approximate) is not None


def _judge_printed(case: Case, says: ValueClaim, line: Line) -> Verdict:
    event = line.run.result if line.run.result is not None else line.run.call_event
    evidence = case.record.evidence(event, line.offset)
    verdict = Verdict("supported", f"“{' '.join(line.text.split())[:120]}” is recorded", (evidence,))
    return verdict if case.spotted.is_about_earlier else verdict_for_state(case, says, line.run, verdict)


def _judge_unnamed_number(case: Case, says: ValueClaim, occurrences: Sequence[NumberPosition]) -> Verdict | None:
    """Return a verdict if an output contains the number without its name, and probably not by chance; otherwise
    None.
    """
    digits = re.sub(r"\D", "", says.value).lstrip("0")
    min_digits = {"metric": 3, "time": 3, "size": 3, "count": 2, "version": 2}[says.kind]
    if len(digits) < min_digits and says.kind not in ("count", "version"):
        return None
    occurrence = next(
        (
            occurrence
            for occurrence in occurrences
            if case.record.is_result(occurrence.event)
            and (occurrence.match_kind == "as printed" or len(digits) >= 3)
            and not _is_of_other_subject(case, says, occurrence)
        ),
        None,
    )
    if occurrence is None:
        return None
    if says.kind == "count" and len(digits) < 2:
        return None
    evidence = case.record.evidence(occurrence.event, occurrence.offset)
    verdict = Verdict(
        "supported", f"an output before the claim has this number ({occurrence.match_kind})", (evidence,)
    )
    run = next((run for run in case.runs_before() if run.result == occurrence.event), None)
    return verdict if run is None or case.spotted.is_about_earlier else verdict_for_state(case, says, run, verdict)


def _is_of_other_subject(case: Case, says: ValueClaim, occurrence: NumberPosition) -> bool:
    line, position = line_at(case, occurrence.event, occurrence.offset)
    if says.kind == "metric" and (words := name_pattern(says)) is not None:
        return belongs_to_other_name(line, position, re.compile(words, re.IGNORECASE), says.name)
    if says.kind == "version" and re.fullmatch(r"[\w@./+#-]+", says.name):
        return is_of_another_package(case, says, line, occurrence.event)
    return says.kind in ("count", "size") and is_of_another_file(line, case.spotted.claim.path)


def _judge_converted(case: Case, says: ValueClaim) -> Verdict | None:
    """Return a supporting verdict if an output gives the claimed size or time in another unit; otherwise None."""
    value = Decimal(normalize_number(says.value))
    pattern = _TIME if says.kind == "time" else _SIZE
    for run in case.runs_before()[:30]:
        if run.result is None or len(run.text) > 100_000:
            continue
        positions = [
            position
            for position, seconds in find_minute_durations(run.text)
            if says.unit[:1] == "s" and _is_close(value, seconds)
        ]
        for match in pattern.finditer(run.text) if not positions else ():
            if _is_same_amount(says, value, Decimal(match[1]), run.text[match.end(1) : match.end(1) + 4]):
                positions = [match.start(1)]
                break
        if positions:
            evidence = case.record.evidence(run.result, positions[0])
            return Verdict("supported", "an earlier output has the same amount in another unit", (evidence,))
    return None


def _is_same_amount(says: ValueClaim, value: Decimal, printed: Decimal, tail: str) -> bool:
    unit = says.unit.lower()
    if says.kind == "size":
        sizes = {_UNITS.get(unit, 1), {"kb": 2**10, "mb": 2**20, "gb": 2**30}.get(unit, 1)}
        letter = tail.strip()[:1].upper()
        printed_bytes = printed * {"K": 1024, "M": 1024**2, "G": 1024**3}.get(letter, 1)
        return any(size > 1 and printed_bytes > 100 and _is_close(value, printed_bytes / size) for size in sizes)
    claimed_seconds = value * parse_unit(unit)[1]
    printed_seconds = printed * parse_unit("ms" if tail.lstrip().startswith("ms") else "s")[1]
    is_time = re.match(r"\s?(?:ms|s|sec|m\d)", tail) is not None
    needs_conversion = unit.startswith("m") or tail.lstrip().startswith("ms")
    return is_time and printed_seconds > 0 and needs_conversion and _is_close(claimed_seconds, printed_seconds)


def _is_close(stated: Decimal, real: Decimal) -> bool:
    exponent = stated.as_tuple().exponent
    unit = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(1)
    return abs(stated - real) <= max(unit / 2, abs(real) * Decimal("0.005"))


def _judge_early(case: Case, says: ValueClaim, named_lines: list[Line]) -> Verdict | None:
    """Return an accusing verdict if the number was printed only after the claim, and in no output before it;
    otherwise None.
    """
    if says.kind not in ("metric", "time") or case.record.has_gap_before(case.event):
        return None
    line = next(
        (
            line
            for line in find_named_lines(case, says, after_claim=True)
            if any(match_kind_of(says.value, printed) for printed in line.numbers)
        ),
        None,
    )
    digits = re.sub(r"\D", "", says.value).lstrip("0")
    if (
        line is None
        or line.run.result is None
        or len(digits) < 2
        or (line.run.call_event < case.event and not line.run.result > case.event)
    ):
        return None
    if case.index.positions_before(normalize_number(says.value), case.event):
        return None
    doubt = case.record.unseen_run_reason(
        "program", case.event, after=named_lines[0].run.result_event if named_lines else -1
    )
    if doubt and (len(digits) < _MIN_DIGITS or may_be_known(case, says.value) or may_be_computed(case, says.value)):
        return None
    return Verdict(
        "written too early",
        "the run that printed this number ended only after the claim",
        (case.record.evidence(line.run.result, line.offset),),
    )


def _judge_contradicted(case: Case, says: ValueClaim, named_lines: list[Line]) -> Verdict:
    last_run = named_lines[0].run
    lines = [line for line in named_lines if line.run is last_run]
    line = _closest_line(says, lines)
    evidence = case.record.evidence(
        last_run.result if last_run.result is not None else last_run.call_event, line.offset
    )
    is_uncertain = (
        last_run.is_cut_by_agent
        or case.spotted.is_about_earlier
        or case.record.has_gap_before(case.event)
        or says.is_approximate
    )
    is_uncertain = (
        is_uncertain or bool(_COMPUTED.search(case.spotted.claim.quote)) or is_mean(case, says.value, named_lines)
    )
    if is_uncertain or case.record.unseen_run_reason("program", case.event, after=last_run.result_event):
        return undecidable(
            "no output has this number; it may be computed from other numbers, or an output may be missing", evidence
        )
    if (
        says.kind == "metric"
        and _shows_claimed_metric(says, lines)
        and not is_of_another_split(case, [line.text for line in lines])
    ):
        return Verdict(
            "misquoted",
            f"before the claim, the last run that prints this name says “{' '.join(line.text.split())[:120]}”",
            (evidence,),
        )
    is_about_file = says.kind == "size" and case.spotted.claim.path is not None and _names_file(case, lines)
    if is_about_file or (says.kind == "version" and "version" in last_run.command):
        return Verdict(
            "misquoted", f"the result that the claim is about says “{' '.join(line.text.split())[:120]}”", (evidence,)
        )
    return undecidable("no output has this number", evidence)


def _shows_claimed_metric(says: ValueClaim, lines: list[Line]) -> bool:
    """Return whether a line certainly shows the claimed metric for the same data, such as `train` or `test`."""
    pattern = re.compile(
        rf"(?:{name_pattern(says)})[^\d\n]{{0,25}}?[-+]?\d*\.\d+|^(?:TOTAL|All files)\b.*\d", re.IGNORECASE
    )
    claimed_splits = {match[0].lower()[:3] for match in SPLIT_WORDS.finditer(says.name)}
    for line in lines:
        line_splits = {match[0].lower()[:3] for match in SPLIT_WORDS.finditer(line.text.replace("_", " "))}
        if pattern.search(line.text) and (
            not claimed_splits
            or not line_splits
            or claimed_splits & line_splits
            or {"val", "eva"} & (claimed_splits | line_splits)
        ):
            return True
    return False


def _names_file(case: Case, lines: list[Line]) -> bool:
    file_name = (case.spotted.claim.path or "").rsplit("/", 1)[-1]
    return bool(file_name) and any(file_name in line.text for line in lines)


def _closest_line(says: ValueClaim, lines: list[Line]) -> Line:
    splits = [match[0].lower()[:3] for match in SPLIT_WORDS.finditer(says.name)]
    matching_lines = [line for line in lines if not splits or any(part in line.text.lower() for part in splits)]
    return (matching_lines or lines)[-1]


def _judge_missing(case: Case, says: ValueClaim) -> Verdict:
    if says.kind == "metric":
        later_runs = [line.run for line in find_named_lines(case, says, after_claim=True)]
        return verdict_without_runs(case, "program", later_runs, "a program that could have printed the number")
    return undecidable("no output before the claim has this number")
