"""A reference player with its parameters. It is of one kind, or a mixture of two kinds."""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import parse_qs

from gedanken.agents.players.bank import Bank, Entry
from gedanken.agents.players.kinds import KINDS, PlayerQuestion
from gedanken.agents.players.wrong_answers import make_wrong
from gedanken.experiment.errors import BadInput

_NAME = re.compile(r"^(?P<first>[a-z-]+)(?:\+(?P<second>[a-z-]+))?(?:\?(?P<dials>.*))?$")
_SETTINGS = ("bank", "noise", "horizon", "share", "seed")


@dataclass(frozen=True, slots=True)
class Player:
    """A reference player with its parameters. It always gives the same answer for the same item and sample."""

    kinds: tuple[str, ...]
    """The names of one or two kinds. If there are two, one of them is chosen at random for each answer."""
    noise: float = 0.0
    """The share of answers, from 0 to 1, that are replaced by a wrong output."""
    horizon: float = math.inf
    """The largest size of an item that the player can compute. If the player imitates: the largest size of an item
    that it may have read.
    """
    share: float = 0.5
    """If there are two kinds: the share of answers that the first kind gives, from 0 to 1."""
    seed: int = 0

    def answer(self, entry: Entry, bank: Bank, sample: int = 0) -> str:
        """Return the output that the player predicts for the program of `entry`."""
        random = Random(f"{self.seed} {'+'.join(self.kinds)} {entry.item.id} {sample}")
        kind = KINDS[self.kinds[0] if len(self.kinds) == 1 or random.random() < self.share else self.kinds[1]]
        if random.random() < self.noise:
            return make_wrong(entry.truth, random, [entry.rival or ""])
        return kind.answer(PlayerQuestion(entry, bank, self.horizon, self.seed, random))


def read_player(name: str) -> tuple[Player, Path]:
    """Parse a player's name, such as `computes?noise=.05&horizon=32&bank=FILE`, into a player and its bank's path.

    Raises BadInput.
    """
    match = _NAME.match(name)
    kinds = tuple(kind for kind in (match["first"], match["second"]) if kind) if match else ()
    unknown_kinds = [kind for kind in kinds if kind not in KINDS]
    if match is None or unknown_kinds:
        raise BadInput(f"--model player:{name[:80]}: unknown player; players are {', '.join(KINDS)}")
    settings = {
        setting: values[-1] for setting, values in parse_qs(match["dials"] or "", keep_blank_values=True).items()
    }
    if extra_keys := sorted(settings.keys() - set(_SETTINGS)):
        raise BadInput(
            f"--model player:{name[:80]}: unknown setting {extra_keys[0][:40]}; settings are {', '.join(_SETTINGS)}"
        )
    if not settings.get("bank"):
        raise BadInput(
            f"--model player:{name[:80]}: name the file of items that the player knows, as in "
            f"player:{kinds[0]}?bank=FILE"
        )
    player = Player(
        kinds,
        noise=_parse_number(settings, "noise", 0.0, 1.0),
        horizon=_parse_number(settings, "horizon", math.inf, math.inf),
        share=_parse_number(settings, "share", 0.5, 1.0),
        seed=_parse_seed(settings),
    )
    return player, Path(settings["bank"])


def _parse_number(settings: dict[str, str], setting: str, default: float, maximum: float) -> float:
    try:
        value = float(settings.get(setting, default))
    except ValueError:
        value = math.nan
    if not 0 <= value <= maximum:
        raise BadInput(
            f"the setting {setting} of a player must be a number from 0 to {maximum:g}, not {settings[setting][:40]}"
        )
    return value


def _parse_seed(settings: dict[str, str]) -> int:
    seed = _parse_number(settings, "seed", 0, 2**31)
    if not seed.is_integer():
        raise BadInput(f"the setting seed of a player must be a whole number, not {settings['seed'][:40]}")
    return int(seed)
