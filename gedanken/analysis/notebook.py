"""Renders an analysis as HTML for notebooks. All text is escaped, because models and programs wrote some of it."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from gedanken.compare.sentences import format_finding, kind_label
from gedanken.experiment.counts import format_count
from gedanken.experiment.escaping import harmless
from gedanken.experiment.finding import Finding

FINDINGS_SHOWN = 10
UNDECIDED_SHOWN = 3
_MOST_CHARS = 600
"""Maximum length in characters of one escaped text."""


class VersionRow(NamedTuple):
    """The number of real and of imagined runs of one program version, or of supplied logs."""

    program: str
    real: int
    imagined: int


class NotebookView(NamedTuple):
    """The parts of an analysis that are rendered."""

    title: str
    verdict: str
    primary: str
    """Name of the primary endpoint, and why it was chosen; empty if there is none."""
    rows: Sequence[VersionRow]
    findings: Sequence[Finding]
    undecided: Sequence[str]
    folder: Path | None


def as_notebook_html(shown: NotebookView) -> str:
    """Render the title, verdict, primary endpoint, runs, findings, undecided questions and run folder of an
    analysis.
    """
    parts = [f"<b>{_escape(shown.title)}</b>", f"<p>{_escape(shown.verdict)}</p>"]
    if shown.primary:
        parts.append(f"<p>primary endpoint: {_escape(shown.primary)}</p>")
    counts = [(row.program, str(row.real), str(row.imagined)) for row in shown.rows]
    parts.append(_table(("program", "real runs", "imagined runs"), counts))
    finding_rows = [
        (kind_label(finding.check), format_finding(finding), finding.explained_by or "")
        for finding in shown.findings[:FINDINGS_SHOWN]
    ]
    parts.append(_table(("finding", "", "explained by"), finding_rows))
    hidden_count = len(shown.findings) - FINDINGS_SHOWN
    if hidden_count > 0:
        parts.append(f"<p>and {format_count(hidden_count, 'more finding')}</p>")
    parts += [f"<p>undecided: {_escape(reason)}</p>" for reason in shown.undecided[:UNDECIDED_SHOWN]]
    if shown.folder:
        parts.append(f"<p>all files: {_escape(str(shown.folder))}</p>")
    return f"<div>{''.join(parts)}</div>"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    titles = "".join(f"<th>{_escape(title)}</th>" for title in header)
    lines = ("".join(f"<td>{_escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table><tr>{titles}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _escape(text: str) -> str:
    return escape(harmless(text[:_MOST_CHARS]) + (" …" if len(text) > _MOST_CHARS else ""))
