"""A checkpoint is plain values; what somebody else put into one is not made into anything."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from gedanken.graphs.checkpoints import open_checkpoints

MADE: list[str] = []


@dataclass
class Planted:
    """What must never be made from a checkpoint."""

    what: str

    def __post_init__(self) -> None:
        """Tell that it was."""
        MADE.append(self.what)


def test_no_type_is_made_from_a_checkpoint(tmp_path: Path) -> None:
    written = JsonPlusSerializer(allowed_msgpack_modules=True).dumps_typed({"state": Planted("written")})
    MADE.clear()

    async def read() -> object:
        async with open_checkpoints(tmp_path) as saver:
            return saver.serde.loads_typed(written)

    asyncio.run(read())
    assert MADE == []
    JsonPlusSerializer(allowed_msgpack_modules=True).loads_typed(written)
    assert MADE == ["written"]  # else this test shows nothing
