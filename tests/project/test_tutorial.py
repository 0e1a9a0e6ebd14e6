"""All cells of the tutorial notebook run in order, as a reader runs them."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from snippets import ROOT

TUTORIAL = ROOT / "docs" / "tutorial.ipynb"


def cell_output(cell: Any) -> str:
    """All output of a cell, as text or HTML."""
    data = [output.get("data", {}) for output in cell.outputs]
    return "".join(output.get("text", "") for output in cell.outputs) + "".join(
        str(representations.get("text/html", representations.get("text/plain", ""))) for representations in data
    )


@pytest.mark.bubblewrap
def test_every_cell_runs_and_shows_what_the_text_says(tmp_path: Path) -> None:
    notebook = nbformat.reads(TUTORIAL.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    assert not any(cell.get("outputs") for cell in notebook.cells)  # nothing is shown that was not run just now
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    _model, _experiment, run, parts, frame, machine, replay_check = (
        cell_output(cell) for cell in notebook.cells if cell.cell_type == "code"
    )
    assert "<b>tutorial</b>" in run and "train-v1</td><td>8</td><td>4</td>" in run
    assert "runs/tutorial-" in parts
    assert "imagined" in frame and "real" in frame and "mean" in frame
    assert machine.startswith("Epoch 1/3 - loss: 0.8000")
    assert replay_check == "True"
