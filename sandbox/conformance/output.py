"""Checks of a large output: only its ends are kept, all of it is counted, and the program never waits."""

import re
from functools import partial

from gedanken.experiment.execution import Cause, Execution
from gedanken.sandbox.conformance.check import SMALL, Check, Judge, Trial, Verdict, ending, ends, prints
from gedanken.sandbox.engine import GRACE_SECONDS

_check = partial(Check, group="output", harmless=True)
FLOOD_BYTES = 300_000_000
GROWTH_MIB = 64
_FLOOD_LIMITS = SMALL.model_copy(update={"printed_mib": 1024, "wall_seconds": 60.0})
_CAPPED_LIMITS = SMALL.model_copy(update={"printed_mib": 16})
_SHORT_LIMITS = SMALL.model_copy(update={"printed_mib": 1 << 20, "wall_seconds": 1.5})
_STOP_SECONDS = _SHORT_LIMITS.wall_seconds + GRACE_SECONDS + 5
_GAP_CHARACTERS = 200

# Engines log line by line: with short lines the speed of their logging would be measured.
FLOOD = f"echo the beginning; yes $(printf %01000d 0) | head -c {FLOOD_BYTES}; echo; echo the end"
ENDLESS_LINE = "echo before; tr '\\0' x < /dev/zero"
ENDLESS_ERRORS = "echo before; yes $(printf %01000d 0) >&2"

DEAF_FLOOD = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("before", flush=True)
block = b"noise" * 4096
end = time.monotonic() + 60
while time.monotonic() < end:
    os.write(1, block)
"""

MIDDLE = """
print("the beginning")
for number in range(4000):
    print("line", number, "." * 100)
print("the end")
"""


def flood_is_cut(trial: Trial) -> Verdict:
    """Pass if only the ends of a huge output were kept, and its middle was counted.

    Gedanken's memory must hardly have grown.
    """
    if trial.grown_mib > GROWTH_MIB:
        return Verdict(False, f"gedanken's process grew by {trial.grown_mib:.0f} MiB")
    verdict = middle_is_counted(_FLOOD_LIMITS.output_bytes, FLOOD_BYTES)(trial)
    speed = FLOOD_BYTES / 1e6 / max(trial.execution.seconds, 0.001)
    return Verdict(
        verdict.held, f"{verdict.detail}, {speed:.0f} MB/s, gedanken's process grew by {trial.grown_mib:.0f} MiB"
    )


def middle_is_counted(kept_bytes: int, printed_bytes: int) -> Judge:
    """Return a judge that passes a trial if at most `kept_bytes` of `printed_bytes` were kept.

    The bytes left out must have been counted.
    """

    def judge(trial: Trial) -> Verdict:
        execution = trial.execution
        text = execution.stdout
        if execution.cause is not Cause.FINISHED:
            return Verdict(False, ending(execution))
        if len(text) > kept_bytes + _GAP_CHARACTERS:
            return Verdict(False, f"{len(text)} characters were kept, but only {kept_bytes} are allowed")
        if not text.startswith("the beginning\n") or not text.endswith("the end\n"):
            return Verdict(False, "the head or the tail was lost")
        dropped = _dropped_bytes(execution)
        if dropped is None or dropped < printed_bytes - kept_bytes:
            return Verdict(False, f"of {printed_bytes} bytes, {dropped} were reported as not kept")
        return Verdict(True, f"{dropped} bytes counted and not kept")

    return judge


def _dropped_bytes(execution: Execution) -> int | None:
    """Return how many bytes were left out, if the text and the notes agree on the number; None otherwise."""
    match = re.search(r"\[… (\d+) bytes not kept …\]", execution.stdout)
    if match is None or not any(match[1] in note for note in execution.notes):
        return None
    return int(match[1])


CHECKS = (
    _check(
        "gigabytes-of-output",
        promise="Of a huge output, the head and the tail are kept, the middle is counted, and gedanken's process "
        "does not grow.",
        program=FLOOD,
        language="bash",
        judge=flood_is_cut,
        limits=_FLOOD_LIMITS,
    ),
    _check(
        "middle-is-counted",
        promise="Of an output above the limit, the first and the last part are kept, and the rest is counted.",
        program=MIDDLE,
        judge=middle_is_counted(SMALL.output_bytes, 400_000),
    ),
    _check(
        "endless-line",
        promise="A line that never ends is stopped at the output limit.",
        program=ENDLESS_LINE,
        language="bash",
        judge=ends(Cause.OUTPUT_CAP, within=15, shows="before\nxxx"),
        limits=_CAPPED_LIMITS,
    ),
    _check(
        "endless-errors",
        promise="The error stream has the same limit as the output.",
        program=ENDLESS_ERRORS,
        language="bash",
        judge=ends(Cause.OUTPUT_CAP, within=15, shows="before\n"),
        limits=_CAPPED_LIMITS,
    ),
    _check(
        "flood-does-not-block-the-kill",
        promise="A program that floods and ignores SIGTERM is killed in time.",
        program=DEAF_FLOOD,
        judge=ends(Cause.TIMED_OUT, within=_STOP_SECONDS, shows="before"),
        limits=_SHORT_LIMITS,
    ),
    _check(
        "binary-noise",
        promise="Bytes that are not text are kept as escapes.",
        program="printf 'a\\377b\\200\\nc\\303(d'",
        language="bash",
        judge=prints("a\\xffb\\x80\nc\\xc3(d"),
    ),
    _check(
        "character-in-two-pieces",
        promise="A character that is printed in two pieces is one character.",
        program="printf 'caf\\303'; sleep 0.4; printf '\\251\\n'",
        language="bash",
        judge=prints("café\n"),
    ),
)
