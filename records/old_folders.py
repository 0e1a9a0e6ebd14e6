"""Reads run folders of earlier versions, which contain `run.json` but no log."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gedanken.experiment.conditions import Conditions
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution, Limits, Origin
from gedanken.experiment.files import UntrustedFolder
from gedanken.experiment.persona import Fact, Gpus, MachineFacts, Persona
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import ModelFacts, RunLog, RunSetup, ScriptText, given_text
from gedanken.experiment.surprisal import LineSurprisal, NotAvailable, ProgramSurprisal, Surprisal
from gedanken.records.plain_values import build_value
from gedanken.records.read_log import MOST_NATS, MOST_OUTPUT_BYTES, MOST_TOKENS
from gedanken.records.run_files import RUN_VIEW

MOST_RUN_BYTES = 1 << 26

_GPUS = re.compile(r"(\d{1,4}) x (.{0,80}) \((\d{1,12}) MiB each\)")


class _StoredFact(BaseModel):
    name: str
    value: str
    origin: Literal["matched", "claimed"]


class _StoredPersona(BaseModel):
    name: str
    facts: tuple[_StoredFact, ...] = ()


class _StoredModel(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str
    settings: dict[str, Any] = {}


class _StoredConditions(BaseModel):
    source: Literal["shown", "hidden"]
    session: Literal["running", "fresh"]
    claims: bool
    steps: bool
    temperature: float = Field(ge=0, le=2, allow_inf_nan=False)


class _StoredLine(BaseModel):
    number: int
    text: str
    nats: float = Field(ge=-MOST_NATS, le=MOST_NATS)
    tokens: int = Field(ge=0, le=MOST_TOKENS)


class _StoredSurprisal(BaseModel):
    program: str
    real: list[_StoredLine] | None
    imagined: list[_StoredLine] | None
    notes: tuple[str, ...] = ()


class _RequestedRuns(BaseModel):
    real: int | None = None
    imagined: int | None = None
    simulate: bool | None = None


class _StoredRun(BaseModel):
    """The content of `run.json`, as earlier versions wrote it."""

    experiment: str = Field(min_length=1, max_length=80)
    run: str = ""
    gedanken: str = ""
    python: str = ""
    outcome: str = ""
    started: str = ""
    ended: str = ""
    dataset: str = ""
    model: _StoredModel | None = None
    persona: _StoredPersona | None = None
    conditions: _StoredConditions | None = None
    machine: MachineFacts | None = None
    limits: dict[str, Any] = {}
    asked: _RequestedRuns = _RequestedRuns()
    surprise: list[_StoredSurprisal] | dict[str, str] | None = None
    script: list[dict[str, str]] | None = None
    programs: list[dict[str, Any]]
    real: list[dict[str, Any]]
    imagined: list[dict[str, Any]]


def origin_of(entry: dict[str, Any]) -> object:
    """Return the origin of an execution from its stored values."""
    # Old entries do not state it, but only imagined runs have a sample number.
    return entry.get("origin", Origin.REAL if entry.get("sample") is None else Origin.IMAGINED)


def read_old_run(inside: UntrustedFolder) -> RunLog:
    """Read a run folder that has no log. Raises BadInput if it is damaged."""
    path = inside.folder / RUN_VIEW
    content = inside.read(RUN_VIEW, MOST_RUN_BYTES)
    run = _parse_run(content, path)
    return RunLog(
        title=run.experiment,
        setup=_parse_setup(run),
        programs=tuple(
            build_value(Program, {**entry, "source": _read_text(inside, entry, "path")}, path)
            for entry in run.programs
        ),
        executions=tuple(_parse_execution(entry, inside, path) for entry in (*run.real, *run.imagined)),
        persona=_parse_persona(run),
        surprisal=_parse_surprisal(run),
        outcome=run.outcome,
        started=run.started,
        ended=run.ended,
        notes=tuple(_notes_on_missing_parts(run)),
    )


def _parse_run(content: bytes, path: Path) -> _StoredRun:
    try:
        if not isinstance(json.loads(content), dict):
            raise BadInput(f"{path}: not a JSON object")
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: damaged or cut: {error}") from error
    try:
        return _StoredRun.model_validate_json(content, strict=True)
    except ValidationError as error:
        first_error = error.errors()[0]
        field_path = ".".join(map(str, first_error["loc"])) or "the whole"
        raise BadInput(
            f"{path}: damaged, or written by another version: {field_path}: {first_error['msg']}"
        ) from error


def _parse_setup(run: _StoredRun) -> RunSetup:
    limits = {name: value for name, value in run.limits.items() if name in Limits.model_fields}
    try:
        bounds = Limits.model_validate(limits) if run.limits else None
    except ValidationError:
        bounds = None
    facts = run.persona.facts if run.persona else ()
    return RunSetup(
        experiment=run.experiment,
        run=run.run,
        gedanken=run.gedanken,
        python=run.python,
        model=_parse_model(run.model) if run.model else None,
        persona=run.persona.name if run.persona else "",
        facts=tuple(Fact(fact.name, fact.value, fact.origin) for fact in facts),
        conditions=Conditions.model_validate(run.conditions.model_dump()) if run.conditions else None,
        machine=run.machine,
        dataset=run.dataset,
        limits=bounds,
        script=None if run.script is None else tuple(_parse_script_line(line) for line in run.script),
        real=run.asked.real,
        imagined=run.asked.imagined,
        simulate=run.asked.simulate,
    )


def _parse_model(stored: _StoredModel) -> ModelFacts:
    try:
        return ModelFacts.model_validate(stored.model_dump())
    except ValidationError:
        return ModelFacts(name=stored.name, settings=stored.settings)


def _parse_script_line(line: dict[str, str]) -> ScriptText:
    if "give" in line:
        return given_text(line["give"], line.get("program"), line.get("change"))
    return ScriptText("told", line["tell"]) if "tell" in line else ScriptText("typed", line.get("type", ""))


def _parse_execution(entry: dict[str, Any], inside: UntrustedFolder, path: Path) -> Execution:
    origin = origin_of(entry)
    stdout = _read_text(inside, entry, "stdout")
    terminal = stdout if entry.get("terminal") in (None, entry["stdout"]) else _read_text(inside, entry, "terminal")
    texts: dict[str, object] = {"stdout": stdout, "terminal": terminal, "raw_reply": None}
    if origin == Origin.IMAGINED:
        # Earlier folders store the reply in the field that a real run uses for its terminal output.
        reply = _read_text(inside, entry, "raw_reply" if entry.get("raw_reply") else "terminal")
        texts = {"stdout": stdout, "terminal": stdout, "raw_reply": reply}
    renamed = {"violations": entry.get("breaches", ())}
    return replace(build_value(Execution, {**entry, "origin": origin, **texts, **renamed}, path), called=None)


def _read_text(inside: UntrustedFolder, entry: dict[str, Any], key: str) -> str:
    name = entry.get(key)
    if not isinstance(name, str):
        raise BadInput(f"{inside.folder / RUN_VIEW}: {key}: not a path")
    return inside.read(name, MOST_OUTPUT_BYTES).decode(errors="replace")


def _parse_surprisal(run: _StoredRun) -> Surprisal | None:
    stored = run.surprise
    if stored is None:
        return None
    if isinstance(stored, dict):
        return NotAvailable(stored.get("not available", ""))
    return tuple(
        ProgramSurprisal(
            program.program, -1, _parse_lines(program.real), _parse_lines(program.imagined), program.notes
        )
        for program in stored
    )


def _parse_lines(lines: list[_StoredLine] | None) -> tuple[LineSurprisal, ...] | None:
    return None if lines is None else tuple(LineSurprisal(**line.model_dump()) for line in lines)


def _parse_persona(run: _StoredRun) -> Persona | None:
    """Reconstruct the persona from its claims; None if there is none, or if they are not valid."""
    if run.persona is None:
        return None
    claimed: dict[str, Any] = {fact.name: fact.value for fact in run.persona.facts if fact.origin == "claimed"}
    try:
        if match := _GPUS.fullmatch(claimed.get("gpus", "")):
            claimed["gpus"] = Gpus(count=int(match[1]), name=match[2], memory_mib=int(match[3]))
        elif "gpus" in claimed:
            claimed["gpus"] = Gpus(count=0)
        return Persona.model_validate({"name": run.persona.name, **claimed})
    except ValidationError:
        return None


def _notes_on_missing_parts(run: _StoredRun) -> list[str]:
    missing = [key for key in ("model", "persona", "conditions", "machine") if getattr(run, key) is None]
    if not missing:
        return []
    return [f"run.json lacks {', '.join(missing)}, so the comparison is made without this information"]
