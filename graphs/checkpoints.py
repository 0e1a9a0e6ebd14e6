"""LangGraph's checkpoints of a run: written step by step, and read back with nothing in them trusted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

CHECKPOINT = "checkpoint.sqlite"


@asynccontextmanager
async def open_checkpoints(folder: Path) -> "AsyncIterator[AsyncSqliteSaver]":
    """A new file of checkpoints in a run folder.

    What an earlier process left there is not gone on with: the ledger knows all that was done. The state is labels,
    numbers and lists, so no type of ours, or of anybody's, need ever be made from a checkpoint.
    """
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    (folder / CHECKPOINT).unlink(missing_ok=True)
    async with AsyncSqliteSaver.from_conn_string(str(folder / CHECKPOINT)) as saver:
        saver.serde = JsonPlusSerializer(allowed_msgpack_modules=None)
        # A power failure may take the last of them away: what a run goes on with is its ledger.
        await saver.conn.execute("PRAGMA synchronous=NORMAL")
        yield saver
