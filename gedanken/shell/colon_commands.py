"""Executes and completes colon commands: lines such as `:save` that are addressed to the shell itself."""

import difflib
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from gedanken.agents.session import POLICIES
from gedanken.experiment.errors import BadInput
from gedanken.experiment.escaping import harmless
from gedanken.shell.context_loss import lose_context, rebuild_context
from gedanken.shell.saving import save
from gedanken.shell.session import ShellSession
from gedanken.shell.side_by_side import pair_lines
from gedanken.shell.terminals import CHOICES
from gedanken.shell.unified_diff import unified_diff


class ColonCommand(NamedTuple):
    """A command that is addressed to the shell itself, such as `:save`."""

    usage: str
    about: str
    execute: Callable[[ShellSession, str], Awaitable[None]]
    completions: Callable[[str], Iterable[str]] = lambda _prefix: ()
    """Takes the beginning of an argument, and returns candidates for completing it."""


async def execute_colon_command(session: ShellSession, line: str) -> None:
    """Execute a colon command. Raises BadInput if the command is wrong, and NoSandbox or NoModel if a machine
    fails."""
    name, _separator, argument = line.strip().partition(" ")
    colon = COLON_COMMANDS.get(name)
    if colon is None:
        matches = difflib.get_close_matches(name, COLON_COMMANDS, n=1, cutoff=0.5)
        hint = f"did you mean {matches[0]}?" if matches else "`:help` lists all commands"
        raise BadInput(f"there is no {name}; {hint}")
    await colon.execute(session, argument.strip())


def complete(line: str) -> tuple[str, list[str]]:
    """Return the part at the end of a line that Tab completes, and its completions."""
    name, space, argument = line.partition(" ")
    if not line.startswith(":"):
        return "", []
    words = (
        COLON_COMMANDS[name].completions(argument)
        if space and name in COLON_COMMANDS
        else []
        if space
        else COLON_COMMANDS
    )
    prefix = argument if space else name
    return prefix, [word for word in words if word.startswith(prefix)]


async def _help(session: ShellSession, _argument: str) -> None:
    width = max(len(colon.usage) for colon in COLON_COMMANDS.values())
    lines = [f"{colon.usage:{width}}  {colon.about}" for colon in COLON_COMMANDS.values()]
    lines += [
        "",
        "Text in {…} is sent to the imagined machine with its next command. Every other line is a command.",
        "A command that begins with a brace is written \\{ …; }. Ctrl-C stops a command, Ctrl-D leaves the shell.",
    ]
    session.view.show_message("\n".join(lines))


async def _machine(session: ShellSession, argument: str) -> None:
    terminals = session.terminals
    if argument:
        if argument not in CHOICES:
            raise BadInput(f":machine {argument}: must be one of {', '.join(CHOICES)}")
        previous = terminals.imagined
        await terminals.turn_on(next(choice for choice in CHOICES if choice == argument))
        if previous is None:
            session.reopen()
        elif previous.persona.claims and terminals.active == "both":
            session.view.show_note(
                f"the imagined machine keeps the persona {previous.persona.name}; :persona matched gives it the real "
                "machine's facts"
            )
    session.view.show_message(f"commands go to: {session.active_names}")


async def _persona(session: ShellSession, argument: str) -> None:
    from gedanken.loading.experiments_and_personas import load_persona

    machine = session.terminals.imagined_or_fail()
    if argument:
        session.terminals.change_persona(load_persona(argument))
        session.remembered = None
        session.view.show_note("a new context: the machine knows nothing of what was typed before")
    rows = [f"  {fact.name}: {fact.value} ({fact.origin})" for fact in machine.persona.resolve(machine.machine_facts)]
    session.view.show_message("\n".join([f"persona {machine.persona.name}", *rows]))


async def _lose(session: ShellSession, _argument: str) -> None:
    await lose_context(session)


async def _rebuild(session: ShellSession, argument: str) -> None:
    policy = next((name for name in POLICIES if name == (argument or POLICIES[0])), None)
    if policy is None:
        raise BadInput(f":rebuild {argument}: must be one of {', '.join(POLICIES)}")
    await rebuild_context(session, policy)


async def _diff(session: ShellSession, _argument: str) -> None:
    texts = session.answers[-1].texts if session.answers else None
    if texts is None:
        raise BadInput(
            "the last command was not typed into both machines; use `:machine both`, and type the command again"
        )
    lines = list(unified_diff(pair_lines(*map(harmless, texts)), session.names))
    await session.view.show_diff(lines or ["no difference"])


async def _save(session: ShellSession, argument: str) -> None:
    path = _expand_path(argument or f"gedanken-{datetime.now():%Y%m%d-%H%M%S}.md")
    save(session, path)
    session.view.show_message(f"saved in {path}")


async def _put(session: ShellSession, argument: str) -> None:
    if not argument:
        raise BadInput(":put FILE: name a file on your own computer")
    name = session.terminals.put(_expand_path(argument))
    machines = (session.terminals.real, session.terminals.imagined)
    names = [name for machine, name in zip(machines, session.names, strict=True) if machine]
    session.view.show_message(f"{name} is in the home folder of: {', '.join(names)}")


async def _quit(session: ShellSession, _argument: str) -> None:
    session.is_over = True


def _personas(_prefix: str) -> list[str]:
    from gedanken.loading.experiments_and_personas import packaged

    return packaged("personas")


def _files(prefix: str) -> list[str]:
    """List the paths of files that begin with the path typed so far. Names with unprintable characters are left
    out.
    """
    folder = _expand_path(prefix) if prefix.endswith("/") else _expand_path(prefix).parent
    folder_text = f"{prefix.rpartition('/')[0]}/" if "/" in prefix else ""
    try:
        paths = [path for path in folder.iterdir() if path.name.isprintable()]
    except OSError:
        return []
    return sorted(f"{folder_text}{path.name}{'/' if path.is_dir() else ''}" for path in paths)


def _expand_path(text: str) -> Path:
    path = Path(text)
    try:
        return path.expanduser()
    except RuntimeError:  # there is no such user
        return path


COLON_COMMANDS: dict[str, ColonCommand] = {
    ":help": ColonCommand(":help", "list all commands", _help),
    ":machine": ColonCommand(
        ":machine [imagined|real|both]", "show or change where commands go", _machine, lambda _prefix: CHOICES
    ),
    ":persona": ColonCommand(
        ":persona [NAME]", "show the imagined machine's facts, or play another persona", _persona, _personas
    ),
    ":lose": ColonCommand(":lose", "drop the imagined machine's context, as an online service might", _lose),
    ":rebuild": ColonCommand(
        ":rebuild [requests|transcript|none]",
        "lose the context, rebuild it, and report what the machine still knows",
        _rebuild,
        lambda _prefix: POLICIES,
    ),
    ":diff": ColonCommand(":diff", "show how the last command's two answers differ", _diff),
    ":save": ColonCommand(":save [FILE]", "write the session so far as Markdown", _save, _files),
    ":put": ColonCommand(":put FILE", "copy a text file from your computer to the open machines", _put, _files),
    ":quit": ColonCommand(":quit", "leave", _quit),
}
