"""Removes API keys from text that libraries print themselves: tracebacks, warnings, and logs."""

import logging
import sys
import traceback
import warnings
from types import TracebackType
from typing import Any

from gedanken.experiment.secrets import redacted


def keep_keys_off_the_screen() -> None:
    """From now on, remove this process's API keys from tracebacks, warnings and log lines."""
    make_record, format_warning = logging.getLogRecordFactory(), warnings.formatwarning

    def record(*arguments: Any, **more: Any) -> logging.LogRecord:
        made = make_record(*arguments, **more)
        made.msg, made.args = redacted(made.getMessage()), ()
        return made

    def warning(*arguments: Any, **more: Any) -> str:
        return redacted(format_warning(*arguments, **more))

    logging.setLogRecordFactory(record)
    warnings.formatwarning = warning
    sys.excepthook = _show


def _show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    print(redacted("".join(traceback.format_exception(kind, error, trace))), file=sys.stderr, end="")
