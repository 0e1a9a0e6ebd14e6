"""A run folder that is read back contains everything that was stored, and a hostile folder does no harm."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import TRAIN
from folders import CLAIMING_PERSONA, IMAGINED, REAL, make_run, spec_of, write_run

from gedanken.analysis.analyze import analyze
from gedanken.compare.commands.answers import compare_answers, compare_with_persona
from gedanken.compare.compare_runs import compare_runs
from gedanken.experiment.errors import BadInput
from gedanken.experiment.persona import DEFAULT_MACHINE
from gedanken.experiment.run_log import INTERRUPTED
from gedanken.records.read_run import read_run
from gedanken.report.values import values_of


def change_run_json(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Change `run.json` in the folder, and return the folder."""
    path = folder / "run.json"
    run = json.loads(path.read_text())
    change(run)
    path.write_text(json.dumps(run))
    return folder


def refusal_of(folder: Path) -> str:
    with pytest.raises(BadInput) as error:
        analyze(read_run(folder))
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run folder of a version that wrote no log, so that everything is in `run.json`."""
    shutil.copytree(Path(__file__).parents[1] / "old_run", tmp_path / "run")
    return tmp_path / "run"


def test_what_a_run_kept_comes_back_byte_for_byte(tmp_path: Path) -> None:
    odd_output = "a\rb\r\n\x1b[2J \u202e \xfc\x0c 1\n"
    written_log = make_run(tmp_path / "run", imagines=[*IMAGINED, odd_output])
    log = read_run(tmp_path / "run")
    assert log == written_log and log.spec == written_log.spec
    assert log.programs[0].source == TRAIN and len(log.executions) == 8 + len(REAL) + len(IMAGINED) + 1
    assert (log.persona, log.machine_facts, log.notes) == (CLAIMING_PERSONA, DEFAULT_MACHINE, ())


def test_in_a_folder_of_an_earlier_version_the_same_is_found_as_in_one_of_today(folder: Path, tmp_path: Path) -> None:
    """The folder of the earlier version contains the same run that `make_run` makes."""
    make_run(tmp_path / "today")
    old, today = (values_of(analyze(read_run(run))) for run in (folder, tmp_path / "today"))
    assert old["findings"] and old["series"]
    for field in ("verdict", "findings", "series", "undecided"):
        assert old[field] == today[field]


def test_scored_once_more_the_same_is_found(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    log = read_run(tmp_path / "run")
    analysis = analyze(log)
    real, imagined = (
        [execution for execution in log.executions if execution.program and execution.imagined is is_imagined]
        for is_imagined in (False, True)
    )
    boots = [execution for execution in log.executions if execution.line < 0]
    expected = [*compare_runs(log.programs[0], real, imagined, CLAIMING_PERSONA.claims, (), 0).findings]
    for real_boot, imagined_boot in zip(boots[:4], boots[4:], strict=True):
        expected += compare_answers(real_boot, imagined_boot, CLAIMING_PERSONA.claims)
    expected += compare_with_persona(boots, CLAIMING_PERSONA, DEFAULT_MACHINE)
    assert set(analysis.findings) == set(expected) and len(analysis.findings) == len(expected) > 3
    assert [len(version.real) for version in analysis.versions] == [len(REAL)]


def test_an_older_folder_loads_and_says_what_it_lacks(folder: Path) -> None:
    change_run_json(folder, lambda run: [run.pop(key) for key in ("conditions", "machine", "persona", "breaches")])
    log = read_run(folder)
    assert "lacks persona, conditions, machine" in log.notes[0]
    assert analyze(log).versions


def test_an_interrupted_run_and_one_without_imagined_runs_can_be_read(tmp_path: Path) -> None:
    make_run(tmp_path / "run", imagines=[])
    assert analyze(read_run(tmp_path / "run")).verdict == "Nothing to compare: no run was imagined."
    write_run(tmp_path / "none", spec_of(), (), (), INTERRUPTED)
    assert analyze(read_run(tmp_path / "none")).verdict == "Nothing to compare: no program was run."


SECRET = "the secret of another"


@pytest.mark.parametrize(
    "path",
    ["../secret", "/etc/passwd", "outputs/../../secret", "outputs//x", "", ".", "outputs", "a\0b", "link", "up/x"],
)
@pytest.mark.parametrize("key", ["stdout", "terminal"])
def test_nothing_outside_the_folder_is_read(folder: Path, tmp_path: Path, key: str, path: str) -> None:
    (tmp_path / "secret").write_text(SECRET)
    (folder / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x").write_text(SECRET)
    (folder / "up").symlink_to(tmp_path / "elsewhere")
    assert SECRET not in refusal_of(change_run_json(folder, lambda run: run["real"][0].update({key: path})))


@pytest.mark.parametrize("name", ["run.json", "outputs", "programs"])
def test_no_link_leads_out(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).rename(tmp_path / "moved")
    (folder / name).symlink_to(tmp_path / "moved")
    assert str(folder) in refusal_of(folder)


def test_a_pipe_or_a_device_in_the_folder_is_not_waited_for(folder: Path) -> None:
    path = next((folder / "outputs").iterdir())
    path.unlink()
    os.mkfifo(path)
    assert "not a file" in refusal_of(folder)


def surprisal_json(**change: Any) -> list[dict[str, Any]]:
    line = {"number": 1, "text": "Epoch 1", "nats": 2.5, "tokens": 3, **change}
    return [{"program": "train-v1", "real": [line, line], "imagined": None}]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda run: run.pop("real"), "real: Field required"),
        (lambda run: run.update(real="x"), "real: Input should be"),
        (lambda run: run.update(model="x"), "model: "),
        (lambda run: run.update(experiment={}), "experiment: "),
        (lambda run: run["conditions"].update(temperature="1"), "conditions.temperature: "),
        (lambda run: run.update(surprise=surprisal_json(nats=1e308)), "nats: Input should be less than"),
        (lambda run: run.update(surprise=surprisal_json(tokens=10**400)), "tokens: Input should be"),
        (lambda run: run["real"][0].update(cause="bored"), "execution: cause: "),
        (lambda run: run["real"][0].update(exit_code="x"), "execution: exit_code: "),
        (lambda run: run["real"][0].pop("stdout"), "stdout: not a path"),
        (lambda run: run["real"][-1].update(program="other-v1"), "ran other-v1, which is not among the programs"),
        (lambda run: run["programs"][0].update(version=[]), "program: version: "),
        (lambda run: run["programs"][0].update(path="programs/none.py"), "none.py: No such file"),
    ],
)
def test_a_damaged_folder_is_refused_in_one_line(folder: Path, change: Any, said: str) -> None:
    assert said in refusal_of(change_run_json(folder, change))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"experiment": "x"', "[" * 100_000, '{"x": ' + "9" * 9999 + "}"])
def test_a_run_json_that_is_cut_or_no_run_is_refused(folder: Path, content: str) -> None:
    (folder / "run.json").write_text(content)
    assert "run.json: " in refusal_of(folder)


@pytest.mark.parametrize("source", ["(" * 5000, "x = 1\0", "-" * 100_000 + "1"])
def test_a_program_that_python_cannot_hold_is_no_crash(folder: Path, source: str) -> None:
    (folder / "programs" / "train-v1.py").write_text(source)
    try:
        analyze(read_run(folder))
    except BadInput as error:
        assert "not a Python program" in str(error)
