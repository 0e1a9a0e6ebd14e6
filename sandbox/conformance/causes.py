"""Checks that the different ways in which a command can end are distinguished."""

from functools import partial

from gedanken.experiment.execution import Cause
from gedanken.sandbox.conformance.check import SMALL, Check, ends

_check = partial(Check, group="causes", language="bash", harmless=True)
_ONE_SECOND = SMALL.model_copy(update={"wall_seconds": 1.0})
_LITTLE_MEMORY = SMALL.model_copy(update={"memory_mib": 128})
_LITTLE_DISK = SMALL.model_copy(update={"workspace_mib": 32, "workspace_files": 1000, "file_mib": 8})
_LITTLE_OUTPUT = SMALL.model_copy(update={"printed_mib": 1})

# If the disk limit is only checked periodically, the pause gives time for the check.
FILL = "for n in 1 2 3 4 5 6 7 8; do head -c 8M /dev/zero > ~/fill$n || exit 1; done; sleep 5"
HOG = "exec python3 -c 'pieces = [bytearray(b\"x\") * (8 << 20) for _ in range(28)]; print(len(pieces))'"

CHECKS = (
    _check(
        "finished",
        promise="A command that succeeds is reported as finished.",
        program="echo before",
        judge=ends(Cause.FINISHED, exit_code=0, shows="before"),
    ),
    _check(
        "failed",
        promise="A command that fails is reported as failed, with its exit code.",
        program="echo before; exit 7",
        judge=ends(Cause.FAILED, exit_code=7, shows="before"),
    ),
    _check(
        "unknown-command",
        promise="A command that does not exist gives the message that a terminal gives.",
        program="nvidia-smi-of-mine",
        judge=ends(Cause.FAILED, exit_code=127, shows="bash: nvidia-smi-of-mine: command not found"),
    ),
    _check(
        "timed-out",
        promise="A command that takes too long is reported as timed out.",
        program="echo before; sleep 60",
        judge=ends(Cause.TIMED_OUT, within=8, shows="before"),
        limits=_ONE_SECOND,
    ),
    _check(
        "out-of-memory",
        promise="A command that needs too much memory is reported as out of memory.",
        program="echo before; " + HOG,
        judge=ends(Cause.OUT_OF_MEMORY, shows="before"),
        limits=_LITTLE_MEMORY,
    ),
    _check(
        "output-cap",
        promise="A command that prints too much is reported as stopped at the output limit.",
        program="echo before; yes",
        judge=ends(Cause.OUTPUT_CAP, within=15, shows="before"),
        limits=_LITTLE_OUTPUT,
    ),
    _check(
        "disk-full",
        promise="A command that fills the workspace is reported as having no space left.",
        program="echo before; " + FILL,
        judge=ends(Cause.DISK_FULL, shows="before"),
        limits=_LITTLE_DISK,
        needs_own_machine=True,
    ),
    _check(
        "file-too-large",
        promise="A command whose file grows too large is reported as having no space left.",
        program="echo before; exec head -c 20M /dev/zero > ~/large",
        judge=ends(Cause.DISK_FULL, shows="before"),
        limits=_LITTLE_DISK,
        needs_own_machine=True,
    ),
    _check(
        "killed",
        promise="A command that is killed for a reason other than memory is reported as killed.",
        program="echo before; kill -9 $$",
        judge=ends(Cause.KILLED, exit_code=137, shows="before"),
    ),
)
