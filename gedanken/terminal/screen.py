"""Displays progress on standard error; results go to standard output."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from gedanken.compare.output.visible_lines import normalized_lines
from gedanken.experiment.escaping import harmless
from gedanken.experiment.progress import call_repeatedly
from gedanken.experiment.secrets import redacted_value

if TYPE_CHECKING:
    from gedanken.terminal.run_plan import RunPlan

PLAIN_STEP_SECONDS = 5.0
LOG_SECONDS = 30.0
"""Seconds between two progress lines of a run, if the display is not live."""
MAX_LINES = 8
MAX_CHARACTERS = 400
MAX_LAST_LINE = 60
_GUESSED_UNITS = ("bytes", "seconds")
"""Units for which the total may be a guess. For all other units, such as programs, the total is exact."""
_NODE_NAMES = {"persona": "boot", "execute": "real run", "replicate": "real run", "simulate": "imagined"}
"""Maps a node of the graph to the name that is shown for it."""
_RESULT_WORDS = re.compile(r"\b(?:epoch|loss|acc|shape|error)", re.IGNORECASE)


def shortened(text: str, *, cut: bool = False) -> str:
    """Shorten an output for a table cell and escape control characters. `cut` means that the output is incomplete."""
    full_text = "\n".join(normalized_lines(text))
    head = "\n".join(full_text[:MAX_CHARACTERS].split("\n")[:MAX_LINES])
    return harmless(head) + (" …" if cut or head != full_text else "") or "(nothing)"


def print_json(value: object) -> None:
    """Print a result on standard output as one line of JSON: ASCII only, so that no character controls
    the terminal."""
    print(json.dumps(redacted_value(value), default=str))


class Screen:
    """Shows the steps of long work and the workers of a run: live on a terminal, elsewhere as lines."""

    def __init__(self) -> None:
        """Write to standard error."""
        self.console = Console(stderr=True, highlight=False)
        self.takes_signals = True
        """True if Ctrl-C and SIGTERM are meant for the displayed run; False if the caller handles them."""
        self._workers: dict[tuple[str, str], _Worker] = {}
        self._live: Live | None = None
        self._reply_tokens: int | None = None
        self._plan: RunPlan | None = None
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._steps = 0

    def say(self, text: str) -> None:
        self.console.print(Text(harmless(text), style="dim"), soft_wrap=True)

    @contextmanager
    def step(self, title: str, total: float, unit: str = "bytes") -> Iterator[Callable[[float], None]]:
        """Show a step with its progress and remaining time. Yield a function that takes the finished amount, in the
        `unit` of `total`."""
        if not self.console.is_terminal:
            yield self._plain_step(title, total, unit)
            return
        with self._bars() as bars:
            in_bytes = unit == "bytes"
            task = bars.add_task(title, total=total, in_bytes=in_bytes)
            finished = 0.0

            def update(amount: float) -> None:
                nonlocal finished
                finished = amount
                bars.update(task, completed=amount)

            try:
                yield update
            finally:  # a download that never began must not be shown as done
                bars.update(task, visible=bool(finished) or not in_bytes)
            bars.update(task, completed=total)

    @contextmanager
    def _bars(self) -> Iterator[Progress]:
        """Yield the display that all running steps share. Two displays would both move the cursor."""
        with self._lock:
            self._steps += 1
            if self._progress is None:
                columns: list[ProgressColumn] = [TextColumn("{task.description}"), BarColumn(), _Amount()]
                columns += [TimeElapsedColumn(), TextColumn("so far,"), TimeRemainingColumn(), TextColumn("left")]
                self._progress = Progress(*columns, console=self.console)
                self._progress.start()
            bars = self._progress
        try:
            yield bars
        finally:
            with self._lock:
                self._steps -= 1
                if not self._steps:
                    bars.stop()
                    self._progress = None

    def _plain_step(self, title: str, total: float, unit: str) -> Callable[[float], None]:
        started = last_shown = time.monotonic()

        def update(finished: float) -> None:
            nonlocal last_shown
            now = time.monotonic()
            if now - last_shown < PLAIN_STEP_SECONDS:
                return
            last_shown = now
            share = min(1.0, finished / total) if total else 1.0
            seconds_left = (now - started) * (1 - share) / share if share else 0
            amount = f"{finished / 1e6:.0f} of {total / 1e6:.0f} MB" if unit == "bytes" else f"{100 * share:.0f} %"
            if share < 1:
                self.say(f"{title}: {amount}, about {seconds_left:.0f} s left")
            elif unit in _GUESSED_UNITS:
                self.say(f"{title}: {now - started:.0f} s so far, longer than usual")

        self.say(f"{title} …")
        return update

    @contextmanager
    def run(self, reply_tokens: int | None = None, plan: "RunPlan | None" = None) -> Iterator[None]:
        """Show the workers and the progress of a run until the `with` block ends. `reply_tokens` is the token limit
        of an imagined reply."""
        self._reply_tokens, self._plan = reply_tokens, plan
        if not self.console.is_terminal:
            if plan:
                self.log()
            with call_repeatedly(
                LOG_SECONDS, self.log
            ):  # also without output: a model may process a prompt for a long time
                yield
            return
        with Live(get_renderable=self._table, console=self.console, refresh_per_second=8, transient=True) as live:
            self._live = live
            yield
            self._live = None

    def hear(self, node: str, who: str, text: str, limit: int | None = None) -> None:
        """Receive text from a worker. An empty text means that the worker has started, or is still working.

        Without a live display, complete lines with a result, such as a loss, are printed at once. `limit` is the
        token limit of this reply, if it differs from the run's.
        """
        if not text and self._starts_work(node, who):
            self._workers.pop((node, who), None)
            if node == "persona":  # the machines are asked one after the other, the real one first
                self._workers.pop((node, "real"), None)
            if self._plan:
                self._plan.begin(node, who)
        worker = self._workers.setdefault((node, who), _Worker())
        worker.limit = limit or worker.limit
        if text and not worker.chunks and self._plan:
            self._plan.begin_answer(node, who)
        lines = worker.hear(text)
        if self._live is not None:
            return
        for line in lines if self._plan is None or self._plan.runs_a_program else []:
            if _RESULT_WORDS.search(line) and node in ("execute", "simulate"):
                self._print_plain(f"  {_node_name(node)} {who}: {harmless(line)[:160]}")

    def _starts_work(self, node: str, who: str) -> bool:
        """Return whether an empty text from the worker `who` means that the worker starts."""
        # later empty texts only show that a reasoning model still works
        worker = self._workers.get((node, who))
        return worker is None or worker.ahead is not None or (node == "persona" and worker.chunks > 0)

    def waits(self, node: str, who: str, ahead: int) -> None:
        """Record that a worker waits for cores, and how many others are ahead of it in the queue."""
        self._workers.setdefault((node, who), _Worker()).ahead = ahead

    def log(self) -> None:
        """Print one line with the progress of the run and of all running work."""
        workers = list(self._workers.items())
        running = [(key, worker) for key, worker in workers if worker.ahead is None]
        waiting = len(workers) - len(running)
        parts = [self._plan.describe()] if self._plan else []
        parts += [
            f"{_node_name(node)} {who}: {worker.amount(node, who, self._reply_tokens)}"
            for (node, who), worker in running
        ]
        if waiting:
            parts.append(
                f"{waiting}{' more' if running else ''} task{' waits' if waiting == 1 else 's wait'} for cores"
            )
        last_line = next((worker.last for _key, worker in reversed(running) if worker.last), "")
        text = "; ".join(parts)
        self._print_plain(f"  {text}" + (f" | {harmless(last_line)[:MAX_LAST_LINE]}" if last_line else ""))

    def finished(self, node: str, text: str, who: str | None = None) -> None:
        """Show that a node has ended, or only its worker `who`. `text` is the result."""
        for key in [key for key in self._workers if key[0] == node and who in (None, key[1])]:
            del self._workers[key]
        line = Text(f"{_node_name(node):>10}  ", style="bold cyan")
        line.append(harmless(text), style="default not bold")
        self.console.print(line, soft_wrap=not self.console.is_terminal)

    def _print_plain(self, text: str) -> None:
        self.console.print(Text(text), soft_wrap=True)

    def _table(self) -> Group:
        lines = [Text(self._plan.describe() if self._plan else "", style="bold", no_wrap=True, overflow="ellipsis")]
        for (node, who), worker in list(self._workers.items()):
            last_line = f" | {harmless(worker.last)[:MAX_CHARACTERS]}" if worker.last else ""
            line = Text(f"{_node_name(node):>10}  ", style="cyan", no_wrap=True, overflow="ellipsis")
            line.append(f"{who}, {time.monotonic() - worker.started:.0f} s: ", style="default")
            line.append(worker.amount(node, who, self._reply_tokens) + last_line, style="dim default")
            lines.append(line)
        return Group(*lines)


def _node_name(node: str) -> str:
    return _NODE_NAMES.get(node, node)


class _Amount(DownloadColumn):
    """Shows how many bytes of a download are finished. Shows nothing for a step that is counted in seconds."""

    def render(self, task: Task) -> Text:
        return super().render(task) if task.fields["in_bytes"] else Text("")


class _Worker:
    """A real run or a reply in progress."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.chunks = self.lines = 0
        self.last = ""
        self.limit: int | None = None
        self.ahead: int | None = None
        """While this worker waits: the number of workers that get cores before it."""
        self._incomplete_line = ""
        self._first_token_time: float | None = None

    def amount(self, node: str, who: str, limit: int | None) -> str:
        """Describe how much a worker has produced; a chunk of a model's reply counts as one token."""
        if self.ahead is not None:
            return f"waits for cores, {self.ahead} before it"
        if node != "write" and not (node == "simulate" or who == "imagined"):
            return f"{self.lines} line{'' if self.lines == 1 else 's'}"
        if self._first_token_time is None:
            return "reads the question"
        limit = self.limit or limit
        limit_text = f" of at most {limit}" if limit and node != "write" and self.chunks <= limit else ""
        # from the first token on, without processing the prompt
        seconds = time.monotonic() - self._first_token_time
        speed = f", {(self.chunks - 1) / seconds:.1f} a second" if self.chunks > 1 and seconds > 0 else ""
        return f"{self.chunks} token{'' if self.chunks == 1 else 's'}{limit_text}{speed}"

    def hear(self, text: str) -> list[str]:
        self.chunks += bool(text)
        if text and self._first_token_time is None:
            self._first_token_time = time.monotonic()
        *complete, self._incomplete_line = (self._incomplete_line + text).split("\n")
        self.lines += len(complete)
        lines = [line for line in (*complete, self._incomplete_line) if line.strip()]
        self.last = lines[-1] if lines else self.last
        self._incomplete_line = self._incomplete_line[-4096:]
        return [line for line in complete if line.strip()]
