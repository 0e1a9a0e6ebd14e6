"""`langgraph dev` serves the experiment graph, without `--allow-blocking`, to LangGraph's own client."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import trace_of
from langgraph_dev import start_server
from scripted_runs import CRASHING_PROGRAM, GOOD_PROGRAM, scripted_replies, write_experiment
from snippets import blocks

from benchmarks.verdict.truths import BANK
from gedanken.api.server import spec_from_context
from gedanken.experiment.errors import BadInput
from gedanken.experiment.probe_design import ProbeDesign, SuiteItem
from gedanken.experiment.run_spec import ModelSpec, RunSpec, SandboxSpec
from gedanken.loading.experiments_and_personas import load_experiment, load_persona
from gedanken.probing.probe_spec import probe_spec
from gedanken.records.kept_machine import REPEATED
from gedanken.records.read_run import read_run
from gedanken.runner import run
from gedanken.terminal.screen import Screen

TRAJECTORY = [
    *("persona", "write", "approve", "execute", "compare"),  # `cat train.py`
    *("execute", "write", "approve", "execute", "compare"),  # it crashes, and is mended
    "report",
]

Values = dict[str, Any]


def spec_in(folder: Path, **changes: Any) -> RunSpec:
    replies_file = folder / "replies.yaml"
    replies_file.write_text(yaml.safe_dump(scripted_replies(CRASHING_PROGRAM, GOOD_PROGRAM)))
    defaults: Values = {
        "model": ModelSpec(name=f"scripted:{replies_file}"),
        "sandbox": SandboxSpec(name="bubblewrap"),
    }
    loaded_experiment = load_experiment(str(write_experiment(folder)))
    return RunSpec(
        experiment=loaded_experiment,
        persona=load_persona("matched"),
        **{**defaults, "real": 1, "imagined": 1, **changes},
    )


def run_thread(
    client: Any, thread: str, spec: RunSpec, graph_input: Values | None, **stream_options: Any
) -> list[str]:
    """Execute the graph on a thread, and return the names of its finished nodes in order."""
    finished_nodes = []
    for part in client.runs.stream(
        thread,
        "experiment",
        input=graph_input,
        context=spec.model_dump(mode="json"),
        stream_mode="updates",
        **stream_options,
    ):
        assert part.event != "error", part.data
        if part.event == "updates":
            finished_nodes += [name for name in part.data if not name.startswith("__")]
    return finished_nodes


def interrupt_value(client: Any, thread: str) -> Values:
    """The value of the only interrupt of a thread: what it asks a person."""
    (task,) = client.threads.get_state(thread)["tasks"]
    (interrupt,) = task["interrupts"]
    value: Values = interrupt["value"]
    return value


@pytest.mark.bubblewrap
def test_a_person_approves_and_edits_and_the_server_may_be_restarted_meanwhile(tmp_path: Path) -> None:
    spec = spec_in(tmp_path, approve="all")
    with start_server(tmp_path) as client:
        (assistant,) = client.assistants.search(graph_id="experiment")
        schemas = client.assistants.get_schemas(assistant["assistant_id"])
        assert {"experiment", "persona", "model", "approve"} <= schemas["context_schema"]["properties"].keys()
        assert "verdict" in schemas["state_schema"]["properties"]
        node_ids = {node["id"] for node in client.assistants.get_graph(assistant["assistant_id"])["nodes"]}
        assert {"write", "approve", "execute", "replicate", "simulate", "compare", "report"} <= node_ids
        (probe_assistant,) = client.assistants.search(graph_id="probe")
        node_ids = {node["id"] for node in client.assistants.get_graph(probe_assistant["assistant_id"])["nodes"]}
        assert {"plan", "truths", "ask", "judge"} <= node_ids
        assert not (tmp_path / "runs").exists()  # nothing was opened to look at it
        check_probe(client, tmp_path)

        thread = client.threads.create()["thread_id"]
        nodes = run_thread(client, thread, spec, {"index": -1})
        question = interrupt_value(client, thread)
        assert (question["asks"], question["program"], question["sandbox"]) == ("approve", "train-v1", "bubblewrap")
        assert "raise ValueError" in question["source"]

    with start_server(tmp_path) as client:
        nodes += run_thread(client, thread, spec, None, command={"resume": {"decision": "approve"}})
        question = interrupt_value(client, thread)
        assert question["program"] == "train-v2" and "-raise ValueError" in question["diff"]
        decision = {"decision": "edit", "source": GOOD_PROGRAM + 'print("mine")\n'}
        nodes += run_thread(client, thread, spec, None, command={"resume": decision})
        values = client.threads.get_state(thread)["values"]
        history = client.threads.get_history(thread, limit=100)
    assert [node for node in nodes if node not in ("simulate", "replicate")] == TRAJECTORY
    assert values["outcome"] == "done" and "train-v3" in values["verdict"]
    assert [state["next"] for state in history][-2:] == [["persona"], ["__start__"]]
    assert "BlockingError" not in (tmp_path / "server.log").read_text()

    folder = tmp_path / "runs" / f"thread-{thread}"
    log = read_run(folder)
    assert log.is_over and (folder / "report.html").exists()
    real = [run for run in log.executions if run.program and not run.imagined]
    expected_runs = [("train-v1", 0, 1), ("train-v3", 0, 0), ("train-v3", 1, 0)]
    assert [(run.program, run.seed, run.exit_code) for run in real] == expected_runs
    assert all(run.stdout.endswith("mine\n") for run in real[1:])
    assert not [note for note in log.notes if REPEATED in note]
    assert {"persona", "approve", "execute", "report"} <= {run.get("name") for run in trace_of(folder)}


def check_probe(client: Any, folder: Path) -> None:
    """Run a probe on the server, and check that it leaves a run folder like any other."""
    (folder / "same.yaml").write_text(yaml.safe_dump([{"when": "", "samples": ["07"]}]))
    design = ProbeDesign(families=("linear algebra",), sizes=(1,), groups=1, arms=("direct", "again"))
    model, sandbox = ModelSpec(name=f"scripted:{folder / 'same.yaml'}"), SandboxSpec(name="bubblewrap")
    context = probe_spec(design, model, sandbox).model_dump(mode="json")
    thread = client.threads.create()["thread_id"]
    for part in client.runs.stream(thread, "probe", input={"asked": 0}, context=context, stream_mode="values"):
        assert part.event != "error", part.data
    assert client.threads.get_state(thread)["values"]["outcome"] == "done"
    log = read_run(folder / "runs" / f"thread-{thread}")
    assert log.is_over and len(log.items) == 3 and len(log.answers) == 6


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"sandbox": {"name": "host", "trusted": True}}, "no programs without isolation"),
        (
            {"model": {"name": "openai:x", "base_url": "https://elsewhere.example/v1"}},
            "sends no API key to an address",
        ),
        ({"real": -1}, "context: real: Input should be greater"),
        ({"model": {"name": "nobody"}}, "name the provider"),
    ],
)
def test_what_a_client_may_not_ask_for_is_refused(tmp_path: Path, changes: Values, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        spec_from_context(spec_in(tmp_path).model_dump(mode="json") | changes)


LINE = SuiteItem(
    id="seed-twins-numpy-seed-1-0-0-hard", code="def f(x):\n    return -x", input="7", output="-7", line=2
)
IMPOSSIBLE_PROBES = {
    "names no program": ({"families": ()}, "the probe asks nothing"),
    "unknown family": ({"families": ("knots",)}, "no family is called “knots”"),
    "size 0": ({"sizes": (4, 0)}, "--sizes 0: must be whole numbers from 1 to 4096"),
    "a size nobody can run": ({"sizes": (10**9,)}, "--sizes 1000000000: must be whole numbers"),
    "two lines of one id": ({"suite": (LINE, LINE)}, "--suite: line 2: line 2 already has the id"),
    "a generated program's id": ({"suite": (LINE,)}, "a generated program of this probe has the id"),
    "a player without the programs": ({"seed": 5}, "this bank contains none of the 12 programs"),
}


@pytest.mark.parametrize(("changes", "says"), IMPOSSIBLE_PROBES.values(), ids=IMPOSSIBLE_PROBES)
def test_an_impossible_probe_is_refused_in_one_line_however_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: Values, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    name = f"player:computes?bank={BANK}" if "seed" in changes else "embedded"
    design = ProbeDesign.model_validate({"families": ("seed twins",), "sizes": (1,), **changes})
    spec = probe_spec(design, ModelSpec(name=name), SandboxSpec(name="bubblewrap"))
    messages = []
    for run_probe in (
        lambda: spec_from_context(spec.model_dump(mode="json")),
        lambda: asyncio.run(run(spec, Screen())),
    ):
        with pytest.raises(BadInput, match=says) as error:
            run_probe()
        messages.append(str(error.value))
    assert messages[0] == messages[1] and "\n" not in messages[0]
    assert list(tmp_path.iterdir()) == []


def test_a_client_that_asks_for_nothing_is_told_what_to_ask(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="context: experiment: Field required; the context must be a RunSpec"):
        spec_from_context(None)
    assert spec_from_context(spec_in(tmp_path).model_dump(mode="json")) == spec_in(tmp_path)


@pytest.mark.bubblewrap
def test_it_is_a_node_of_somebody_elses_graph(tmp_path: Path) -> None:
    (code,) = blocks("docs/langgraph.md", "python")["As a node of your own graph"]
    spec = spec_in(tmp_path)
    assert '"mnist"' in code and '"openai:gpt-4.1"' in code
    code = code.replace('"mnist"', '"small.yaml"').replace('"openai:gpt-4.1"', f'"{spec.model.name}"')
    code = code.replace("progress=False", 'sandbox="bubblewrap", real=1, imagined=1, progress=False')
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "train-v2" in result.stdout and "runs/small-" in result.stdout
    (folder,) = (tmp_path / "runs").iterdir()
    assert read_run(folder).is_over


@pytest.mark.bubblewrap
def test_the_client_of_the_docs_drives_the_server(tmp_path: Path) -> None:
    (code,) = blocks("docs/langgraph.md", "python")["From a client"]
    spec = spec_in(tmp_path)
    code = code.replace('"mnist"', '"small.yaml"').replace('"openai:gpt-4.1"', f'"{spec.model.name}"')
    code = code.replace("real=7, imagined=3", "real=1, imagined=1, sandbox=SandboxSpec(name='bubblewrap')")
    code = code.replace("import ModelSpec, ", "import ModelSpec, SandboxSpec, ")
    with start_server(tmp_path) as client:
        code = code.replace("http://127.0.0.1:2024", str(client.http.client.base_url).rstrip("/"))
        result = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
        )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0] == "persona"
    assert "train-v2" in result.stdout.splitlines()[-1]
