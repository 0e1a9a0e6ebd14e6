"""Writes the page of an audit."""

from pathlib import Path

from gedanken.auditing.audited import Audit
from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import write_atomically
from gedanken.report.writing import check_page

__all__ = ["check_page", "write_audit_page"]


def write_audit_page(path: Path, audit: Audit) -> None:
    """Write the page to `path`. Raises BadInput if that fails, or if it would overwrite anything but an empty file or
    an earlier page."""
    from gedanken.report.audit_page import render_audit

    check_page(path)
    try:
        write_atomically(path, render_audit(audit))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
