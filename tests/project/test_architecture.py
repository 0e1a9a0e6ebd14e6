"""docs/architecture.md says where things are. Everything that it names exists under this name."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
PATHS = sorted(set(re.findall(r"`((?:[\w-]+/)+(?:[\w-]+\.\w+)?|\w+\.py)`", PAGE)))
ROWS = re.findall(r"^\| (`[A-Z][^|]*) \| `([\w./]+)`", PAGE, re.MULTILINE)
TYPES = [(name, where) for names, where in ROWS for name in re.findall(r"`([A-Z]\w+)`", names)]
FOLDERS = [
    entry.name for entry in (ROOT / "gedanken").iterdir() if entry.is_dir() and (entry / "__init__.py").exists()
]
MAX_LINES = 400


def test_the_page_names_paths_and_types() -> None:
    assert "compare/checks/" in PATHS and ("Execution", "experiment/execution.py") in TYPES


@pytest.mark.parametrize("path", PATHS)
def test_each_path_is_there(path: str) -> None:
    assert (ROOT / path).exists() or (ROOT / "compare" / path).exists()


@pytest.mark.parametrize(("name", "where"), TYPES)
def test_each_type_is_defined_where_the_page_says(name: str, where: str) -> None:
    path = ROOT / where
    texts = [file.read_text() for file in (path.glob("*.py") if path.is_dir() else [path])]
    assert any(re.search(rf"^class {name}\b", text, re.MULTILINE) for text in texts)


@pytest.mark.parametrize("room", FOLDERS)
def test_each_folder_of_the_package_is_in_the_picture(room: str) -> None:
    picture = PAGE.split("```")[1]
    assert re.search(rf"(?<![\w/]){room}(?![\w/])", picture)


def test_the_picture_has_the_layers_that_imports_keep() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(contract for contract in settings["contracts"] if contract["name"] == "Imports run downwards")[
        "layers"
    ]
    layer_names = [[name.removeprefix("gedanken.") for name in re.findall(r"[\w.]+", layer)] for layer in layers]
    rows = [
        set(re.findall(r"\w+", re.split(r"  +", row.strip())[1])) for row in PAGE.split("```")[1].strip().splitlines()
    ]
    positions = [
        (row_number, depth)
        for depth, names in enumerate(layer_names)
        for row_number, row in enumerate(rows)
        if row & set(names)
    ]
    assert positions == sorted(positions) and len({row_number for row_number, _depth in positions}) == len(
        positions
    ) == len(rows)


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    folders = [
        "agents",
        "benchmarks",
        "compare",
        "experiment",
        "gedanken",
        "graphs",
        "probes",
        "records",
        "sandbox",
        "tests",
    ]
    files = [file for folder in [*folders, "traces"] for file in (ROOT / folder).rglob("*.py")]
    assert len(files) > 300
    assert [file for file in files if len(file.read_text().splitlines()) > MAX_LINES] == []
