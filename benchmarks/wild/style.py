"""A style of logs: how a framework prints a training, and which metrics a practitioner looks for in the log."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.wild.made import GeneratedRun


@dataclass(frozen=True, slots=True)
class Style:
    """A kind of program, such as a training with `catboost`, of which any number of runs can be generated."""

    name: str
    write: Callable[[GeneratedRun], None]
    primary: tuple[str, ...]
    """The metrics that a practitioner would accept as the primary endpoint, the preferred one first."""
    metrics: tuple[str, ...]
    """Names of all metrics, including the preferred primary one."""

    def make(self, seed: int) -> str:
        """Return the log of one run, with marks; `strip_marks` removes them."""
        run = GeneratedRun(f"{self.name} {seed}")
        self.write(run)
        return run.text


def style(
    name: str, primary: tuple[str, ...], others: tuple[str, ...] = ()
) -> Callable[[Callable[[GeneratedRun], None]], Style]:
    """Return a decorator that turns a function that writes a run into a `Style`."""
    return lambda write: Style(name, write, primary, (*primary[:1], *others))
