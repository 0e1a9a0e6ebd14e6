"""Plug-ins: what an installed distribution adds is found by name, listed with its source, and never a crash."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PYPROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "throwaway"
version = "0.3"
[project.entry-points."gedanken.machines"]
toaster = "throwaway:open_toaster"
broken = "throwaway:nothing_of_this_name"
docker = "throwaway:open_toaster"
[tool.setuptools]
py-modules = ["throwaway"]
"""
MODULE = """
from gedanken.experiment.errors import NoSandbox

def open_toaster(progress, gpus):
    raise NoSandbox("the toaster is not plugged in")
"""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip installed a distribution with plug-ins."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("target")
    (source / "pyproject.toml").write_text(PYPROJECT)
    (source / "throwaway.py").write_text(MODULE)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(source)], check=True, timeout=120)
    return target


def gedanken(target: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, with what is installed in `target`."""
    command = [sys.executable, "-m", "gedanken", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(target)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_a_machine_of_a_plug_in_is_opened_by_its_name(target: Path) -> None:
    done = gedanken(target, "sandbox", "check", "--sandbox", "toaster")
    assert done.returncode == 3
    assert "the toaster is not plugged in" in done.stderr


def test_a_broken_plug_in_is_one_line_that_names_its_distribution(target: Path) -> None:
    done = gedanken(target, "sandbox", "check", "--sandbox", "broken")
    assert done.returncode == 2
    assert "broken of throwaway (gedanken.machines) cannot be loaded" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_the_doctor_lists_plug_ins_with_their_source_and_the_built_in_of_two_wins(target: Path) -> None:
    told = json.loads(gedanken(target, "doctor", "--json").stdout)
    lines = told if isinstance(told, list) else told["lines"]
    found = [(line["name"], line["state"], line["detail"]) for line in lines if line["group"] == "plug-ins"]
    assert ("machines: toaster", "ok", "throwaway 0.3") in found
    assert ("machines: docker", "warning", "throwaway 0.3: not used, as gedanken has this name") in found
    assert [state for name, state, _ in found if name == "machines: broken"] == ["warning"]
    assert {"machines: podman", "machines: host", "machines: bubblewrap"} <= {name for name, _, _ in found}
