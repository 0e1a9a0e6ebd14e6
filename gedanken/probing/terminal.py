"""The probe `terminal`: types the same ordinary commands into an imagined machine and into a real one."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from gedanken.agents.concurrency import run_concurrently
from gedanken.compare.commands.agreement import (
    Agreement,
    AnsweredCommand,
    agreement_of,
    by_kind,
    sequence_share,
)
from gedanken.compare.parsed.left_out import format_left_out
from gedanken.experiment.conditions import Conditions
from gedanken.experiment.errors import BadInput, NoModel, NoSandbox
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Cause, Limits, violations_by_kind
from gedanken.experiment.persona import Persona
from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
from gedanken.probes.terminal import CommandSequence, read_command_sequences
from gedanken.probing.opening import ModelAndMachine, check_answered, open_model_and_machine, why_lost
from gedanken.terminal.screen import Screen, shortened

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

LIMITS = Limits(reply_tokens=256, continuations=0)
DATASET = "mnist"
"""The data set that the persona names; no command reads it."""
MAX_DIFFERENCES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class TerminalProbe:
    """The result of the probe."""

    model: dict[str, object]
    machine: dict[str, object]
    conditions: dict[str, object]
    answered: tuple[AnsweredCommand, ...]
    stopped: str | None = None
    """The error that ended the probe early, because the model was lost; None if the probe did not end early."""

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain values: every command with both answers, and the summary."""
        return {
            "probe": "terminal",
            "model": self.model,
            "machine": self.machine,
            "conditions": self.conditions,
            "stopped": self.stopped,
            "commands": [_answer_values(answer) for answer in self.answered],
            "summary": {
                "all": _share_values(agreement_of(self.answered)),
                "by_kind": {kind: _share_values(agreement) for kind, agreement in by_kind(self.answered).items()},
                "whole_sequences": sequence_share(self.answered)._asdict(),
                "violations": dict(violations_by_kind(answer.imagined for answer in self.answered).most_common()),
                "cut": sum(answer.is_cut for answer in self.answered),
                "left_out": format_left_out(answer.imagined for answer in self.answered),
            },
        }


def choose_sequences(only: str | None) -> tuple[CommandSequence, ...]:
    """Return the command sequence named `only`, or all if `only` is None. Raises BadInput for an unknown name."""
    sequences = read_command_sequences()
    selected = tuple(sequence for sequence in sequences if only in (None, sequence.name))
    if not selected:
        raise BadInput(f"--only {only}: must be one of {', '.join(sequence.name for sequence in sequences)}")
    return selected


async def probe_terminal(
    model: ModelSpec,
    persona: Persona,
    sequences: Sequence[CommandSequence],
    sandbox: SandboxSpec,
    screen: Screen,
) -> TerminalProbe:
    """Type each sequence of commands into a new imagined session and a new real workspace.

    Several sequences are typed at the same time. Raises BadInput or NoSandbox, and NoModel if no reply came at all.
    """
    losses: list[NoModel] = []
    total = sum(len(sequence.commands) for sequence in sequences)
    async with open_model_and_machine(model, sandbox, DATASET, LIMITS, screen) as environment:
        with screen.step("typing commands into both machines", total, "commands") as update:
            all_answers: list[AnsweredCommand] = []

            async def type_sequence(sequence: CommandSequence) -> list[AnsweredCommand]:
                sequence_answers = await _type_sequence(sequence, environment, persona, losses)
                all_answers.extend(sequence_answers)
                agreeing = sum(answer.agrees for answer in all_answers)
                screen.say(
                    f"{len(all_answers)} of {total} commands typed, {agreeing} with the same output: {sequence.name}"
                )
                update(len(all_answers))
                return sequence_answers

            answers_by_sequence = await run_concurrently(
                [partial(type_sequence, sequence) for sequence in sequences], environment.model.pace.parallel
            )
        answers = tuple(answer for sequence_answers in answers_by_sequence for answer in sequence_answers)
        check_answered([answer.imagined for answer in answers])
        conditions: dict[str, object] = {
            **Conditions(temperature=0).with_persona_name(persona),
            "sample": 0,
            "reply_tokens": LIMITS.reply_tokens,
            "continuations": LIMITS.continuations,
        }
        return TerminalProbe(
            environment.model.describe(),
            environment.machine_facts.model_dump(),
            conditions,
            answers,
            why_lost(losses),
        )


async def _type_sequence(
    sequence: CommandSequence, environment: ModelAndMachine, persona: Persona, losses: list[NoModel]
) -> list[AnsweredCommand]:
    """Type one sequence into both machines. Return the answers; if the model is lost, those before the loss."""
    from gedanken.agents.imagined_machine import ImaginedMachine

    imagined = ImaginedMachine(environment.model, persona, environment.machine_facts, LIMITS, errors=losses)
    answers: list[AnsweredCommand] = []
    if losses:
        return answers
    # Before the branch, only questions about the machine were typed, so each branch is like a new machine.
    async with await asyncio.to_thread(environment.machine.branch, 0) as real:
        for kind, command in sequence.commands:
            real_execution = await real.run(command)
            if real_execution.cause is Cause.ENGINE_LOST:
                raise NoSandbox(f"the sandbox was lost: {'; '.join(real_execution.notes)}")
            answers.append(AnsweredCommand(sequence.name, kind, real_execution, await imagined.run(command)))
            if losses:
                break
    return answers


def _answer_values(answer: AnsweredCommand) -> dict[str, Any]:
    real, imagined = answer.real, answer.imagined
    return {
        "sequence": answer.sequence,
        "kind": answer.kind,
        "command": real.command,
        "agrees": answer.agrees,
        "agrees_as_it_came": answer.agrees_unmodified,
        "real": {"output": real.terminal, "exit_code": real.exit_code, "seconds": real.seconds},
        "imagined": {
            "output": imagined.stdout,
            "reply": imagined.raw_reply,
            "exit_code": imagined.exit_code,
            "cut": answer.is_cut,
            "cause": imagined.cause,
            "violations": [asdict(violation) for violation in imagined.violations],
            "seal": imagined.seal and asdict(imagined.seal),
            "seconds": imagined.seconds,
        },
    }


def _share_values(agreement: Agreement) -> dict[str, Any]:
    return {name: share._asdict() for name, share in agreement._asdict().items()}


def print_probe(probe: TerminalProbe, console: "Console") -> None:
    """Print the agreement on each kind of command, and the first commands that differ."""
    from rich.text import Text

    description = f"model {probe.model['name']}, persona {probe.conditions['persona']}, temperature 0"
    console.print(Text(harmless(f"{description}; really run on {probe.machine['machine']}")), soft_wrap=True)
    for amount, prints in (("something", True), ("nothing", False)):
        answers = [answer for answer in probe.answered if answer.prints == prints]
        if answers:
            console.print(
                _agreement_table(f"commands that print {amount} on the real machine, with 95 % intervals", answers)
            )
    console.print(Text(f"sequences in which all outputs agree: {sequence_share(probe.answered)}"))
    console.print(
        Text(f"exit codes that agree (imagined ones inferred from the output): {agreement_of(probe.answered).status}")
    )
    violation_counts = violations_by_kind(answer.imagined for answer in probe.answered)
    violations = ", ".join(f"{kind} {count}" for kind, count in violation_counts.most_common())
    cut = sum(answer.is_cut for answer in probe.answered)
    console.print(
        Text(
            f"removed from replies, because no terminal prints it: {violations or 'nothing'}; replies cut by "
            f"the token limit: {cut}"
        ),
        soft_wrap=True,
    )
    if reason := format_left_out(answer.imagined for answer in probe.answered):
        console.print(Text(reason, style="yellow"), soft_wrap=True)
    differing = [answer for answer in probe.answered if not answer.agrees and answer.imagined.is_run]
    if differing:
        console.print()
        console.print(_differences_table(differing[:MAX_DIFFERENCES_SHOWN]))
    if len(differing) > MAX_DIFFERENCES_SHOWN:
        console.print(Text(f"… and {len(differing) - MAX_DIFFERENCES_SHOWN} more", style="dim"))


def _agreement_table(title: str, answers: Sequence[AnsweredCommand]) -> "Table":
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for column in ("kind", "exactly the same", "with nothing removed"):
        table.add_column(column, header_style="bold")
    for kind, agreement in by_kind(answers).items():
        table.add_row(kind, *_format_shares(agreement))
    table.add_section()
    table.add_row("all", *_format_shares(agreement_of(answers)), style="bold")
    return table


def _format_shares(agreement: Agreement) -> tuple[str, str]:
    if agreement.printing.trials:
        return str(agreement.printing), str(agreement.printing_as_it_came)
    return str(agreement.silent), str(agreement.silent_as_it_came)


def _differences_table(differing: Sequence[AnsweredCommand]) -> "Table":
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    table = Table(title="the first differences", title_justify="left", box=SIMPLE, pad_edge=False, show_lines=True)
    table.add_column("command", overflow="fold")
    table.add_column("real", style="green", overflow="fold")
    table.add_column("imagined", style="magenta", overflow="fold")
    for answer in differing:
        command = Text(f"{answer.real.command}\n").append(answer.sequence, style="dim")
        imagined = shortened(answer.imagined.stdout, cut=answer.is_cut)
        table.add_row(command, Text(shortened(answer.real.terminal)), Text(imagined))
    return table
