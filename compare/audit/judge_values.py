"""Judges a claim that states a number: a metric, a time, a size, a count, a version."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import NamedTuple

from gedanken.compare.audit.amounts import minutes_in
from gedanken.compare.audit.labels import unit_of
from gedanken.compare.audit.measured import asked_version, measured
from gedanken.compare.audit.numbers import Found, matches, near
from gedanken.compare.audit.numerals import plain_number
from gedanken.compare.audit.owners import (
    SPLIT_WORD,
    is_anothers,
    is_mean,
    is_of_another_file,
    is_of_another_package,
    is_of_another_split,
    is_outdone,
    line_at,
)
from gedanken.compare.audit.runs import Run
from gedanken.compare.audit.same_command import is_run
from gedanken.compare.audit.same_state import of_this_state
from gedanken.compare.audit.says import ValueSays
from gedanken.compare.audit.sources import is_derived, is_known
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable, without_runs

_MOST_RUNS = 40
_PARTICULAR = 3
"""A number with at least this many digits is unlikely to occur by chance."""
_MOST_LINES = 4_000
_MOST_TEXT = 2_000_000
"""Maximum number of characters of an output that are searched for names."""
_NUMBER = re.compile(
    r"(?<![\w.])-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?(?=\s?%|[^\w.]|\.(?!\d)|$|s\b|ms\b|[KMG]i?B?\b)"
)
_ALIASES = {
    "accuracy": r"acc(?:uracy)?|correct|genauigkeit|准确率",
    "acc": r"acc(?:uracy)?",
    "genauigkeit": r"acc(?:uracy)?|genauigkeit",
    "précision": r"acc(?:uracy)?|prec",
    "exactitude": r"acc(?:uracy)?",
    "exactitud": r"acc(?:uracy)?",
    "precisión": r"acc(?:uracy)?|prec",
    "准确率": r"acc(?:uracy)?|准确率",
    "精度": r"acc(?:uracy)?|precision|精度",
    "loss": r"loss",
    "verlust": r"loss",
    "perte": r"loss",
    "pérdida": r"loss",
    "损失": r"loss|损失",
    "f1": r"f1",
    "f1 score": r"f1",
    "f1-score": r"f1",
    **dict.fromkeys(
        (
            "coverage",
            "cover",
            "decken",
            "abdeckung",
            "testabdeckung",
            "couverture",
            "cobertura",
            "覆盖率",
            "カバレッジ",
        ),
        r"cov(?:erage|ered)?|TOTAL|All files|% ?Stmts",
    ),
    "testgenauigkeit": r"acc(?:uracy)?|genauigkeit",
    "acurácia": r"acc(?:uracy)?",
    "正解率": r"acc(?:uracy)?|正解率",
    "r²": r"r2|r²|r\^2",
    "r2": r"r2|r²|r\^2",
    "perplexity": r"perplexity|ppl",
    "roc auc": r"auc",
    "roc-auc": r"auc",
    "auroc": r"auroc|auc",
}
_WHICH = re.compile(
    r"\b(?:final|best|mean|average|avg|overall|total|macro|weighted|last|lowest|highest|held-out|line|branch|"
    r"statement|code)\b"
)
_DERIVED = re.compile(
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
_TIMED = re.compile(r"(?<![\w.])(\d{1,9}(?:\.\d{1,9})?)(?=\s?(?:ms|s|secs?|seconds?)\b)")
_SIZED = re.compile(r"(?<![\w.])(\d{3,15}|\d{1,6}(?:\.\d{1,3})?(?=[KMG]))(?![\d.])")


class Line(NamedTuple):
    """A line of an output that contains the name of the claim's subject."""

    run: Run
    text: str
    offset: int
    numbers: tuple[str, ...]
    values: tuple[float, ...]
    places: tuple[int, ...]


def judge_value(case: Case, says: ValueSays) -> Verdict:
    """Judge whether an output before the claim printed the number, or another number with the same name."""
    named = list(_named_lines(case, says))
    if says.what in ("count", "size") and (verdict := measured(case, says)) is not None:
        return verdict
    if says.what == "version" and (verdict := asked_version(case, says)) is not None:
        return verdict
    is_near = near(says.value)
    others: list[Line] = []
    for line in named:
        matching = [
            line.places[at]
            for at, value in enumerate(line.values)
            if is_near(value, says.about) and _carries(says, line.numbers[at])
        ]
        if any(_is_meant(case, says, line, place, named) for place in matching):
            return _carried(case, says, line)
        others += [line] if matching else []
    if others:
        event = others[0].run.result if others[0].run.result is not None else others[0].run.call
        evidence = case.record.evidence(event, others[0].offset)
        return undecidable("the output has this number for something else, or for an earlier step", evidence)
    places = case.index.before(plain_number(says.value), case.event)
    if (verdict := _elsewhere(case, says, places)) is not None:
        return verdict
    if says.what in ("size", "time") and (verdict := _converted(case, says)) is not None:
        return verdict
    if (verdict := _later(case, says, named)) is not None:
        return verdict
    if places:
        return undecidable("a text before the claim has this number, but does not say what it measures")
    if named:
        return _contradicted(case, says, named)
    return _nothing(case, says)


def _is_meant(case: Case, says: ValueSays, line: Line, place: int, named: list[Line]) -> bool:
    """Return whether the number at `place` belongs to the claim's metric and is not outdated by a later line."""
    words = _words(says)
    if says.what != "metric" or words is None:
        return True
    later = [one.text for one in named if one.run is line.run and one.offset > line.offset]
    return not is_anothers(line.text, place, re.compile(words, re.IGNORECASE), says.name) and not is_outdone(
        line.text, later, case.spotted.claim.quote
    )


def _carries(says: ValueSays, printed: str) -> bool:
    return matches(says.value, printed, says.about) is not None


def _named_lines(case: Case, says: ValueSays, *, later: bool = False) -> Iterator[Line]:
    """Yield lines that name the claim's subject, latest run first; if `later`, from the first run after the claim."""
    words = _words(says)
    if says.what in ("count", "size") and case.spotted.claim.path:
        base = re.escape(case.spotted.claim.path.rsplit("/", 1)[-1])
        words = rf"{words}|(?<![\w-]){base}(?!\w)" if words else rf"(?<![\w-]){base}(?!\w)"
    if words is None:
        return
    pattern = re.compile(words, re.IGNORECASE)
    for run in (
        case.runs_after()[:1]
        if later
        else case.runs_before()[: _MOST_RUNS if says.what != "time" else _MOST_RUNS // 3]
    ):
        if run.result is None or (case.spotted.command and not is_run(case.spotted.command, run)):
            continue
        if len(run.text) < _MOST_TEXT:
            yield from case.record.once((words, run.call), partial(_lines, run, pattern))


def _lines(run: Run, pattern: re.Pattern[str]) -> tuple[Line, ...]:
    """Return the lines of a run's output that contain a name, matched by `pattern`, and a number."""
    lines = []
    for found in islice(pattern.finditer(run.text), _MOST_LINES):
        low = run.text.rfind("\n", 0, found.start()) + 1
        high = run.text.find("\n", found.end())
        text = run.text[low : high if high >= 0 else len(run.text)][:1_000]
        if printed := list(_NUMBER.finditer(text)):
            numbers, places = tuple(one[0] for one in printed), tuple(one.start() for one in printed)
            lines.append(Line(run, text, low, numbers, tuple(map(float, numbers)), places))
    return tuple(lines)


def _words(says: ValueSays) -> str | None:
    match says.what:
        case "metric":
            bare = SPLIT_WORD.sub("", _WHICH.sub("", says.name)).strip()
            return (
                rf"(?<![A-Za-z])(?:[a-z]+_)?(?:{_ALIASES.get(bare, re.escape(bare))})(?![a-z]{{3}})" if bare else None
            )
        case "count":
            return rf"\b{re.escape(says.name.rstrip('s'))}(?:s|es)?\b"
        case "version":
            return rf"(?<![\w-]){re.escape(says.name)}(?![a-z])"
        case "time":
            return r"\d ?m?s\b|real|time|elapsed|seconds?|duration"
    return None


def _carried(case: Case, says: ValueSays, line: Line) -> Verdict:
    event = line.run.result if line.run.result is not None else line.run.call
    evidence = case.record.evidence(event, line.offset)
    verdict = Verdict("supported", f"“{' '.join(line.text.split())[:120]}” is recorded", (evidence,))
    return verdict if case.spotted.earlier else of_this_state(case, says, line.run, verdict)


def _elsewhere(case: Case, says: ValueSays, places: Sequence[Found]) -> Verdict | None:
    """Return a verdict if an output has the number without its name, and probably not by chance; else None."""
    digits = re.sub(r"\D", "", says.value).lstrip("0")
    least = {"metric": 3, "time": 3, "size": 3, "count": 2, "version": 2}[says.what]
    if len(digits) < least and says.what not in ("count", "version"):
        return None
    found = next(
        (
            one
            for one in places
            if case.record.is_result(one.event)
            and (one.how == "as printed" or len(digits) >= 3)
            and not _is_elses(case, says, one)
        ),
        None,
    )
    if found is None:
        return None
    if says.what == "count" and len(digits) < 2:
        return None
    line = case.record.evidence(found.event, found.offset)
    verdict = Verdict("supported", f"an output before the claim has this number ({found.how})", (line,))
    run = next((one for one in case.runs_before() if one.result == found.event), None)
    return verdict if run is None or case.spotted.earlier else of_this_state(case, says, run, verdict)


def _is_elses(case: Case, says: ValueSays, found: Found) -> bool:
    """Return whether a number's line says that the number belongs to something other than the claim's subject."""
    line, at = line_at(case, found.event, found.offset)
    if says.what == "metric" and (words := _words(says)) is not None:
        return is_anothers(line, at, re.compile(words, re.IGNORECASE), says.name)
    if says.what == "version" and re.fullmatch(r"[\w@./+#-]+", says.name):
        return is_of_another_package(case, says, line, found.event)
    return says.what in ("count", "size") and is_of_another_file(line, case.spotted.claim.path)


def _converted(case: Case, says: ValueSays) -> Verdict | None:
    """Return a supporting verdict if an output gives the size or the time in another unit; None otherwise."""
    value = Decimal(plain_number(says.value))
    pattern = _TIMED if says.what == "time" else _SIZED
    for run in case.runs_before()[:30]:
        if run.result is None or len(run.text) > 100_000:
            continue
        same = [at for at, seconds in minutes_in(run.text) if says.unit[:1] == "s" and _close(value, seconds)]
        for found in pattern.finditer(run.text) if not same else ():
            if _is_same_amount(says, value, Decimal(found[1]), run.text[found.end(1) : found.end(1) + 4]):
                same = [found.start(1)]
                break
        if same:
            line = case.record.evidence(run.result, same[0])
            return Verdict("supported", "an earlier output has the same amount in another unit", (line,))
    return None


def _is_same_amount(says: ValueSays, value: Decimal, printed: Decimal, tail: str) -> bool:
    unit = says.unit.lower()
    if says.what == "size":
        sizes = {_UNITS.get(unit, 1), {"kb": 2**10, "mb": 2**20, "gb": 2**30}.get(unit, 1)}
        letter = tail.strip()[:1].upper()
        given = printed * {"K": 1024, "M": 1024**2, "G": 1024**3}.get(letter, 1)
        return any(size > 1 and given > 100 and _close(value, given / size) for size in sizes)
    mine = value * unit_of(unit)[1]
    theirs = printed * unit_of("ms" if tail.lstrip().startswith("ms") else "s")[1]
    is_time = re.match(r"\s?(?:ms|s|sec|m\d)", tail) is not None
    is_other = unit.startswith("m") or tail.lstrip().startswith("ms")
    return is_time and theirs > 0 and is_other and _close(mine, theirs)


def _close(stated: Decimal, real: Decimal) -> bool:
    exponent = stated.as_tuple().exponent
    unit = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(1)
    return abs(stated - real) <= max(unit / 2, abs(real) * Decimal("0.005"))


def _later(case: Case, says: ValueSays, named: list[Line]) -> Verdict | None:
    """Return an accusing verdict if a number that no earlier output has was printed only after the claim."""
    if says.what not in ("metric", "time") or case.record.has_gap_before(case.event):
        return None
    line = next(
        (
            one
            for one in _named_lines(case, says, later=True)
            if any(matches(says.value, printed) for printed in one.numbers)
        ),
        None,
    )
    digits = re.sub(r"\D", "", says.value).lstrip("0")
    if (
        line is None
        or line.run.result is None
        or len(digits) < 2
        or (line.run.call < case.event and not line.run.result > case.event)
    ):
        return None
    if case.index.before(plain_number(says.value), case.event):
        return None
    hidden = case.record.could_have_run("program", case.event, after=named[0].run.at if named else -1)
    if hidden and (len(digits) < _PARTICULAR or is_known(case, says.value) or is_derived(case, says.value)):
        return None
    return Verdict(
        "written too early",
        "the run that printed this number ended only after the claim",
        (case.record.evidence(line.run.result, line.offset),),
    )


def _contradicted(case: Case, says: ValueSays, named: list[Line]) -> Verdict:
    last = named[0].run
    lines = [line for line in named if line.run is last]
    line = _closest(says, lines)
    evidence = case.record.evidence(last.result if last.result is not None else last.call, line.offset)
    unsure = last.lost or case.spotted.earlier or case.record.has_gap_before(case.event) or says.about
    unsure = unsure or bool(_DERIVED.search(case.spotted.claim.quote)) or is_mean(case, says.value, named)
    if unsure or case.record.could_have_run("program", case.event, after=last.at):
        return undecidable(
            "no output has this number; it may be computed from other numbers, or an output may be missing", evidence
        )
    if (
        says.what == "metric"
        and _is_particular(says, lines)
        and not is_of_another_split(case, [line.text for line in lines])
    ):
        return Verdict(
            "misquoted",
            f"before the claim, the last run that prints this name says “{' '.join(line.text.split())[:120]}”",
            (evidence,),
        )
    is_of_file = says.what == "size" and case.spotted.claim.path is not None and _tells_of(case, lines)
    if is_of_file or (says.what == "version" and "version" in last.command):
        return Verdict(
            "misquoted", f"the result that the claim is about says “{' '.join(line.text.split())[:120]}”", (evidence,)
        )
    return undecidable("no output has this number", evidence)


def _is_particular(says: ValueSays, lines: list[Line]) -> bool:
    """Return whether a line certainly shows the claimed metric, and for the same data, such as `train` or `test`."""
    pattern = re.compile(
        rf"(?:{_words(says)})[^\d\n]{{0,25}}?[-+]?\d*\.\d+|^(?:TOTAL|All files)\b.*\d", re.IGNORECASE
    )
    split = {found[0].lower()[:3] for found in SPLIT_WORD.finditer(says.name)}
    for line in lines:
        mine = {found[0].lower()[:3] for found in SPLIT_WORD.finditer(line.text.replace("_", " "))}
        if pattern.search(line.text) and (not split or not mine or split & mine or {"val", "eva"} & (split | mine)):
            return True
    return False


def _tells_of(case: Case, lines: list[Line]) -> bool:
    path = (case.spotted.claim.path or "").rsplit("/", 1)[-1]
    return bool(path) and any(path in line.text for line in lines)


def _closest(says: ValueSays, lines: list[Line]) -> Line:
    split = [found[0].lower()[:3] for found in SPLIT_WORD.finditer(says.name)]
    named = [line for line in lines if not split or any(part in line.text.lower() for part in split)]
    return (named or lines)[-1]


def _nothing(case: Case, says: ValueSays) -> Verdict:
    if says.what == "metric":
        later = [line.run for line in _named_lines(case, says, later=True)]
        return without_runs(case, "program", later, "a program that could have printed the number")
    return undecidable("no output before the claim has this number")
