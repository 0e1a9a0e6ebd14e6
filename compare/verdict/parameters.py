"""What each way of answering is expected to do: fitted once on reference players, and kept."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources

from gedanken.compare.verdict.clusters import PLACES, Place
from gedanken.compare.verdict.results import WAYS, Way

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Expected:
    """How one way answers the items of one place, noise aside."""

    right: float
    """The share of right answers up to the horizon."""
    rival: float
    """The share of the rival's answers there."""
    right_beyond: float
    rival_beyond: float
    concentration: float
    """Of the beta distribution from which each cluster has its share: small where templates and players differ."""


OfPlaces = Mapping[Place, Expected]


@dataclass(frozen=True, slots=True)
class Ways:
    """One way of answering: as all its kinds of player together have it, and as each of them has."""

    together: OfPlaces
    each: tuple[OfPlaces, ...]

    @property
    def forms(self) -> tuple[OfPlaces, ...]:
        """All fits: first that of all kinds of operation together, then one of each kind."""
        return (self.together, *self.each)


@dataclass(frozen=True, slots=True)
class Parameters:
    """Of all ways."""

    version: str
    fitted_on: tuple[str, ...]
    """Kinds of player."""
    ways: Mapping[Way, Ways]

    def __hash__(self) -> int:
        """By what they are called: likelihoods are kept by them."""
        return hash((self.version, self.fitted_on))

    def as_json(self) -> dict[str, object]:
        """As it is kept."""
        ways = {
            way: {"together": _as_json(one.together), "each": [_as_json(kind) for kind in one.each]}
            for way, one in self.ways.items()
        }
        return {"format": FORMAT, "version": self.version, "fitted_on": list(self.fitted_on), "ways": ways}


def _as_json(places: OfPlaces) -> dict[str, object]:
    return {place: asdict(one) for place, one in places.items()}


def _of_json(kept: Mapping[str, dict[str, float]]) -> OfPlaces:
    return {place: Expected(**kept[place]) for place in PLACES}


def parameters_of(text: str) -> Parameters:
    """Read what `as_json` wrote. Raises ValueError for another format."""
    kept = json.loads(text)
    if kept["format"] != FORMAT:
        raise ValueError(f"parameters of format {kept['format']}, where {FORMAT} is read")
    ways = {
        way: Ways(_of_json(kept["ways"][way]["together"]), tuple(map(_of_json, kept["ways"][way]["each"])))
        for way in WAYS
    }
    return Parameters(kept["version"], tuple(kept["fitted_on"]), ways)


@cache
def packaged() -> Parameters:
    """Return the parameters that verdicts are made with."""
    return parameters_of((resources.files("gedanken.compare.verdict") / "parameters.json").read_text("utf-8"))
