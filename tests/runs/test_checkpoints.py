"""A checkpoint contains plain values. Something else that somebody put into one is not turned into an object."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from folders import make_run
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from gedanken.experiment.errors import BadInput
from gedanken.graphs.checkpoints import open_checkpoints, thread_id
from gedanken.graphs.experiment_graph import build_graph
from gedanken.graphs.served import check_state
from gedanken.graphs.state import RunTask
from gedanken.records.run_store import reopen_store

CREATED_LABELS: list[str] = []


@dataclass
class Planted:
    """A type of which no object may be created when a checkpoint is read."""

    what: str

    def __post_init__(self) -> None:
        CREATED_LABELS.append(self.what)


def test_whoever_changes_the_state_says_where_the_graph_goes() -> None:
    graph = build_graph(InMemorySaver())
    config: RunnableConfig = {"configurable": {"thread_id": "one"}}
    task: RunTask = {
        "index": 3,
        "program": None,
        "number": 0,
        "reseed": False,
        "session": {"stored": [], "context": []},
    }
    graph.update_state(config, {"index": -1}, as_node="__start__")
    assert graph.get_state(config).next == ("persona",)
    new_state = {"index": 3, "goto": [{"node": "execute", "task": None}]}
    earlier = graph.update_state(config, new_state, as_node="write")
    assert graph.get_state(config).next == ("execute",)
    tasks = [{"node": "simulate", "task": {**task, "number": number}} for number in (0, 1)]
    graph.update_state(config, {"goto": tasks}, as_node="execute")
    assert graph.get_state(config).next == ("simulate", "simulate")
    graph.update_state(earlier, {"goto": [{"node": "report", "task": None}]}, as_node="compare")
    assert graph.get_state(config).next == ("report",)


@pytest.mark.parametrize(
    "goto", ["report", ["report"], [{"node": "nowhere", "task": None}], [{"node": "report"}], None]
)
def test_whoever_names_no_node_is_told_which_there_are(goto: object) -> None:
    graph = build_graph(InMemorySaver())
    config: RunnableConfig = {"configurable": {"thread_id": "one"}}
    with pytest.raises(BadInput, match="state: goto: "):
        graph.update_state(config, {"index": 0, "goto": goto}, as_node="compare")


def test_a_state_that_names_what_the_run_does_not_have_is_refused(tmp_path: Path) -> None:
    make_run(tmp_path)
    with reopen_store(tmp_path) as store:
        check_state(store, {"index": 0, "programs": ["train-v1"], "executions": [], "writing": -1})
        for state, why in (
            ({"index": 99}, "index: 99: must be the index of a script line, -1 to "),
            ({"index": "0"}, "index: 0: must be the index"),
            ({"index": 0, "writing": -2}, "writing: -2"),
            ({"index": 0, "programs": ["train-v1", "other-v1"]}, "programs: other-v1 is not in"),
            ({"index": 0, "program": "other-v1", "number": 1}, "programs: other-v1 is not in"),
            ({"index": 0, "executions": [["x"]]}, "executions: .* is not in"),
        ):
            with pytest.raises(BadInput, match=f"state: {why}"):
                check_state(store, state)


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"r\xffn")
    folder.mkdir()
    config: RunnableConfig = {"configurable": {"thread_id": thread_id(folder)}}
    with open_checkpoints(folder) as saver:
        build_graph(saver).update_state(config, {"index": -1}, as_node="__start__")
        assert build_graph(saver).get_state(config).values["index"] == -1


def test_no_type_is_made_from_a_checkpoint(tmp_path: Path) -> None:
    planted_state = JsonPlusSerializer(allowed_msgpack_modules=True).dumps_typed({"state": Planted("written")})
    CREATED_LABELS.clear()
    with open_checkpoints(tmp_path) as saver:
        saver.serde.loads_typed(planted_state)
    assert CREATED_LABELS == []
    JsonPlusSerializer(allowed_msgpack_modules=True).loads_typed(planted_state)
    assert CREATED_LABELS == ["written"]  # else this test shows nothing
