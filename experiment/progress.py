"""How long work reports on itself, without knowing who shows it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Update = Callable[[float], None]


class Progress(Protocol):
    """Shows steps that take more than a moment."""

    def step(self, title: str, total: float, unit: str = "bytes") -> AbstractContextManager[Update]:
        """Open a step of `total` units (`bytes` or `seconds`); call what it yields with the amount done."""
        ...

    def say(self, text: str) -> None:
        """Tell one line."""
        ...


class Silent:
    """A Progress that shows nothing."""

    @contextmanager
    def step(self, title: str, total: float, unit: str = "bytes") -> Iterator[Update]:  # noqa: ARG002
        """Open a step that nobody sees."""
        yield lambda _done: None

    def say(self, text: str) -> None:
        """Tell nobody."""
