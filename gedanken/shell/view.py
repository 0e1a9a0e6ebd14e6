"""Displays the answers of the machines on standard output. Notes are shown there, too, if a person reads, and
otherwise on standard error.
"""

import asyncio
import os
import sys
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from gedanken.agents.settings import is_settings_note
from gedanken.experiment.counts import format_counts
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Cause, Execution, violations_by_kind
from gedanken.shell.side_by_side import MARK_WIDTH, Row, Sides, column_width, lay_out_columns, pair_lines
from gedanken.shell.terminals import Answers

MIN_SIDE_BY_SIDE_WIDTH = 100
"""If the terminal has fewer columns than this, two answers are shown one above the other."""
_LINES_PER_BATCH = 64
_MARKS: dict[Sides, str] = {"same": "│", "differ": "≠", "left": "<", "right": ">"}
_PLAIN_MARKS: dict[Sides, str] = {"same": "|", "differ": "!", "left": "<", "right": ">"}


class View:
    """Shows the session to a person at a terminal, or writes it as plain text into a pipe."""

    def __init__(self, interactive: bool) -> None:
        """`interactive` is True if a person reads at a terminal; only then is colour used."""
        self.interactive = interactive
        self.console = Console(highlight=False) if interactive else Console(highlight=False, color_system=None)
        self._marks = _MARKS if self.console.encoding.lower().startswith("utf") else _PLAIN_MARKS
        self._at_line_start = True
        self._shown_settings_notes: set[str] = set()
        """Notes about the model's settings that were already shown; they are the same for every reply."""
        self.unread = False
        """True if the process that reads standard output has ended, as with `| head -1`."""

    def show_text(self, text: str) -> None:
        """Show text from a program or a model. Control characters in it are escaped."""
        if text:
            try:
                sys.stdout.write(harmless(text))
                sys.stdout.flush()
            except BrokenPipeError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                self.unread = True
            self._at_line_start = text.endswith("\n")

    def end_line(self) -> None:
        """Start a new line, unless the cursor is at the start of one."""
        if not self._at_line_start:
            self.show_text("\n")

    def show_note(self, text: str) -> None:
        """Show a note in brackets: dimmed for a person, otherwise on standard error."""
        if self.interactive:
            self._print(Text(f"({harmless(text)})", "dim"))
        else:
            self.show_error(f"({text})")

    def show_message(self, text: str) -> None:
        """Show an answer of the shell itself, for example to a colon command."""
        self._print(Text(harmless(text)))

    async def show_diff(self, lines: Sequence[str]) -> None:
        styles = {"-": "red", "+": "green", "@": "cyan"}
        await self._print_all(Text(harmless(line), styles.get(line[:1], "")) for line in lines)

    def show_error(self, text: str) -> None:
        """Show an error on standard error, in one line."""
        print(harmless(" ".join(text.split())), file=sys.stderr)

    def show_remarks(self, execution: Execution) -> None:
        """Show, as a note, what a reader must know about an execution in addition to its output."""
        notes = [note for note in remarks(execution) if note not in self._shown_settings_notes]
        self._shown_settings_notes.update(note for note in notes if is_settings_note(note))
        if notes:
            self.show_note("; ".join(notes))

    def mark_line_dirty(self) -> None:
        """Record that the terminal has printed ^C, so that the cursor is not at the start of a line."""
        self._at_line_start = False

    async def show_answers(self, answers: Answers, names: tuple[str, str]) -> None:
        """Show a single answer, or a real and an imagined answer side by side or one above the other."""
        if not self.interactive:
            first_line, *further_lines = answers.command.splitlines()
            self.show_message("\n".join([f"$ {first_line}", *(f"> {line}" for line in further_lines)]))
        texts = [harmless(answer.terminal) for answer in (answers.real, answers.imagined) if answer]
        rows = pair_lines(texts[0], texts[-1])
        if self.interactive and len(texts) == 2 and self.console.width >= MIN_SIDE_BY_SIDE_WIDTH:
            await self._print_all(self._side_by_side_lines(rows, answers, names))
        else:
            await self._print_all(self._stacked_lines(rows, answers, names))

    def _side_by_side_lines(self, rows: list[Row], answers: Answers, names: tuple[str, str]) -> Iterator[Text]:
        cells = column_width(self.console.width)
        headings = [name if len(name) <= cells else f"{name[: cells - 1]}…" for name in names]
        yield from self._column_lines([Row(headings[0], headings[1], "same")], "bold")
        yield from self._column_lines(rows, "")
        notes = [_bracketed_remarks(answer) for answer in (answers.real, answers.imagined)]
        if any(notes):
            yield from self._column_lines([Row(notes[0], notes[1], "same")], "dim")

    def _column_lines(self, rows: list[Row], style: str) -> Iterator[Text]:
        for row in lay_out_columns(rows, self.console.width):
            differs = row.sides != "same"
            line = Text.assemble((row.left, "yellow" if differs else style))
            line.append(self._marks[row.sides].center(MARK_WIDTH), "bold red" if differs else "dim")
            line.append(row.right.rstrip(), "yellow" if differs else style)
            yield line

    def _stacked_lines(self, rows: list[Row], answers: Answers, names: tuple[str, str]) -> Iterator[Text]:
        for execution, name, hidden_side in zip(
            (answers.real, answers.imagined), names, ("right", "left"), strict=True
        ):
            if execution is None:
                continue
            yield Text(f"{name}:", "bold")
            for row in rows:
                if row.sides != hidden_side:
                    differs = row.sides != "same"
                    line = Text.assemble((f"{self._marks['differ']} " if differs else "  ", "bold red"))
                    line.append(row.right if hidden_side == "left" else row.left, "yellow" if differs else None)
                    yield line
            if notes := _bracketed_remarks(execution):
                yield Text(f"  {notes}", "dim")

    async def _print_all(self, lines: Iterable[Text]) -> None:
        """Print all lines, and let other tasks run in between, so that Ctrl-C can interrupt."""
        for number, line in enumerate(lines):
            if number % _LINES_PER_BATCH == 0:
                await asyncio.sleep(0)
            self._print(line)

    def _print(self, text: Text) -> None:
        self.end_line()
        self.console.print(text, soft_wrap=True)


def remarks(execution: Execution) -> list[str]:
    """List what a reader must know about an execution in addition to its output, such as its exit code."""
    notes = []
    if execution.cause not in (Cause.FINISHED, Cause.FAILED, Cause.CUT):  # a cut reply has a note that says more
        notes.append(str(execution.cause))
    if execution.exit_code is None:
        notes.append("exit code unknown")
    elif execution.exit_code:
        notes.append(
            f"exit code {execution.exit_code}" + (", inferred from the output" if execution.imagined else "")
        )
    if execution.violations:
        notes.append(f"removed: {format_counts(violations_by_kind([execution]))}")
    return [*notes, *execution.notes]


def _bracketed_remarks(execution: Execution | None) -> str:
    if execution is None:
        return ""
    notes = ([] if execution.terminal else ["no output"]) + remarks(execution)
    return harmless(f"({'; '.join(notes)})") if notes else ""
