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
from gedanken.experiment.files import Inside
from gedanken.experiment.persona import Fact, Gpus, MachineFacts, Persona
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import ModelFacts, RunLog, RunSetup, ScriptText, given_text
from gedanken.experiment.surprisal import LineSurprisal, NotAvailable, ProgramSurprisal, Surprisal
from gedanken.records.plain_values import noun_of
from gedanken.records.read_log import MOST_NATS, MOST_OUTPUT_BYTES, MOST_TOKENS
from gedanken.records.run_files import RUN

MOST_RUN_BYTES = 1 << 26

_GPUS = re.compile(r"(\d{1,4}) x (.{0,80}) \((\d{1,12}) MiB each\)")


class _Fact(BaseModel):
    name: str
    value: str
    origin: Literal["matched", "claimed"]


class _Persona(BaseModel):
    name: str
    facts: tuple[_Fact, ...] = ()


class _Model(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str
    settings: dict[str, Any] = {}


class _Conditions(BaseModel):
    source: Literal["shown", "hidden"]
    session: Literal["running", "fresh"]
    claims: bool
    steps: bool
    temperature: float = Field(ge=0, le=2, allow_inf_nan=False)


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


class _Asked(BaseModel):
    real: int | None = None
    imagined: int | None = None
    simulate: bool | None = None


class _Run(BaseModel):
    """The content of `run.json`, as earlier versions wrote it."""

    experiment: str = Field(min_length=1, max_length=80)
    run: str = ""
    gedanken: str = ""
    python: str = ""
    outcome: str = ""
    started: str = ""
    ended: str = ""
    dataset: str = ""
    model: _Model | None = None
    persona: _Persona | None = None
    conditions: _Conditions | None = None
    machine: MachineFacts | None = None
    limits: dict[str, Any] = {}
    asked: _Asked = _Asked()
    surprise: list[_Surprise] | dict[str, str] | None = None
    script: list[dict[str, str]] | None = None
    programs: list[dict[str, Any]]
    real: list[dict[str, Any]]
    imagined: list[dict[str, Any]]


def origin_of(entry: dict[str, Any]) -> object:
    """Return the origin of an execution from its stored values."""
    # Old entries do not state it, but only imagined runs have a sample number.
    return entry.get("origin", Origin.REAL if entry.get("sample") is None else Origin.IMAGINED)


def read_old(inside: Inside) -> RunLog:
    """Read a run folder that has no log. Raises BadInput if it is damaged."""
    where = inside.folder / RUN
    written = inside.read(RUN, MOST_RUN_BYTES)
    run = _validated(written, where)
    return RunLog(
        title=run.experiment,
        setup=_setup(run),
        programs=tuple(
            noun_of(Program, {**entry, "source": _text(inside, entry, "path")}, where) for entry in run.programs
        ),
        executions=tuple(_execution(entry, inside, where) for entry in (*run.real, *run.imagined)),
        persona=_persona(run),
        surprisal=_surprisal(run),
        outcome=run.outcome,
        started=run.started,
        ended=run.ended,
        notes=tuple(_notes(run)),
    )


def _validated(written: bytes, where: Path) -> _Run:
    try:
        if not isinstance(json.loads(written), dict):
            raise BadInput(f"{where}: not a JSON object")
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{where}: damaged or cut: {error}") from error
    try:
        return _Run.model_validate_json(written, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(map(str, first["loc"])) or "the whole"
        raise BadInput(f"{where}: damaged, or written by another version: {at}: {first['msg']}") from error


def _setup(run: _Run) -> RunSetup:
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
        model=_model(run.model) if run.model else None,
        persona=run.persona.name if run.persona else "",
        facts=tuple(Fact(fact.name, fact.value, fact.origin) for fact in facts),
        conditions=Conditions.model_validate(run.conditions.model_dump()) if run.conditions else None,
        machine=run.machine,
        dataset=run.dataset,
        limits=bounds,
        script=None if run.script is None else tuple(_line(line) for line in run.script),
        real=run.asked.real,
        imagined=run.asked.imagined,
        simulate=run.asked.simulate,
    )


def _model(told: _Model) -> ModelFacts:
    try:
        return ModelFacts.model_validate(told.model_dump())
    except ValidationError:
        return ModelFacts(name=told.name, settings=told.settings)


def _line(line: dict[str, str]) -> ScriptText:
    if "give" in line:
        return given_text(line["give"], line.get("program"), line.get("change"))
    return ScriptText("told", line["tell"]) if "tell" in line else ScriptText("typed", line.get("type", ""))


def _execution(entry: dict[str, Any], inside: Inside, where: Path) -> Execution:
    origin = origin_of(entry)
    stdout = _text(inside, entry, "stdout")
    terminal = stdout if entry.get("terminal") in (None, entry["stdout"]) else _text(inside, entry, "terminal")
    texts: dict[str, object] = {"stdout": stdout, "terminal": terminal, "raw_reply": None}
    if origin == Origin.IMAGINED:
        # Earlier folders store the reply in the field that a real run uses for its terminal output.
        reply = _text(inside, entry, "raw_reply" if entry.get("raw_reply") else "terminal")
        texts = {"stdout": stdout, "terminal": stdout, "raw_reply": reply}
    renamed = {"violations": entry.get("breaches", ())}
    return replace(noun_of(Execution, {**entry, "origin": origin, **texts, **renamed}, where), called=None)


def _text(inside: Inside, entry: dict[str, Any], key: str) -> str:
    name = entry.get(key)
    if not isinstance(name, str):
        raise BadInput(f"{inside.folder / RUN}: {key}: not a path")
    return inside.read(name, MOST_OUTPUT_BYTES).decode(errors="replace")


def _surprisal(run: _Run) -> Surprisal | None:
    found = run.surprise
    if found is None:
        return None
    if isinstance(found, dict):
        return NotAvailable(found.get("not available", ""))
    return tuple(
        ProgramSurprisal(told.program, -1, _lines(told.real), _lines(told.imagined), told.notes) for told in found
    )


def _lines(lines: list[_Line] | None) -> tuple[LineSurprisal, ...] | None:
    return None if lines is None else tuple(LineSurprisal(**line.model_dump()) for line in lines)


def _persona(run: _Run) -> Persona | None:
    """Reconstruct the persona from its claims; None if there is none, or if they are not valid."""
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
    return [f"run.json lacks {', '.join(lacks)}, so the comparison is made without this information"]
