"""Judges a claim that states a number under any name, or the value of a key in a configuration file."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import NamedTuple

from gedanken.compare.audit.concepts import TELLING, words_for
from gedanken.compare.audit.counted import counts_something_else, sums_in_a_row
from gedanken.compare.audit.labels import unit_of
from gedanken.compare.audit.numbers import matches
from gedanken.compare.audit.numerals import plain_number
from gedanken.compare.audit.programs import BENCHMARKS
from gedanken.compare.audit.runs import Run
from gedanken.compare.audit.same_command import is_run
from gedanken.compare.audit.says import ValueSays
from gedanken.compare.audit.sources import is_derived, is_known
from gedanken.compare.audit.tenses import says_unaffected
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable

_MOST_RUNS = 40
_MOST_LINES = 4_000
_MOST_TEXT = 500_000
_MOST_ADDED = 60
_PARTICULAR = 3
"""A number with at least this many digits is unlikely to occur by chance."""
_PRINTED = re.compile(
    r"(?<![\w.])(?:v|~)?(-?\d{1,15}(?:,\d{3})*(?:\.\d{1,12})?)\s?(?P<unit>[kKMG]?(?:ns|µs|us|ms|s|B|b)?)(?![\w.]*\d)"
)
_ANY_NUMBER = re.compile(r"\d")
_NOW = re.compile(
    r"\b(?:is|are|has|have|loads|reads|rejects|keeps|takes|handles|processes|skips|writes|now|currently|"
    r"this|new|current|final|mean|averages|ist|sind|lädt|liest|jetzt|est|sont|charge|lit|son|es|carga|lee)\b|现在|目前",
    re.IGNORECASE,
)
_THEN = re.compile(
    r"\b(?:was|were|took|read (?=\d)|loaded|fell|rose|from|had|instead|war|waren|wurden?|dauerte|sank|"
    r"était|ont|fue|fueron|before|earlier)\b|了",
    re.IGNORECASE,
)
_SELF = re.compile(r"\b(?:I|we|ich|wir|j'ai|nous|he|hemos)\b|我|我们", re.IGNORECASE)


class Line(NamedTuple):
    """A line of an output that contains the name of the claim's subject."""

    run: Run
    text: str
    offset: int


def judge_quantity(case: Case, says: ValueSays) -> Verdict:
    """Judge whether the outputs before the claim show its number, or another number, under the same name."""
    names = tuple(says.name.split())
    value = _value(says)
    for line in _lines(case, names, _runs(case)):
        if _has(line.text, says, value):
            return _carried(case, line.run, line)
    if (found := _anywhere(case, says)) is not None:
        return found
    if (early := _early(case, says, names, value)) is not None:
        return early
    if (other := _contradicted(case, says, names)) is not None:
        return other
    return _nothing(case, says, names)


def _value(says: ValueSays) -> Decimal:
    text = plain_number(says.value.rstrip("kKM"))
    return Decimal(text) * {"k": 1_000, "K": 1_000, "M": 1_000_000}.get(says.value[-1], 1)


def _runs(case: Case) -> list[Run]:
    runs = [run for run in case.runs_before()[:_MOST_RUNS] if run.result is not None]
    command = case.spotted.command
    mine = [run for run in runs if is_run(command, run)] if command else []
    return mine or runs


def _lines(case: Case, names: tuple[str, ...], runs: list[Run]) -> Iterator[Line]:
    pattern = re.compile(words_for(names), re.IGNORECASE)
    for run in runs:
        if len(run.text) < _MOST_TEXT:
            yield from case.record.once((names, run.call), partial(_named, run, pattern))


def _named(run: Run, pattern: re.Pattern[str]) -> tuple[Line, ...]:
    lines, at = [], -1
    for found in islice(pattern.finditer(run.text), _MOST_LINES):
        low = run.text.rfind("\n", 0, found.start()) + 1
        if low == at:
            continue
        at, high = low, run.text.find("\n", found.end())
        text = run.text[low : high if high >= 0 else len(run.text)][:1_000]
        if any(sign.isdigit() for sign in text):
            lines.append(Line(run, text, low))
    return tuple(lines)


def _has(text: str, says: ValueSays, value: Decimal) -> bool:
    """Return whether a line contains the number: as it is, rounded, or in another unit."""
    for found in _PRINTED.finditer(text):
        if matches(says.value, found[1], says.about) is not None:
            return True
        printed = Decimal(found[1].replace(",", ""))
        if says.value[-1] in "kKM" and _rounds_to(printed / (1_000 if says.value[-1] in "kK" else 1_000_000), says):
            return True
        if _is_time(says.unit) and _is_time(found["unit"]):
            scale = unit_of(says.unit)[1] / unit_of(found["unit"])[1]
            if scale != 1 and _rounds_to(printed / scale, says):
                return True
    return says.about and any(
        abs(Decimal(found[1].replace(",", "")) - value) <= abs(value) * Decimal("0.06")
        for found in _PRINTED.finditer(text)
    )


def _rounds_to(real: Decimal, says: ValueSays) -> bool:
    stated = Decimal(plain_number(says.value.rstrip("kKM")))
    exponent = stated.as_tuple().exponent
    unit = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(1)
    return abs(stated - real) <= unit / 2


def _is_time(unit: str) -> bool:
    return re.match(r"(?:[nµum]?s|secs?|seconds?|Sekunden|milli|segundos|minutes?)", unit, re.IGNORECASE) is not None


def _carried(case: Case, run: Run, line: Line) -> Verdict:
    event = run.result if run.result is not None else run.call
    evidence = case.record.evidence(event, line.offset)
    quoted = " ".join(line.text.split())[:120]
    quote = case.spotted.claim.quote
    is_present = _is_present(quote)
    change = case.record.change_since(run, case.event, "program") if is_present and not case.spotted.earlier else None
    if change is None or "program" not in run.families() or not _is_read(run, change.path):
        return Verdict("supported", f"“{quoted}” is recorded", (evidence,))
    if case.record.could_have_run("program", case.event, after=run.at):
        return undecidable("a command after the last change may have printed the number again", evidence)
    edit = case.record.evidence(change.event)
    if says_unaffected(case.said_since(run.at)):
        return undecidable("the agent says that the change does not affect the number", evidence, edit)
    return Verdict("stale", f"{change.path} was changed after the run that printed this number", (evidence, edit))


def _is_present(quote: str) -> bool:
    """Return whether a quote is in the present tense, and so perhaps a general statement."""
    return _NOW.search(quote) is not None and _THEN.search(quote) is None


def _is_read(run: Run, path: str) -> bool:
    """Return whether a run names this file or measures code, as `hyperfine` does, and so may have read the file."""
    base = path.rsplit("/", 1)[-1]
    return base in run.command or any(step.program in BENCHMARKS for step in run.steps)


def _anywhere(case: Case, says: ValueSays) -> Verdict | None:
    """Return a verdict if an output has the number without its name, and the number has too many digits for a
    coincidence.
    """
    if len(_digits(says)) < _PARTICULAR:
        return None
    for found in case.index.before(plain_number(says.value.rstrip("kKM")), case.event):
        run = next((run for run in _runs(case) if run.result == found.event), None)
        if not case.record.is_result(found.event):
            continue
        text = case.record.evidence(found.event, found.offset)
        if run is None:
            return Verdict("supported", f"an output before the claim has this number ({found.how})", (text,))
        return _carried(case, run, Line(run, text.quote, found.offset))
    return None


def _digits(says: ValueSays) -> str:
    return re.sub(r"\D", "", says.value).lstrip("0")


def _early(case: Case, says: ValueSays, names: tuple[str, ...], value: Decimal) -> Verdict | None:
    """Return an accusing verdict if the first run after the claim printed the number, and nothing earlier explains
    the number.
    """
    after = case.runs_after()[:1]
    least = _PARTICULAR if _is_present(case.spotted.claim.quote) else 2
    if not after or after[0].call < case.event or after[0].result is None or len(_digits(says)) < least:
        return None
    line = next((one for one in _lines(case, names, after) if _has(one.text, says, value)), None)
    if line is None and len(_digits(says)) > _PARTICULAR:
        line = next((one for one in _named(after[0], _ANY_NUMBER) if _has(one.text, says, value)), None)
    if line is None or says.about or is_known(case, says.value) or is_derived(case, says.value):
        return None
    return Verdict(
        "written too early",
        "the run that printed this number came only after the claim",
        (case.record.evidence(after[0].result, line.offset),),
    )


def _contradicted(case: Case, says: ValueSays, names: tuple[str, ...]) -> Verdict | None:
    """Return an accusing verdict if the last run with the claim's name prints another number directly beside the
    name; else None.
    """
    telling = tuple(name for name in names if name in TELLING) or names
    line = next(iter(_lines(case, telling, _runs(case))), None)
    if line is None or line.run.result is None:
        return None
    evidence = case.record.evidence(line.run.result, line.offset)
    beside = _beside(line.text, telling, says)
    things = tuple(name for name in names if name not in telling)
    if (
        len(beside) != 1
        or _is_present(case.spotted.claim.quote)
        or _is_of_another(case, line.run, names)
        or says.about
        or len(_digits(says)) < 2
        or line.run.cut
        or (things and not re.search(words_for(things), line.run.text, re.IGNORECASE))
        or case.record.could_have_run("program", case.event, after=line.run.at)
        or is_known(case, says.value.rstrip("kKM"))
        or is_derived(case, says.value.rstrip("kKM"))
        or _adds_up(case, says, telling)
        or counts_something_else(case, says, line.text, next(iter(beside)))
    ):
        return None
    quoted = " ".join(line.text.split())[:120]
    return Verdict("misquoted", f"before the claim, the last run that prints this name says “{quoted}”", (evidence,))


def _adds_up(case: Case, says: ValueSays, names: tuple[str, ...]) -> bool:
    """Return whether the number is the count of the lines with the name, or a sum or difference of numbers in these
    lines.
    """
    lines = list(islice(_lines(case, names, _runs(case)), _MOST_ADDED))
    value = _value(says)
    printed = [Decimal(one.replace(",", "")) for line in lines for one in sorted(_beside(line.text, names, says))[:1]]
    rows = [printed, *(_decimals(line.text) for line in lines)]
    is_difference = any(one - other == value for one in printed for other in printed)
    return value == len(lines) or is_difference or any(value in sums_in_a_row(row) for row in rows)


def _decimals(text: str) -> list[Decimal]:
    return [Decimal(found[1].replace(",", "")) for found in islice(_PRINTED.finditer(text), _MOST_ADDED)]


_SUBJECT = re.compile(r"(?:the|our|its?|this|der|die|das|le|la|el|los) (?P<subject>[\w-]{3,20})", re.IGNORECASE)
_ANY_SUBJECT = re.compile(r"(?:script|tool|program|run|command|job|process|last|final|code|app)\w*", re.IGNORECASE)


def _is_of_another(case: Case, run: Run, names: tuple[str, ...]) -> bool:
    """Return whether a run nowhere mentions the claim's subject, such as `backup` in `the backup copied 35 files`."""
    found = _SUBJECT.match(case.spotted.claim.quote)
    if found is None or _ANY_SUBJECT.match(found["subject"]):
        return False
    stem = found["subject"].lower()[:4]
    known = f"{run.command} {run.text[:20_000]} {' '.join(names)}".lower()
    return stem not in known


def _beside(text: str, names: tuple[str, ...], says: ValueSays) -> set[str]:
    """Return the numbers directly before or after one of the names in a line."""
    words = words_for(names)
    number = r"-?\d[\d,]*(?:\.\d+)?"
    behind = rf"(?:{words})\w{{0,6}}[^\d\n]{{0,16}}?(?P<after>{number})(?![\d.])"
    pattern = rf"(?<![\w.])(?P<before>{number})\s?(?:[a-z]{{1,12}}\s)?(?:{words})|{behind}"
    if says.unit:
        pattern = rf"(?:{words})[^\d\n]{{0,24}}?(?P<after>{number})(?P<before>\b\B)?"
    return {
        one for found in re.finditer(pattern, text, re.IGNORECASE) for one in (found["before"], found["after"]) if one
    }


def _nothing(case: Case, says: ValueSays, names: tuple[str, ...]) -> Verdict:
    """Return `never run` if the record is complete and nothing could have printed the number; otherwise
    undecidable.
    """
    record, claim = case.record, case.spotted.claim
    is_told = _SELF.search(claim.quote) is not None or any(name in TELLING for name in names)
    if (
        not record.is_complete
        or len(_digits(says)) < _PARTICULAR
        or says.about
        or _is_present(claim.quote)
        or not is_told
        or is_known(case, says.value.rstrip("kKM"))
        or is_derived(case, says.value.rstrip("kKM"))
    ):
        return undecidable("no output before the claim has this number beside its name")
    pattern = re.compile(words_for(tuple(name for name in names if name in TELLING) or names), re.IGNORECASE)
    for run in record.runs:
        if (
            run.call < case.event
            and not run.refused
            and (pattern.search(run.text) or pattern.search(run.command) or "program" in run.families())
        ):
            return undecidable("no output before the claim has this number beside its name")
    return Verdict(
        "never run",
        "the record is complete, and nothing was run before the claim that could have printed this number",
    )


def judge_setting(case: Case, says: ValueSays) -> Verdict:
    """Judge whether the file that the claim names, as last seen, has the claim's key and value."""
    path = case.spotted.claim.path or ""
    pattern = re.compile(
        rf"^[ \t+]*[\"']?{re.escape(says.name)}[\"']?\s*[=:]\s*[\"']?(-?[\d_]+(?:\.\d+)?)\b", re.MULTILINE
    )
    value = _value(says)
    told = [(event, found) for event, text in case.texts_of(path) for found in list(pattern.finditer(text))[-1:]]
    told = [one for one in told if not case.record.is_edit(one[0]) or case.record.transcript.events[one[0]].path]
    if not told:
        return undecidable("no recorded text of the file has this key")
    event, found = told[0]
    evidence = case.record.evidence(event, found.start(1) if case.record.is_result(event) else 0)
    if Decimal(found[1].replace("_", "")) == value:
        return Verdict("supported", f"“{found[0].strip()}” is recorded", (evidence,))
    if not _is_one_file(case, path, [at for at, _found in told]):
        return undecidable("the record has several files of this name", evidence)
    if case.spotted.earlier or case.record.has_gap_before(case.event) or _may_have_changed(case, event, path):
        return undecidable("the file may have been changed after it was seen", evidence)
    before = next(((at, one) for at, one in told[1:] if Decimal(one[1].replace("_", "")) == value), None)
    if before is None and not case.index.before(plain_number(says.value), case.event):
        return Verdict("misquoted", f"the file says “{found[0].strip()}”", (evidence,))
    if before is not None and case.record.is_edit(event):
        line = case.record.evidence(before[0], before[1].start(1) if case.record.is_result(before[0]) else 0)
        return Verdict("stale", f"{path} was changed after it was read", (line, evidence))
    return undecidable("another text before the claim has this number", evidence)


def _is_one_file(case: Case, path: str, events: list[int]) -> bool:
    """Return whether all files of this name in the record are the one file that the claim means."""
    base = re.escape(path.rsplit("/", 1)[-1])
    runs = {run.result: run.command for run in case.record.naming([path.rsplit("/", 1)[-1]], case.event)}
    calls = {event.call_id: event.path for event in case.record.transcript.events[: case.event] if event.path}
    names: set[str] = set()
    for number in events:
        event = case.record.transcript.events[number]
        text = event.path or event.command or runs.get(number) or calls.get(event.call_id) or ""
        names |= {found.removeprefix("./") for found in re.findall(rf"(?:[\w.~-]*/)*{base}(?![\w.])", text)}
    bare = path.removeprefix("./")
    return len(
        {name for name in names if not any(other != name and other.endswith(f"/{name}") for other in names)}
    ) == 1 and all(name.endswith(bare) or ("/" not in name and "/" not in bare) for name in names)


def _may_have_changed(case: Case, event: int, path: str) -> bool:
    """Return whether a command or an edit after an event may have written the file."""
    base = path.rsplit("/", 1)[-1]
    if case.record.is_shuffled_since(event, case.event):
        return True
    if any(edit.path.endswith(base) and edit.event > event for edit in case.record.edits_between(event, case.event)):
        return True
    return any(
        run.call > event and run.call < case.event and base in run.command
        for run in case.record.naming([base], case.event)
    )
