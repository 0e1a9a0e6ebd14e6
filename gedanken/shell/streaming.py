"""Shows output as it arrives: real output unchanged, imagined output without text that no terminal would print."""

from collections.abc import Callable

from gedanken.agents.reply_cleaning import Cleaned, clean
from gedanken.experiment.execution import Limits

MAX_HELD_LINES = 200
"""Maximum number of held-back lines that are checked again at each new line. If there are more, they are shown at the
end of the reply, because checking them takes quadratic time.
"""
_SENTINEL_LINE = "\0\n"
"""A line that nobody types and that is not chat. It is put before or after a line to find out whether `clean` removes
that line.
"""


class RealStream:
    """Shows the first part of a program's output as it arrives, and the rest at the end.

    The first part is at most half of `limits.output_bytes` long, because later parts of a long output may be dropped.
    """

    def __init__(self, limits: Limits, show: Callable[[str], None]) -> None:
        self._bytes_left, self._show, self._shown = limits.output_bytes // 2, show, ""

    def receive(self, chunk: str) -> None:
        """Receive a chunk of output."""
        self._bytes_left -= len(chunk.encode(errors="replace"))
        if self._bytes_left >= 0:
            self._shown += chunk
            self._show(chunk)

    @property
    def unshown(self) -> str:
        """Output that is held back; always empty."""
        return ""

    def finish(self, output: str) -> bool:
        """Show the rest of the complete output. If its beginning differs from what was already shown, show nothing
        and return False.
        """
        return _show_rest(output, self._shown, self._show)


class ImaginedStream:
    """Shows each line of a reply as soon as it is almost certain that the line is output.

    A line is held back while `gedanken.agents.reply_cleaning` might still remove it as an echo of the command, a
    prompt, or a closing code fence.
    """

    def __init__(self, command: str, show: Callable[[str], None], typed_before: str = "") -> None:
        """Show the reply to `command` with `show`. `typed_before` is the text that was typed before the command."""
        self._command, self._typed_before, self._show = command, typed_before, show
        self._command_lines = [line for line in command.splitlines() if line.strip()] or [""]
        self._incomplete_line = self._held_back = self._shown = ""
        self._has_output = self._has_fence = False

    def receive(self, chunk: str) -> None:
        """Receive a chunk of the reply."""
        *complete, self._incomplete_line = (self._incomplete_line + chunk).split("\n")
        for line in complete:
            self._held_back += f"{line}\n"
            if self._has_output or not self._may_precede_output(f"{line}\n"):
                self._show_if_certain()

    @property
    def unshown(self) -> str:
        return self._held_back + self._incomplete_line

    def finish(self, output: str) -> bool:
        """Show the rest of the complete output. If its beginning differs from what was already shown, show nothing
        and return False.
        """
        return _show_rest(output, self._shown, self._show)

    def _may_precede_output(self, line: str) -> bool:
        """Return whether a line may come before the output: a blank line, chat, a code fence, or an echo of the
        command.
        """
        return not line.strip() or any(
            clean(beginning, command_line).text != beginning
            for command_line in self._command_lines
            for beginning in (f"{line}{_SENTINEL_LINE}", f"{line}```\n{_SENTINEL_LINE}")
        )

    def _show_if_certain(self) -> None:
        """Show the held-back text if it is output whether the reply ends here or goes on."""
        if self._held_back.count("\n") > MAX_HELD_LINES:
            return
        if_ended, if_continued = self._clean_reply(""), self._clean_reply(_SENTINEL_LINE)
        if if_ended.text + _SENTINEL_LINE != if_continued.text:
            return
        text = if_ended.text.removeprefix(_SENTINEL_LINE) if self._has_output else if_ended.text
        if not self._has_output:
            self._has_output, self._has_fence = (
                True,
                any(violation.kind == "code fence" for violation in if_ended.violations),
            )
        self._held_back = ""
        self._shown += text
        self._show(text)

    def _clean_reply(self, suffix: str) -> Cleaned:
        prefix, command = (_SENTINEL_LINE, "") if self._has_output else ("", self._command)
        reply = f"{prefix}{self._held_back}{suffix}"
        cleaned = clean(reply, command, opened=self._has_fence)
        # The text typed before may be long, so it is searched only if that can make a difference.
        return (
            cleaned
            if cleaned.text == reply
            else clean(reply, command, known=self._typed_before, opened=self._has_fence)
        )


def _show_rest(output: str, shown: str, show: Callable[[str], None]) -> bool:
    is_prefix = output.startswith(shown)
    show(output[len(shown) :] if is_prefix else "")
    return is_prefix
