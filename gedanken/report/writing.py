"""Writes the result of a comparison or of a probe, into its run folder or to a path that the user names."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gedanken.analysis.analysis import Analysis
from gedanken.compare.verdict.results import Verdict
from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import write_atomically
from gedanken.experiment.run_log import RunLog
from gedanken.records.trace import read_trace
from gedanken.report.markdown import to_markdown
from gedanken.report.values import values_of
from gedanken.traces.run_tree import TracedRun

PAGE, MARKDOWN, COMPARISON, PROBE = "report.html", "report.md", "comparison.json", "probe.json"
PAGE_MARKER = b'content="gedanken'
"""Text in the head of each page that gedanken writes. A file with this text is an earlier page, and may be
overwritten.
"""
_HEAD_BYTES = 4096


def write_comparison(folder: Path, analysis: Analysis) -> None:
    """Write `comparison.json` into a run folder. Raises BadInput if that fails."""
    _write(folder / COMPARISON, json.dumps(values_of(analysis), indent=2, ensure_ascii=False, default=str) + "\n")


def write_probe(folder: Path, result: dict[str, Any]) -> Path:
    """Write the result of a probe into its run folder. Raises BadInput if that fails."""
    return _write(folder / PROBE, json.dumps(result, indent=2, ensure_ascii=False) + "\n")


def write_probe_page(path: Path, probed: Sequence[tuple[RunLog, Verdict]]) -> Path:
    """Write the page of one or several probes. Raises BadInput if that fails."""
    from gedanken.report.probe_page import probed_model, render_probes

    return _write(path, render_probes([probed_model(log, verdict) for log, verdict in probed]))


def write_page(folder: Path, analysis: Analysis) -> Path:
    """Write the report into a run folder. Raises BadInput if that fails."""
    from gedanken.report.page import render

    return _write(folder / PAGE, render(analysis, _trace_of(folder)))


def write_markdown(folder: Path, analysis: Analysis) -> Path:
    """Write the report as Markdown into a run folder. Raises BadInput if that fails."""
    return _write(folder / MARKDOWN, to_markdown(analysis))


def check_page(path: Path) -> None:
    """Raise BadInput unless `path` is a new file in an existing folder, an empty file, or an earlier page."""
    if not path.exists() and not path.is_symlink():
        if not path.parent.is_dir():
            raise BadInput(f"--html {path}: there is no folder {path.parent}")
        return
    if not path.is_file():
        raise BadInput(f"--html {path}: this path exists and is not a file; name a file")
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise BadInput(f"--html {path}: {error.strerror}") from error
    if head and PAGE_MARKER not in head:
        raise BadInput(f"--html {path}: this file exists and is not a report; name another file")


def write_page_to(path: Path, analysis: Analysis, folder: Path | None) -> None:
    """Write the report to `path`, a file that the user names (see `check_page`). `folder` is the run folder, if there
    is one."""
    from gedanken.report.page import render

    check_page(path)
    _write(path, render(analysis, _trace_of(folder) if folder else ()))


def _trace_of(folder: Path) -> list[TracedRun]:
    """Return the trace of the run in a folder; empty if there is none, or if it cannot be read."""
    try:
        return read_trace(folder)
    except BadInput:
        return []


def _write(path: Path, text: str) -> Path:
    try:
        write_atomically(path, text)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    return path
