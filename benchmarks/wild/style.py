"""A style of log: how a framework's training prints, and what a practitioner reads in it."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.wild.made import Made


@dataclass(frozen=True, slots=True)
class Style:
    """A kind of program whose runs can be made, as many as are wanted."""

    name: str
    write: Callable[[Made], None]
    primary: tuple[str, ...]
    """What a practitioner would call its primary endpoint: the first is doctored, any of them is right."""
    metrics: tuple[str, ...]
    """Names of all that it measures, the primary among them."""

    def make(self, seed: int) -> str:
        """One run, with marks: see `marks.plain`."""
        made = Made(f"{self.name} {seed}")
        self.write(made)
        return made.text


def style(
    name: str, primary: tuple[str, ...], others: tuple[str, ...] = ()
) -> Callable[[Callable[[Made], None]], Style]:
    """Make a style of a function that writes a run."""
    return lambda write: Style(name, write, primary, (*primary[:1], *others))
