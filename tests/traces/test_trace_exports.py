"""The trace of a run is the same in its folder, in an exported file, at a collector and at LangSmith."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest
from conftest import Cli
from receivers import (
    Receiver,
    langsmith_run_ids,
    phoenix,
    run_phoenix,
    spans_in,
    spans_in_phoenix,
    start_receiver,
    wait_until,
)
from scripted_runs import GOOD_PROGRAM, WriteReplies, scripted_replies, write_experiment

from gedanken.experiment.progress import Silent
from gedanken.records.trace import read_trace
from gedanken.traces.otlp import Otlp
from gedanken.traces.run_tree import TracedRun

pytestmark = pytest.mark.bubblewrap


@pytest.fixture
def langsmith() -> Iterator[tuple[dict[str, str], type[Receiver]]]:
    """Environment variables with the address of a server that takes LangSmith's place, and this server."""
    with start_receiver() as (address, receiver):
        yield {**os.environ, "LANGSMITH_ENDPOINT": address, "LANGSMITH_API_KEY": "lsv2_of_this_test"}, receiver


@pytest.fixture
def collector() -> Iterator[tuple[str, type[Receiver]]]:
    """The address of a server that takes a collector's place, and this server."""
    with start_receiver() as address_and_receiver:
        yield address_and_receiver


def traced_runs_in(folder: Path) -> list[TracedRun]:
    return [run for root in read_trace(folder) for run in root.walk()]


def test_one_run_is_the_same_tree_in_its_folder_at_langsmith_and_at_a_collector(
    gedanken: Cli,
    scripted: WriteReplies,
    tmp_path: Path,
    langsmith: tuple[dict[str, str], type[Receiver]],
    collector: tuple[str, type[Receiver]],
) -> None:
    (environment, at_langsmith), (address, at_collector) = langsmith, collector
    run_arguments = [
        write_experiment(tmp_path),
        "--model",
        scripted(scripted_replies(GOOD_PROGRAM)),
        "--sandbox",
        "bubblewrap",
        "--out",
        "out",
    ]
    run_counts = ("--real", 1, "--imagined", 1)
    tracing_environment = {**environment, "LANGSMITH_TRACING": "true"}
    run_result = gedanken("run", *run_arguments, *run_counts, "--trace-otlp", address, env=tracing_environment)
    assert run_result.returncode == 0, run_result.stderr
    runs = traced_runs_in(tmp_path / "out")
    ids = sorted(run.id for run in runs)
    assert sorted(langsmith_run_ids(at_langsmith)) == ids
    assert sorted(span_ids(runs)) == sorted(span.span_id.hex() for span in spans_in(at_collector))
    parents = {span.span_id: span.parent_span_id for span in spans_in(at_collector)}
    (root,) = [span for span, parent in parents.items() if not parent]
    assert all(parent in parents for span, parent in parents.items() if span != root)
    assert {span.trace_id.hex() for span in spans_in(at_collector)} == {runs[0].id.replace("-", "")}
    at_langsmith.bodies.clear()
    at_collector.bodies.clear()
    export_options = ("--to", "spans.json", "--otlp", address, "--langsmith")
    export_result = gedanken("traces", "export", "out", *export_options, env=environment)
    assert export_result.returncode == 0, export_result.stderr
    assert export_result.stdout.count(f"{len(runs)} trace entries") == 3
    exported = json.loads((tmp_path / "spans.json").read_text())
    spans = [
        span
        for resource_spans in exported["resourceSpans"]
        for scope in resource_spans["scopeSpans"]
        for span in scope["spans"]
    ]
    assert sorted(span["spanId"] for span in spans) == sorted(span_ids(runs))
    assert sorted(span.span_id.hex() for span in spans_in(at_collector)) == sorted(span_ids(runs))
    assert sorted(langsmith_run_ids(at_langsmith)) == ids


def span_ids(runs: list[TracedRun]) -> list[str]:
    """The id of each entry's span, which is the second half of the entry's id."""
    return [run.id.replace("-", "")[16:] for run in runs]


def test_a_span_tells_what_a_collector_understands(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path, collector: tuple[str, type[Receiver]]
) -> None:
    script = ["echo hello"]
    model = scripted([{"when": "", "samples": ["hello\n"]}])
    arguments = [
        write_experiment(tmp_path, script=script),
        "--model",
        model,
        "--sandbox",
        "bubblewrap",
        "--out",
        "out",
    ]
    result = gedanken("run", *arguments, "--trace-otlp", f"{collector[0]}/v1/traces")
    assert result.returncode == 0, result.stderr
    attributes_by_span = [
        {attributes.key: attributes.value for attributes in span.attributes} for span in spans_in(collector[1])
    ]
    kinds = [attributes["openinference.span.kind"].string_value for attributes in attributes_by_span]
    assert {"CHAIN", "TOOL", "LLM"} == set(kinds)
    request = attributes_by_span[kinds.index("LLM")]
    assert request["llm.input_messages.0.message.role"].string_value == "system"
    assert request["llm.output_messages.0.message.content"].string_value == "hello\n"
    commands = [
        json.loads(attributes["input.value"].string_value)["command"]
        for attributes in attributes_by_span
        if "tool.name" in attributes
    ]
    assert commands.count("echo hello") == 2


def test_a_collector_that_is_not_there_is_said_once_and_the_run_goes_on(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    model = scripted([{"when": "", "samples": ["hello\n"]}])
    experiment_file = write_experiment(tmp_path, script=["echo hello"])
    arguments = ["run", experiment_file, "--model", model, "--sandbox", "bubblewrap", "--no-surprisal", "--out"]
    run_result = gedanken(*arguments, "out", "--trace-otlp", "http://someone:secretplant@127.0.0.1:9")
    assert run_result.returncode == 0
    assert run_result.stderr.count("the collector at") == 1 and "secretplant" not in run_result.stderr
    refused_result = gedanken(*arguments, "none", "--trace-otlp", "nowhere")
    assert (refused_result.returncode, refused_result.stderr.count("\n")) == (2, 1)
    assert not (tmp_path / "none").exists()
    export_result = gedanken("traces", "export", "out", "--otlp", "http://127.0.0.1:9")
    assert (export_result.returncode, export_result.stderr.count("\n")) == (2, 1)
    result_without_target = gedanken("traces", "export", "out")
    assert (result_without_target.returncode, result_without_target.stderr.count("\n")) == (2, 1)


def test_where_no_collector_listens_it_is_said_before_anything_is_sent() -> None:
    messages: Queue[str] = Queue()

    class QueueProgress(Silent):
        def say(self, text: str) -> None:
            messages.put(text)

    otlp = Otlp("http://127.0.0.1:9", QueueProgress())
    assert "cannot be reached" in messages.get(timeout=30)
    otlp.close()
    assert messages.empty()


@pytest.mark.skipif(phoenix() is None, reason="Phoenix is not installed: name it in GEDANKEN_PHOENIX")
def test_phoenix_shows_every_run(gedanken: Cli, scripted: WriteReplies, tmp_path: Path) -> None:
    (tmp_path / "phoenix").mkdir()
    arguments = [
        write_experiment(tmp_path),
        "--model",
        scripted(scripted_replies(GOOD_PROGRAM)),
        "--sandbox",
        "bubblewrap",
        "--out",
        "out",
    ]
    with run_phoenix(tmp_path / "phoenix") as address:
        run_result = gedanken("run", *arguments, "--real", 1, "--imagined", 1, "--trace-otlp", address)
        assert run_result.returncode == 0, run_result.stderr
        runs = traced_runs_in(tmp_path / "out")
        wait_until(lambda: len(spans_in_phoenix(address)) >= len(runs), 30)
        spans = spans_in_phoenix(address)
        export_result = gedanken("traces", "export", "out", "--otlp", address)
        assert export_result.returncode == 0, export_result.stderr
    assert sorted(span["context"]["span_id"] for span in spans) == sorted(span_ids(runs))
    kinds = [span["span_kind"] for span in spans]
    assert {kind: kinds.count(kind.upper()) for kind in ("chain", "tool", "llm")} == {
        kind: sum(run.run_type == kind for run in runs) for kind in ("chain", "tool", "llm")
    }
    assert sum(span["parent_id"] is None for span in spans) == 1
