"""What remains of a run whose process was killed, and of a run whose programs print a lot."""

import json
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import GEDANKEN, Cli
from scripted_runs import GOOD_PROGRAM, IMAGINED, WriteReplies, scripted_replies, write_experiment

from gedanken.records.read_run import read_run

pytestmark = pytest.mark.bubblewrap

HANGS = GOOD_PROGRAM + "import time; time.sleep(900)\n"
HANGS_ONCE_MORE = GOOD_PROGRAM + "import os, time\nif int(os.environ['GEDANKEN_SEED']): time.sleep(900)\n"
RUN_COUNTS = ("--real", 1, "--imagined", 0)


class Case(NamedTuple):
    """A run that gets stuck in the node `where`."""

    said: list[dict[str, Any]]
    options: tuple[object, ...]
    where: str
    kept: set[str]
    """Labels of the executions that have ended when the run gets stuck."""


@pytest.mark.parametrize(
    "case",
    [
        Case(scripted_replies(HANGS), RUN_COUNTS, "execute (line 4, seed 0)", {"line02-real-0"}),
        Case(
            scripted_replies(HANGS_ONCE_MORE),
            (*RUN_COUNTS, "--no-simulate"),
            "replicate (line 4, seed 1 of train-v1)",
            {"line02-real-0", "line04-train-v1-real-0"},
        ),
    ],
    ids=["execute", "replicate"],
)
def test_killed_in_a_node_it_leaves_a_page_that_says_where_it_stands_and_shows_what_there_is(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path, case: Case
) -> None:
    out = tmp_path / "out"
    arguments = [write_experiment(tmp_path), "--model", scripted(case.said), "--sandbox", "bubblewrap", "--out", out]
    command = [*GEDANKEN, "run", *map(str, [*arguments, *case.options])]
    node, _, task = case.where.partition(" ")
    started_event = json.dumps({"node": node, "who": task.strip("()")})[1:-1]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not ((out / "log.jsonl").exists() and started_event in (out / "log.jsonl").read_text()):
            assert process.poll() is None, "it never came there"
            time.sleep(0.02)
        process.kill()
    page = page_of(gedanken, out, case.where)
    assert case.kept <= {execution.label for execution in read_run(out).executions}
    assert all(label in page for label in case.kept)


def test_killed_while_the_coder_is_asked_it_says_so(gedanken: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with socket.create_server(("127.0.0.1", 0)) as silent_server:
        address = f"http://127.0.0.1:{silent_server.getsockname()[1]}/v1"
        arguments = [
            write_experiment(tmp_path),
            "--model",
            "openai:any",
            "--base-url",
            address,
            "--sandbox",
            "bubblewrap",
        ]
        command = [*GEDANKEN, "run", *map(str, arguments), "--no-simulate", "--out", str(out)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            silent_server.settimeout(60)
            connection, _address = silent_server.accept()
            with connection:
                assert connection.recv(4)
                process.kill()
    page_of(gedanken, out, "write (line 1, train.py)")


def page_of(gedanken: Cli, out: Path, stopped_at: str) -> str:
    """Render the report of a killed run, and check that it names the node where the run stopped."""
    result = gedanken("report", out)
    assert result.returncode == 0, result.stderr
    page = (out / "report.html").read_text()
    (unfinished_node,) = read_run(out).under_way
    assert f"unfinished: {stopped_at} since {unfinished_node.time[:19].replace('T', ' ')}" in page
    return page


def test_what_programs_and_models_print_is_neither_in_the_checkpoint_nor_twice_in_the_trace(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    out, long_line = tmp_path / "out", "x" * 99 + "\n"
    program = GOOD_PROGRAM + f"print({long_line!r} * 3000)\n"
    script = [*scripted_replies(program)[:3], {"when": "python3 train.py", "samples": [IMAGINED + long_line * 3000]}]
    arguments = [write_experiment(tmp_path), "--model", scripted(script), "--sandbox", "bubblewrap", "--out", out]
    result = gedanken("run", *arguments, "--real", 3, "--imagined", 2)
    assert result.returncode == 0, result.stderr
    outputs = sum(path.stat().st_size for path in (out / "outputs").iterdir())
    assert outputs > 4 * 300_000
    assert (out / "checkpoint.sqlite").stat().st_size < 300_000
    assert (out / "trace.jsonl").stat().st_size < 2 * outputs
    assert long_line[:-1] * 2 not in (out / "checkpoint.sqlite").read_text(errors="replace").replace("\n", "")
