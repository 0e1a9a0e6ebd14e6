"""Fourteen ways to doctor a real log, each as small as it can be: what `power.py` looks whether it is caught.

A doctoring takes a `Case` and returns the doctored log, or None where there is nothing to doctor: a log without a
time cannot have it stretched. Numbers keep the decimals they are printed with. What a doctoring does not name stays
as it is, to the character. Nothing here is shared with what is measured: lines are read in a way of their own.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from random import Random
from statistics import mean, stdev
from typing import Literal, NamedTuple

NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")
FOREIGN = ("Saving model checkpoint to model.pt", "Evaluating on the validation set...", "All done, no errors found")
"""Lines that no program of the collection prints."""
OTHER_WORDS = ("measured", "overall", "computed", "observed")
"""Words that no program of the collection prints."""
_LOSS = re.compile(r"(?:loss|mse|reconstruction)\b[\s:=|]{0,8}$", re.IGNORECASE)
_SECONDS = re.compile(r"\s?(?:s|sec|seconds)\b")
_EPOCH = re.compile(r".*?\bepoch\b\W{0,6}(\d+)", re.IGNORECASE)
_STEP = re.compile(r".*?\bstep\b\W{0,6}(\d+)", re.IGNORECASE)
_LEADING_NUMBER = re.compile(r"\W*(\d+)\b")
_WORD = re.compile(r"[A-Za-z]{4,}")

Place = tuple[str, int, int]
"""A number's position in a log: the form of its line, the number of earlier lines of that form, and its index in
the line.
"""


class Noise(NamedTuple):
    """How one number varies among real runs."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Case:
    """A log to be doctored, with the logs that it is compared with."""

    text: str
    real: Sequence[str]
    """The real logs that the doctored log will be compared with."""
    others: Sequence[str]
    """The other imagined logs."""
    random: Random

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the log, with their line ends."""
        return self.text.splitlines(keepends=True)

    @cached_property
    def noise(self) -> dict[Place, Noise]:
        """The variation of every number that at least three real runs show and that is not the same in all of
        them.
        """
        values: defaultdict[Place, list[float]] = defaultdict(list)
        for log in self.real:
            for place, found in numbers(log.splitlines(keepends=True)):
                values[place].append(float(found[0]))
        many = {place: some for place, some in values.items() if len(some) >= 3 and len(set(some)) > 1}
        return {place: Noise(mean(some), stdev(some)) for place, some in many.items()}


def numbers(lines: Sequence[str]) -> Iterator[tuple[Place, re.Match[str]]]:
    """Yield every number of a log, with its position."""
    seen: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        form = form_of(line)
        for hole, found in enumerate(NUMBER.finditer(line)):
            yield (form, seen[form], hole), found
        seen[form] += 1


def form_of(line: str) -> str:
    """Return a line with `#` for each number, however wide."""
    return re.sub(r"\s+", " ", NUMBER.sub("#", line)).strip()


def rewritten(case: Case, rewrite: Callable[[Place, re.Match[str]], str]) -> str | None:
    """Return the log with each number rewritten by `rewrite`; None if that changes nothing."""
    seen: defaultdict[str, int] = defaultdict(int)
    result = ""
    for line in case.lines:
        form, parts, end = form_of(line), [], 0
        for hole, found in enumerate(NUMBER.finditer(line)):
            parts += [line[end : found.start()], rewrite((form, seen[form], hole), found)]
            end = found.end()
        seen[form] += 1
        result += "".join(parts) + line[end:]
    return None if result == case.text else result


def printed_as(value: float, like: str) -> str:
    """Return a number with the decimals and the notation of another."""
    decimals = len(like.partition("e")[0].partition(".")[2])
    return f"{value:.{decimals}{'e' if 'e' in like else 'f'}}"


def is_loss(found: re.Match[str]) -> bool:
    """Return whether a number has decimals and the words before it call it a loss."""
    return "." in found[0] and _LOSS.search(found.string, 0, found.start()) is not None


def is_time(found: re.Match[str]) -> bool:
    """Return whether a number has decimals and is followed by a unit of seconds."""
    return "." in found[0] and _SECONDS.match(found.string, found.end()) is not None


def digit_of_a_loss(case: Case) -> str | None:
    """Change one digit of one loss."""
    return _other_digit(case, [found for _place, found in numbers(case.lines) if is_loss(found)])


def digit_of_a_fixed_number(case: Case) -> str | None:
    """Change one digit of a number that is the same in all real runs; not in a date, a time or a version."""
    shown: defaultdict[Place, list[str]] = defaultdict(list)
    for log in case.real:
        for place, found in numbers(log.splitlines(keepends=True)):
            shown[place].append(found[0])
    fixed = {place: some[0] for place, some in shown.items() if len(some) == len(case.real) and len(set(some)) == 1}
    found_fixed = [
        found for place, found in numbers(case.lines) if fixed.get(place) == found[0] and not _is_part(found)
    ]
    return _other_digit(case, found_fixed)


def epochs_swapped(case: Case) -> str | None:
    """Swap two neighbouring epochs with all their lines."""
    starts = epoch_starts(case.lines)
    if len(starts) < 3:
        return None
    first = case.random.randrange(len(starts) - 2)
    a, b, c = starts[first : first + 3]
    return "".join([*case.lines[:a], *case.lines[b:c], *case.lines[a:b], *case.lines[c:]])


def epoch_dropped(case: Case) -> str | None:
    """Remove one epoch, neither the first nor the last."""
    starts = epoch_starts(case.lines)
    if len(starts) < 3:
        return None
    dropped = case.random.randrange(1, len(starts) - 1)
    return "".join([*case.lines[: starts[dropped]], *case.lines[starts[dropped + 1] :]])


def epoch_starts(lines: Sequence[str]) -> list[int]:
    """Return the indices of the lines at which an epoch begins, or else a step or a numbered line."""
    for named_by in (_EPOCH, _STEP, _LEADING_NUMBER):
        named = [(at, int(found[1])) for at, line in enumerate(lines) if (found := named_by.match(line))]
        before = [-1, *(number for _at, number in named)]
        starts = [at for (at, number), last in zip(named, before, strict=False) if number > last]
        if starts:
            return starts
    return []


def curve_shifted(case: Case, by: float) -> str | None:
    """Raise every loss by this many standard deviations of the real runs at its position."""
    return rewritten(
        case, lambda place, found: _moved(case, place, found, lambda value, noise: value + by * noise.sd)
    )


def spread_halved(case: Case) -> str | None:
    """Halve the distance of every loss from the mean of the real runs at its position."""
    return rewritten(
        case, lambda place, found: _moved(case, place, found, lambda value, noise: (value + noise.mean) / 2)
    )


def word_changed(case: Case, where: Literal["one line", "every line"]) -> str | None:
    """Change one word, in one line or in every line of that form."""
    spoken = [at for at, line in enumerate(case.lines) if _WORD.search(line)]
    if not spoken:
        return None
    chosen = case.random.choice(spoken)
    form = form_of(case.lines[chosen])
    which = case.random.randrange(len(_WORD.findall(form)))
    other = case.random.choice(OTHER_WORDS)
    lines = list(case.lines)
    for at, line in enumerate(case.lines):
        if at == chosen or (where == "every line" and form_of(line) == form):
            start, end = list(_WORD.finditer(line))[which].span()
            lines[at] = line[:start] + other + line[end:]
    return "".join(lines)


def line_twice(case: Case) -> str | None:
    """Repeat one line that is not blank."""
    spoken = [at for at, line in enumerate(case.lines) if line.strip()]
    if not spoken:
        return None
    at = case.random.choice(spoken)
    return "".join([*case.lines[: at + 1], *case.lines[at:]])


def foreign_line(case: Case) -> str:
    """Insert a line that the program does not print."""
    at = case.random.randrange(len(case.lines) + 1)
    return "".join([*case.lines[:at], case.random.choice(FOREIGN) + "\n", *case.lines[at:]])


def time_stretched(case: Case, times: int) -> str | None:
    """Multiply every duration in seconds by `times`; times of day are unchanged."""
    return rewritten(
        case,
        lambda _place, found: printed_as(float(found[0]) * times, found[0]) if is_time(found) else found[0],
    )


def numbers_copied(case: Case, source: Literal["a real run", "another imagined"]) -> str | None:
    """Copy every number with decimals from another log at the same position; times are unchanged."""
    logs = case.real if source == "a real run" else case.others
    if not logs:
        return None
    other = case.random.choice(logs)
    there = {place: found[0] for place, found in numbers(other.splitlines(keepends=True))}
    return rewritten(
        case,
        lambda place, found: there.get(place, found[0]) if "." in found[0] and not is_time(found) else found[0],
    )


def rounded(case: Case) -> str | None:
    """Round every number with more than two decimals to two."""
    return rewritten(case, lambda _place, found: _rounded(found[0]))


def order_changed(case: Case) -> str | None:
    """Swap two lines of different forms."""
    spoken = [(at, form_of(line)) for at, line in enumerate(case.lines) if line.strip()]
    pairs = [(a, b) for a, one in spoken for b, other in spoken if a < b and one != other]
    if not pairs:
        return None
    a, b = case.random.choice(pairs)
    lines = list(case.lines)
    lines[a], lines[b] = lines[b], lines[a]
    return "".join(lines)


def truncated(case: Case, share: float) -> str | None:
    """Remove the last lines, this share of all but at least one."""
    gone = max(1, round(share * len(case.lines)))
    return "".join(case.lines[:-gone]) or None


@dataclass(frozen=True, slots=True)
class Doctoring:
    """One kind of doctoring, in one size."""

    kind: str
    size: str
    doctor: Callable[[Case], str | None]
    how_many: tuple[int, ...] = (3, 1)
    """How many of three imagined logs are doctored: all of them, or one, which must then be found on its own."""


ALL, ONE = (3,), (1,)
DOCTORINGS = (
    Doctoring("one digit", "of a loss", digit_of_a_loss),
    Doctoring("one digit", "of a fixed number", digit_of_a_fixed_number),
    Doctoring("epochs swapped", "two neighbours", epochs_swapped),
    Doctoring("epoch dropped", "one inside", epoch_dropped),
    *(Doctoring("curve shifted", f"{by} sd", partial(curve_shifted, by=by), ALL) for by in (1, 2, 4)),
    Doctoring("spread", "halved", spread_halved, ALL),
    Doctoring("word changed", "in one line", partial(word_changed, where="one line")),
    Doctoring("word changed", "in every such line", partial(word_changed, where="every line")),
    Doctoring("line twice", "one", line_twice),
    Doctoring("foreign line", "one", foreign_line),
    *(Doctoring("time stretched", f"× {by}", partial(time_stretched, times=by), ALL) for by in (2, 10, 100)),
    Doctoring("numbers copied", "of a real run", partial(numbers_copied, source="a real run")),
    Doctoring("numbers copied", "of another imagined", partial(numbers_copied, source="another imagined"), ONE),
    Doctoring("rounding", "to 2 decimals", rounded),
    Doctoring("order", "two lines exchanged", order_changed),
    Doctoring("truncation", "last 10 %", partial(truncated, share=0.1)),
    Doctoring("truncation", "last 50 %", partial(truncated, share=0.5)),
)
"""Every kind of doctoring in every size."""


def _is_part(found: re.Match[str]) -> bool:
    """Return whether a number is part of a date, a time of day or a version."""
    before, after = found.string[max(0, found.start() - 2) : found.start()], found.string[found.end() :]
    return re.fullmatch(r"\d[-:.]", before) is not None or re.match(r"[-:.]\d", after) is not None


def _other_digit(case: Case, candidates: Sequence[re.Match[str]]) -> str | None:
    if not candidates:
        return None
    chosen = case.random.choice(candidates)
    digits = [at for at in range(*chosen.span()) if chosen.string[at].isdigit()]
    at = case.random.choice(digits)
    other = case.random.choice([digit for digit in "0123456789" if digit != chosen.string[at]])
    line = chosen.string[:at] + other + chosen.string[at + 1 :]
    # `chosen.string` is the line itself, not one that reads the same.
    return "".join(line if one is chosen.string else one for one in case.lines)


def _moved(case: Case, place: Place, found: re.Match[str], move: Callable[[float, Noise], float]) -> str:
    noise = case.noise.get(place)
    return found[0] if noise is None or not is_loss(found) else printed_as(move(float(found[0]), noise), found[0])


def _rounded(shown: str) -> str:
    mantissa, mark, exponent = shown.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return f"{float(mantissa):.2f}{mark}{exponent}" if decimals > 2 else shown
