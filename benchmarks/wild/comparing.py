"""Compares generated logs as a user does, with files on both sides, and summarizes the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.wild.marks import strip_marks
from gedanken.analysis.inputs import compare_inputs
from gedanken.compare.sentences import format_finding


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of a comparison."""

    kinds: tuple[str, ...]
    """Kinds of the findings."""
    findings: tuple[str, ...]
    """The findings as sentences."""
    undecided: tuple[str, ...]
    primary: str | None
    names: tuple[str, ...]
    """Names of all series."""


def compare(real: Sequence[str], imagined: Sequence[str]) -> Summary:
    """Strip the marks from the logs, and compare them."""
    with TemporaryDirectory() as folder:
        ours, theirs = (
            [_file(Path(folder) / f"{name}-{number}.log", text) for number, text in enumerate(texts, start=1)]
            for name, texts in (("real", real), ("imagined", imagined))
        )
        analysis = compare_inputs(ours, theirs)
    compared = analysis.versions[0].compared
    return Summary(
        kinds=tuple(finding.check for finding in analysis.findings),
        findings=tuple(format_finding(finding) for finding in analysis.findings),
        undecided=compared.undecided,
        primary=compared.endpoint.name if compared.endpoint else None,
        names=tuple(series.name for series in compared.series),
    )


def _file(path: Path, text: str) -> Path:
    path.write_text(strip_marks(text), encoding="utf-8", newline="")
    return path
