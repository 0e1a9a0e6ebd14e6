"""A sitting as Markdown."""

import re
from collections.abc import Iterator
from pathlib import Path

from experiment.errors import BadInput
from gedanken.screen import harmless
from gedanken.shell.face import remarks
from gedanken.shell.sitting import Sitting
from gedanken.shell.terminals import shown


def save(sitting: Sitting, path: Path) -> None:
    """Write the session so far to a new file. Raises BadInput; nothing is ever overwritten."""
    try:
        with path.open("x", encoding="utf-8", errors="backslashreplace") as file:
            file.write("\n\n".join(_parts(sitting)) + "\n")
    except FileExistsError as error:
        raise BadInput(f"{path} is there already; name another file") from error
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error


def fenced(text: str) -> str:
    """A text in a code block; its fence is longer than any run of backticks within."""
    inside = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, inside + 1)
    end = "" if not text or text.endswith("\n") else "\n"
    return f"{fence}text\n{harmless(text)}{end}{fence}"


def _parts(sitting: Sitting) -> Iterator[str]:
    yield "# A session at the gedanken shell"
    real, imagined = sitting.names
    machine = sitting.terminals.imagined
    if machine:
        facts = machine.persona.meet(machine.world)
        yield "\n".join(
            [
                f"The imagined machine, persona {machine.persona.name}:\n",
                *(f"- {fact.name}: {harmless(fact.value)} ({fact.origin})" for fact in facts),
            ]
        )
    for turn in sitting.before:
        yield f"## Before\n\n{fenced(turn.typed)}\n\n**imagined**\n\n{fenced(turn.replied)}"
    for number, answers in enumerate(sitting.done, start=1):
        typed = "\n".join([*(f"{{{tell}}}" for tell in answers.tells), answers.command])
        yield f"## Command {number}\n\n{fenced(typed)}"
        for name, execution in ((real, answers.real), (imagined, answers.imagined)):
            if execution:
                about = harmless("; ".join(remarks(execution)))
                yield f"**{harmless(name)}**{f' ({about})' if about else ''}\n\n{fenced(shown(execution))}"
