"""Shows a waiting person which machine is working, for how long, and how much output it has produced."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from gedanken.experiment.counts import many
from gedanken.shell.terminals import Which
from gedanken.terminal.patience import SECONDS

_UNITS: dict[Which, str] = {"real": "line", "imagined": "token"}


class Waiting:
    """A line at the bottom of the terminal. It appears after a while, and disappears when there is output."""

    def __init__(self, console: Console, at_work: Sequence[Which]) -> None:
        """Show the line on `console`, if that is a terminal. `at_work` contains the machines that are working."""
        self._console, self._at_work = console, at_work
        self._took: dict[Which, float] = {}
        self._heard: Counter[Which] = Counter()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Start waiting."""
        self._started = time.monotonic()
        self._coming = asyncio.get_running_loop().call_later(SECONDS, self._come)
        return self

    def __exit__(self, *exc: object) -> None:
        """Stop waiting."""
        self.end()

    def hear(self, which: Which, text: str) -> None:
        """Count a piece of output; a chunk of a reply counts as one token."""
        self._heard[which] += text.count("\n") if which == "real" else bool(text)

    def ended(self, which: Which) -> None:
        """Stop the clock of a machine that has finished."""
        self._took[which] = time.monotonic() - self._started

    def end(self) -> None:
        """Remove the line."""
        self._coming.cancel()
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _come(self) -> None:
        if self._console.is_terminal:
            self._live = Live(
                get_renderable=self._line,
                console=self._console,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def _line(self) -> Text:
        parts = [self._progress(which) for which in self._at_work]
        return Text(" │ ".join(parts) + "   Ctrl-C stops", "dim", no_wrap=True)

    def _progress(self, which: Which) -> str:
        heard = self._heard[which]
        amount = many(heard, _UNITS[which])
        if which in self._took:
            return f"{which}: done in {self._took[which]:.0f} s, {amount}"
        return f"{which}: {time.monotonic() - self._started:.0f} s, {amount}"
