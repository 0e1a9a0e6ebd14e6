"""The probe `memory`: drops a model's context, rebuilds it in several ways, and asks what the model still knows."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gedanken.compare.commands.memory import MemoryAnswer, compare_memory
from gedanken.experiment.conditions import Conditions
from gedanken.experiment.errors import BadInput, NoModel
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Execution, Limits
from gedanken.experiment.files import read_text
from gedanken.experiment.persona import Persona
from gedanken.experiment.run_spec import ModelSpec
from gedanken.experiment.typed_line import read_line
from gedanken.probing.opening import check_answered, why_lost
from gedanken.probing.questions import ask_memory, memory_sentence, print_memory
from gedanken.terminal.screen import Screen, shortened

if TYPE_CHECKING:
    from rich.console import Console

    from gedanken.agents.imagined_machine import ImaginedMachine
    from gedanken.agents.session import Policy

LIMITS = Limits(reply_tokens=512, continuations=0)
MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class RebuiltSession:
    """What the model still knew after its context was rebuilt in one way (`policy`)."""

    policy: "Policy"
    replayed: Execution | None
    """The answer to all earlier requests, if the policy sends them again in a single message; None otherwise."""
    report: tuple[MemoryAnswer, ...]


@dataclass(frozen=True, slots=True)
class MemoryProbe:
    """The result of the probe: what the imagined machine still knew after the model had lost its context."""

    model: dict[str, object]
    conditions: dict[str, object]
    typed: tuple[Execution, ...]
    rebuilt: tuple[RebuiltSession, ...]
    stopped: str | None = None
    """The error that ended the probe early, because the model was lost; None if the probe did not end early."""

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain values, with a sentence for each policy."""
        verdict = {session.policy: memory_sentence(session.report) for session in self.rebuilt}
        return {"probe": "memory", **asdict(self), "verdict": verdict}


def read_commands(path: Path | None) -> tuple[str, ...]:
    """Return the commands in a script file, or in the packaged one if `path` is None.

    Text for the model stays in braces. Raises BadInput if the file cannot be used.
    """
    source = resources.files("gedanken.probes") / "memory.txt" if path is None else path
    lines = [line.strip() for line in read_text(source, f"--script {path}").splitlines()]
    typed_lines = [read_line(line) for line in lines if line and not line.startswith("#")]
    if any(line.kind == "open" for line in typed_lines):
        raise BadInput(
            f"--script {path}: a line that begins with {{ must end with the matching }}; to type a literal "
            f"{{, write \\{{"
        )
    if not 0 < len(typed_lines) <= MOST_LINES:
        raise BadInput(
            f"--script {path}: contains {len(typed_lines)} lines to type; it must contain 1 to {MOST_LINES}"
        )
    return tuple(f"{{{line.text}}}" if line.kind == "tell" else line.text for line in typed_lines)


async def probe_memory(  # noqa: PLR0913 (each is an option of the probe)
    model: ModelSpec,
    persona: Persona,
    commands: Sequence[str],
    policies: "Sequence[Policy]",
    temperature: float,
    screen: Screen,
) -> MemoryProbe:
    """Type the commands, and ask twice what the machine knows. Then, for each policy, drop and rebuild the context,
    and ask again.

    Raises BadInput, and NoModel if no command got a reply.
    """
    from gedanken.agents.imagined_machine import ImaginedMachine
    from gedanken.agents.registry import open_model

    losses: list[NoModel] = []
    async with open_model(model, screen) as opened_model:
        machine = ImaginedMachine(opened_model, persona, limits=LIMITS, temperature=temperature, errors=losses)
        executions = []
        for command in commands:
            screen.say(f"typed: {command}")
            _next_sample(machine)
            executions.append(await machine.run(command, fresh=False))
        check_answered(executions)
        before, control = [await _ask_questions(machine, moment, screen) for moment in ("before", "as the control")]
        session = machine.session
        rebuilt = []
        for policy in policies:
            machine.session = session
            machine.empty_context()
            screen.say(f"the context was lost; it is rebuilt with the policy {policy}")
            _next_sample(machine)
            replayed = await machine.rebuild(policy)
            after = await _ask_questions(machine, f"after the loss, with the policy {policy}", screen)
            rebuilt.append(RebuiltSession(policy, replayed, compare_memory(before, control, after)))
    conditions: dict[str, object] = {
        **Conditions(temperature=temperature).with_persona_name(persona),
        "reply_tokens": LIMITS.reply_tokens,
        "continuations": LIMITS.continuations,
    }
    return MemoryProbe(opened_model.describe(), conditions, tuple(executions), tuple(rebuilt), why_lost(losses))


def _next_sample(machine: "ImaginedMachine") -> None:
    """Let the next answers belong to a new sample. At temperature 0, all answers belong to sample 0."""
    if machine.temperature:
        machine.sample += 1


async def _ask_questions(machine: "ImaginedMachine", moment: str, screen: Screen) -> tuple[Execution, ...]:
    _next_sample(machine)
    return await ask_memory(machine, lambda question: screen.say(f"asked {moment}: {question}"))


def print_probe(probe: MemoryProbe, console: "Console") -> None:
    """Print which answers were kept, changed or lost under each policy."""
    from rich.text import Text

    conditions = probe.conditions
    line = f"model {probe.model['name']}, persona {conditions['persona']}, temperature {conditions['temperature']:g}"
    console.print(Text(harmless(f"{line}, {len(probe.typed)} commands typed before the loss")), soft_wrap=True)
    for session in probe.rebuilt:
        console.print()
        console.print(Text(f"rebuilt with the policy {session.policy}", style="bold"))
        if session.replayed is not None:
            summary = f"all {len(probe.typed)} requests were sent again in one message, and answered by one reply"
            cut = ", and the answer was cut" if session.replayed.exit_code is None else ""
            console.print(Text(f"{summary}{cut}:"), soft_wrap=True)
            console.print(Text(shortened(session.replayed.stdout), style="dim"), soft_wrap=True)
        print_memory(session.report, console)
