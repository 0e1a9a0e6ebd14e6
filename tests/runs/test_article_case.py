"""The article's case from end to end: the program prints “shape of input is”, and the model imagines other words."""

import json
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from builders import SHAPE
from conftest import Cli
from folders import IMAGINED, make_run
from parsed_page import ParsedPage
from scripted_runs import GOOD_PROGRAM, WriteReplies, scripted_replies, write_experiment

PRINTED = "shape of input is"
SAID = "shape of input passed through the network is"
FORWARD = f"def forward(x):\n    print('{PRINTED}', x)\nforward(3)\n"


def literal_finding(completed: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The `literal differs` finding in the output of `--json`."""
    assert completed.returncode == 0, completed.stderr
    (finding,) = [
        finding for finding in json.loads(completed.stdout)["findings"] if finding["kind"] == "literal differs"
    ]
    assert isinstance(finding, dict)
    return finding


def check(gedanken: Cli, folder: Path, source_line: int, imagined_line: int, real_line: int) -> None:
    """Check that every view of the comparison shows both wordings, and the places in the source and in both
    outputs.
    """
    finding = literal_finding(gedanken("compare", folder, "--json"))
    assert PRINTED in finding["claim"] and SAID in finding["claim"]
    places = {line["source"]: (line["number"], line["text"]) for line in finding["lines"]}
    (source_place,) = (places[place] for place in places if "real" not in place and "imagined" not in place)
    first_imagined, *other_imagined = (places[place] for place in places if "imagined" in place)
    assert all(place == first_imagined for place in other_imagined)
    (real_place,) = (places[place] for place in places if "real" in place)
    assert (source_place[0], first_imagined[0], real_place[0]) == (source_line, imagined_line, real_line)
    assert real_place[1].startswith(PRINTED) and first_imagined[1].startswith(SAID)

    screen = gedanken("compare", folder, env={"COLUMNS": "160"}).stdout
    assert f"(line {real_line}): {PRINTED}" in screen and f"(line {imagined_line}): {SAID}" in screen
    assert f"(line {source_line})" in screen

    assert gedanken("report", folder, "--markdown").returncode == 0
    text = (folder / "report.md").read_text()
    for source, (number, line_text) in list(places.items())[:3]:  # one of each kind
        assert f"`{source}`, line {number}: `{line_text}`" in text

    page = (folder / "report.html").read_text()
    (item,) = [part for part in page.split('<li id="f')[1:] if finding["claim"] in unescape(part)]
    links = [link for link in ParsedPage(item.split("</ul>")[0]).links if link.startswith("#s")]
    lines = [ParsedPage("<div " + page[page.index(f'id="{link[1:]}"') :].split("</div>")[0]).text for link in links]
    assert any(PRINTED in line for line in lines) and any(SAID in line for line in lines)
    assert any("print(" in line for line in lines)


def test_the_literal_that_differs_is_named_with_both_wordings_and_all_places(gedanken: Cli, tmp_path: Path) -> None:
    outputs = [text.replace(SHAPE, SHAPE.replace(PRINTED, SAID)) for text in IMAGINED]
    make_run(tmp_path / "run", imagines=outputs)
    check(gedanken, tmp_path / "run", source_line=17, imagined_line=1, real_line=1)


@pytest.mark.docker
def test_so_it_is_through_the_whole_graph(gedanken: Cli, scripted: WriteReplies, tmp_path: Path) -> None:
    program = GOOD_PROGRAM.replace("import random\n", f"import random\n{FORWARD}")
    imagined = f"{SAID} 3\n" + "".join(f"Epoch {n}/3 - loss: {0.9 - n / 10:.4f} - acc: 0.9000\n" for n in (1, 2, 3))
    script = [{"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}}]
    path = write_experiment(tmp_path, script=[*script, "{do not show train.py}", "python3 train.py"])
    model = scripted(scripted_replies(program, run=imagined))
    completed = gedanken("run", path, "--model", model, "--real", 2, "--imagined", 1, "--out", "out")
    assert completed.returncode == 0, completed.stderr
    program_lines = next((tmp_path / "out" / "programs").glob("*.py")).read_text().splitlines()
    source_line = next(number for number, line in enumerate(program_lines, start=1) if PRINTED in line)
    check(gedanken, tmp_path / "out", source_line=source_line, imagined_line=1, real_line=1)
    assert "do not show train.py" in ParsedPage((tmp_path / "out" / "report.html").read_text()).text
