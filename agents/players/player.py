"""A reference player: one kind of player, or a mixture of two kinds, with its parameters."""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import parse_qs

from gedanken.agents.players.bank import Bank, Entry
from gedanken.agents.players.kinds import KINDS, Asked
from gedanken.agents.players.wrong_answers import spoiled
from gedanken.experiment.errors import BadInput

_NAME = re.compile(r"^(?P<first>[a-z-]+)(?:\+(?P<second>[a-z-]+))?(?:\?(?P<dials>.*))?$")
_DIALS = ("bank", "noise", "horizon", "share", "seed")


@dataclass(frozen=True, slots=True)
class Player:
    """A reference player with its parameters. It always gives the same answer for the same item and sample."""

    kinds: tuple[str, ...]
    """The names of one kind or of two kinds. Of two kinds, one is chosen at random for each answer."""
    noise: float = 0.0
    """The share of answers, from 0 to 1, that are replaced by a wrong output."""
    horizon: float = math.inf
    """The largest size of an item that the player can compute or, if it imitates, may have read."""
    share: float = 0.5
    """If there are two kinds: the share of answers that the first kind gives, from 0 to 1."""
    seed: int = 0

    def answer(self, entry: Entry, bank: Bank, sample: int = 0) -> str:
        """Return the output that the player predicts for the program of `entry`."""
        random = Random(f"{self.seed} {'+'.join(self.kinds)} {entry.item.id} {sample}")
        kind = KINDS[self.kinds[0] if len(self.kinds) == 1 or random.random() < self.share else self.kinds[1]]
        if random.random() < self.noise:
            return spoiled(entry.truth, random, [entry.rival or ""])
        return kind.answers(Asked(entry, bank, self.horizon, self.seed, random))


def read_player(name: str) -> tuple[Player, Path]:
    """Parse a player's name, such as `computes?noise=.05&horizon=32&bank=FILE`, into a player and its bank's path.

    Raises BadInput.
    """
    found = _NAME.match(name)
    kinds = tuple(kind for kind in (found["first"], found["second"]) if kind) if found else ()
    unknown = [kind for kind in kinds if kind not in KINDS]
    if found is None or unknown:
        raise BadInput(f"--model player:{name[:80]}: unknown player; players are {', '.join(KINDS)}")
    given = {dial: values[-1] for dial, values in parse_qs(found["dials"] or "", keep_blank_values=True).items()}
    if strange := sorted(given.keys() - set(_DIALS)):
        raise BadInput(
            f"--model player:{name[:80]}: unknown setting {strange[0][:40]}; settings are {', '.join(_DIALS)}"
        )
    if not given.get("bank"):
        raise BadInput(
            f"--model player:{name[:80]}: name the file of items that the player knows, as in "
            f"player:{kinds[0]}?bank=FILE"
        )
    player = Player(
        kinds,
        noise=_number(given, "noise", 0.0, 1.0),
        horizon=_number(given, "horizon", math.inf, math.inf),
        share=_number(given, "share", 0.5, 1.0),
        seed=_seed(given),
    )
    return player, Path(given["bank"])


def _number(given: dict[str, str], dial: str, usual: float, most: float) -> float:
    try:
        value = float(given.get(dial, usual))
    except ValueError:
        value = math.nan
    if not 0 <= value <= most:
        raise BadInput(f"the setting {dial} of a player must be a number from 0 to {most:g}, not {given[dial][:40]}")
    return value


def _seed(given: dict[str, str]) -> int:
    seed = _number(given, "seed", 0, 2**31)
    if not seed.is_integer():
        raise BadInput(f"the setting seed of a player must be a whole number, not {given['seed'][:40]}")
    return int(seed)
