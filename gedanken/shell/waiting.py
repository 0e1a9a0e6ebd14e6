"""Shows a waiting person which machine is working, for how long, and how much output it has produced."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from gedanken.experiment.counts import format_count
from gedanken.shell.terminals import MachineKind
from gedanken.terminal.patience import DELAY_SECONDS

_UNITS: dict[MachineKind, str] = {"real": "line", "imagined": "token"}


class WaitingLine:
    """A line at the bottom of the terminal that shows how long a command has been running.

    It appears after two seconds without output, and disappears when there is output.
    """

    def __init__(self, console: Console, machines: Sequence[MachineKind]) -> None:
        """Show the line on `console`, if that is a terminal. `machines` are those that are working."""
        self._console, self._machines = console, machines
        self._durations: dict[MachineKind, float] = {}
        self._output_counts: Counter[MachineKind] = Counter()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._timer = asyncio.get_running_loop().call_later(DELAY_SECONDS, self._start_display)
        return self

    def __exit__(self, *exc: object) -> None:
        self.end()

    def count_output(self, machine: MachineKind, text: str) -> None:
        """Count a chunk of output. A chunk of a reply counts as one token."""
        self._output_counts[machine] += text.count("\n") if machine == "real" else bool(text)

    def mark_finished(self, machine: MachineKind) -> None:
        """Stop the clock of a machine that has finished."""
        self._durations[machine] = time.monotonic() - self._started

    def end(self) -> None:
        """Remove the line."""
        self._timer.cancel()
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _start_display(self) -> None:
        if self._console.is_terminal:
            self._live = Live(
                get_renderable=self._make_line,
                console=self._console,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def _make_line(self) -> Text:
        parts = [self._format_progress(machine) for machine in self._machines]
        return Text(" │ ".join(parts) + "   Ctrl-C stops", "dim", no_wrap=True)

    def _format_progress(self, machine: MachineKind) -> str:
        count = self._output_counts[machine]
        amount = format_count(count, _UNITS[machine])
        if machine in self._durations:
            return f"{machine}: done in {self._durations[machine]:.0f} s, {amount}"
        return f"{machine}: {time.monotonic() - self._started:.0f} s, {amount}"
