"""Output shown as it comes: a real one as it is, an imagined one already without what no terminal prints."""

from collections.abc import Callable

from agents.cleaning import clean
from experiment.execution import Limits

_BESIDE = "-\n"
"""A line that is never taken off, for asking what happens to another one beside it."""


class RealStream:
    """Shows what a program prints, up to the part of it whose middle may not be kept."""

    def __init__(self, limits: Limits, show: Callable[[str], None]) -> None:
        """Show it piece by piece with `show`."""
        self._room, self._show, self._shown = limits.output_bytes // 2, show, ""

    def hear(self, piece: str) -> None:
        """Take in what came."""
        self._room -= len(piece.encode(errors="replace"))
        if self._room >= 0:
            self._shown += piece
            self._show(piece)

    @property
    def unshown(self) -> str:
        """What came and waits to be shown: nothing."""
        return ""

    def finish(self, output: str) -> bool:
        """Show the rest, now that all that is kept is known; False if more was shown than is part of it."""
        return _show_rest(output, self._shown, self._show)


class ImaginedStream:
    """Shows each line of a reply as soon as it is as good as certain that it is output.

    What that is, `agents.cleaning` decides, for a whole reply. A line that it might yet take off, such as an echo
    of the command at the beginning or a prompt at the end, is held back until more is known.
    """

    def __init__(self, command: str, show: Callable[[str], None]) -> None:
        """Show the reply to `command`, piece by piece, with `show`."""
        self._command, self._show = command, show
        self._typed = [line for line in command.splitlines() if line.strip()] or [""]
        self._open = self._held = self._shown = ""
        self._began = False

    def hear(self, piece: str) -> None:
        """Take in what came."""
        *complete, self._open = (self._open + piece).split("\n")
        for line in complete:
            self._held += f"{line}\n"
            if not self._is_doubtful(f"{line}\n"):
                self._settle()

    @property
    def unshown(self) -> str:
        """What came and is held back."""
        return self._held + self._open

    def finish(self, output: str) -> bool:
        """Show the rest, now that the whole output is known; False if more was shown than is part of it."""
        return _show_rest(output, self._shown, self._show)

    def _is_doubtful(self, line: str) -> bool:
        if self._began:
            return _is_touched(f"{_BESIDE}\n{line}", "")
        return not line.strip() or any(_is_touched(f"{line}\n{_BESIDE}", typed) for typed in self._typed)

    def _settle(self) -> None:
        if self._began:
            certain = clean(f"{_BESIDE}{self._held}{_BESIDE}", "").text[len(_BESIDE) : -len(_BESIDE)]
        else:
            certain = clean(self._held, self._command).text
        self._began, self._held = True, ""
        self._shown += certain
        self._show(certain)


def _is_touched(reply: str, command: str) -> bool:
    return clean(reply, command).text != reply


def _show_rest(output: str, shown: str, show: Callable[[str], None]) -> bool:
    agrees = output.startswith(shown)
    show(output[len(shown) :] if agrees else "")
    return agrees
