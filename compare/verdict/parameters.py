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


@dataclass(frozen=True, slots=True)
class Parameters:
    """Of all ways."""

    version: str
    fitted_on: tuple[str, ...]
    """Kinds of player."""
    ways: Mapping[Way, Mapping[Place, Expected]]

    def as_json(self) -> dict[str, object]:
        """As it is kept."""
        ways = {way: {place: asdict(one) for place, one in places.items()} for way, places in self.ways.items()}
        return {"format": FORMAT, "version": self.version, "fitted_on": list(self.fitted_on), "ways": ways}


def parameters_of(text: str) -> Parameters:
    """Read what `as_json` wrote. Raises ValueError for another format."""
    kept = json.loads(text)
    if kept["format"] != FORMAT:
        raise ValueError(f"parameters of format {kept['format']}, where {FORMAT} is read")
    ways = {way: {place: Expected(**kept["ways"][way][place]) for place in PLACES} for way in WAYS}
    return Parameters(kept["version"], tuple(kept["fitted_on"]), ways)


@cache
def packaged() -> Parameters:
    """The parameters that verdicts are made with."""
    return parameters_of((resources.files("gedanken.compare.verdict") / "parameters.json").read_text("utf-8"))
