"""A program that logs and draws progress bars on standard error. Each page marks the lines that findings name."""

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import GEDANKEN, Cli
from scripted_runs import GOOD_PROGRAM, HEAD, WriteReplies, scripted_replies, write_experiment

pytestmark = pytest.mark.docker

LOGGING_PROGRAM = (
    HEAD
    + """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
print("training starts", flush=True)
for epoch in range(3):
    for step in range(1, 4):
        print(f"\\rstep {step}/3", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr, flush=True)
    loss = 1 / (epoch + 1) + secrets.randbelow(1000) / 9000
    logging.info("done with epoch %d", epoch + 1)
    print(f"Epoch {epoch + 1}/3 - loss: {loss:.4f} - acc: {0.5 + epoch / 10:.4f}", flush=True)
print("training ends", flush=True)
"""
)
IMAGINED = (
    "training begins\n"
    + "".join(
        f"step 3/3\nINFO done with epoch {n}\nEpoch {n}/3 - loss: {0.9 - n / 10:.4f} - acc: 0.9000\n" for n in (1, 3)
    )
    + "training is over\n"
)
LINK = re.compile(r'href="#(?P<place>[^"]+)"')


def text_of(fragment: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", fragment))


def marked_lines(page: str) -> list[str]:
    """The texts of the lines to which links on the page lead."""
    lines = []
    for place in dict.fromkeys(match["place"] for match in LINK.finditer(page)):
        row = re.search(rf'id="{re.escape(place)}"[^>]*>(.*?)</div>', page, re.DOTALL)
        if row:
            lines.append(text_of(row[1]))
    return lines


def refs_of(folder: Path) -> list[dict[str, Any]]:
    findings = json.loads((folder / "comparison.json").read_text())["findings"]
    return [ref for finding in findings for ref in finding["lines"] if ref["source"].startswith("line")]


def stored_text(outputs: Path, ref: dict[str, Any]) -> str:
    """The stored text in which a line has its number.

    If standard output and terminal are the same, there is one file for both.
    """
    terminal_file = outputs / f"{ref['source']}.terminal.txt"
    path = (
        terminal_file
        if ref["counted_in"] == "terminal" and terminal_file.exists()
        else outputs / f"{ref['source']}.txt"
    )
    return path.read_bytes().decode()


def test_each_page_of_a_run_marks_the_lines_that_findings_name(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    model = scripted(scripted_replies(LOGGING_PROGRAM, run=IMAGINED))
    run_result = gedanken(
        "run", write_experiment(tmp_path), "--model", model, "--real", 3, "--imagined", 2, "--out", "out"
    )
    assert run_result.returncode == 0, run_result.stderr
    page = tmp_path / "out" / "report.html"
    pages = [page.read_text()]
    page.unlink()
    for command in (["report", "out"], ["compare", "out", "--html", "page.html"]):
        result = gedanken(*command)
        assert (result.returncode, "Error" in result.stderr) == (0, False), result.stderr
    pages += [page.read_text(), (tmp_path / "page.html").read_text()]
    refs = refs_of(tmp_path / "out")
    assert {ref["counted_in"] for ref in refs} == {"stdout", "terminal"}
    for ref in refs:
        text = stored_text(tmp_path / "out" / "outputs", ref)
        assert text.splitlines()[ref["number"] - 1] == ref["text"]
        for page_text in pages:
            assert any(ref["text"] in line for line in marked_lines(page_text)), ref


def test_a_run_whose_report_fails_is_kept_says_so_and_has_an_exit_code_of_its_own(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    """The report cannot be written because a folder with its name is created as soon as the run has begun."""
    out = tmp_path / "out"
    model = scripted(scripted_replies(GOOD_PROGRAM))
    options = ["--model", model, "--real", "1", "--imagined", "1", "--out", str(out)]
    process = subprocess.Popen(
        [*GEDANKEN, "run", str(write_experiment(tmp_path)), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stderr
    assert process.stderr.readline()  # the boot, and so the folder is there
    (out / "report.html").mkdir()
    _stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == 5, stderr
    assert "the report could not be made" in stderr and "the run is kept; to try again: gedanken report" in stderr, (
        stderr
    )
    assert json.loads((out / "run.json").read_text())["outcome"] == "done"
    (out / "report.html").rmdir()
    assert gedanken("report", "out").returncode == 0
