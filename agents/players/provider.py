"""The provider of `--model player:KIND?bank=FILE`: a reference player, used like any other model."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gedanken.agents.model import Model
from gedanken.agents.players.bank import read_bank
from gedanken.agents.players.player import read_player
from gedanken.agents.rate_limits import Bucket, RequestQueue
from gedanken.experiment.errors import BadInput
from gedanken.experiment.progress import Progress
from gedanken.experiment.run_spec import ModelSpec


class _Players:
    def check(self, spec: ModelSpec) -> None:
        if spec.base_url is not None:
            raise BadInput(f"--base-url only applies to a model on a server, not to {spec.name}")
        _player, path = read_player(_player_name(spec))
        read_bank(path)

    @asynccontextmanager
    async def open(self, spec: ModelSpec, progress: Progress) -> AsyncIterator[Model]:
        from gedanken.agents.players.chat import PlayerChat

        player, path = read_player(_player_name(spec))
        chat = PlayerChat(player=player, bank=read_bank(path))
        pace = RequestQueue(spec.parallel, progress, Bucket(first_wait=0.01, spacing=0.0))
        yield Model(name=spec.name, chat=chat, pace=pace)


def _player_name(spec: ModelSpec) -> str:
    return spec.name.partition(":")[2]


PLAYERS = _Players()
