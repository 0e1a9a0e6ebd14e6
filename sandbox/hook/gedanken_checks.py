"""Runs many small checks, each in its own forked process: `run(checks)` prints which checks hold.

A check is a pair: a program, and a sign (a text that identifies the check). The check holds if its program ends
without an exception. For each check whose process ended by itself, one line of JSON is printed: the sign, and whether
the check holds. The other checks must be run separately.
"""

import ctypes
import io
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress

SECONDS, ALL_SECONDS = 3.0, 15.0
MOST_BYTES = 4096
PR_SET_DUMPABLE = 4
PRCTL = ctypes.CDLL(None).prctl
LEAVE, WRITE = os._exit, os.write


class Nowhere(io.StringIO):
    """Discards what is printed."""

    def write(self, text):
        return len(text)


def run(checks):
    # Checks cannot open the descriptors of a process that is not dumpable, so none writes into its output.
    PRCTL(PR_SET_DUMPABLE, 0, 0, 0, 0)
    started = time.monotonic()
    for text, sign in checks:
        if time.monotonic() - started > ALL_SECONDS:
            return
        holds = one(text, sign.encode())
        if holds is not None:
            print(json.dumps([sign, holds]), flush=True)


def one(text, sign):
    """Return whether a check holds; None if its process did not end by itself."""
    try:
        folder = tempfile.mkdtemp()
    except OSError:  # earlier checks have filled the disk
        return None
    read_end, write_end = os.pipe()
    pid = os.fork()
    if not pid:
        check(text, sign, write_end, folder)
    os.close(write_end)
    try:
        answer, status = follow(pid, read_end, time.monotonic() + SECONDS)
    finally:
        os.close(read_end)
        shutil.rmtree(folder, ignore_errors=True)
    if status is None or os.WIFSIGNALED(status):
        return None
    return answer == sign


def check(text, sign, write_end, folder):
    """Run the program `text` in this process, and exit. If the check holds, write `sign` to the pipe `write_end`."""
    with suppress(BaseException):  # whatever the program raises, SystemExit too: then it does not hold
        os.setsid()
        enter(folder)
        PRCTL(PR_SET_DUMPABLE, 1, 0, 0, 0)
        null_device = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null_device, stream)
        sys.stdout = Nowhere()
        getattr(sys, "set_int_max_str_digits", str)(0)
        exec(text, {})
        WRITE(write_end, sign)
    LEAVE(0)


def enter(folder):
    try:
        os.chdir(folder)
    except OSError:  # an earlier check has removed it, which says nothing of this one
        os.kill(os.getpid(), signal.SIGKILL)


def follow(pid, read_end, deadline):
    """Return what a process wrote to the pipe `read_end`, and its exit status.

    The status is None if the process was killed.
    """
    answer = b""
    while len(answer) < MOST_BYTES and select.select([read_end], [], [], max(0.0, deadline - time.monotonic()))[0]:
        data = os.read(read_end, MOST_BYTES)
        if not data:
            break
        answer += data
    status = None
    while status is None and time.monotonic() < deadline:
        ended_pid, wait_status = os.waitpid(pid, os.WNOHANG)
        if ended_pid:
            status = wait_status
        else:
            time.sleep(0.001)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    if status is None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return answer, status
