"""Output shown as it comes: a real one as it is, an imagined one already without what no terminal prints."""

from collections.abc import Callable

from gedanken.agents.cleaning import Cleaned, clean
from gedanken.experiment.execution import Limits

MOST_LINES_HELD = 200
"""What is longer and still in doubt is shown in the end: to ask again at each line takes the square of that."""
_BESIDE = "\0\n"
"""A line that nobody types and that is no chat, for asking what happens to another one beside it."""


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

    What that is, `gedanken.agents.cleaning` decides, for a whole reply. A line that it might yet take off, such as an
    echo of the command at the beginning, or at the end a prompt or a fence that closes, is held back until more is
    known.
    """

    def __init__(self, command: str, show: Callable[[str], None], known: str = "") -> None:
        """Show the reply to `command`, piece by piece, with `show`; `known` is what was typed before."""
        self._command, self._known, self._show = command, known, show
        self._typed = [line for line in command.splitlines() if line.strip()] or [""]
        self._open = self._held = self._shown = ""
        self._began = self._fenced = False

    def hear(self, piece: str) -> None:
        """Take in what came."""
        *complete, self._open = (self._open + piece).split("\n")
        for line in complete:
            self._held += f"{line}\n"
            if self._began or not self._may_lead_up(f"{line}\n"):
                self._settle()

    @property
    def unshown(self) -> str:
        """What came and is held back."""
        return self._held + self._open

    def finish(self, output: str) -> bool:
        """Show the rest, now that the whole output is known; False if more was shown than is part of it."""
        return _show_rest(output, self._shown, self._show)

    def _may_lead_up(self, line: str) -> bool:
        """Whether this may be part of what stands before an output: blank, chat, a fence, a line of the command."""
        return not line.strip() or any(
            clean(beginning, typed).text != beginning
            for typed in self._typed
            for beginning in (f"{line}{_BESIDE}", f"{line}```\n{_BESIDE}")
        )

    def _settle(self) -> None:
        """Show what is held back, if it is the same whether the reply ends here or goes on."""
        if self._held.count("\n") > MOST_LINES_HELD:
            return
        ends, goes_on = self._cleaned(""), self._cleaned(_BESIDE)
        if ends.text + _BESIDE != goes_on.text:
            return
        certain = ends.text.removeprefix(_BESIDE) if self._began else ends.text
        if not self._began:
            self._began, self._fenced = True, any(violation.kind == "code fence" for violation in ends.violations)
        self._held = ""
        self._shown += certain
        self._show(certain)

    def _cleaned(self, further: str) -> Cleaned:
        before, command = (_BESIDE, "") if self._began else ("", self._command)
        reply = f"{before}{self._held}{further}"
        cleaned = clean(reply, command, opened=self._fenced)
        # All that was typed before may be long, and is looked through only where it can make a difference.
        return cleaned if cleaned.text == reply else clean(reply, command, known=self._known, opened=self._fenced)


def _show_rest(output: str, shown: str, show: Callable[[str], None]) -> bool:
    agrees = output.startswith(shown)
    show(output[len(shown) :] if agrees else "")
    return agrees
