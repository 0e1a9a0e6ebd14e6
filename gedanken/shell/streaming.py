"""Shows output while it arrives: real output unchanged, and imagined output without text that no terminal prints."""

from collections.abc import Callable

from gedanken.agents.reply_cleaning import Cleaned, clean
from gedanken.experiment.execution import Limits

MOST_LINES_HELD = 200
"""If more lines than this are held back, they are shown only at the end of the reply, because checking them all at
each new line takes quadratic time."""
_BESIDE = "\0\n"
"""A line that nobody types and that is not chat. It is put before or after other lines, to see whether `clean`
removes those lines."""


class RealStream:
    """Shows the first part of a program's output while it arrives, and the rest at the end.

    The first part is half of `limits.output_bytes`, because later parts of a long output may be dropped.
    """

    def __init__(self, limits: Limits, show: Callable[[str], None]) -> None:
        """Show the output piece by piece with `show`."""
        self._room, self._show, self._shown = limits.output_bytes // 2, show, ""

    def hear(self, piece: str) -> None:
        """Receive a piece of output."""
        self._room -= len(piece.encode(errors="replace"))
        if self._room >= 0:
            self._shown += piece
            self._show(piece)

    @property
    def unshown(self) -> str:
        """Output that is held back; always empty."""
        return ""

    def finish(self, output: str) -> bool:
        """Show the rest of the complete output. Return False, and show nothing, if its beginning differs from what
        was shown."""
        return _show_rest(output, self._shown, self._show)


class ImaginedStream:
    """Shows each line of a reply as soon as the line is almost certain to be output.

    A line is held back while `gedanken.agents.reply_cleaning` might still remove it: an echo of the command, a
    prompt, or a closing fence.
    """

    def __init__(self, command: str, show: Callable[[str], None], known: str = "") -> None:
        """Show the reply to `command` piece by piece with `show`; `known` is the text that was typed before the
        command."""
        self._command, self._known, self._show = command, known, show
        self._typed = [line for line in command.splitlines() if line.strip()] or [""]
        self._open = self._held = self._shown = ""
        self._began = self._fenced = False

    def hear(self, piece: str) -> None:
        """Receive a piece of the reply."""
        *complete, self._open = (self._open + piece).split("\n")
        for line in complete:
            self._held += f"{line}\n"
            if self._began or not self._may_lead_up(f"{line}\n"):
                self._settle()

    @property
    def unshown(self) -> str:
        """Text that is held back."""
        return self._held + self._open

    def finish(self, output: str) -> bool:
        """Show the rest of the complete output. Return False, and show nothing, if its beginning differs from what
        was shown."""
        return _show_rest(output, self._shown, self._show)

    def _may_lead_up(self, line: str) -> bool:
        """Return whether a line may stand before the output: a blank line, chat, a fence, or an echo of the
        command."""
        return not line.strip() or any(
            clean(beginning, typed).text != beginning
            for typed in self._typed
            for beginning in (f"{line}{_BESIDE}", f"{line}```\n{_BESIDE}")
        )

    def _settle(self) -> None:
        """Show the held-back text if it counts as output in both cases: the reply ends here, or it goes on."""
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
        # The text typed before may be long, so it is searched only if that can make a difference.
        return cleaned if cleaned.text == reply else clean(reply, command, known=self._known, opened=self._fenced)


def _show_rest(output: str, shown: str, show: Callable[[str], None]) -> bool:
    agrees = output.startswith(shown)
    show(output[len(shown) :] if agrees else "")
    return agrees
