"""The trace of a run is the same everywhere: in its folder, in a file, at a collector, at LangSmith."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest
from conftest import Cli
from receivers import (
    Receiver,
    phoenix,
    posted_to_langsmith,
    receiving,
    serving_phoenix,
    spans_in,
    spans_in_phoenix,
    until,
)
from test_run_scripted import GOOD, Scripted, experiment, replies

from gedanken.experiment.progress import Silent
from gedanken.records.trace import read_trace
from gedanken.traces.otlp import Otlp
from gedanken.traces.run_tree import TracedRun

pytestmark = pytest.mark.bubblewrap


@pytest.fixture
def langsmith() -> Iterator[tuple[dict[str, str], type[Receiver]]]:
    """The environment that names a LangSmith, and what it took."""
    with receiving() as (address, took):
        yield {**os.environ, "LANGSMITH_ENDPOINT": address, "LANGSMITH_API_KEY": "lsv2_of_this_test"}, took


@pytest.fixture
def collector() -> Iterator[tuple[str, type[Receiver]]]:
    """A collector, and what it took."""
    with receiving() as found:
        yield found


def runs_in(folder: Path) -> list[TracedRun]:
    return [run for root in read_trace(folder) for run in root.walk()]


def test_one_run_is_the_same_tree_in_its_folder_at_langsmith_and_at_a_collector(
    gedanken: Cli,
    scripted: Scripted,
    tmp_path: Path,
    langsmith: tuple[dict[str, str], type[Receiver]],
    collector: tuple[str, type[Receiver]],
) -> None:
    (environment, at_langsmith), (address, at_collector) = langsmith, collector
    asked = [experiment(tmp_path), "--model", scripted(replies(GOOD)), "--sandbox", "bubblewrap", "--out", "out"]
    few = ("--real", 1, "--imagined", 1)
    live = {**environment, "LANGSMITH_TRACING": "true"}
    done = gedanken("run", *asked, *few, "--trace-otlp", address, env=live)
    assert done.returncode == 0, done.stderr
    runs = runs_in(tmp_path / "out")
    ids = sorted(run.id for run in runs)
    assert sorted(posted_to_langsmith(at_langsmith)) == ids
    assert sorted(span_ids(runs)) == sorted(span.span_id.hex() for span in spans_in(at_collector))
    parents = {span.span_id: span.parent_span_id for span in spans_in(at_collector)}
    (root,) = [span for span, parent in parents.items() if not parent]
    assert all(parent in parents for span, parent in parents.items() if span != root)
    assert {span.trace_id.hex() for span in spans_in(at_collector)} == {runs[0].id.replace("-", "")}
    at_langsmith.bodies.clear()
    at_collector.bodies.clear()
    out = ("--to", "spans.json", "--otlp", address, "--langsmith")
    handed = gedanken("traces", "export", "out", *out, env=environment)
    assert handed.returncode == 0, handed.stderr
    assert handed.stdout.count(f"{len(runs)} trace entries") == 3
    written = json.loads((tmp_path / "spans.json").read_text())
    spans = [one for of in written["resourceSpans"] for scope in of["scopeSpans"] for one in scope["spans"]]
    assert sorted(span["spanId"] for span in spans) == sorted(span_ids(runs))
    assert sorted(span.span_id.hex() for span in spans_in(at_collector)) == sorted(span_ids(runs))
    assert sorted(posted_to_langsmith(at_langsmith)) == ids


def span_ids(runs: list[TracedRun]) -> list[str]:
    """The second half of each run's id."""
    return [run.id.replace("-", "")[16:] for run in runs]


def test_a_span_tells_what_a_collector_understands(
    gedanken: Cli, scripted: Scripted, tmp_path: Path, collector: tuple[str, type[Receiver]]
) -> None:
    script = ["echo hello"]
    model = scripted([{"when": "", "samples": ["hello\n"]}])
    asked = [experiment(tmp_path, script=script), "--model", model, "--sandbox", "bubblewrap", "--out", "out"]
    done = gedanken("run", *asked, "--trace-otlp", f"{collector[0]}/v1/traces")
    assert done.returncode == 0, done.stderr
    told = [{one.key: one.value for one in span.attributes} for span in spans_in(collector[1])]
    kinds = [one["openinference.span.kind"].string_value for one in told]
    assert {"CHAIN", "TOOL", "LLM"} == set(kinds)
    request = told[kinds.index("LLM")]
    assert request["llm.input_messages.0.message.role"].string_value == "system"
    assert request["llm.output_messages.0.message.content"].string_value == "hello\n"
    commands = [json.loads(one["input.value"].string_value)["command"] for one in told if "tool.name" in one]
    assert commands.count("echo hello") == 2


def test_a_collector_that_is_not_there_is_said_once_and_the_run_goes_on(
    gedanken: Cli, scripted: Scripted, tmp_path: Path
) -> None:
    model = scripted([{"when": "", "samples": ["hello\n"]}])
    small = experiment(tmp_path, script=["echo hello"])
    asked = ["run", small, "--model", model, "--sandbox", "bubblewrap", "--no-surprisal", "--out"]
    done = gedanken(*asked, "out", "--trace-otlp", "http://someone:secretplant@127.0.0.1:9")
    assert done.returncode == 0
    assert done.stderr.count("the collector at") == 1 and "secretplant" not in done.stderr
    refused = gedanken(*asked, "none", "--trace-otlp", "nowhere")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert not (tmp_path / "none").exists()
    sent = gedanken("traces", "export", "out", "--otlp", "http://127.0.0.1:9")
    assert (sent.returncode, sent.stderr.count("\n")) == (2, 1)
    nowhere = gedanken("traces", "export", "out")
    assert (nowhere.returncode, nowhere.stderr.count("\n")) == (2, 1)


def test_where_no_collector_listens_it_is_said_before_anything_is_sent() -> None:
    said: Queue[str] = Queue()

    class Told(Silent):
        def say(self, text: str) -> None:
            said.put(text)

    otlp = Otlp("http://127.0.0.1:9", Told())
    assert "cannot be reached" in said.get(timeout=30)
    otlp.close()
    assert said.empty()


@pytest.mark.skipif(phoenix() is None, reason="Phoenix is not installed: name it in GEDANKEN_PHOENIX")
def test_phoenix_shows_every_run(gedanken: Cli, scripted: Scripted, tmp_path: Path) -> None:
    (tmp_path / "phoenix").mkdir()
    asked = [experiment(tmp_path), "--model", scripted(replies(GOOD)), "--sandbox", "bubblewrap", "--out", "out"]
    with serving_phoenix(tmp_path / "phoenix") as address:
        done = gedanken("run", *asked, "--real", 1, "--imagined", 1, "--trace-otlp", address)
        assert done.returncode == 0, done.stderr
        runs = runs_in(tmp_path / "out")
        until(lambda: len(spans_in_phoenix(address)) >= len(runs), 30)
        shown = spans_in_phoenix(address)
        again = gedanken("traces", "export", "out", "--otlp", address)
        assert again.returncode == 0, again.stderr
    assert sorted(one["context"]["span_id"] for one in shown) == sorted(span_ids(runs))
    kinds = [one["span_kind"] for one in shown]
    assert {kind: kinds.count(kind.upper()) for kind in ("chain", "tool", "llm")} == {
        kind: sum(run.run_type == kind for run in runs) for kind in ("chain", "tool", "llm")
    }
    assert sum(one["parent_id"] is None for one in shown) == 1
