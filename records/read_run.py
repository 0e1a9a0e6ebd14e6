"""A run folder, read back. Whoever made it may mean harm: nothing outside of it is read, and nothing in it obeyed."""

import json
import re
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution, Origin
from gedanken.experiment.files import Inside
from gedanken.experiment.persona import Gpus, MachineFacts, Persona
from gedanken.experiment.program import Program
from gedanken.records.old_folders import origin_of, reply_key
from gedanken.records.tokens import Tokens, tokens_of

RUN = "run.json"
MOST_RUN_BYTES = 1 << 26
MOST_OUTPUT_BYTES = 1 << 28
MOST_BYTES = 1 << 30
"""That are read of one folder, in all."""
MOST_SECONDS = 1e9
"""That a command can have taken: some thirty years."""
MOST_NATS, MOST_TOKENS = 1e9, 10**9
"""Of one line."""

_GPUS = re.compile(r"(\d{1,4}) x (.{0,80}) \((\d{1,12}) MiB each\)")
_APART = ("programs", "real", "imagined", "findings")
"""Keys of `run.json` that stand in the other fields of what is read back."""

Noun = TypeVar("Noun", Execution, Program)


class _Fact(BaseModel):
    name: str
    value: str
    origin: Literal["matched", "claimed"]


class _Persona(BaseModel):
    name: str
    facts: tuple[_Fact, ...] = ()


class _Model(BaseModel):
    name: str
    settings: dict[str, Any] = {}


class _Conditions(BaseModel):
    source: str
    session: str
    claims: bool
    steps: bool
    temperature: float
    claimed: tuple[str, ...] = ()


class _Line(BaseModel):
    number: int
    text: str
    nats: float = Field(ge=-MOST_NATS, le=MOST_NATS)
    tokens: int = Field(ge=0, le=MOST_TOKENS)


class _Surprise(BaseModel):
    program: str
    real: list[_Line] | None
    imagined: list[_Line] | None
    notes: tuple[str, ...] = ()


class _Run(BaseModel):
    """What every reader of `run.json` may rely on."""

    model_config = ConfigDict(extra="allow")

    experiment: str = Field(min_length=1, max_length=80)
    outcome: str = ""
    started: str = ""
    ended: str = ""
    dataset: str = ""
    model: _Model | None = None
    persona: _Persona | None = None
    conditions: _Conditions | None = None
    machine: MachineFacts | None = None
    limits: dict[str, Any] = {}
    asked: dict[str, Any] = {}
    breaches: dict[str, int] = {}
    surprise: list[_Surprise] | dict[str, str] | None = None
    script: list[dict[str, str]] | None = None
    programs: list[dict[str, Any]]
    real: list[dict[str, Any]]
    imagined: list[dict[str, Any]]


@dataclass(frozen=True)
class RunFolder:
    """What a run folder holds."""

    folder: Path
    about: dict[str, Any]
    """What stands in `run.json` beside programs, executions and findings."""
    programs: tuple[Program, ...]
    executions: tuple[Execution, ...]
    persona: Persona | None
    machine_facts: MachineFacts | None
    notes: tuple[str, ...]
    """What could not be read back, and what that means."""
    tokens: Tokens | None = None


def is_run_folder(path: Path) -> bool:
    """Whether there is a `run.json` in it."""
    return path.is_dir() and (path / RUN).exists()


def read_run(folder: Path) -> RunFolder:
    """Read a run folder back. Raises BadInput for what is none, is damaged, or names files outside of it."""
    if not is_run_folder(folder):
        raise BadInput(f"{folder}: no run folder; there is no {RUN} in it")
    inside = Inside(folder, MOST_BYTES)
    written = inside.read(RUN, MOST_RUN_BYTES)
    raw = _parsed(written, folder / RUN)
    try:
        run = _Run.model_validate_json(written, strict=True)  # what is not strict would not be what stands in `about`
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadInput(f"{folder / RUN}: {where}: {first['msg']}") from error
    programs = tuple(
        _noun(Program, entry, {"source": _text(inside, entry, "path")}, inside) for entry in run.programs
    )
    executions = tuple(_execution(entry, inside) for entry in (*run.real, *run.imagined))
    known = {program.label for program in programs}
    for execution in executions:
        if execution.program is not None and execution.program not in known:
            raise BadInput(
                f"{folder / RUN}: {execution.label} ran {execution.program}, which is not among the programs"
            )
    about = {key: value for key, value in raw.items() if key not in _APART}
    return RunFolder(
        folder,
        about,
        programs,
        in_order(programs, executions),
        _persona(run),
        run.machine,
        tuple(_notes(run)),
        tokens_of(inside),
    )


def in_order(programs: tuple[Program, ...], executions: tuple[Execution, ...]) -> tuple[Execution, ...]:
    """By script line and version; real before imagined, by seed or sample."""
    versions = [program.label for program in programs]
    return tuple(
        sorted(
            executions,
            key=lambda one: (
                one.line,
                versions.index(one.program) if one.program else -1,
                one.imagined,
                one.arm,
                (one.sample if one.imagined else one.seed) or 0,
            ),
        )
    )


def _parsed(written: bytes, where: Path) -> dict[str, Any]:
    try:
        raw = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{where}: damaged or cut: {error}") from error
    if not isinstance(raw, dict):
        raise BadInput(f"{where}: not a JSON object")
    return raw


def _execution(entry: dict[str, Any], inside: Inside) -> Execution:
    stdout = _text(inside, entry, "stdout")
    terminal = stdout if entry.get("terminal") in (None, entry["stdout"]) else _text(inside, entry, "terminal")
    if origin_of(entry) != Origin.IMAGINED:
        printed: dict[str, object] = {"stdout": stdout, "terminal": terminal, "raw_reply": None}
    else:
        reply = _text(inside, entry, reply_key(entry))
        printed = {"stdout": stdout, "terminal": stdout, "raw_reply": reply}
    return replace(_noun(Execution, {**entry, "origin": origin_of(entry)}, printed, inside), called=None)


def _text(inside: Inside, entry: dict[str, Any], key: str) -> str:
    name = entry.get(key)
    if not isinstance(name, str):
        raise BadInput(f"{inside.folder / RUN}: {key}: no path")
    return inside.read(name, MOST_OUTPUT_BYTES).decode(errors="replace")


def _noun(kind: type[Noun], entry: dict[str, Any], texts: dict[str, object], inside: Inside) -> Noun:
    return noun_of(kind, {**entry, **texts}, inside.folder / RUN)


def noun_of(kind: type[Noun], entry: dict[str, Any], what: object) -> Noun:
    """A noun out of plain values; keys that it has not are left out. Raises BadInput, in which it is of `what`."""
    names = {field.name for field in fields(kind)}
    try:
        noun = TypeAdapter(kind).validate_python({key: value for key, value in entry.items() if key in names})
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(map(str, first["loc"]))
        raise BadInput(f"{what}: {kind.__name__.lower()}: {at}: {first['msg']}") from error
    if isinstance(noun, Execution) and not 0 <= noun.seconds <= MOST_SECONDS:  # JSON lets NaN and Infinity through
        raise BadInput(f"{what}: execution: seconds: {noun.seconds:g} is no time that a command can take")
    return noun


def _persona(run: _Run) -> Persona | None:
    """Who was played: of the facts, those that were claimed."""
    if run.persona is None:
        return None
    claimed: dict[str, Any] = {fact.name: fact.value for fact in run.persona.facts if fact.origin == "claimed"}
    try:
        if found := _GPUS.fullmatch(claimed.get("gpus", "")):
            claimed["gpus"] = Gpus(count=int(found[1]), name=found[2], memory_mib=int(found[3]))
        elif "gpus" in claimed:
            claimed["gpus"] = Gpus(count=0)
        return Persona.model_validate({"name": run.persona.name, **claimed})
    except ValidationError:
        return None


def _notes(run: _Run) -> list[str]:
    lacks = [key for key in ("model", "persona", "conditions", "machine") if getattr(run, key) is None]
    if not lacks:
        return []
    return [f"run.json lacks {', '.join(lacks)}: what is known of them is left out of the comparison"]
