"""What a person sees while things happen. All of it goes to standard error; results go to standard output."""

import json
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from compare.lines.seen import seen_lines
from experiment.secrets import redacted, redacted_value

PLAIN_SECONDS = 5.0
LINES_SHOWN = 8
CHARACTERS_SHOWN = 400
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""Categories of characters that move a terminal or a page, or are not seen on it."""
_TELLING = re.compile(r"\b(?:epoch|loss|acc|shape|error)", re.IGNORECASE)


def is_hidden(character: str) -> bool:
    """Whether a character must be shown by its number: it controls, turns or breaks a line, or has no shape."""
    return character not in "\n\t" and unicodedata.category(character) in _HIDDEN


def harmless(text: str) -> str:
    """Text that a model or a program made: control and direction characters shown instead of obeyed, keys removed."""
    return "".join(f"\\x{ord(one):02x}" if is_hidden(one) else one for one in redacted(text))


def shortened(text: str, *, cut: bool = False) -> str:
    """What a person sees of an output in a cell of a table: harmless, and no more than a few lines of it.

    `cut` says that the output itself has no end.
    """
    whole = "\n".join(seen_lines(text))
    head = "\n".join(whole[:CHARACTERS_SHOWN].split("\n")[:LINES_SHOWN])
    return harmless(head) + (" …" if cut or head != whole else "") or "(nothing)"


def print_json(value: object) -> None:
    """Print a result on standard output as one line of JSON: ASCII, in which no character moves a terminal."""
    print(json.dumps(redacted_value(value), default=str))


class Screen:
    """Shows steps, and the workers of a run. On a terminal it is live; elsewhere it prints lines."""

    def __init__(self) -> None:
        """Show things on standard error."""
        self.console = Console(stderr=True, highlight=False)
        self._workers: dict[tuple[str, str], _Worker] = {}
        self._live: Live | None = None

    def say(self, text: str) -> None:
        """Tell one line."""
        self.console.print(Text(harmless(text), style="dim"), soft_wrap=True)

    @contextmanager
    def step(self, title: str, total: float, unit: str = "bytes") -> Iterator[Callable[[float], None]]:
        """Show a step with how much of it is done and how long it may still take."""
        if not self.console.is_terminal:
            yield self._plain_step(title, total, unit)
            return
        amount: list[ProgressColumn] = [DownloadColumn()] if unit == "bytes" else []
        columns: list[ProgressColumn] = [TextColumn("{task.description}"), BarColumn(), *amount]
        columns += [TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn()]
        with Progress(*columns, console=self.console) as progress:
            task = progress.add_task(title, total=total)
            yield lambda done: progress.update(task, completed=done)
            progress.update(task, completed=total)

    def _plain_step(self, title: str, total: float, unit: str) -> Callable[[float], None]:
        started = last = time.monotonic()

        def update(done: float) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last < PLAIN_SECONDS:
                return
            last = now
            share = min(1.0, done / total) if total else 1.0
            left = (now - started) * (1 - share) / share if share else 0
            amount = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB" if unit == "bytes" else f"{100 * share:.0f} %"
            self.say(f"{title}: {amount}, about {left:.0f} s left")

        self.say(f"{title} …")
        return update

    @contextmanager
    def run(self) -> Iterator[None]:
        """Show the workers of a run for as long as it lasts."""
        if not self.console.is_terminal:
            yield
            return
        with Live(get_renderable=self._table, console=self.console, refresh_per_second=8, transient=True) as live:
            self._live = live
            yield
            self._live = None

    def hear(self, node: str, who: str, text: str) -> None:
        """Take in text that a worker produced; its telling lines are shown as they are completed."""
        worker = self._workers.setdefault((node, who), _Worker())
        lines = worker.hear(text)
        if self._live is not None:
            return
        for line in lines:
            if _TELLING.search(line) and node in ("execute", "simulate"):
                self._plain(f"  {node} {who}: {harmless(line)[:160]}")
        if worker.is_due():
            self._plain(f"  {node} {who}: {worker.amount(node)}")

    def waits(self, node: str, who: str, ahead: int) -> None:
        """Tell that a worker waits for cores, and for how many others."""
        text = f"waits for cores, {ahead} before it"
        self._workers.setdefault((node, who), _Worker()).last = text
        if self._live is None:
            self._plain(f"  {node} {who}: {text}")

    def finished(self, node: str, text: str) -> None:
        """Tell that a node has ended, and with what."""
        for key in [
            key for key in self._workers if key[0] == node and (key[1] in text or node in ("persona", "write"))
        ]:
            del self._workers[key]
        line = Text(f"{node:>10}  ", style="bold cyan")
        line.append(harmless(text), style="default not bold")
        self.console.print(line, soft_wrap=not self.console.is_terminal)

    def _plain(self, text: str) -> None:
        self.console.print(Text(text), soft_wrap=True)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for (node, who), worker in list(self._workers.items()):
            table.add_row(
                Text(f"{node:>10}", style="cyan"),
                Text(who),
                Text(f"{time.monotonic() - worker.started:.0f} s", style="dim"),
                Text(worker.amount(node), style="dim"),
                Text(harmless(worker.last)[: max(20, self.console.width - 50)], no_wrap=True),
            )
        return table


class _Worker:
    """One real run or one reply that is under way."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.chunks = self.lines = 0
        self.last = ""
        self._open = ""
        self._told = self.started

    def amount(self, node: str) -> str:
        """How much there is so far; a chunk of a model's reply is a token."""
        return f"{self.chunks} tokens" if node in ("write", "simulate") else f"{self.lines} lines"

    def is_due(self) -> bool:
        """Whether it is time to tell how much there is."""
        now = time.monotonic()
        due = now - self._told >= PLAIN_SECONDS
        self._told = now if due else self._told
        return due

    def hear(self, text: str) -> list[str]:
        self.chunks += bool(text)
        *complete, self._open = (self._open + text).split("\n")
        self.lines += len(complete)
        shown = [line for line in (*complete, self._open) if line.strip()]
        self.last = shown[-1] if shown else self.last
        self._open = self._open[-4096:]
        return [line for line in complete if line.strip()]
