"""One generated run: its curves, its clock, and what differs between any two runs of a real program."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal

from benchmarks.wild.marks import AFTER, EPOCH, mark_value, strip_marks

CLOCK = {
    "iso": "%Y-%m-%dT%H:%M:%S",
    "log": "%Y-%m-%d %H:%M:%S",
    "syslog": "%b %d %H:%M:%S",
    "glog": "%m%d %H:%M:%S",
    "asctime": "%a %b %d %H:%M:%S %Y",
    "american": "%m/%d/%Y %I:%M:%S %p",
    "short": "%m/%d %H:%M:%S",
    "time": "%H:%M:%S",
}


class GeneratedRun:
    """One generated run, with its own seed. Styles write the lines of a log with it."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)
        self.now = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=self.random.randrange(60_000_000))
        self.text = ""
        """The text so far, with marks."""
        self.pid = self.random.randrange(900, 4_000_000)
        self.port = self.random.randrange(20_000, 65_000)
        self.seconds_each = math.exp(self.random.gauss(1.0, 0.25))
        """How many seconds this machine takes for what takes others 2.7 s."""

    def say(self, line: str = "", end: str = "\n") -> None:
        """Write a line."""
        self.text += line + end

    def epoch(self) -> None:
        """Mark the beginning of an epoch."""
        self.text += EPOCH

    def after(self) -> None:
        """Mark the end of the last epoch."""
        self.text += AFTER

    @staticmethod
    def value(name: str, value: float, spec: str = ".4f") -> str:
        """Return a metric's value as it is printed, with marks around it."""
        return mark_value(name, value, spec)

    def wait(self, times: float = 1.0) -> float:
        """Advance the clock by a random duration of about `times * seconds_each` seconds; return the seconds."""
        seconds = times * self.seconds_each * math.exp(self.random.gauss(0, 0.05))
        self.now += timedelta(seconds=seconds)
        return seconds

    def at(self, form: str) -> str:
        """Return the current date or time in one of the formats of `CLOCK`, such as `iso`."""
        return self.now.strftime(CLOCK[form])

    @property
    def milliseconds(self) -> str:
        """The milliseconds of the clock, as three digits."""
        return f"{self.now.microsecond // 1000:03d}"

    def hexes(self, digits: int) -> str:
        """Return random hexadecimal digits, such as part of a hash."""
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        """Return a random UUID."""
        digits = self.hexes(32)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def host(self) -> str:
        """Return a random host name, such as `gpunode-07`."""
        number = self.random.randrange(1, 40)
        names = (f"gpunode-{number:02d}", f"ip-10-0-{number}-{self.random.randrange(255)}", self.hexes(12))
        return self.random.choice((*names, f"dgx{number}.cluster.local", f"r{number}u31n02"))

    def letters(self, count: int) -> str:
        """Return random characters, such as those in the folder names of `mkdtemp`."""
        return "".join(self.random.choice("abcdefghijklmnopqrstuvwxyz0123456789_") for _ in range(count))

    def curve(  # noqa: PLR0913 (each is a property of a curve)
        self, points: int, start: float, end: float, spread: float, noise: float, rate: float = 3.5
    ) -> list[float]:
        """Return the values of a metric over a training: they approach `end`, with noise.

        The final value varies between runs, with standard deviation `spread`. The noise is correlated from point to
        point, and smaller where the curve is flat. From the first point to the last, the distance to the final value
        shrinks by a factor of about exp(`rate`).
        """
        goal = end + self.random.gauss(0, spread)
        rate *= math.exp(self.random.gauss(0, 0.08))
        first = start + (start - end) * self.random.gauss(0, 0.02)
        drift, values = 0.0, []
        for index in range(points):
            remaining = math.exp(-rate * index / max(1, points - 1))
            drift = 0.5 * drift + self.random.gauss(0, noise)
            values.append(goal + (first - goal) * remaining + drift * (0.4 + 0.6 * remaining))
        return values

    def beside(
        self, curve: Sequence[float], ends: tuple[float, float], other: tuple[float, float], noise: float
    ) -> list[float]:
        """Return another metric of the same training, which follows `curve`, with noise.

        It is a linear function of `curve`: where `curve` has the two values in `ends`, it has the two values in
        `other`.
        """
        (start, end), (first, last) = ends, other
        return [
            first + (last - first) * (start - value) / (start - end) + self.random.gauss(0, noise) for value in curve
        ]

    def patience(self, curve: Sequence[float], epochs: int, better: Literal["less", "more"] = "less") -> int:
        """Return the epoch at which early stopping ends a training: after `epochs` in a row without improvement.

        If that never happens, return the length of `curve`.
        """
        best, epochs_since = math.inf, 0
        for epoch, value in enumerate(curve, start=1):
            loss = value if better == "less" else -value
            best, epochs_since = (loss, 0) if loss < best else (best, epochs_since + 1)
            if epochs_since == epochs:
                return epoch
        return len(curve)

    @property
    def seen(self) -> str:
        """The text so far, without marks."""
        return strip_marks(self.text)
