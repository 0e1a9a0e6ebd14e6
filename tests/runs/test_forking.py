"""A fork equals another run up to one line of the script: earlier lines are copied, later lines are run anew."""

import asyncio
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import yaml
from builders import imagined, lines, real
from conftest import GEDANKEN, Cli
from small_run import IMAGINED, PROGRAM

from gedanken.analysis.effects import effects_in
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Cause
from gedanken.experiment.persona import Persona
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import RunLog, format_by_part
from gedanken.experiment.run_spec import ModelSpec, Part, RunSpec
from gedanken.experiment.script import Experiment
from gedanken.forking import Changes, describe_copied_results, fork
from gedanken.probes.interventions import CHANGES
from gedanken.records.read_run import read_run
from gedanken.resuming import ResumeOptions, extend
from gedanken.terminal.screen import Screen

pytestmark = pytest.mark.bubblewrap

TABLE = "| 0  NVIDIA GeForce RTX 3090  Off | 00000000:01:00.0 Off | N/A |\n"
CLAIMS = {"name": "two-cards", "gpus": {"count": 2, "name": "NVIDIA GeForce RTX 3090", "memory_mib": 24576}}
MATCHED = Persona(name="matched")
SCRIPT = [
    "nvidia-smi",
    {"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}},
    "python3 train.py",
    "nvidia-smi",
    "python3 train.py",
]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run whose persona claims GPUs."""
    tmp_path = tmp_path_factory.mktemp("ran")
    replies = [
        {"when": "Write it", "samples": [f"```python\n{PROGRAM}```\n"]},
        {"when": "nvidia-smi", "samples": [TABLE]},
        {"when": "train.py", "samples": [IMAGINED]},
    ]
    other_replies = [{"when": "nvidia-smi", "samples": ["none\n"]}, {"when": "train.py", "samples": ["Epoch 1/3\n"]}]
    (tmp_path / "one.yaml").write_text(yaml.safe_dump(replies))
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(other_replies))
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump(CLAIMS))
    (tmp_path / "small.yaml").write_text(
        yaml.safe_dump({"name": "small", "script": SCRIPT, "persona": "claims.yaml"})
    )
    command = ["run", "small.yaml", "--model", "scripted:one.yaml", "--sandbox", "bubblewrap"]
    command += ["--real", "2", "--imagined", "1", "--out", "run"]
    completed = subprocess.run(
        [*GEDANKEN, *command], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=1500
    )
    assert completed.returncode == 0, completed.stderr
    return tmp_path


@pytest.fixture
def done(ran: Path, tmp_path: Path) -> Path:
    """A copy of the run `ran` for one test."""
    copytree(ran, tmp_path, dirs_exist_ok=True)
    return tmp_path / "run"


def test_from_its_line_on_another_persona_is_played_and_each_line_is_judged_by_its_own(
    gedanken: Cli, done: Path, tmp_path: Path
) -> None:
    completed = gedanken("fork", done, "--at", 4, "--persona", "matched", "--out", "fork")
    assert completed.returncode == 0, completed.stderr
    fork = tmp_path / "fork"
    assert outputs_before(done, 4) == outputs_before(fork, 4)
    assert explanations_by_line(done) == {"line01": "gpus", "line04": "gpus"}
    assert explanations_by_line(fork) == {"line01": "gpus", "line04": None}
    assert read_result(fork)["earlier"][0]["persona"]["name"] == "two-cards"
    assert "two-cards before line 4, matched from line 4" in (fork / "report.html").read_text()
    replayed = gedanken("run", "--replay", "fork", "--out", "again")
    assert replayed.returncode == 0, replayed.stderr
    assert (tmp_path / "again" / "transcript.md").read_bytes() == (fork / "transcript.md").read_bytes()


def test_from_its_line_on_another_model_is_asked_and_the_first_one_not_at_all(
    gedanken: Cli, done: Path, tmp_path: Path
) -> None:
    (tmp_path / "one.yaml").unlink()
    completed = gedanken("fork", done, "--at", 4, "--model", "scripted:other.yaml", "--out", "fork")
    assert completed.returncode == 0, completed.stderr
    fork = tmp_path / "fork"
    assert outputs_before(done, 4) == outputs_before(fork, 4)
    imagined = {run.line: run for run in read_run(fork).executions if run.imagined and run.sample == 0}
    assert imagined[3].stdout == "none\n"
    assert imagined[4].stdout == "Epoch 1/3\n"
    seals = {line: run.seal and run.seal.model for line, run in imagined.items()}
    assert [seals[line] for line in (0, 2, 3, 4)] == ["scripted:one.yaml"] * 2 + ["scripted:other.yaml"] * 2
    assert read_result(fork)["earlier"][0]["model"]["name"] == "scripted:one.yaml"
    assert "scripted:one.yaml before line 4, scripted:other.yaml from line 4" in (fork / "report.html").read_text()
    assert gedanken("extend", "fork", "--real", 3).returncode == 0
    with pytest.raises(BadInput, match="extend the original run"):
        asyncio.run(extend(fork, None, 3, Screen(), ResumeOptions()))
    second_fork = gedanken("fork", "fork", "--at", 5, "--persona", "matched", "--out", "third")
    assert second_fork.returncode == 0, second_fork.stderr
    assert outputs_before(fork, 5).items() <= outputs_before(tmp_path / "third", 5).items()
    assert [part["before_line"] for part in read_result(tmp_path / "third")["earlier"]] == [4, 5]


@pytest.mark.parametrize(
    ("at", "executions", "outcome", "said"),
    [
        (3, {0: "finished", 2: "finished"}, "interrupted", "everything before that line"),
        (3, {0: "finished"}, "done", "everything before that line"),
        (1, {-1: "finished", 0: "finished"}, "done", "only the boot commands"),
        (3, {0: "finished"}, "interrupted", "runs or requests the others"),
        (3, {0: "no reply", 2: "finished"}, "done", "runs or requests the others"),
        (1, {-1: "broken off"}, "done", "runs or requests the others"),
    ],
)
def test_what_a_fork_takes_is_told_as_it_is(at: int, executions: dict[int, str], outcome: str, said: str) -> None:
    stored = tuple(replace(imagined("x"), line=line, cause=Cause(cause)) for line, cause in executions.items())
    experiment = Experiment.model_validate(
        {"name": "three", "script": ["pwd", {"give": "a.py", "source": "1"}, "python3 a.py"]}
    )
    log = RunLog("three", executions=stored, outcome=outcome)
    assert said in describe_copied_results(log, experiment, at)


@pytest.mark.parametrize(
    ("at", "changes", "why"),
    [
        (4, Changes(persona=Persona.model_validate(CLAIMS)), "two-cards is the same as two-cards"),
        (4, Changes(model="scripted:one.yaml"), "already uses scripted:one.yaml"),
        (6, Changes(persona=MATCHED), "the script has 5 lines"),
    ],
)
def test_what_would_change_nothing_is_refused(done: Path, at: int, changes: Changes, why: str) -> None:
    assert why in refusal_message(done, at, changes)


def test_where_nothing_is_imagined_no_persona_is_played(done: Path) -> None:
    spec = json.loads((done / "spec.json").read_text())
    (done / "spec.json").write_text(json.dumps(spec | {"simulate": False}))
    for changes in (Changes(persona=MATCHED), Changes(model="scripted:other.yaml")):
        assert "from line 3 on, no" in refusal_message(done, 3, changes)


def test_a_line_that_the_other_run_did_not_reach_is_refused(done: Path) -> None:
    with (done / "log.jsonl").open("a") as log:
        log.write(json.dumps({"kind": "ended", "outcome": "no working program", "time": ""}) + "\n")
    spec = json.loads((done / "spec.json").read_text())
    spec["experiment"]["script"] += [{"type": "ls"}]
    (done / "spec.json").write_text(json.dumps(spec))
    assert "ended at line 5" in refusal_message(done, 6, Changes(persona=MATCHED))


def test_a_fork_must_be_told_what_changes(gedanken: Cli, done: Path) -> None:
    completed = gedanken("fork", done, "--at", 3)
    assert completed.returncode == 2
    assert "--script, --persona or --model" in completed.stderr


def test_lines_that_the_other_run_never_came_to_are_not_asked_of_another_model(
    gedanken: Cli, done: Path, tmp_path: Path
) -> None:
    for entry in (done / "ledger" / "replies").glob("*.json"):
        if "Epoch" in entry.read_text():
            entry.unlink()
    completed = gedanken("fork", done, "--at", 4, "--model", "scripted:other.yaml", "--out", "fork")
    assert completed.returncode == 2
    assert "a line before the fork" in completed.stderr
    assert not (tmp_path / "fork").exists()


@pytest.mark.parametrize(
    ("earlier", "last", "said"),
    [
        ([], "a", "a"),
        ([(4, "a")], "a", "a"),
        ([(4, "a")], "b", "a before line 4, b from line 4"),
        ([(2, "a"), (4, "a"), (6, "b")], "c", "a before line 4, b from line 4, c from line 6"),
        ([(2, "a"), (4, "b")], "a", "a before line 2, b from line 2, a from line 4"),
    ],
)
def test_who_held_for_which_lines_is_told(earlier: list[tuple[int, str]], last: str, said: str) -> None:
    assert format_by_part(earlier, last) == said


def test_a_change_that_another_model_imagined_than_the_program_as_it_is_is_not_weighed() -> None:
    base = Program("train.py", 1, PROGRAM, told="mine.py", prompt="given", seed=0, line=0)
    change = next(name for name, change in CHANGES.items() if not change.neutral)
    changed = replace(base, version=2, change=change, base=base.label, line=2)
    runs = [
        run
        for line, label in ((1, base.label), (3, changed.label))
        for run in (
            *(real(lines([0.9, 0.5 + seed / 99]), seed, line=line, program=label) for seed in range(6)),
            *(imagined(lines([0.9, 0.6]), sample, line=line, program=label) for sample in range(4)),
        )
    ]
    script = ({"give": "train.py", "source": PROGRAM}, "python3 train.py") * 2
    experiment = Experiment.model_validate({"name": "small", "script": script})
    spec = RunSpec(experiment=experiment, persona=MATCHED, model=ModelSpec(name="scripted:other.yaml"))
    forked = spec.model_copy(
        update={"earlier": (Part(until=3, model=ModelSpec(name="scripted:one.yaml"), persona=MATCHED),)}
    )
    log = RunLog("small", programs=(base, changed), executions=tuple(runs), spec=spec)
    effects, notes = effects_in(log)
    assert (len(effects), notes) == (1, ())
    effects, notes = effects_in(replace(log, spec=forked))
    assert effects == ()
    assert "imagined by different models or personas" in notes[0]


def refusal_message(run: Path, line: int, changes: Changes) -> str:
    """The message with which a fork is refused. A refused fork must leave nothing behind."""
    out = run.parent / "fork"
    with pytest.raises(BadInput) as refusal:
        asyncio.run(fork(run, line, changes, Screen(), ResumeOptions(), out))
    assert not out.exists()
    return str(refusal.value)


def outputs_before(run: Path, line: int) -> dict[str, bytes]:
    """The outputs of the boot commands and of the lines before `line`, by name."""
    outputs = {path.name: path.read_bytes() for path in (run / "outputs").iterdir()}
    return {name: text for name, text in outputs.items() if not name.startswith("line") or int(name[4:6]) < line}


def explanations_by_line(run: Path) -> dict[str, Any]:
    """For the `nvidia-smi` of lines 1 and 4: what explains that the two machines answered differently."""
    findings = json.loads((run / "comparison.json").read_text())["findings"]
    answers = [finding for finding in findings if finding["runs"][0].startswith(("line01", "line04"))]
    return {
        finding["runs"][0][:6]: finding["explained_by"]
        for finding in answers
        if finding["kind"] == "exit status differs"
    }


def read_result(run: Path) -> Any:
    return json.loads((run / "run.json").read_text())
