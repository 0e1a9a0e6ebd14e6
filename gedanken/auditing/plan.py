"""Plans how to run a transcript's commands again: its edits and commands in order, and the outputs to compare."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gedanken.auditing.programs import program_of
from gedanken.experiment.agent_transcript import AgentEvent, AgentTranscript, Place
from gedanken.experiment.claim import JudgedClaim

RerunChoice = Literal["claimed", "all"]
_CHANGES_FILES = re.compile(
    r"(?<![<>&\d])>{1,2}(?!&)\s*(?!/dev/null)\S|\bsed\b[^|;&]*\s-[a-z]*i|\btee\b|\bpatch\b|"
    r"(?:^|[;&|]\s*)(?:sudo\s+)?(?:mv|cp|rm|mkdir|touch|ln|cd|export|source|\.|tar|unzip|"
    r"git (?:checkout|apply|stash|reset|merge|rebase|restore|switch|revert|am|commit))\b",
    re.MULTILINE,
)
_FORMATS_RESETTING_FOLDER = ("mini-swe-agent", "codex")
"""Transcript formats in which every command starts in the agent's folder, whatever `cd` came before."""
_TOOLS_WITHOUT_COMMAND = ("BashOutput", "TaskOutput", "AgentOutputTool", "write_stdin")
MOST_STEPS = 400


@dataclass(frozen=True, slots=True)
class Step:
    """One command to run again, and the recorded or claimed output to compare with its new output."""

    command: str
    event: int
    """Number of the event whose output is compared.

    If no output is compared, this is the number of the event that calls the command.
    """
    place: Place
    recorded: str | None
    """The recorded or claimed output.

    None if the command is run only for its effect on the workspace.
    """
    claimed: bool = False
    imagined: bool = False
    cut: bool = False
    exit_code: int | None = None
    claims: tuple[int, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    """Programs that are written into the folder before the command runs: source by file name."""
    starts_in_agent_folder: bool = False
    """True if the command starts in the agent's folder; False if it starts where the previous command ended."""
    folder: str | None = None
    """The folder in which the agent ran the command; None if the recorded call names no folder."""
    is_line_by_line: bool = False
    """True if each line of `recorded` is a line of the transcript's file.

    `place` is then the place of the first line.
    """


@dataclass(frozen=True, slots=True)
class Edits:
    """Consecutive edits, as a range of indices into `Plan.edits`."""

    first: int
    last: int
    """Index after the last edit of the range."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The commands and edits of a transcript to execute again, in order."""

    steps: tuple[Step | Edits, ...]
    edits: tuple[dict[str, Any], ...]
    left_out: int = 0
    """Number of commands that are left out, because there are more than `MOST_STEPS`."""

    @property
    def commands(self) -> list[Step]:
        return [step for step in self.steps if isinstance(step, Step)]


def plan_of(transcript: AgentTranscript, claims: Sequence[JudgedClaim], which: RerunChoice) -> Plan:
    """Plan which commands are run again, with the transcript's edits in order between them.

    `which` is `all` or `claimed`. `claimed` means commands that claims are about, and earlier ones that may change
    files. Commands that a message only claims are run in any case.
    """
    results = {event.call_id: event for event in transcript.events if event.kind == "result" and event.call_id}
    claims_by_event = _claims_by_event(claims)
    claimed_steps = _claimed_steps(transcript, claims)
    steps: list[Step | Edits] = []
    edits: list[dict[str, Any]] = []
    left_out = 0
    claimed_events = set(claims_by_event)
    for event in transcript.events:
        for step in claimed_steps.get(event.number, ()):
            steps.append(step)
        if event.kind == "edit" and event.path:
            edits.append(_edit_values(event))
            if steps and isinstance(steps[-1], Edits):
                steps[-1] = Edits(steps[-1].first, len(edits))
            else:
                steps.append(Edits(len(edits) - 1, len(edits)))
        elif event.kind == "call" and _is_shell_command(event):
            result = results.get(event.call_id or "")
            numbers = tuple(
                number
                for event_number in (event.number, result.number if result else -1)
                for number in claims_by_event.get(event_number, ())
            )
            compares = result is not None and (which == "all" or bool(claimed_events & {event.number, result.number}))
            if not compares and not (which == "all" or _CHANGES_FILES.search(event.command or "")):
                continue
            if sum(isinstance(step, Step) for step in steps) >= MOST_STEPS:
                left_out += 1
                continue
            steps.append(_recorded_step(transcript, event, result if compares else None, numbers))
    while steps and (isinstance(steps[-1], Edits) or steps[-1].recorded is None):
        steps.pop()  # no output after this step is compared
    return Plan(tuple(steps), tuple(edits), left_out)


def _is_shell_command(event: AgentEvent) -> bool:
    command = event.command
    if not command or not command.strip() or event.tool in _TOOLS_WITHOUT_COMMAND:
        return False
    return "*** Begin Patch" not in command and not re.fullmatch(r"C-\w|\^\w|Enter", command.strip())


def _recorded_step(
    transcript: AgentTranscript, call: AgentEvent, result: AgentEvent | None, claims: tuple[int, ...]
) -> Step:
    compared_event = result or call
    return Step(
        call.command or "",
        compared_event.number,
        compared_event.place,
        None if result is None else result.text,
        cut=result is not None and result.cut,
        exit_code=result.exit_code if result else None,
        claims=tuple(dict.fromkeys(claims)),
        starts_in_agent_folder=transcript.form in _FORMATS_RESETTING_FOLDER,
        folder=_folder_of(call),
        is_line_by_line=compared_event.is_line_by_line,
    )


def _folder_of(call: AgentEvent) -> str | None:
    try:
        arguments = json.loads(call.text) if call.text else {}
    except ValueError:
        return None
    arguments = arguments if isinstance(arguments, dict) else {}
    return next((arguments[key] for key in ("workdir", "cwd") if isinstance(arguments.get(key), str)), None)


def _claims_by_event(claims: Iterable[JudgedClaim]) -> dict[int, list[int]]:
    """For each event, by its number, return the indices of the claims for which it is evidence."""
    claims_by_event: dict[int, list[int]] = {}
    for claim_index, judged_claim in enumerate(claims):
        for evidence in judged_claim.evidence:
            claims_by_event.setdefault(evidence.event, []).append(claim_index)
    return claims_by_event


def _claimed_steps(transcript: AgentTranscript, claims: Sequence[JudgedClaim]) -> dict[int, list[Step]]:
    """Return steps for commands that the agent claims to have run, but that have no recorded result. The keys are the
    numbers of the messages with these claims.
    """
    steps_by_message: dict[int, list[Step]] = {}
    for claim_index, judged_claim in enumerate(claims):
        claim = judged_claim.claim
        if claim.kind not in ("output", "command", "result") or judged_claim.status not in (
            "never run",
            "undecidable",
        ):
            continue
        message = transcript.events[claim.event]
        program = None if claim.command or claim.kind != "output" else program_of(transcript, claim)
        command = _command_in_claim(claim.command) if claim.command else program[0] if program else None
        if command is None:
            continue
        quote = claim.quote if claim.kind == "output" else ""
        step = Step(
            command,
            claim.event,
            claim.place,
            quote,
            claimed=True,
            imagined=judged_claim.reading == "role-played",
            cut=True,
            claims=(claim_index,),
            files={} if program is None else program[1],
            is_line_by_line=message.is_line_by_line,
        )
        message_steps = steps_by_message.setdefault(message.number, [])
        duplicate_index = next(
            (
                index
                for index, earlier_step in enumerate(message_steps)
                if earlier_step.command == step.command and not (earlier_step.recorded and quote)
            ),
            None,
        )
        if duplicate_index is None:
            message_steps.append(step)
        elif quote:
            message_steps[duplicate_index] = step
    return steps_by_message


def _command_in_claim(command: str) -> str | None:
    """Return the command that a claim names, without the words around it.

    None if the text is a request in prose.
    """
    if match := re.search(r"\bcommand is:?\s*[`\"'“]?([^`\"'”\n]+)[`\"'”]?\s*\.?\s*$", command):
        return match[1].strip()
    return (
        None
        if re.match(r"(?:I|You|Please|Act|Imagine|Pretend|Can|Could|What|How|Run)\b[^|;&]* ", command)
        else command
    )


def _edit_values(event: AgentEvent) -> dict[str, Any]:
    return {
        "path": event.path,
        "old": event.old_text,
        "new": event.text,
        "at_line": event.at_line,
        "deletes": (event.tool or "").endswith(":delete"),
        "all": False,
    }


def roots_of(transcript: AgentTranscript, plan: Plan) -> Iterator[str]:
    """Yield folders in which the agent may have worked, the most likely first.

    They are the recorded folder, the common parents of the edited files (outermost first), and the folder of the
    first `cd`.
    """
    if transcript.folder:
        yield transcript.folder
    paths = [str(edit["path"]) for edit in plan.edits if str(edit["path"]).startswith("/")]
    if paths:
        parts = [path.split("/")[:-1] for path in paths]
        common: list[str] = []
        for names in zip(*parts, strict=False):
            if len(set(names)) > 1:
                break
            common.append(names[0])
        for depth in range(2, len(common) + 1):
            yield "/".join(common[:depth])
    for step in plan.commands:
        if match := re.match(r"\s*cd\s+(/[\w./-]+)\s*(?:&&|;)", step.command):
            yield match[1].rstrip("/")
            return
