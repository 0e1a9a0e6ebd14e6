"""A style of logs: how a framework prints a training, and which metrics a practitioner reads in the log."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.wild.made import GeneratedRun


@dataclass(frozen=True, slots=True)
class Style:
    """A kind of program whose runs can be generated, as many as needed."""

    name: str
    write: Callable[[GeneratedRun], None]
    primary: tuple[str, ...]
    """What a practitioner would call the primary endpoint: the first is doctored, and any of them counts as right."""
    metrics: tuple[str, ...]
    """Names of all metrics, the primary one among them."""

    def make(self, seed: int) -> str:
        """Return one run with marks; see `marks.plain`."""
        run = GeneratedRun(f"{self.name} {seed}")
        self.write(run)
        return run.text


def style(
    name: str, primary: tuple[str, ...], others: tuple[str, ...] = ()
) -> Callable[[Callable[[GeneratedRun], None]], Style]:
    """Return a decorator that makes a `Style` of a function that writes a run."""
    return lambda write: Style(name, write, primary, (*primary[:1], *others))
