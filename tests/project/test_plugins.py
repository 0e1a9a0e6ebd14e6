"""Plug-ins: what an installed distribution adds is found by its name, listed with its source, and never crashes
gedanken.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gedanken.agents.providers import PROVIDERS

THROWAWAY = Path(__file__).parents[1] / "throwaway"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip installed a distribution with plug-ins."""
    source = shutil.copytree(THROWAWAY, tmp_path_factory.mktemp("source") / "throwaway")
    target = tmp_path_factory.mktemp("target")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(source)], check=True, timeout=120)
    return target


def run_gedanken(target: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line with the packages that are installed in `target`, without those in the working folder."""
    command = [sys.executable, "-P", "-m", "gedanken", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(target)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def error_line(result: subprocess.CompletedProcess[str]) -> str:
    """The only line on standard error."""
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1
    return result.stderr.strip()


def reported_plug_ins(target: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """The state and the details that the doctor reports of each plug-in. The keys are its name and its
    distribution.
    """
    lines = json.loads(run_gedanken(target, "doctor", "--json").stdout)["lines"]
    plug_in_lines = [line for line in lines if line["group"] == "plug-ins"]
    return {(line["name"], line["detail"].split()[0]): (line["state"], line["detail"]) for line in plug_in_lines}


def test_a_machine_of_a_plug_in_is_opened_by_its_name(target: Path) -> None:
    result = run_gedanken(target, "sandbox", "check", "--sandbox", "toaster")
    assert result.returncode == 3
    assert "the toaster is not plugged in" in error_line(result)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("broken", "broken of throwaway (gedanken.machines) cannot be loaded: AttributeError"),
        ("careless", "careless of throwaway (gedanken.machines) failed: TypeError: takes_nothing() takes 0"),
        ("kettle", "kettle of throwaway (gedanken.machines) returned a str where an engine was expected"),
    ],
)
def test_a_machine_that_does_not_work_is_one_line_that_names_its_distribution(
    target: Path, name: str, problem: str
) -> None:
    result = run_gedanken(target, "sandbox", "check", "--sandbox", name)
    assert result.returncode == 2
    assert problem in error_line(result)


def test_an_engine_that_opens_and_fails_later_is_one_line(target: Path) -> None:
    result = run_gedanken(target, "sandbox", "check", "--sandbox", "stove", "--only", "ordinary")
    assert result.returncode == 3
    problem = "stove of throwaway (gedanken.machines) failed: ZeroDivisionError: no gas"
    assert result.stderr.splitlines() == ["checking the machine …", f"gedanken: {problem}"]


def test_the_doctor_lists_plug_ins_with_their_source_and_the_built_in_of_two_wins(target: Path) -> None:
    reported = reported_plug_ins(target)
    working = {"machines: toaster", "models: parrot", "checks: shouting", "probes: count", "exporters: names"}
    for name in (*working, "importers: notebook"):
        assert reported[name, "throwaway"] == ("ok", "throwaway 0.3")
    for kind in ("machines", "models", "checks", "probes", "exporters", "importers"):
        state, detail = reported[f"{kind}: broken", "throwaway"]
        assert state == "warning"
        assert f"broken of throwaway (gedanken.{kind}) cannot be loaded: AttributeError" in detail
    for name in ("machines: docker", "models: openai", "checks: built-in", "probes: memory", "importers: log"):
        assert reported[name, "throwaway"] == (
            "warning",
            "throwaway 0.3: not used, because gedanken has a plug-in of this name",
        )
    assert reported["machines: auto", "throwaway"][0] == "warning"
    own_names = {name for (name, source), (state, _) in reported.items() if (source, state) == ("gedanken", "ok")}
    assert {f"machines: {name}" for name in ("docker", "podman", "bubblewrap", "host")} <= own_names
    assert {f"models: {name}" for name in ("embedded", "scripted", *PROVIDERS)} <= own_names
    assert {f"probes: {name}" for name in ("memory", "terminal", "edits")} <= own_names
    assert {"checks: built-in", "exporters: local", "importers: run-folder", "importers: log"} <= own_names


@pytest.fixture
def logs(tmp_path: Path) -> tuple[str, ...]:
    """Arguments that compare a real log with an imagined one."""
    (tmp_path / "real.log").write_text("epoch 1 loss 0.5\nepoch 2 loss 0.25\n")
    (tmp_path / "said.log").write_text("epoch 1 loss 0.5\nEPOCH TWO\n")
    return ("compare", str(tmp_path / "real.log"), "--imagined", str(tmp_path / "said.log"))


def test_a_check_of_a_plug_in_finds_on_the_page_and_a_broken_one_is_a_note(
    target: Path, logs: tuple[str, ...], tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    result = run_gedanken(target, *logs, "--json", "--html", str(page))
    assert result.returncode == 0, result.stderr
    comparison = json.loads(result.stdout)
    findings = [finding for finding in comparison["findings"] if finding["kind"] == "shouting"]
    assert [(finding["claim"], finding["lines"][0]["text"]) for finding in findings] == [
        ("said.log shouts.", "EPOCH TWO")
    ]
    assert "said.log shouts." in page.read_text()
    notes = [note.removeprefix("A check was left out: ") for note in comparison["notes"]]
    assert [note for note in notes if "(gedanken.checks)" in note] == [
        "broken of throwaway (gedanken.checks) cannot be loaded: AttributeError: module 'throwaway' has no attribute "
        "'nothing_of_this_name'",
        "careless of throwaway (gedanken.checks) failed: TypeError: takes_nothing() takes 0 positional arguments but "
        "1 was given",
        "elsewhere of throwaway (gedanken.checks): a finding of the check names seed-900, which is not a run",
    ]


def test_what_is_built_in_finds_the_same_beside_plug_ins(target: Path, logs: tuple[str, ...]) -> None:
    with_plug_ins, without_plug_ins = (
        json.loads(run_gedanken(path, *logs, "--json").stdout) for path in (target, target.parent)
    )
    findings = [finding for finding in with_plug_ins["findings"] if finding["kind"] != "shouting"]
    assert findings == without_plug_ins["findings"]


def test_an_importer_of_a_plug_in_reads_its_kind_and_a_broken_one_is_a_note(
    target: Path, logs: tuple[str, ...], tmp_path: Path
) -> None:
    cells = [{"outputs": [{"text": ["epoch 1 loss 0.5\n", "epoch 2 loss 0.25\n"]}]}]
    (tmp_path / "kept.ipynb").write_text(json.dumps({"cells": cells}))
    result = run_gedanken(target, "compare", str(tmp_path / "kept.ipynb"), *logs[2:], "--json")
    assert result.returncode == 0, result.stderr
    comparison = json.loads(result.stdout)
    assert [series["real"] for series in comparison["series"] if series["name"] == "loss"] == [[[0.5, 0.25]]]
    assert [note for note in comparison["notes"] if "importers" in note] == [
        "An importer was left out: broken of throwaway (gedanken.importers) cannot be loaded: AttributeError: module "
        "'throwaway' has no attribute 'nothing_of_this_name'",
        "An importer was left out: careless of throwaway (gedanken.importers) failed: TypeError: takes_nothing() "
        "takes 0 positional arguments but 1 was given",
        "An importer was left out: elsewhere of throwaway (gedanken.importers) failed: TypeError: it returned a str "
        "where a Run was expected",
    ]


def test_a_model_of_a_plug_in_is_asked(target: Path) -> None:
    result = run_gedanken(target, "models", "check", "parrot:grey", "--json")
    checked = json.loads(result.stdout)
    assert (checked["model"], checked["usable"]) == ("parrot:grey", True), result.stderr


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("broken:x", "broken of throwaway (gedanken.models) cannot be loaded: AttributeError"),
        (
            "careless",
            "careless of throwaway (gedanken.models) returned a function where a ModelProvider was expected",
        ),
        ("silent:x", "silent of throwaway (gedanken.models) failed: KeyError: 'silent:x'"),
    ],
)
def test_a_model_that_does_not_open_is_one_line(target: Path, name: str, problem: str) -> None:
    result = run_gedanken(target, "models", "check", name)
    assert result.returncode == 2
    assert problem in error_line(result)


@pytest.mark.docker
def test_a_run_on_a_machine_and_a_model_of_plug_ins_is_exported_by_one(target: Path, tmp_path: Path) -> None:
    script = tmp_path / "small.yaml"
    script.write_text(yaml.safe_dump({"name": "small", "persona": "matched", "script": ["echo hello"]}))
    folder = tmp_path / "run"
    options = ["--sandbox", "whale", "--model", "parrot:grey", "--real", "0", "--imagined", "0", "--no-surprisal"]
    result = run_gedanken(target, "run", str(script), *options, "--out", str(folder))
    assert result.returncode == 0, result.stderr
    run = json.loads((folder / "run.json").read_text())
    assert [run["machine"] for run in run["real"] if run["command"] == "echo hello"] == ["docker"]
    assert run["model"]["name"] == "parrot:grey"
    assert "echo hello" in [run["command"] for run in run["imagined"]]
    lines = [json.loads(line) for line in (folder / "trace.jsonl").read_text().splitlines()]
    names = {line["post"]["id"]: line["post"]["name"] for line in lines if "post" in line}
    finished_names = [names[line["patch"]["id"]] for line in lines if "patch" in line]
    assert (folder / "names.txt").read_text().splitlines() == finished_names
    assert "imagined machine" in finished_names
    message = " ".join(result.stderr.split())
    for name, problem in {
        "broken": "cannot be loaded: AttributeError",
        "careless": "failed: TypeError",
        "elsewhere": "returned a str where an Exporter was expected",
        "full": "failed: OSError: [Errno 28] No space left on device",
    }.items():
        assert message.count(f"an exporter was left out: {name} of throwaway (gedanken.exporters) {problem}") == 1


def test_a_probe_of_a_plug_in_has_options_of_its_own(target: Path) -> None:
    result = run_gedanken(target, "probe", "count", "--to", "5")
    assert (result.returncode, result.stdout, result.stderr) == (5, "1 2 3 4 5\n", "")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("broken", "broken of throwaway (gedanken.probes) cannot be loaded: AttributeError"),
        ("careless", "careless of throwaway (gedanken.probes) returned a function where a Typer was expected"),
        ("stumbles", "stumbles of throwaway (gedanken.probes) failed: LookupError: half way there"),
    ],
)
def test_a_probe_that_does_not_work_is_one_line(target: Path, name: str, problem: str) -> None:
    result = run_gedanken(target, "probe", name)
    assert result.returncode == 2
    assert problem in error_line(result)


def test_the_help_of_probe_lists_them_all_beside_a_broken_one(target: Path) -> None:
    result = run_gedanken(target, "probe", "--help")
    lines_by_name = {
        line.split()[0]: line for line in result.stdout.splitlines() if line.startswith("  ") and line.split()
    }
    assert {"memory", "terminal", "edits", "count", "stumbles", "broken"} <= set(lines_by_name)
    assert "Print the numbers up to `to`." in lines_by_name["count"]
    assert "Cannot be used" in lines_by_name["broken"]


@pytest.fixture
def stale(tmp_path: Path) -> Path:
    """A folder with an installation of gedanken that has no entry points."""
    info = tmp_path / "gedanken-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gedanken\nVersion: 0.1.0\n")
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ("sandbox", "check", "--sandbox", "auto"),
        ("sandbox", "check", "--sandbox", "docker"),
        ("models", "check", "openai:gpt-4.1"),
        ("probe", "memory"),
        ("probe", "--help"),
    ],
    ids=" ".join,
)
def test_an_installation_that_is_out_of_date_says_what_to_run(stale: Path, arguments: tuple[str, ...]) -> None:
    result = run_gedanken(stale, *arguments)
    assert result.returncode == 2
    assert "run script/bootstrap (the installation is out of date)" in error_line(result)


def test_help_needs_no_plug_in(stale: Path) -> None:
    result = run_gedanken(stale, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert "probe" in result.stdout


def test_the_doctor_says_that_an_installation_is_out_of_date(stale: Path) -> None:
    result = run_gedanken(stale, "doctor", "--json")
    lines = [line for line in json.loads(result.stdout)["lines"] if line["group"] == "plug-ins"]
    assert result.returncode == 1
    assert {line["state"] for line in lines} == {"missing"}
    assert {line["remedy"] for line in lines} == {"script/bootstrap --quick"}


def test_nothing_is_compared_without_the_checks_that_are_built_in(stale: Path, logs: tuple[str, ...]) -> None:
    result = run_gedanken(stale, *logs)
    assert result.returncode == 2
    assert "run script/bootstrap (the installation is out of date)" in error_line(result)
