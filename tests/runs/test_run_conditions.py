"""Runs on the real sandbox with a scripted model: conditions of imagined runs, and surprisal."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, requests_of
from scripted_runs import (
    CRASHING_PROGRAM,
    GOOD_PROGRAM,
    IMAGINED,
    MARKED_PROGRAM,
    WriteReplies,
    scripted_replies,
    write_experiment,
)
from test_run_scripted import result_of
from vllm import Server, serving

from gedanken.agents.messages import Message
from gedanken.agents.registry import open_model
from gedanken.agents.surprisal import UNCLEANED_NOTE
from gedanken.analysis.analyze import ComparisonCache
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec, RunSpec
from gedanken.graphs.context import Context
from gedanken.graphs.experiment_graph import build_graph
from gedanken.loading.experiments_and_personas import load_experiment, load_persona
from gedanken.records.run_store import open_store

pytestmark = pytest.mark.docker


def test_the_conditions_are_named_in_every_result_and_obeyed(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    path = write_experiment(
        tmp_path,
        persona="ubuntu-18.04-4x3090",
        conditions={"source": "hidden", "session": "fresh", "temperature": 0.5},
    )
    model = scripted(scripted_replies(MARKED_PROGRAM, run=f"1/3 is computed\nOUTPUT:\n{IMAGINED}"))
    process_result = gedanken(
        "run", path, "--model", model, "--no-claims", "--working", "--temperature", 0.25, "--real", 0, "--out", out
    )
    assert process_result.returncode == 0, process_result.stderr
    result = json.loads((out / "run.json").read_text())
    conditions = {
        "source": "hidden",
        "session": "fresh",
        "claims": False,
        "steps": True,
        "temperature": 0.25,
        "persona": "ubuntu-18.04-4x3090",
        "claimed": [],
    }
    assert result["conditions"] == json.loads((out / "comparison.json").read_text())["conditions"] == conditions
    description = (
        "source code hidden, no other context, no false facts allowed in the persona, chain of thought allowed, "
        "temperature 0.25"
    )
    assert description in " ".join(process_result.stdout.split())
    gedanken("report", out, "--markdown")
    report = (out / "report.md").read_text()
    assert description in report
    assert "## Surprisal\n\nNot available: " in report
    assert not [finding for finding in result["findings"] if finding["explained_by"]]
    runs = [run for run in result["imagined"] if run["program"]]
    assert [run["seal"]["settings"]["temperature"] for run in runs] == [0.0, 0.25, 0.25, 0.25]
    assert all((out / run["stdout"]).read_text() == IMAGINED for run in runs)
    requests = [request for request in requests_of(out, "imagined machine") if "python3 train.py" in request]
    assert len(requests) == 4
    assert all(
        "{Write it.}" in request and "secrets" not in request and "3090" not in request for request in requests
    )
    assert not [request for request in requests if "cat train.py" in request]


def test_a_claim_is_named_among_the_conditions_where_it_is_made(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    path = write_experiment(tmp_path, persona="ubuntu-18.04-4x3090")
    process_result = gedanken(
        "run",
        path,
        "--model",
        scripted(scripted_replies(GOOD_PROGRAM)),
        "--json",
        "--real",
        0,
        "--imagined",
        0,
        "--no-surprise",
        "--out",
        tmp_path / "out",
    )
    result = result_of(process_result)
    assert result["conditions"]["claimed"] == ["os", "python", "torch", "cuda", "gpus"]
    assert "surprisal" not in result


def test_no_model_is_asked_for_the_crash_of_a_program_that_it_was_not_shown(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    path = write_experiment(tmp_path, conditions={"source": "hidden"})
    process_result = gedanken(
        "run",
        path,
        "--model",
        scripted(scripted_replies(CRASHING_PROGRAM, GOOD_PROGRAM)),
        "--json",
        "--out",
        tmp_path / "out",
    )
    result = result_of(process_result)
    assert [program["works"] for program in result["programs"]] == [False, True]
    assert {run["program"] for run in result["imagined"]} == {None, "train-v2"}
    assert "exit status differs" not in {
        finding["kind"] for finding in result["findings"] if "train-v1" in finding["claim"]
    }


@pytest.mark.parametrize("samples", [0, 2])
def test_the_trunk_does_not_depend_on_the_number_of_samples(
    machine: Any, mnist: Any, scripted: WriteReplies, tmp_path: Path, samples: int
) -> None:
    """When an ordinary command is asked, the server's cache may hold only the trunk's own turns."""
    task = {"layers": 2, "epochs": 3}
    script = [
        {"tell": "Write it.", "write": "train.py", "task": task},
        "pwd",
        "ls",
        "python3 train.py",
        "whoami",
        "id",
    ]
    requests: list[tuple[str, bool]] = []

    async def remember(messages: Sequence[Message], fresh: bool) -> None:
        requests.append((messages[-1].text, fresh))

    async def run_graph() -> None:
        async with open_model(ModelSpec(name=scripted(scripted_replies(GOOD_PROGRAM))), Silent()) as model:
            spec = RunSpec(
                experiment=load_experiment(str(write_experiment(tmp_path, script=script))),
                persona=load_persona("matched"),
                real=0,
                imagined=samples,
                surprisal=False,
            )
            facts, folder = await machine.measure(mnist[0]), tmp_path / "run"
            folder.mkdir()
            with open_store(folder, spec) as store:
                recording_model = replace(model, prepare=remember)
                context = Context(spec, facts, recording_model, machine, store, ComparisonCache())
                await build_graph().ainvoke({"index": -1}, {"recursion_limit": 100}, context=context)

    asyncio.run(run_graph())
    write_index = next(index for index, (text, _fresh) in enumerate(requests) if "Write it" in text)
    assert requests[write_index + 1 :] == [
        ("pwd", False),
        ("ls", False),
        *[("python3 train.py", True)] * (samples + 1),
        ("whoami", True),
        ("id", False),
    ]


def test_real_output_is_sent_for_its_surprise_only_after_the_last_sample(gedanken: Cli, tmp_path: Path) -> None:
    """Looks at all requests that the server received, in order. Only the last ones may contain the real output."""
    out = tmp_path / "out"
    with serving(Server(scripted_replies(MARKED_PROGRAM))) as server:
        process_result = gedanken(
            "run", write_experiment(tmp_path), "--model", "openai:small", "--base-url", server.address, "--out", out
        )
    assert process_result.returncode == 0, process_result.stderr
    result = json.loads((out / "run.json").read_text())
    printed = [(out / run["stdout"]).read_text() for run in result["real"] if run["program"]]
    marks = [text.split("mark ")[1].strip() for text in printed]
    assert len(set(marks)) == 8
    sent_texts = [json.dumps(request) for request in server.requests]
    last_stream = max(index for index, request in enumerate(server.requests) if request.get("stream"))
    assert not [mark for mark in marks for text in sent_texts[: last_stream + 1] if mark in text]
    assert [mark for mark in marks for text in sent_texts[last_stream + 1 :] if mark in text] == marks[:1]
    assert marks[0] in "".join(requests_of(out, "surprise"))
    (surprise,) = result["surprisal"]
    assert [line["text"] for line in surprise["real"]] == printed[0].splitlines()
    assert [line["text"] for line in surprise["imagined"]] == IMAGINED.splitlines()
    assert all(line["nats"] == line["tokens"] / 2 > 0 for line in surprise["real"])
    tokens = [sum(line["tokens"] for line in surprise[origin]) for origin in ("real", "imagined")]
    row = "| `train-v1` | 0.5 nats per token, {} tokens | 0.5 nats per token, {} tokens |".format(*tokens)
    gedanken("report", out, "--markdown")
    assert row in (out / "report.md").read_text()


def test_its_own_surprise_is_that_of_the_reply_as_it_came(gedanken: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    fenced_reply = f"```\n{IMAGINED}```\n"
    warning_program = GOOD_PROGRAM + 'import sys\nprint("a warning", file=sys.stderr)\n'
    with serving(Server(scripted_replies(warning_program, run=fenced_reply))) as server:
        options = ["--model", "openai:small", "--base-url", server.address, "--real", 0, "--imagined", 0]
        process_result = gedanken("run", write_experiment(tmp_path), *options, "--out", out)
    assert process_result.returncode == 0, process_result.stderr
    (surprise,) = json.loads((out / "run.json").read_text())["surprisal"]
    assert "\n".join(line["text"] for line in surprise["imagined"]) == fenced_reply.rstrip()
    # Between two pipes there is no order: the warning may stand in the middle of a line.
    assert any("a warning" in line["text"] for line in surprise["real"])
    assert surprise["notes"] == [UNCLEANED_NOTE]
