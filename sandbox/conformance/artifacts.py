"""Checks that only plain files are copied from a workspace, and that their names are harmless."""

import hashlib
import re
from functools import partial

from gedanken.experiment.execution import Cause
from gedanken.sandbox.artifacts import MAX_FILE_BYTES, MAX_FILES
from gedanken.sandbox.conformance.check import SMALL, Check, Judge, Trial, Verdict, ending

# Each check needs its own machine, because all files in a workspace are copied after every command.
_check = partial(Check, group="artifacts", language="bash", needs_own_machine=True)
_SHORT_LIMITS = SMALL.model_copy(update={"wall_seconds": 10.0})
_PLAIN_TEXT = "plain text\n"
_WRITE_PLAIN_FILE = "cd; echo 'plain text' > plain.txt; "
_SAFE_PATH = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")

SOCKETS = """
import os, socket
socket.socket(socket.AF_UNIX).bind(os.path.expanduser("~/socket"))
open(os.path.expanduser("~/plain.txt"), "w").write("plain text\\n")
"""


def copies_only(*names: str) -> Judge:
    """Return a judge that passes a trial if exactly the files `names` were copied, and `plain.txt` is unchanged."""

    def judge(trial: Trial) -> Verdict:
        execution = trial.execution
        if execution.cause is not Cause.FINISHED:
            return Verdict(False, ending(execution))
        copied = {artifact.name: artifact for artifact in execution.artifacts}
        plain_file = copied.get("plain.txt")
        digest = hashlib.sha256(_PLAIN_TEXT.encode()).hexdigest()
        if plain_file is None or (plain_file.sha256, plain_file.bytes) != (digest, len(_PLAIN_TEXT)):
            return Verdict(False, "`plain.txt` was changed or not copied")
        difference = sorted(set(copied) ^ set(names))
        return Verdict(
            not difference,
            f"copied by mistake or missing: {difference}" if difference else f"copied: {', '.join(names)}",
        )

    return judge


def named_safely(trial: Trial) -> Verdict:
    """Pass if at least three files were copied, with different, plain names inside the folder."""
    paths = [artifact.path for artifact in trial.execution.artifacts]
    unsafe = [path for path in paths if not _SAFE_PATH.fullmatch(path)]
    if unsafe or len({artifact.name for artifact in trial.execution.artifacts}) != len(paths):
        return Verdict(False, f"unsafe names: {unsafe or 'two names are the same'}")
    return Verdict(len(paths) >= 3, f"{len(paths)} files with harmless names")


def few_enough(trial: Trial) -> Verdict:
    """Pass if at least one file was copied, but not more than FILES."""
    count = len(trial.execution.artifacts)
    return Verdict(0 < count <= MAX_FILES, f"{count} files were copied")


CHECKS = (
    _check(
        "plain-file",
        promise="A file is copied with its size and checksum.",
        program=_WRITE_PLAIN_FILE,
        judge=copies_only("plain.txt"),
        harmless=True,
    ),
    _check(
        "symbolic-link",
        promise="If a program leaves a link to a file of the host, that file is not copied.",
        program=_WRITE_PLAIN_FILE
        + "ln -s $(echo @FILES@ | cut -d: -f1) leak; ln -s /etc passwords; ln -s plain.txt alias",
        judge=copies_only("plain.txt"),
    ),
    _check(
        "hard-link",
        promise="A file with a second name (hard link) is not copied.",
        program=_WRITE_PLAIN_FILE
        + "echo x > /tmp/x && (ln /tmp/x twin || echo x > one; ln one twin); mkdir f; echo x > f/a;"
        " ln f/a b; true",
        judge=copies_only("plain.txt"),
    ),
    _check(
        "fifo",
        promise="A pipe is not copied, and does not block the copying.",
        program=_WRITE_PLAIN_FILE + "mkfifo pipe",
        judge=copies_only("plain.txt"),
        limits=_SHORT_LIMITS,
    ),
    _check(
        "device-file",
        promise="A device file is not copied, if a program can make one at all.",
        program=_WRITE_PLAIN_FILE + "mknod zero c 1 5 2> /dev/null; true",
        judge=copies_only("plain.txt"),
        limits=_SHORT_LIMITS,
    ),
    _check(
        "socket-file",
        promise="A socket is not copied.",
        program=SOCKETS,
        language="python",
        judge=copies_only("plain.txt"),
    ),
    _check(
        "large-artifact",
        promise="A file larger than the limit is not copied.",
        program=_WRITE_PLAIN_FILE + f"truncate -s {MAX_FILE_BYTES + 1} large",
        judge=copies_only("plain.txt"),
    ),
    _check(
        "many-artifacts",
        promise="No more files are copied than are allowed.",
        program=f"cd; for n in $(seq {MAX_FILES + 20}); do echo $n > file$n; done",
        judge=few_enough,
    ),
    _check(
        "artifact-names",
        promise="Names with dots, dashes, line breaks and escapes are made harmless.",
        program="cd; for name in '..x' '...' $'a\\nb' $'\\e[31mred' '-rf' ' blank' '..\\..\\up' $'\\377' 'ü'; do"
        ' echo x > "./$name"; done',
        judge=named_safely,
    ),
)
