"""Comparing log files that anybody brings."""

from collections.abc import Sequence
from pathlib import Path

from agents.terminal import exit_code_of
from compare.program_run import compare_runs
from compare.programs.source import Source
from experiment.errors import BadInput
from experiment.execution import Execution
from experiment.finding import Finding
from experiment.program import Program
from gedanken.files import read_bytes

MOST_BYTES = 1 << 28


def compare_logs(real: Sequence[Path], imagined: Sequence[Path], program: Path | None) -> tuple[Finding, ...]:
    """Findings on real logs beside imagined ones. Raises BadInput for a file that cannot be used."""
    source = None
    if program is not None:
        source = Program(program.name, 1, _read(program), told="", prompt="", seed=0)
        try:
            Source(source.source)
        except SyntaxError as error:
            at = f":{error.lineno}" if error.lineno else ""
            raise BadInput(f"{program}{at}: not valid Python: {error.msg}") from error
    # Neither list has a trunk, so that both count from 1.
    ours = [_execution(path, seed=number) for number, path in enumerate(real, start=1)]
    theirs = [_execution(path, sample=number) for number, path in enumerate(imagined, start=1)]
    return compare_runs(source, ours, theirs).findings


def _execution(path: Path, *, seed: int | None = None, sample: int | None = None) -> Execution:
    text = _read(path)
    exit_code, cause = exit_code_of(text, cut=False)
    return Execution(
        machine="imagined" if sample else "log",
        command=str(path),
        exit_code=exit_code,
        cause=cause,
        seconds=0.0,
        stdout=text,
        output=text,
        seed=seed,
        sample=sample,
    )


def _read(path: Path) -> str:
    data = read_bytes(path, path, MOST_BYTES)
    if not data.strip():
        raise BadInput(f"{path}: the file is empty")
    if b"\x00" in data:
        raise BadInput(f"{path}: not a text file")
    return data.decode("utf-8", errors="replace")
