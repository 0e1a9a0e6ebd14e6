"""Puts faults into a real log in fourteen ways (doctorings), each as small as possible. `power.py` measures
whether they are found.

A doctoring takes a `Case` and returns the doctored log, or None if there is nothing to change: a time cannot be
stretched in a log without times. Numbers keep their number of decimals, and everything else stays exactly as it is.
The code shares nothing with the code whose power it measures: it reads lines by rules of its own.
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

Position = tuple[str, int, int]
"""The position of a number in a log: the form of its line, the number of earlier lines with this form, and the
index of the number in the line.
"""


class Noise(NamedTuple):
    """How one number varies among real runs."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Case:
    """A log into which a fault is put, with the logs that it is compared with."""

    text: str
    real: Sequence[str]
    """The real logs with which the doctored log will be compared."""
    others: Sequence[str]
    """The other imagined logs."""
    random: Random

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the log, with their line ends."""
        return self.text.splitlines(keepends=True)

    @cached_property
    def noise(self) -> dict[Position, Noise]:
        """How each number varies among the real runs. Only numbers that vary, and that at least three real runs
        show, are included.
        """
        values: defaultdict[Position, list[float]] = defaultdict(list)
        for log in self.real:
            for position, match in numbers(log.splitlines(keepends=True)):
                values[position].append(float(match[0]))
        varying = {
            position: samples for position, samples in values.items() if len(samples) >= 3 and len(set(samples)) > 1
        }
        return {position: Noise(mean(samples), stdev(samples)) for position, samples in varying.items()}


def numbers(lines: Sequence[str]) -> Iterator[tuple[Position, re.Match[str]]]:
    """Yield every number of a log, with its position."""
    form_counts: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        form = form_of(line)
        for hole, match in enumerate(NUMBER.finditer(line)):
            yield (form, form_counts[form], hole), match
        form_counts[form] += 1


def form_of(line: str) -> str:
    """Return a line with `#` in place of each number, however wide it is."""
    return re.sub(r"\s+", " ", NUMBER.sub("#", line)).strip()


def rewrite_numbers(case: Case, rewrite: Callable[[Position, re.Match[str]], str]) -> str | None:
    """Return the log after `rewrite` was applied to each number; None if nothing changed."""
    form_counts: defaultdict[str, int] = defaultdict(int)
    result = ""
    for line in case.lines:
        form, parts, end = form_of(line), [], 0
        for hole, match in enumerate(NUMBER.finditer(line)):
            parts += [line[end : match.start()], rewrite((form, form_counts[form], hole), match)]
            end = match.end()
        form_counts[form] += 1
        result += "".join(parts) + line[end:]
    return None if result == case.text else result


def format_like(value: float, like: str) -> str:
    """Return a number with the decimals and the notation of the text `like`."""
    decimals = len(like.partition("e")[0].partition(".")[2])
    return f"{value:.{decimals}{'e' if 'e' in like else 'f'}}"


def is_loss(match: re.Match[str]) -> bool:
    """Return whether a number has decimals and the words before it call it a loss."""
    return "." in match[0] and _LOSS.search(match.string, 0, match.start()) is not None


def is_time(match: re.Match[str]) -> bool:
    """Return whether a number has decimals and is followed by a unit of seconds."""
    return "." in match[0] and _SECONDS.match(match.string, match.end()) is not None


def change_loss_digit(case: Case) -> str | None:
    """Change one digit of one loss."""
    return _change_digit(case, [match for _place, match in numbers(case.lines) if is_loss(match)])


def change_fixed_digit(case: Case) -> str | None:
    """Change one digit of a number that is the same in all real runs and not part of a date, a time or a version."""
    texts: defaultdict[Position, list[str]] = defaultdict(list)
    for log in case.real:
        for position, match in numbers(log.splitlines(keepends=True)):
            texts[position].append(match[0])
    fixed = {
        position: printed[0]
        for position, printed in texts.items()
        if len(printed) == len(case.real) and len(set(printed)) == 1
    }
    matches = [
        match
        for position, match in numbers(case.lines)
        if fixed.get(position) == match[0] and not _is_in_date_or_version(match)
    ]
    return _change_digit(case, matches)


def swap_epochs(case: Case) -> str | None:
    """Swap two neighboring epochs with all their lines."""
    starts = epoch_starts(case.lines)
    if len(starts) < 3:
        return None
    first = case.random.randrange(len(starts) - 2)
    a, b, c = starts[first : first + 3]
    return "".join([*case.lines[:a], *case.lines[b:c], *case.lines[a:b], *case.lines[c:]])


def drop_epoch(case: Case) -> str | None:
    """Remove one epoch that is neither the first nor the last."""
    starts = epoch_starts(case.lines)
    if len(starts) < 3:
        return None
    dropped = case.random.randrange(1, len(starts) - 1)
    return "".join([*case.lines[: starts[dropped]], *case.lines[starts[dropped + 1] :]])


def epoch_starts(lines: Sequence[str]) -> list[int]:
    """Return the indices of the lines at which an epoch begins. In a log without epochs, steps or numbered lines
    are used.
    """
    for pattern in (_EPOCH, _STEP, _LEADING_NUMBER):
        numbered = [(index, int(match[1])) for index, line in enumerate(lines) if (match := pattern.match(line))]
        previous_numbers = [-1, *(number for _index, number in numbered)]
        starts = [
            index for (index, number), previous in zip(numbered, previous_numbers, strict=False) if number > previous
        ]
        if starts:
            return starts
    return []


def shift_curve(case: Case, by: float) -> str | None:
    """Raise every loss by this many standard deviations of the real runs at its position."""
    return rewrite_numbers(
        case, lambda position, match: _move_loss(case, position, match, lambda value, noise: value + by * noise.sd)
    )


def halve_spread(case: Case) -> str | None:
    """Halve the distance of every loss from the mean of the real runs at its position."""
    return rewrite_numbers(
        case, lambda position, match: _move_loss(case, position, match, lambda value, noise: (value + noise.mean) / 2)
    )


def change_word(case: Case, where: Literal["one line", "every line"]) -> str | None:
    """Change one word, in one line or in every line of that form."""
    candidates = [index for index, line in enumerate(case.lines) if _WORD.search(line)]
    if not candidates:
        return None
    chosen = case.random.choice(candidates)
    form = form_of(case.lines[chosen])
    word_index = case.random.randrange(len(_WORD.findall(form)))
    new_word = case.random.choice(OTHER_WORDS)
    lines = list(case.lines)
    for index, line in enumerate(case.lines):
        if index == chosen or (where == "every line" and form_of(line) == form):
            start, end = list(_WORD.finditer(line))[word_index].span()
            lines[index] = line[:start] + new_word + line[end:]
    return "".join(lines)


def repeat_line(case: Case) -> str | None:
    """Repeat one line that is not blank."""
    candidates = [index for index, line in enumerate(case.lines) if line.strip()]
    if not candidates:
        return None
    index = case.random.choice(candidates)
    return "".join([*case.lines[: index + 1], *case.lines[index:]])


def insert_foreign_line(case: Case) -> str:
    """Insert a line that the program does not print."""
    index = case.random.randrange(len(case.lines) + 1)
    return "".join([*case.lines[:index], case.random.choice(FOREIGN) + "\n", *case.lines[index:]])


def stretch_time(case: Case, times: int) -> str | None:
    """Multiply every duration in seconds by `times`. Times of day are not changed."""
    return rewrite_numbers(
        case,
        lambda _position, match: format_like(float(match[0]) * times, match[0]) if is_time(match) else match[0],
    )


def copy_numbers(case: Case, source: Literal["a real run", "another imagined"]) -> str | None:
    """Copy every number with decimals from the same position in another log. Times are not changed."""
    logs = case.real if source == "a real run" else case.others
    if not logs:
        return None
    donor = case.random.choice(logs)
    donor_numbers = {position: match[0] for position, match in numbers(donor.splitlines(keepends=True))}
    return rewrite_numbers(
        case,
        lambda position, match: (
            donor_numbers.get(position, match[0]) if "." in match[0] and not is_time(match) else match[0]
        ),
    )


def round_numbers(case: Case) -> str | None:
    """Round every number that has more than two decimals to two decimals."""
    return rewrite_numbers(case, lambda _position, match: _round_text(match[0]))


def swap_lines(case: Case) -> str | None:
    """Swap two lines of different forms."""
    candidates = [(index, form_of(line)) for index, line in enumerate(case.lines) if line.strip()]
    pairs = [
        (a, b) for a, first_form in candidates for b, second_form in candidates if a < b and first_form != second_form
    ]
    if not pairs:
        return None
    a, b = case.random.choice(pairs)
    lines = list(case.lines)
    lines[a], lines[b] = lines[b], lines[a]
    return "".join(lines)


def truncate(case: Case, share: float) -> str | None:
    """Remove the last lines of the log: `share` of all lines, but at least one."""
    removed = max(1, round(share * len(case.lines)))
    return "".join(case.lines[:-removed]) or None


@dataclass(frozen=True, slots=True)
class Doctoring:
    """One kind of doctoring, in one size."""

    kind: str
    size: str
    doctor: Callable[[Case], str | None]
    how_many: tuple[int, ...] = (3, 1)
    """How many of the three imagined logs are doctored. Each of these numbers is tried."""


ALL, ONE = (3,), (1,)
DOCTORINGS = (
    Doctoring("one digit", "of a loss", change_loss_digit),
    Doctoring("one digit", "of a fixed number", change_fixed_digit),
    Doctoring("epochs swapped", "two neighbours", swap_epochs),
    Doctoring("epoch dropped", "one inside", drop_epoch),
    *(Doctoring("curve shifted", f"{by} sd", partial(shift_curve, by=by), ALL) for by in (1, 2, 4)),
    Doctoring("spread", "halved", halve_spread, ALL),
    Doctoring("word changed", "in one line", partial(change_word, where="one line")),
    Doctoring("word changed", "in every such line", partial(change_word, where="every line")),
    Doctoring("line twice", "one", repeat_line),
    Doctoring("foreign line", "one", insert_foreign_line),
    *(Doctoring("time stretched", f"× {by}", partial(stretch_time, times=by), ALL) for by in (2, 10, 100)),
    Doctoring("numbers copied", "of a real run", partial(copy_numbers, source="a real run")),
    Doctoring("numbers copied", "of another imagined", partial(copy_numbers, source="another imagined"), ONE),
    Doctoring("rounding", "to 2 decimals", round_numbers),
    Doctoring("order", "two lines exchanged", swap_lines),
    Doctoring("truncation", "last 10 %", partial(truncate, share=0.1)),
    Doctoring("truncation", "last 50 %", partial(truncate, share=0.5)),
)
"""Every kind of doctoring in every size."""


def _is_in_date_or_version(match: re.Match[str]) -> bool:
    before, after = match.string[max(0, match.start() - 2) : match.start()], match.string[match.end() :]
    return re.fullmatch(r"\d[-:.]", before) is not None or re.match(r"[-:.]\d", after) is not None


def _change_digit(case: Case, candidates: Sequence[re.Match[str]]) -> str | None:
    if not candidates:
        return None
    chosen = case.random.choice(candidates)
    digit_indices = [index for index in range(*chosen.span()) if chosen.string[index].isdigit()]
    index = case.random.choice(digit_indices)
    new_digit = case.random.choice([digit for digit in "0123456789" if digit != chosen.string[index]])
    new_line = chosen.string[:index] + new_digit + chosen.string[index + 1 :]
    # `chosen.string` is the line itself, not one that reads the same.
    return "".join(new_line if line is chosen.string else line for line in case.lines)


def _move_loss(case: Case, position: Position, match: re.Match[str], move: Callable[[float, Noise], float]) -> str:
    noise = case.noise.get(position)
    return match[0] if noise is None or not is_loss(match) else format_like(move(float(match[0]), noise), match[0])


def _round_text(text: str) -> str:
    mantissa, mark, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return f"{float(mantissa):.2f}{mark}{exponent}" if decimals > 2 else text
