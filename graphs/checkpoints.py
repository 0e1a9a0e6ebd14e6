"""Stores LangGraph's checkpoints of a run, and reads them back without trusting their content."""

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from gedanken.experiment.folders import remove_tree

CHECKPOINT = "checkpoint.sqlite"


# A checkpoint of some kilobytes takes a tenth of a millisecond to write. Handing that to a thread, as
# AsyncSqliteSaver does seven times per node, takes many times as long on a busy machine.
class Checkpoints(SqliteSaver):
    """LangGraph's saver for SQLite, called by an asynchronous graph without a thread."""

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        return self.get_tuple(config)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        for checkpoint in self.list(config, filter=filter, before=before, limit=limit):
            yield checkpoint

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        return self.put(config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        self.put_writes(config, writes, task_id, task_path)


def thread_id(folder: Path) -> str:
    """Return the name of a run's LangGraph thread: its folder's name, as text that SQLite can store."""
    return os.fsencode(folder.name).decode(errors="replace")


@contextmanager
def open_checkpoints(folder: Path) -> Iterator[Checkpoints]:
    """Open a new checkpoint file in a run folder; earlier ones are deleted."""
    # The ledger knows everything that was done, so earlier checkpoints are not needed.
    for suffix in ("", "-wal", "-shm", "-journal"):  # SQLite's own files beside it
        remove_tree(folder / f"{CHECKPOINT}{suffix}")
    with Checkpoints.from_conn_string(str(folder / CHECKPOINT)) as saver:
        assert isinstance(saver, Checkpoints)
        saver.serde = JsonPlusSerializer(allowed_msgpack_modules=None)  # a checkpoint constructs no objects
        # A kill loses no checkpoint, because the operating system has it before the next node. A power failure may
        # lose all, but a run is resumed from its ledger, and each process begins a new file.
        saver.conn.execute("PRAGMA synchronous=OFF")
        yield saver
