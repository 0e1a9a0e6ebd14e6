"""`gedanken probe terminal`: the same ordinary commands, typed into an imagined machine and into a real one."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from compare.agreement import Agreement, Answered, agreement_of, breaches_by_kind, by_kind, whole_sequences
from compare.seen import seen_lines
from experiment.conditions import Conditions
from experiment.errors import BadInput, NoSandbox
from experiment.execution import Cause, Execution, Limits
from experiment.persona import Persona
from gedanken.probing.opening import Both, open_both
from gedanken.screen import Screen, harmless
from probes.terminal import CommandSequence, battery

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

LIMITS = Limits(reply_tokens=256, continuations=0)
DATASET = "mnist"
"""The persona names a data set; no command of the battery looks at it."""
SHOWN = 5
LINES_SHOWN = 8
CHARACTERS_SHOWN = 400


@dataclass(frozen=True, slots=True)
class TerminalProbe:
    """What came of the probe."""

    model: dict[str, object]
    machine: dict[str, object]
    conditions: dict[str, object]
    answered: tuple[Answered, ...]

    def as_json(self) -> dict[str, Any]:
        """The result as plain values: every command with both answers, and the summary."""
        return {
            "probe": "terminal",
            "model": self.model,
            "machine": self.machine,
            "conditions": self.conditions,
            "commands": [_command(one) for one in self.answered],
            "summary": {
                "all": _shares(agreement_of(self.answered)),
                "by_kind": {kind: _shares(found) for kind, found in by_kind(self.answered).items()},
                "whole_sequences": whole_sequences(self.answered)._asdict(),
                "breaches": breaches_by_kind(self.answered),
                "mended": sum(one.mended for one in self.answered),
                "cut": sum(one.cut for one in self.answered),
            },
        }


def choose(only: str | None) -> tuple[CommandSequence, ...]:
    """The battery, or the one sequence of it that is called so. Raises BadInput."""
    every = battery()
    chosen = tuple(one for one in every if only in (None, one.name))
    if not chosen:
        raise BadInput(f"--only {only}: one of {', '.join(one.name for one in every)}")
    return chosen


async def probe_terminal(
    model: str,
    base_url: str | None,
    persona: Persona,
    sequences: Sequence[CommandSequence],
    sandbox: str,
    trusted: bool,
    screen: Screen,
) -> TerminalProbe:
    """Type each sequence into a new imagined session and into a new real workspace.

    Raises BadInput, NoSandbox or NoModel.
    """
    answered: list[Answered] = []
    total = sum(len(sequence.commands) for sequence in sequences)
    async with open_both(model, base_url, DATASET, LIMITS, screen, sandbox, trusted) as both:
        with screen.step("typing commands into both machines", total, "commands") as update:
            for sequence in sequences:
                answered += await _typed(sequence, both, persona)
                same = sum(one.agrees for one in answered)
                screen.say(f"{len(answered)} of {total} commands, the same in {same}: {sequence.name}")
                update(len(answered))
        conditions: dict[str, object] = {
            **Conditions(temperature=0).named(persona),
            "sample": 0,
            "reply_tokens": LIMITS.reply_tokens,
            "continuations": LIMITS.continuations,
        }
        return TerminalProbe(both.model.describe(), both.world.model_dump(), conditions, tuple(answered))


async def _typed(sequence: CommandSequence, both: Both, persona: Persona) -> list[Answered]:
    from agents.imagined import ImaginedMachine

    imagined = ImaginedMachine(both.model, persona, both.world, LIMITS)
    answered = []
    # Nothing was typed into the trunk but the question what it is: each branch is a new home.
    async with await asyncio.to_thread(both.machine.branch, 0) as real:
        for kind, command in sequence.commands:
            truth = await real.run(command)
            if truth.cause is Cause.ENGINE_LOST:
                raise NoSandbox(f"the sandbox was lost: {'; '.join(truth.notes)}")
            answered.append(Answered(sequence.name, kind, truth, await imagined.run(command)))
    return answered


def _command(one: Answered) -> dict[str, Any]:
    real, imagined = one.real, one.imagined
    return {
        "sequence": one.sequence,
        "kind": one.kind,
        "command": real.command,
        "agrees": one.agrees,
        "real": {"output": real.output, "exit_code": real.exit_code, "seconds": real.seconds},
        "imagined": {
            "output": imagined.stdout,
            "reply": imagined.output,
            "exit_code": imagined.exit_code,
            "cut": one.cut,
            "breaches": [asdict(breach) for breach in imagined.breaches],
            "seal": imagined.seal and asdict(imagined.seal),
            "seconds": imagined.seconds,
        },
    }


def _shares(found: Agreement) -> dict[str, Any]:
    return {name: share._asdict() for name, share in found._asdict().items()}


def print_probe(probe: TerminalProbe, console: "Console") -> None:
    """Print the agreement on each kind of command, and the first commands that differ."""
    from rich.text import Text

    about = f"model {probe.model['name']}, persona {probe.conditions['persona']}, temperature 0"
    console.print(Text(harmless(f"{about}; really run on {probe.machine['machine']}")), soft_wrap=True)
    console.print(_agreement_table(probe.answered))
    console.print(Text(f"sequences that are the same to their end: {whole_sequences(probe.answered)}"))
    console.print(Text(f"exit codes, read off the imagined output: {agreement_of(probe.answered).status}"))
    breaches = ", ".join(f"{kind} {count}" for kind, count in breaches_by_kind(probe.answered).items())
    cut = sum(one.cut for one in probe.answered)
    console.print(Text(f"breaches: {breaches or 'none'}; replies cut by the token limit: {cut}"), soft_wrap=True)
    mended = [one for one in probe.answered if one.mended]
    silent = sum(not one.prints for one in mended)
    console.print(
        f"the same only after something was taken off: {len(mended)}, {silent} of them where nothing is printed"
    )
    differing = [one for one in probe.answered if not one.agrees]
    if differing:
        console.print()
        console.print(_differences_table(differing[:SHOWN]))
    if len(differing) > SHOWN:
        console.print(Text(f"… and {len(differing) - SHOWN} more", style="dim"))


def _agreement_table(answered: Sequence[Answered]) -> "Table":
    from rich.box import SIMPLE
    from rich.table import Table

    title = "exactly the same, with 95 % intervals"
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for column in ("kind", "of those that print", "of those that print nothing"):
        table.add_column(column, header_style="bold")
    for kind, found in by_kind(answered).items():
        table.add_row(kind, str(found.printing), str(found.silent))
    table.add_section()
    every = agreement_of(answered)
    table.add_row("all", str(every.printing), str(every.silent), style="bold")
    return table


def _differences_table(differing: Sequence[Answered]) -> "Table":
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    table = Table(title="the first that differ", title_justify="left", box=SIMPLE, pad_edge=False, show_lines=True)
    table.add_column("command", overflow="fold")
    table.add_column("real", style="green", overflow="fold")
    table.add_column("imagined", style="magenta", overflow="fold")
    for one in differing:
        asked = Text(f"{one.real.command}\n").append(one.sequence, style="dim")
        table.add_row(asked, _shown(one.real.output, one.real), _shown(one.imagined.stdout, one.imagined))
    return table


def _shown(text: str, execution: Execution) -> "Text":
    from rich.text import Text

    whole = "\n".join(seen_lines(text))
    if not whole:
        return Text("(nothing)", style="dim")
    head = "\n".join(whole[:CHARACTERS_SHOWN].split("\n")[:LINES_SHOWN])
    more = head != whole or execution.cause is Cause.CUT
    return Text(harmless(head)).append(" …" if more else "", style="dim")
