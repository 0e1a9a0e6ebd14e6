"""Describes how a run was set up, and lists the commands that repeat it."""

import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from gedanken.analysis.analysis import Analysis
from gedanken.experiment.budget import format_usage
from gedanken.experiment.counts import format_count
from gedanken.experiment.execution import Execution, Limits
from gedanken.experiment.run_log import (
    UNFINISHED,
    ModelFacts,
    RunLog,
    RunSetup,
    ScriptText,
    WorkBegan,
    WorkEnded,
    given_text,
)
from gedanken.experiment.run_spec import RunSpec
from gedanken.loading.experiments_and_personas import is_packaged

NOT_PACKAGED = "The experiment is not one of gedanken's own: give the path of its YAML file."
MAX_RUNNING_SHOWN = 3


class Entry(NamedTuple):
    """A name and its value."""

    name: str
    value: str


class ScriptEntry(NamedTuple):
    """One line of the script, or a boot command. `how` is `typed first` for a boot command, because it is typed
    before the script.
    """

    how: str
    text: str


def script_of(log: RunLog) -> list[ScriptEntry]:
    """Return the boot commands, then the lines of the script. If the script is not stored, its lines are taken from
    the programs and executions."""
    lines: dict[tuple[int, str, str], None] = {}
    for execution in log.executions:
        if execution.called is None:
            how = "typed first" if execution.line < 0 else "typed"
            lines.setdefault((execution.line, how, execution.command))
    for program in log.programs:
        line = given_text(program.told, None, program.change) if program.given else ScriptText("told", program.told)
        if program.told:
            lines.setdefault((program.line, line.how, line.text))
    entries = [ScriptEntry(how, text) for _number, how, text in sorted(lines, key=lambda line: line[0])]
    script = log.setup.script if log.setup else None
    if script is None:
        return entries
    return [line for line in entries if line.how == "typed first"] + [ScriptEntry(*line) for line in script]


def format_outcome(log: RunLog) -> str:
    """Describe how the run ended. For an unfinished run, name the work in progress or, if there is none, the last
    work.
    """
    if log.outcome != UNFINISHED:
        return log.outcome
    running = [
        f"{_describe_work(work)} since {_format_time(work.time)}" for work in log.under_way[:MAX_RUNNING_SHOWN]
    ]
    if not running:
        last_work = (
            f"after {_describe_work(log.left)}, at {_format_time(log.left.time)}"
            if log.left
            else f"begun {_format_time(log.started)}"
        )
        return f"{UNFINISHED}: {last_work}"
    hidden = len(log.under_way) - len(running)
    return f"{UNFINISHED}: {'; '.join(running)}" + (f"; and {hidden} more" if hidden else "")


def _describe_work(work: WorkBegan | WorkEnded) -> str:
    return f"{work.node} ({work.who})" if work.who else work.node


def format_conditions(setup: RunSetup) -> str:
    """Describe what the model was shown and allowed when it imagined a run, and at which temperature."""
    conditions, model = setup.conditions, setup.model
    if conditions is None:
        return ""
    source = f"source code {conditions.source}"
    session = "whole session as context" if conditions.session == "running" else "no other context"
    claims = f"false facts in the persona: {setup.claim_names}"
    if not conditions.claims:
        claims = "no false facts allowed in the persona"
    elif setup.claim_names == "none":
        claims = "no false facts in the persona"
    steps = "chain of thought allowed" if conditions.steps else "no chain of thought"
    if model and model.reasons_by_itself:
        steps += " in the reply (before the reply, the model reasons in any case)"
    has_own_temperature = model is not None and "temperature" in model.not_taken
    temperature = "the model's own temperature" if has_own_temperature else f"temperature {conditions.temperature:g}"
    return f"{source}, {session}, {claims}, {steps}, {temperature}"


def summarize_setup(log: RunLog) -> list[Entry]:
    """Summarize what a reader must know first, for example which model, which script and which real machine were
    used."""
    setup = log.setup
    if setup is None:
        return []
    period = " to ".join(_format_time(time) for time in (log.started, log.ended) if time)
    rows = {
        "Model": setup.model_names,
        "Persona": setup.persona_names,
        "Script": _count_lines(script_of(log)),
        "Conditions": format_conditions(setup),
        "Real machine": _describe_machine(setup),
        "Data": setup.dataset,
        "When": f"{period} UTC" if period else "",
        "Outcome": format_outcome(log),
    }
    return [Entry(name, value) for name, value in rows.items() if value]


def _describe_machine(setup: RunSetup) -> str:
    machine = setup.machine
    if machine is None:
        return ""
    gpus = f"{machine.gpus.count} GPUs" if machine.gpus.count else "no GPU"
    text = f"{machine.machine}: {machine.os}, Python {machine.python}, PyTorch {machine.torch}, {gpus}"
    unenforced = _format_value(machine.not_enforced or None)
    return f"{text}; cannot enforce {unenforced}" if unenforced else text


def _format_time(time: str) -> str:
    """Format a time in UTC, for example `2026-11-29 14:21:55`."""
    return time.removesuffix("+00:00").replace("T", " ").split(".")[0]


def _count_lines(script: list[ScriptEntry]) -> str:
    counts = {how: sum(line.how == how for line in script) for how in ("told", "given", "typed")}
    parts = [f"{count} {how}" for how, count in counts.items() if count]
    return f"{format_count(sum(counts.values()), 'line')}: {', '.join(parts)}" if parts else ""


def persona_facts(setup: RunSetup | None) -> list[tuple[str, str, str]]:
    """Return name, value and origin of each fact of the persona. A fork also has facts of earlier personas, such as
    `gpus, before line 4`."""
    if setup is None:
        return []
    facts: list[tuple[str, str, str]] = [(fact.name, fact.value, fact.origin) for fact in setup.facts]
    for part in setup.earlier:
        other_facts = [fact for fact in part.facts if fact not in setup.facts]
        facts += [(f"{fact.name}, before line {part.until}", fact.value, fact.origin) for fact in other_facts]
    return facts


def entries_of(log: RunLog) -> list[tuple[str, list[Entry]]]:
    """Return the facts of the set-up under headings, such as `Model` and `Conditions`."""
    setup = log.setup
    if setup is None:
        return []
    model = setup.model.model_dump(exclude={"settings", "price"}, exclude_defaults=True) if setup.model else {}
    settings = setup.model.settings if setup.model else {}
    machine = setup.machine.model_dump(exclude={"gpus", "dataset"}) if setup.machine else {}
    data = setup.machine.dataset.model_dump() if setup.machine else {}
    parts: dict[str, Mapping[str, Any]] = {
        "Model": {
            **model,
            **{f"setting {key}": value for key, value in settings.items()},
            **{f"before line {part.until}": _describe_model(part.model) for part in setup.earlier},
        },
        "Real machine": {
            **machine,
            **{f"data {key}": value for key, value in data.items()},
            "gpus": setup.machine.gpus.count if setup.machine else None,
        },
        "Conditions": {
            **(setup.conditions.model_dump() if setup.conditions else {}),
            "persona": setup.persona_names,
            "claimed": setup.claim_names,
        },
        "Limits of a command": setup.limits.model_dump() if setup.limits else {},
        "This run": {
            "run": setup.run,
            "gedanken": setup.gedanken,
            "python": setup.python,
            "started": log.started,
            "ended": log.ended,
            "experiment": setup.experiment,
            "dataset": setup.dataset,
            "outcome": log.outcome,
            "tokens": format_usage(log.tokens, log.price),
        },
    }
    rows = {title: _make_entries(part) for title, part in parts.items()}
    return [(title, part) for title, part in rows.items() if part]


def repeat_commands(analysis: Analysis) -> list[str]:
    """Return the commands that repeat the run."""
    setup = analysis.log.setup
    if setup is None:
        return [_compare_command(analysis)]
    name = setup.experiment if is_packaged_experiment(analysis) else f"{setup.experiment or 'EXPERIMENT'}.yaml"
    spec = analysis.log.spec
    if spec and spec.earlier:
        return [_fork_command(spec), shlex.join(["gedanken", "report", setup.run or "RUN"])]
    primary = ["--primary", spec.primary] if spec and spec.primary else []
    run_command = ["gedanken", "run", name, *_run_options(setup), *primary]
    return [shlex.join(run_command), shlex.join(["gedanken", "report", setup.run or "RUN"])]


def _fork_command(spec: RunSpec) -> str:
    parent, _, line = spec.parent.partition(" at line ")
    last_part = spec.earlier[-1]
    options = ["--persona", spec.persona.name] if last_part.persona != spec.persona else []
    if last_part.model.name != spec.model.name:
        options += ["--model", spec.model.name]
        options += ["--base-url", spec.model.base_url] if spec.model.base_url else []
    return shlex.join(["gedanken", "fork", parent, "--at", line, *options])


def _describe_model(model: ModelFacts) -> str:
    return f"{model.name}, {model.sha256}" if model.sha256 else model.name


def is_packaged_experiment(analysis: Analysis) -> bool:
    """Return whether the experiment is packaged with gedanken. If it is, its name is enough to repeat the run."""
    setup = analysis.log.setup
    return setup is not None and is_packaged(setup.experiment, setup.script)


def _compare_command(analysis: Analysis) -> str:
    real = [_log_name(run) for version in analysis.versions for run in version.real]
    imagined = [_log_name(run) for version in analysis.versions for run in version.imagined]
    program = [f"--program={version.program.name}" for version in analysis.versions if version.program]
    return shlex.join(["gedanken", "compare", *real, "--imagined", *imagined, *program])


def _log_name(execution: Execution) -> str:
    return execution.called or execution.command


def _run_options(setup: RunSetup) -> list[str]:
    model, machine, conditions = setup.model, setup.machine, setup.conditions
    values = {
        "--model": (model.name.split(":")[0] if model.name.startswith("embedded:") else model.name)
        if model
        else None,
        "--base-url": model.base_url if model else None,
        "--persona": setup.persona or None,
        "--sandbox": machine.machine if machine else None,
        "--gpus": machine.gpus_asked if machine else None,
        "--real": setup.real,
        "--imagined": setup.imagined,
        "--source": conditions.source if conditions else None,
        "--session": conditions.session if conditions else None,
        "--temperature": conditions.temperature if conditions else None,
    }
    flags = [part for name, value in values.items() if value is not None for part in (name, _format_value(value))]
    for name, is_on in (
        ("claims", conditions.claims if conditions else None),
        ("working", conditions.steps if conditions else None),
        ("simulate", setup.simulate),
    ):
        if is_on is not None:
            flags.append(f"--{name}" if is_on else f"--no-{name}")
    defaults = Limits().model_dump()
    for name, value in (setup.limits.model_dump() if setup.limits else {}).items():
        if defaults[name] != value:
            flags += ["--limit", f"{name}={_format_value(value)}"]
    return flags


def _make_entries(part: Mapping[str, Any]) -> list[Entry]:
    values = ((key, _format_value(value)) for key, value in part.items() if not isinstance(value, dict))
    return [Entry(key.replace("_", " "), value) for key, value in values if value]


def _format_value(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_format_value(item) for item in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
