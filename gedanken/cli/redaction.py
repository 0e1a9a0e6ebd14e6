"""Removes API keys from text that libraries print themselves: tracebacks, warnings, and logs."""

import logging
import sys
import traceback
import warnings
from types import TracebackType
from typing import Any

from gedanken.experiment.secrets import redacted


def redact_library_output() -> None:
    """Remove this process's API keys from all tracebacks, warnings and log lines that are printed after this call."""
    make_record, format_warning = logging.getLogRecordFactory(), warnings.formatwarning

    def make_redacted_record(*arguments: Any, **keywords: Any) -> logging.LogRecord:
        log_record = make_record(*arguments, **keywords)
        log_record.msg, log_record.args = redacted(log_record.getMessage()), ()
        return log_record

    def format_redacted_warning(*arguments: Any, **keywords: Any) -> str:
        return redacted(format_warning(*arguments, **keywords))

    logging.setLogRecordFactory(make_redacted_record)
    warnings.formatwarning = format_redacted_warning
    sys.excepthook = _print_redacted


def _print_redacted(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    print(redacted("".join(traceback.format_exception(kind, error, trace))), file=sys.stderr, end="")
