"""Formats texts and numbers for the report."""

import re

from gedanken.experiment.escaping import is_hidden
from gedanken.experiment.execution import Cause, Execution

MAX_LINE_SHOWN = 400
"""Maximum number of characters shown of one line."""
NOTE = 60
"""Maximum length in characters of the note that says how much was left out; the note itself is never cut."""
MAX_LINES_SHOWN = 40
"""Maximum number of lines shown of a text that is not an output, for example an instruction to the model."""
MAX_WHOLE_NUMBER = 1e7
"""Whole numbers below this are shown in full, so that a reader can search for them in the output."""
NOT_LOGGED = "not in the log"
"""Shown in place of the exit code if only the log of a run is available."""
_PLAIN = re.compile(r"[\t\n -~]*\Z")


def escape_invisible(text: str) -> str:
    """Return the text with control and direction characters written as codes, for example ⟨U+202E⟩."""
    if _PLAIN.match(text):
        return text
    return "".join(f"⟨U+{ord(character):04X}⟩" if is_hidden(character) else character for character in text)


def truncate(line: str, limit: int = MAX_LINE_SHOWN) -> str:
    """Return the first `limit` characters of a line, with a note of how many are left out."""
    return line if len(line) <= limit else f"{line[:limit]} … ({len(line) - limit:,} more characters)"


def first_sentence(text: str) -> tuple[str, str]:
    """Split a text into its first sentence and the text after it."""
    first, separator, rest = text.partition(". ")
    return first + separator.strip(), rest


def first_lines(text: str) -> str:
    """Return the first lines of a text, shortened, with a note of how much is left out."""
    lines = text.split("\n", MAX_LINES_SHOWN)[:MAX_LINES_SHOWN]
    shortened = "\n".join(truncate(line, MAX_LINE_SHOWN + NOTE) for line in lines)
    omitted = len(text) - len("\n".join(lines))
    return shortened + (f"\n… ({omitted:,} more characters in further lines)" if omitted > 0 else "")


def format_number(value: float | None) -> str:
    """Format a number with four significant digits. Show whole numbers below 10 million in full, None as a dash."""
    if value is None:
        return "–"
    is_whole = float(value).is_integer() and abs(value) < MAX_WHOLE_NUMBER
    return (f"{value:.0f}" if is_whole else f"{value:.4g}").replace("-", "−")


def format_ending(run: Execution) -> str:
    """Say how a run ended, for example `finished, exit 0`, or `NOT_LOGGED` for a log that the user supplied."""
    if run.machine == "log" and run.cause is Cause.FINISHED:
        return NOT_LOGGED
    return run.cause if run.exit_code is None else f"{run.cause}, exit {run.exit_code}"


def format_interval(value: float | None, bounds: tuple[float, float] | None) -> str:
    """Format an estimate with its interval, for example `0.12 [0.08, 0.19]`."""
    return format_number(value) + (
        f" [{format_number(bounds[0])}, {format_number(bounds[1])}]" if bounds and value is not None else ""
    )


def format_probability(p: float | None) -> str:
    """Format a p-value with three decimals, for example `.008` or `< .001`."""
    if p is None:
        return "–"
    return "< .001" if p < 0.001 else f"{p:.3f}".replace("0.", ".", 1).replace("1.000", "1")


def format_p(p: float | None) -> str:
    """Format a p-value with the letter p, for example `p = .008` or `p < .001`."""
    text = format_probability(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def format_duration(seconds: float) -> str:
    """Format a duration, for example `8.0 s` or `12 min 30 s`."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, remainder = divmod(round(seconds), 60)
    return f"{minutes:,} min {remainder} s"


def format_range(counts: tuple[int, ...]) -> str:
    """Format the range of some numbers, for example `0 to 40`, or `10` if all are equal."""
    if not counts:
        return "–"
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def format_run(execution: Execution) -> str:
    """Name a run, for example `seed 3`, `sample 0 (trunk)`, or the file that it was read from."""
    if execution.called:
        return execution.called
    number = execution.sample if execution.imagined else execution.seed or 0
    arm = "" if execution.arm == "as written" else f", {execution.arm}"
    return f"{'sample' if execution.imagined else 'seed'} {number}{'' if number else ' (trunk)'}{arm}"
