"""Asks an imagined machine what it knows about its session, and prints how a loss of the context changed the
answers.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from gedanken.agents.concurrency import run_concurrently
from gedanken.compare.commands.memory import MemoryAnswer
from gedanken.experiment.execution import Execution
from gedanken.terminal.screen import shortened

if TYPE_CHECKING:
    from rich.console import Console

    from gedanken.agents.imagined_machine import ImaginedMachine
    from gedanken.agents.session import Session

GPU_STATE = "nvidia-smi --query-gpu=index,name,utilization.gpu,memory.used --format=csv,noheader"
QUESTIONS = ("ls", "sha256sum *", "pwd", "whoami", GPU_STATE)
"""Commands that show files and their hashes, the working directory, the user, and the state of the GPUs."""
_EXPORT_COMMAND = re.compile(r"(?:^|[;&|\n])\s*export\s+(?P<name>[A-Za-z_][A-Za-z0-9_]*)=")


def questions_for(session: "Session") -> tuple[str, ...]:
    """Return the questions for a session: `QUESTIONS`, and one for the last exported variable."""
    exported = [match["name"] for turn in session.stored for match in _EXPORT_COMMAND.finditer(turn.typed)]
    return (*QUESTIONS, *(f"echo ${name}" for name in exported[-1:]))


async def ask_memory(
    machine: "ImaginedMachine", on_question: Callable[[str], None] | None = None
) -> tuple[Execution, ...]:
    """Ask each question on its own branch, so that the session stays unchanged.

    Raises NoModel if the model is lost.
    """

    async def ask(question: str) -> Execution:
        if on_question:
            on_question(question)
        # Each question continues the session in the server's cache. Otherwise a long session would be read again each
        # time.
        return await machine.ask(question, fresh=False)

    work = [partial(ask, question) for question in questions_for(machine.session)]
    return tuple(await run_concurrently(work, machine.parallel))


def print_memory(report: Sequence[MemoryAnswer], console: "Console") -> None:
    """Print one row for each question, and a sentence on the answers that changed because of the loss."""
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    note = "the control sends the same request again, so it only shows whether the server repeats its answer"
    caption = note if any(answer.same_request for answer in report) else None
    table = Table(box=SIMPLE, pad_edge=False, caption=caption, caption_justify="left")
    for header in ("question", "before", "control (no loss)", "after", "verdict"):
        table.add_column(header, overflow="fold")
    for answer in report:
        style = "green" if answer.verdict == "kept" else "red" if answer.is_changed_by_loss else "yellow"
        cells = (answer.question, answer.before, answer.control, answer.after)
        table.add_row(*(Text(shortened(text)) for text in cells), Text(answer.verdict_text, style))
    console.print(table)
    console.print(Text(memory_sentence(report)), soft_wrap=True)


def memory_sentence(report: Sequence[MemoryAnswer]) -> str:
    """Describe in one sentence how the loss of the context changed the answers."""
    counts: dict[str, int] = {
        verdict: sum(answer.verdict == verdict for answer in report) for verdict in ("kept", "changed", "lost")
    }
    if unanswered := sum(answer.verdict == "unanswered" for answer in report):
        counts["without an answer at one of the times"] = unanswered
    unsure_count = sum(answer.verdict in ("changed", "lost") and not answer.is_changed_by_loss for answer in report)
    counts_text = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    doubt_text = (
        f"; {unsure_count} of the changed or lost answers may have another cause, because the control changed too"
        if unsure_count
        else ""
    )
    return f"Of {len(report)} answers {counts_text}{doubt_text}."
