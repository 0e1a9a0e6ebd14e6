"""Executions that are built from plain values."""

import json

from gedanken.experiment.execution import Execution
from gedanken.records.plain_values import build_value


def test_one_text_is_in_memory_where_both_streams_are_equal() -> None:
    entry = {"machine": "host", "command": "train", "exit_code": 0, "cause": "finished", "seconds": 1.0}
    texts = {"stdout": "loss 0.5\n" * 9, "terminal": "loss 0.5\n" * 9}
    execution = build_value(Execution, json.loads(json.dumps({**entry, **texts})), "here")
    assert execution.terminal is execution.stdout == texts["stdout"]
    other_execution = build_value(Execution, {**entry, **texts, "terminal": "a warning\n"}, "here")
    assert (other_execution.stdout, other_execution.terminal) == (texts["stdout"], "a warning\n")
