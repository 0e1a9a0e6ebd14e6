"""Lists in order what was done on the trunk of a run: programs that were written, and commands that were typed."""

import json
from collections.abc import Iterator
from pathlib import PurePosixPath

from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution
from gedanken.experiment.program import Program
from gedanken.records.run_files import LOG
from gedanken.records.run_store import RunStore


def trunk_of(store: RunStore) -> list[Program | Execution]:
    """Return, in order, the programs written to the real machine and the commands typed into it with seed 0.

    Raises BadInput if a power failure destroyed a source or an output.
    """
    return list(_trunk_steps(store))


def _trunk_steps(store: RunStore) -> Iterator[Program | Execution]:
    seen_labels: set[str] = set()
    for line in (store.folder / LOG).read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        label = _event_label(event)
        if label is None or label in seen_labels:
            continue
        seen_labels.add(label)
        if event["kind"] == "program":
            program = store.programs.get(label)
            if program is None:
                raise BadInput(f"{store.folder}: the text of {label} was lost, perhaps in a power failure")
            if event["program"].get("works") is not False:  # a refused program was not placed anywhere
                yield program
        else:
            run = store.executions.get(label)
            if run is None:
                raise BadInput(f"{store.folder}: the output of {label} was lost, perhaps in a power failure")
            if not run.imagined and not run.seed and run.arm == "as written":
                yield run


def _event_label(event: dict[str, object]) -> str | None:
    if event.get("kind") == "program":
        return PurePosixPath(str(event["path"])).stem
    files = event.get("files")
    return (
        PurePosixPath(files["stdout"]).stem if event.get("kind") == "execution" and isinstance(files, dict) else None
    )
