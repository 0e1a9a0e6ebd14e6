"""Asks a person at the terminal whether a program may run."""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from gedanken.experiment.approval import MAX_REASON_LENGTH, Approve, EditProgram, Question, Reject
from gedanken.experiment.errors import AwaitsApproval, Interrupted
from gedanken.experiment.escaping import harmless

LINES_SHOWN = 400
"""Maximum number of lines that are shown of a program, or of its diff."""


def ask_person(question: Question, folder: Path) -> Approve | EditProgram | Reject:
    """Show the program, ask a person, and return their decision.

    Raises AwaitsApproval if nobody is at a terminal, or if the person wants to answer later. Raises Interrupted after
    Ctrl-C.
    """
    show_question(question)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise AwaitsApproval(question.program, folder)
    # Here Ctrl-C may stop at once: while a person is asked, no work is running that should be allowed to finish.
    previous_handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        while True:
            answer = _ask_once(question, folder)
            if answer is not None:
                return answer
    except EOFError:
        raise AwaitsApproval(question.program, folder) from None
    except KeyboardInterrupt:
        raise Interrupted(folder) from None
    finally:
        signal.signal(signal.SIGINT, previous_handler)


def show_question(question: Question) -> None:
    """Print the program (or its changes, if it is a new version), its imports, and what the sandbox allows."""
    from rich.console import Console
    from rich.syntax import Syntax
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    console.print(Text(f"\n{question.program} ({question.file}) waits for approval", style="bold"))
    text = harmless(question.diff or question.source)
    lines = text.splitlines()[:LINES_SHOWN]
    console.print(Syntax("\n".join(lines), "diff" if question.diff else "python", word_wrap=True))
    if hidden_count := len(text.splitlines()) - len(lines):
        console.print(Text(f"… and {hidden_count} more lines; [e]dit shows the whole program", style="dim"))
    console.print(Text(f"imports  {_format_imports(question)}"), soft_wrap=True)
    console.print(Text(f"sandbox  {_describe_sandbox(question)}"), soft_wrap=True)


def _format_imports(question: Question) -> str:
    if question.imports is None:
        return "unknown: the program cannot be parsed as Python"
    return harmless(", ".join(question.imports)) or "nothing"


def _describe_sandbox(question: Question) -> str:
    if not question.isolated:
        return f"{question.sandbox}, which isolates nothing: it runs as you, with your files and your network"
    limits = question.limits
    cores = "1 core" if limits.cpus == 1 else f"{limits.cpus:g} cores"
    return (
        f"{question.sandbox}: no network, no file of this machine, {cores}, {limits.memory_mib} MiB of "
        f"memory, {limits.workspace_mib} MiB of files, {limits.wall_seconds:g} s"
    )


def _ask_once(question: Question, folder: Path) -> Approve | EditProgram | Reject | None:
    """Ask once; return the decision, or None if the question must be asked again."""
    print("[a]pprove, [e]dit, [r]eject, or answer [l]ater? ", end="", file=sys.stderr, flush=True)
    match input().strip().lower():
        case "a" | "approve":
            return Approve()
        case "e" | "edit":
            text = _edit_source(question.source)
            if text.strip() and text != question.source:
                return EditProgram(source=text)
            print("nothing was changed", file=sys.stderr)
        case "r" | "reject":
            print("why (the coder will see this): ", end="", file=sys.stderr, flush=True)
            if reason := input().strip()[:MAX_REASON_LENGTH]:
                return Reject(reason=reason)
        case "l" | "later":
            raise AwaitsApproval(question.program, folder)
    return None


def _edit_source(source: str) -> str:
    """Let the person edit the source, and return it; unchanged if the editor failed."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text(source, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(path)], check=True)
            return path.read_text(encoding="utf-8")
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            print(f"{editor}: {harmless(str(error))}; name another one in EDITOR", file=sys.stderr)
            return source
