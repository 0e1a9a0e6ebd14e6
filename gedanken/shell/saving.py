"""Saves a shell session as Markdown."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gedanken.experiment.conditions import Conditions
from gedanken.experiment.counts import format_count
from gedanken.experiment.errors import BadInput
from gedanken.experiment.escaping import harmless
from gedanken.experiment.markdown import fence_for, to_one_line
from gedanken.shell.session import ShellSession
from gedanken.shell.view import remarks

if TYPE_CHECKING:
    from gedanken.agents.session import Session, Turn


def save(session: ShellSession, path: Path) -> None:
    """Write the session so far to a new file. Raises BadInput if the file exists already or cannot be written."""
    try:
        with path.open("x", encoding="utf-8", errors="backslashreplace") as file:
            file.write("\n\n".join(_sections(session)) + "\n")
    except FileExistsError as error:
        raise BadInput(f"{path} exists already; name another file") from error
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error


def fenced(text: str) -> str:
    """Put a text in a code block whose fence is longer than any row of backticks in the text."""
    fence = fence_for(text)
    end = "" if not text or text.endswith("\n") else "\n"
    return f"{fence}text\n{harmless(text)}{end}{fence}"


def _sections(session: ShellSession) -> Iterator[str]:
    yield "# A session at the gedanken shell"
    real, imagined = session.names
    yield f"Limits of a command: {_format_settings(session.terminals.options.limits.model_dump())}."
    machine = session.terminals.imagined
    if machine:
        conditions = Conditions(temperature=0).with_persona_name(machine.persona)
        model = {} if isinstance(machine.model, str) else machine.model.describe()
        rows = [f"- model: {_format_settings(model)}", f"- conditions: {_format_settings(conditions)}"]
        rows += [
            f"- {fact.name}: {to_one_line(harmless(fact.value))} ({fact.origin})"
            for fact in machine.persona.resolve(machine.machine_facts)
        ]
        yield "The imagined machine:\n\n" + "\n".join(rows)
    for turn in session.reopened_turns:
        yield _format_turn("Before", turn)
    for number, answers in enumerate(session.answers, start=1):
        typed_text = "\n".join([*(f"{{{tell}}}" for tell in answers.tells), answers.command])
        yield f"## Command {number}\n\n{fenced(typed_text)}"
        for name, execution in ((real, answers.real), (imagined, answers.imagined)):
            if execution:
                notes = harmless("; ".join(remarks(execution)))
                yield f"**{harmless(name)}**{f' ({notes})' if notes else ''}\n\n{fenced(execution.terminal)}"
        if answers.was_stopped:
            yield "Stopped before all machines had answered."
        yield from (harmless(f"No answer: {to_one_line(str(error))}") for error in answers.errors)
    if machine:
        yield from _context_sections(machine.session)


def _context_sections(session: "Session") -> Iterator[str]:
    """Describe the turns that the model is sent now. Yield nothing if they are exactly the stored turns."""
    if session.context == session.stored:
        return
    unstored_turns = [turn for turn in session.context if turn not in session.stored]
    count = len(session.context) - len(unstored_turns)
    stored_count = format_count(len(session.stored), "turn")
    yield f"Stored: {stored_count}; the model now receives {count} of these turns unchanged."
    for turn in unstored_turns:
        yield _format_turn("Sent to the model as well", turn)


def _format_turn(title: str, turn: "Turn") -> str:
    return f"## {title}\n\n{fenced(turn.typed)}\n\n**imagined**\n\n{fenced(turn.replied)}"


def _format_settings(values: dict[str, object]) -> str:
    """Format settings, for example `temperature 0, steps False`, leaving out unknown values."""
    return to_one_line(
        harmless(", ".join(f"{name} {value}" for name, value in values.items() if value not in (None, {})))
    )
