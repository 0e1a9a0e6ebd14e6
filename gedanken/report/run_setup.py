"""What a run is to do, read off `run.json`, and the commands that ask for it again."""

import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from gedanken.analysis.analysis import Analysis
from gedanken.experiment.counts import many
from gedanken.experiment.execution import Execution, Limits
from gedanken.loading.experiments import is_packaged
from gedanken.report.summary import format_conditions

NOT_PACKAGED = "The experiment is not a packaged one: name the YAML file that it came from."


class TypedOrTold(NamedTuple):
    """One line of the script."""

    how: str
    """`told`, `typed`, `given`, or `typed first`: a command of the persona."""
    text: str


class Entry(NamedTuple):
    """A name and what it stands for."""

    name: str
    value: str


def script_of(analysis: Analysis) -> list[TypedOrTold]:
    """The lines of the script; of a folder that kept none, as far as programs and executions tell of them."""
    lines: dict[tuple[int, str, str], None] = {}
    for execution in analysis.executions:
        if execution.called is None:
            how = "typed first" if execution.line < 0 else "typed"
            lines.setdefault((execution.line, how, execution.command))
    for program in analysis.programs:
        how = "given" if program.given else "told"
        told = f"{program.told}: {program.change or 'as it is'}" if program.given else program.told
        if told:
            lines.setdefault((program.line, how, told))
    known = [TypedOrTold(how, text) for _at, how, text in sorted(lines, key=lambda line: line[0])]
    script = analysis.about.get("script")
    if not isinstance(script, list):
        return known
    first = [line for line in known if line.how == "typed first"]
    return first + [_asked(line) for line in script if isinstance(line, dict)]


def _asked(line: Mapping[str, Any]) -> TypedOrTold:
    if "give" in line:
        of = line.get("program")
        told = f"{_text(line['give'])}{f', {_text(of)}' if of else ''}: {_text(line.get('change')) or 'as it is'}"
        return TypedOrTold("given", told)
    return (
        TypedOrTold("told", _text(line["tell"])) if "tell" in line else TypedOrTold("typed", _text(line.get("type")))
    )


def brief_of(analysis: Analysis) -> list[Entry]:
    """What a reader must know before anything else: who was asked, what was asked for, and where it was run."""
    about = analysis.about
    machine = _part(about, "machine")
    gpus = _part(machine, "gpus").get("count")
    world = [machine.get("os"), machine.get("python") and f"Python {machine['python']}"]
    world += [machine.get("torch") and f"PyTorch {machine['torch']}"]
    world += [] if gpus is None else [f"{gpus} GPUs" if gpus else "no GPU"]
    ran = f"{machine.get('machine')}: {', '.join(_text(part) for part in world if part)}" if machine else ""
    loose = _text(machine.get("not_enforced") or None)
    conditions = _part(about, "conditions")
    when = " to ".join(_text(about[key]).removesuffix("+00:00") for key in ("started", "ended") if about.get(key))
    rows = {
        "Model": _part(about, "model").get("name"),
        "Played": _part(about, "persona").get("name"),
        "Script": _counted(script_of(analysis)) if about else "",
        "Conditions": format_conditions(conditions, _part(about, "model")) if conditions else "",
        "Real machine": f"{ran}; cannot hold {loose}" if loose else ran,
        "Data": about.get("dataset"),
        "When": f"{when.replace('T', ' ')} UTC" if when else "",
        "Outcome": about.get("outcome"),
    }
    return [Entry(name, _text(value)) for name, value in rows.items() if value]


def _counted(script: list[TypedOrTold]) -> str:
    counts = {how: sum(line.how == how for line in script) for how in ("told", "given", "typed")}
    told = [f"{count} {how}" for how, count in counts.items() if count]
    return f"{many(sum(counts.values()), 'line')}: {', '.join(told)}" if told else ""


def claims_of(about: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, value and origin of each fact of the persona."""
    facts = _part(about, "persona").get("facts")
    rows = [fact for fact in facts if isinstance(fact, dict)] if isinstance(facts, list) else []
    return [(_text(row.get("name")), _text(row.get("value")), _text(row.get("origin"))) for row in rows]


def entries_of(about: Mapping[str, Any]) -> list[tuple[str, list[Entry]]]:
    """What is known of the model, the real machine, the conditions and the versions, each under its heading."""
    model, machine = _part(about, "model"), _part(about, "machine")
    parts = {
        "Model": {**model, **{f"setting {key}": value for key, value in _part(model, "settings").items()}},
        "Real machine": {
            **machine,
            **{f"data {key}": value for key, value in _part(machine, "dataset").items()},
            "gpus": _part(machine, "gpus").get("count"),
        },
        "Conditions": _part(about, "conditions"),
        "Limits of a command": _part(about, "limits"),
        "This run": {key: value for key, value in about.items() if not isinstance(value, dict | list)},
    }
    rows = {title: _entries(part) for title, part in parts.items()}
    return [(title, part) for title, part in rows.items() if part]


def commands(analysis: Analysis) -> list[str]:
    """What to type to have all this again."""
    if not analysis.about:
        return [_compare(analysis)]
    name = _text(analysis.about.get("experiment"))
    again = [
        "gedanken",
        "run",
        name if is_own(analysis) else f"{name or 'EXPERIMENT'}.yaml",
        *_wishes(analysis.about),
    ]
    run = _text(analysis.about.get("run")) or "RUN"
    return [shlex.join(again), shlex.join(["gedanken", "report", run])]


def is_own(analysis: Analysis) -> bool:
    """Whether the experiment is one that is packaged, so that its name alone brings it back."""
    return is_packaged(_text(analysis.about.get("experiment")), analysis.about.get("script"))


def _compare(analysis: Analysis) -> str:
    real = [_file(run) for version in analysis.cases for run in version.real]
    imagined = [_file(run) for version in analysis.cases for run in version.imagined]
    program = [f"--program={version.program.name}" for version in analysis.cases if version.program]
    return shlex.join(["gedanken", "compare", *real, "--imagined", *imagined, *program])


def _file(execution: Execution) -> str:
    return execution.called or execution.command


def _wishes(about: Mapping[str, Any]) -> list[str]:
    model, asked, conditions = (_part(about, name) for name in ("model", "asked", "conditions"))
    values = {
        "--model": _text(model.get("name")).split(":")[0] if _is_embedded(model) else model.get("name"),
        "--base-url": model.get("base_url"),
        "--persona": _part(about, "persona").get("name"),
        "--sandbox": _part(about, "machine").get("machine"),
        "--gpus": _part(about, "machine").get("gpus_asked"),
        "--real": asked.get("real"),
        "--imagined": asked.get("imagined"),
        "--source": conditions.get("source"),
        "--session": conditions.get("session"),
        "--temperature": conditions.get("temperature"),
    }
    flags = [part for name, value in values.items() if value is not None for part in (name, _text(value))]
    for name, on in (
        ("claims", conditions.get("claims")),
        ("steps", conditions.get("steps")),
        ("simulate", asked.get("simulate")),
    ):
        if isinstance(on, bool):
            flags.append(f"--{name}" if on else f"--no-{name}")
    usual = Limits().model_dump()
    for name, value in _part(about, "limits").items():
        if name in usual and usual[name] != value:
            flags += ["--limit", f"{name}={_text(value)}"]
    return flags


def _is_embedded(model: Mapping[str, Any]) -> bool:
    return _text(model.get("name")).startswith("embedded:")


def _part(about: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = about.get(name)
    return part if isinstance(part, dict) else {}


def _entries(part: Mapping[str, Any]) -> list[Entry]:
    shown = ((key, _text(value)) for key, value in part.items() if not isinstance(value, dict))
    return [Entry(key.replace("_", " "), value) for key, value in shown if value]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
