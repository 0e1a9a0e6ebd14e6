"""Holds the shares of right and rival answers that are expected of each way of answering."""

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
    """The answers that one way of answering is expected to give to items of one place, without noise."""

    right: float
    """Share of right answers up to the horizon."""
    rival: float
    """Share of rival answers up to the horizon."""
    right_beyond: float
    rival_beyond: float
    concentration: float
    """Concentration of each cluster's beta distributions. It is low if the shares differ much between templates and
    players.
    """


ExpectedByPlace = Mapping[Place, Expected]


@dataclass(frozen=True, slots=True)
class WayFits:
    """The parameters of one way of answering, fitted to all kinds of players together and to each kind alone."""

    together: ExpectedByPlace
    each: tuple[ExpectedByPlace, ...]

    @property
    def fits(self) -> tuple[ExpectedByPlace, ...]:
        """Return all fits: first the fit to all kinds of players together, then the fits to each kind."""
        return (self.together, *self.each)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of the three ways of answering: computing, imitating, and taking shortcuts."""

    version: str
    fitted_on: tuple[str, ...]
    """The kinds of player that the parameters were fitted to."""
    ways: Mapping[Way, WayFits]

    def __hash__(self) -> int:
        """Return a hash of the version and the kinds of players. A hash is needed because a cache of likelihoods uses
        parameters as keys.
        """
        return hash((self.version, self.fitted_on))

    def as_json(self) -> dict[str, object]:
        """Return the parameters as plain values for JSON."""
        ways = {
            way: {"together": _fit_to_json(way_fits.together), "each": [_fit_to_json(kind) for kind in way_fits.each]}
            for way, way_fits in self.ways.items()
        }
        return {"format": FORMAT, "version": self.version, "fitted_on": list(self.fitted_on), "ways": ways}


def _fit_to_json(places: ExpectedByPlace) -> dict[str, object]:
    return {place: asdict(expected) for place, expected in places.items()}


def _fit_from_json(values: Mapping[str, dict[str, float]]) -> ExpectedByPlace:
    return {place: Expected(**values[place]) for place in PLACES}


def parse_parameters(text: str) -> Parameters:
    """Read parameters from JSON text that was written from `as_json`.

    Raises ValueError if the text has another format version.
    """
    stored = json.loads(text)
    if stored["format"] != FORMAT:
        raise ValueError(f"parameters have format {stored['format']}, but only format {FORMAT} can be read")
    ways = {
        way: WayFits(
            _fit_from_json(stored["ways"][way]["together"]), tuple(map(_fit_from_json, stored["ways"][way]["each"]))
        )
        for way in WAYS
    }
    return Parameters(stored["version"], tuple(stored["fitted_on"]), ways)


@cache
def packaged_parameters() -> Parameters:
    """Return the parameters stored in the package, which verdicts use by default."""
    return parse_parameters((resources.files("gedanken.compare.verdict") / "parameters.json").read_text("utf-8"))
