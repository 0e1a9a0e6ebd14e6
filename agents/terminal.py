"""Builds the messages that are typed into an imagined terminal, and infers from a reply how the command ended."""

import re

from gedanken.agents.session import Turn
from gedanken.experiment.execution import Cause
from gedanken.experiment.secrets import redacted
from gedanken.experiment.typed_line import read_line

_ENDINGS = (
    (re.compile(r"^(?:-?bash|sh): (?:line \d+: )?.*: command not found$|^Command '.*' not found\b"), 127),
    (re.compile(r"^(?:-?bash|sh): (?:line \d+: )?[\w./~-]*/[\w./~-]*: No such file or directory$"), 127),
    (re.compile(r"^(?:-?bash|sh): (?:line \d+: )?[\w./~-]*/[\w./~-]*: (?:Permission denied|Is a directory)$"), 126),
    (re.compile(r"^(?:-?bash|sh): (?:eval: )?(?:line \d+: )?(?:syntax error|unexpected EOF)\b"), 2),
    (re.compile(r"^python3: can't open file"), 2),
    (re.compile(r"^Segmentation fault\b"), 139),
    (re.compile(r"^Killed$"), 137),
    (
        re.compile(
            r"^[\w./-]+: .*: (?:No such file or directory|Permission denied|File exists|Directory not empty|"
            r"Operation not permitted|(?:Is|Not) a directory)$"
        ),
        1,
    ),
)
"""Patterns for the last line of a failed command, each with its exit code. The first pattern that matches is used."""
_COMMAND_SEPARATOR = re.compile(r"&&|\|\||;|\n")
_SILENT_COMMAND = re.compile(
    r"(?:cd|mkdir|rmdir|rm|mv|cp|ln|touch|chmod|chown|export|unset|alias|unalias|source|\.|set|umask|ulimit|sleep|true|"
    r"kill|truncate|:)(?:\s(?!.*(?:-v\b|--verbose|\|)).*)?$|\w+=\S*$|[^|]*[^|&\s]\s*>>?\s*[\w./~-]+$"
)
"""Matches a part of a command line that prints nothing if it succeeds, because it has no output or writes it to a
file.
"""
_TRACEBACK = "Traceback (most recent call last):"
_SYNTAX_ERROR = re.compile(r"^(?:SyntaxError|IndentationError|TabError)\b")
_FRAME_LINE = re.compile(r"^\s+File \".*\", line \d+\s*$")
_ERROR_LINE = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit)\b")


def file_turn(name: str, source: str) -> Turn:
    """Build the turn in which a file is typed into the imagined machine: `cat > NAME <<'EOF'` with the source, and
    an empty reply.
    """
    delimiter = "EOF"
    while delimiter in source.splitlines():
        delimiter += "_"
    return Turn(redacted(f"cat > {name} <<'{delimiter}'\n{source.rstrip()}\n{delimiter}"), "")


def mention_turn(tell: str) -> Turn:
    """Build the turn that mentions a file without showing it. `tell`, the coder's instruction, is put in curly
    brackets.
    """
    return Turn(redacted(f"{{{tell}}}"), "")


def typed_message(command: str, tells: tuple[str, ...] = ()) -> str:
    r"""Build the message that types a command, preceded by each of `tells` in curly brackets.

    A command that could be mistaken for a tell gets a backslash in front: `\{ echo a; }`. API keys are removed.
    """
    escape = "\\" if read_line(command) != ("command", command) else ""
    return redacted("\n".join([*(f"{{{tell}}}" for tell in tells), escape + command]))


def prints_nothing(command: str) -> bool:
    """Return whether a command prints nothing when it succeeds.

    An empty reply is then a valid answer.
    """
    parts = [part.strip() for part in _COMMAND_SEPARATOR.split(command) if part.strip()]
    return bool(parts) and all(_SILENT_COMMAND.match(part) for part in parts)


def infer_exit_code(output: str, cut: bool) -> tuple[int | None, Cause]:
    """Infer from the output of an imagined command its exit code and the cause of its end.

    The exit code is None if the reply was cut off, and 0 if the output does not end with an error. An error has its
    usual exit code, such as 127 for an unknown command.
    """
    if cut:
        return None, Cause.CUT
    lines = [line for line in output.splitlines() if line.strip()]
    has_traceback = _TRACEBACK in output
    starts = (
        [index for index, line in enumerate(lines) if line.strip().startswith(_TRACEBACK)] if has_traceback else []
    )
    if starts:
        after_traceback = lines[starts[-1] + 1 :]
        errors = [index for index, line in enumerate(after_traceback) if _ERROR_LINE.match(line)]
        # An error message may continue in indented lines.
        # If more follows, the program caught the exception.
        if not errors or all(line[0].isspace() for line in after_traceback[errors[0] + 1 :]):
            return 1, Cause.FAILED
    # For a file that cannot be parsed, Python prints no traceback header.
    if lines and _SYNTAX_ERROR.match(lines[-1]) and any(_FRAME_LINE.match(line) for line in lines):
        return 1, Cause.FAILED
    last_line = lines[-1].rstrip() if lines else ""
    code = next((code for pattern, code in _ENDINGS if pattern.match(last_line)), 0)
    return code, Cause.FAILED if code else Cause.FINISHED
