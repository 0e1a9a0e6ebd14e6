"""A run as a tree of entries, as in LangSmith: what it contains, what it must never contain, and how it is read."""

import asyncio
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, TypedDict, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langgraph.graph import END, START, StateGraph
from receivers import start_receiver
from trace_entries import LINES

from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Cause, Execution
from gedanken.records.trace import read_trace
from gedanken.report.traces import as_values, total_line, tree_lines
from gedanken.traces import local
from gedanken.traces.langsmith import open_langsmith
from gedanken.traces.local import LocalFile
from gedanken.traces.run_tree import TracedRun, read_tree
from gedanken.traces.terminal_run import SHOWN_CHARACTERS, terminal_run
from gedanken.traces.tracer import ExportersClient, tracer_to

SECRET = "sk-proj-abcdefghijklmnopqrstuvwx1234"
LONG_OUTPUT = "epoch 1 loss 0.5\n" * 2_000


class GraphState(TypedDict):
    label: str


def model() -> GenericFakeChatModel:
    usage: Any = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
    return GenericFakeChatModel(messages=iter([AIMessage("so be it", usage_metadata=usage)] * 9))


async def simulate(_state: GraphState) -> GraphState:
    """A node in which a model imagines one command."""
    async with terminal_run("python3 train.py", origin="imagined", sample=1, program_sha256="ab") as traced:
        output = (await model().ainvoke("python3 train.py")).text
        traced.ended(
            Execution("imagined", "python3 train.py", 0, Cause.FINISHED, 1.0, output, output, line=3, sample=1)
        )
    return {"label": "line04-imagined-1"}


async def replicate(_state: GraphState) -> GraphState:
    """A node that really runs the same command."""
    async with terminal_run("python3 train.py", origin="real", seed=2, program_sha256="ab") as traced:
        traced.ended(
            Execution("docker", "python3 train.py", 1, Cause.FAILED, 2.0, LONG_OUTPUT, LONG_OUTPUT, line=3, seed=2)
        )
    return {"label": "line04-real-2"}


async def lose(_state: GraphState) -> GraphState:
    """A node in which the engine is lost."""
    async with terminal_run("ls", origin="real") as traced:
        traced.ended(Execution("docker", "ls", None, Cause.ENGINE_LOST, 2.0, "", "", notes=("it is gone",)))
    return {"label": ""}


def run_graph(*nodes: Any, callbacks: list[Any]) -> None:
    graph = StateGraph(GraphState)
    names = [START, *(node.__name__ for node in nodes), END]
    for node in nodes:
        graph.add_node(node.__name__, node)
    for name, next_name in pairwise(names):
        graph.add_edge(name, next_name)
    config: Any = {"callbacks": callbacks, "run_name": "gedanken small", "metadata": {"OPENAI_API_KEY": SECRET}}
    asyncio.run(graph.compile().ainvoke({"label": "x"}, config))


@pytest.fixture
def tree(tmp_path: Path) -> TracedRun:
    """The trace of a run with a real, an imagined and a lost command."""
    exporters = ExportersClient([LocalFile(tmp_path / "trace.jsonl")])
    run_graph(simulate, replicate, lose, callbacks=[tracer_to(exporters)])
    exporters.close()
    (root,) = read_trace(tmp_path)
    return root


def runs_of_type(root: TracedRun, kind: str) -> list[TracedRun]:
    return [child for child in root.walk() if child.run_type == kind]


def test_there_is_one_tree_of_chains_commands_and_requests(tree: TracedRun) -> None:
    assert tree.name == "gedanken small"
    assert {traced_run.run_type for traced_run in tree.walk()} == {"chain", "tool", "llm"}
    assert [traced_run.name for traced_run in tree.children] == ["simulate", "replicate", "lose"]
    assert all(traced_run.end for traced_run in tree.walk())


def test_real_and_imagined_runs_of_a_program_are_found_by_its_hash(tree: TracedRun) -> None:
    imagined, real, _lost_command = runs_of_type(tree, "tool")
    assert imagined.metadata["gedanken_program_sha256"] == real.metadata["gedanken_program_sha256"]
    assert (imagined.metadata["gedanken_origin"], real.metadata["gedanken_origin"]) == ("imagined", "real")
    assert [child.run_type for child in imagined.children] == ["llm"] and real.children == []


def test_a_command_tells_how_it_ended_and_of_its_output_the_head_and_the_tail(tree: TracedRun) -> None:
    real = runs_of_type(tree, "tool")[1]
    output = real.fields["outputs"]["output"]
    assert (output["exit_code"], output["cause"], output["bytes"]) == (1, "failed", len(LONG_OUTPUT))
    assert (
        output["head"] == LONG_OUTPUT[:SHOWN_CHARACTERS]
        and LONG_OUTPUT.endswith(output["tail"])
        and len(output["tail"]) <= SHOWN_CHARACTERS
    )
    assert output["path"] == "outputs/line04-real-2.txt"


def test_a_command_that_fails_is_no_error_and_an_engine_that_is_lost_is(tree: TracedRun) -> None:
    imagined, real, lost_command = runs_of_type(tree, "tool")
    assert imagined.error is None and real.error is None
    assert lost_command.error is not None and "it is gone" in lost_command.error


@pytest.mark.usefixtures("tree")
def test_no_key_and_nothing_of_the_environment_is_written(tmp_path: Path) -> None:
    text = (tmp_path / "trace.jsonl").read_text()
    assert SECRET not in text and "runtime" not in text and "OPENAI_API_KEY" not in text
    assert len(text) < 30_000


def test_what_had_begun_is_there_when_the_process_is_gone(tmp_path: Path) -> None:
    exporters = ExportersClient([LocalFile(tmp_path / "trace.jsonl")])

    async def die(_state: GraphState) -> GraphState:
        async with terminal_run("sleep 9", origin="real"):
            traces.extend(read_trace(tmp_path))
        return {"label": ""}

    traces: list[TracedRun] = []
    run_graph(die, callbacks=[tracer_to(exporters)])
    (root,) = traces
    assert [(traced_run.name, traced_run.end) for traced_run in root.walk()] == [
        ("gedanken small", None),
        ("die", None),
        ("terminal", None),
    ]
    assert "3 still open" in total_line(traces)


def test_the_tree_is_shown_with_times_tokens_and_errors(tree: TracedRun) -> None:
    lines = [line.plain for line in tree_lines([tree])]
    assert lines[0].startswith("chain gedanken small")
    assert any("$ python3 train.py, imagined, sample 1" in line for line in lines)
    assert any("it is gone" in line for line in lines)
    assert "1 error" in total_line([tree])
    assert as_values(tree)["children"][0]["children"][0]["run_type"] == "tool"


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """The requests that LangSmith's own client sends if environment variables switch it on."""
    from langsmith.utils import get_env_var

    with start_receiver() as (address, receiver):
        for name, value in {
            "LANGSMITH_TRACING": "true",
            "LANGSMITH_ENDPOINT": address,
            "LANGSMITH_API_KEY": "none-needed",
            "LANGSMITH_HOST_PASSWORD_HINT": "planted-in-the-environment",
        }.items():
            monkeypatch.setenv(name, value)
        cast(Any, get_env_var).cache_clear()
        yield receiver.bodies
    cast(Any, get_env_var).cache_clear()


def test_langsmith_is_sent_the_same_tree_and_nothing_of_the_environment(
    tmp_path: Path, received: list[bytes]
) -> None:
    langsmith_exporter = open_langsmith()
    assert langsmith_exporter is not None
    exporters = ExportersClient([LocalFile(tmp_path / "trace.jsonl"), langsmith_exporter])
    run_graph(simulate, replicate, callbacks=[tracer_to(exporters)])
    exporters.close()
    sent_bytes = b"".join(received)
    traced_runs = [traced_run for root in read_trace(tmp_path) for traced_run in root.walk()]
    assert all(traced_run.id.encode() in sent_bytes for traced_run in traced_runs)
    assert b"planted-in-the-environment" not in sent_bytes and SECRET.encode() not in sent_bytes


def test_a_trace_that_is_full_leaves_out_what_begins_ends_what_had_begun_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    byte_limit = 2_000
    monkeypatch.setattr(local, "MOST_TRACE_BYTES", local.ROOM_FOR_ENDS + byte_limit)
    file = LocalFile(tmp_path / "trace.jsonl")
    times = {"start_time": "2026-11-29T10:00:00+00:00", "run_type": "chain"}
    root, early_run = {"id": "root", **times}, {"id": "early", "parent_run_id": "root", **times}
    late_runs = [{"id": f"late-{number}", "parent_run_id": "root", **times} for number in range(40)]
    for run in (root, early_run, *late_runs):
        file.begin(run)
    for run in (*late_runs, early_run, root):
        file.export({**run, "end_time": "2026-11-29T10:00:01+00:00"})
    file.close()
    (stored_root,) = read_trace(tmp_path)
    stored_ids = [run.id for run in stored_root.walk()]
    assert 2 < len(stored_ids) < 30
    assert all(run.end is not None for run in stored_root.walk())
    assert total_line([stored_root]).endswith(
        f"{42 - len(stored_ids)} more runs were left out, because the trace was full"
    )
    reopened_file = LocalFile(tmp_path / "trace.jsonl")
    reopened_file.begin({"id": "later", "parent_run_id": "root", **times})
    assert [run.id for run in read_trace(tmp_path)[0].walk()] == stored_ids


@given(LINES, st.binary(max_size=40))
def test_whatever_a_trace_holds_it_is_read_and_shown(lines: list[tuple[str, dict[str, Any]]], rest: bytes) -> None:
    written = [json.dumps({kind: fields}).encode() for kind, fields in lines]
    roots = read_tree([*written, rest])
    assert total_line(roots) and len(list(tree_lines(roots))) == sum(1 for root in roots for _run in root.walk())
    json.dumps([as_values(root) for root in roots])


def test_runs_that_are_their_own_ancestors_are_roots_and_each_is_shown_once() -> None:
    lines = [
        {"post": {"id": run_id, "parent_run_id": parent_id}}
        for run_id, parent_id in (("a", "b"), ("b", "a"), ("c", "c"))
    ]
    roots = read_tree(json.dumps(line).encode() for line in lines)
    assert sorted(run_id.id for root in roots for run_id in root.walk()) == ["a", "b", "c"]


def test_a_folder_without_a_trace_and_one_of_an_earlier_version_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a run folder"):
        read_trace(tmp_path / "none")
    (tmp_path / "trace.jsonl").write_text('{"id": "x", "run_type": "chat_model"}\n')
    with pytest.raises(BadInput, match="earlier version"):
        read_trace(tmp_path)
