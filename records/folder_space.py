"""Counts the bytes of a run folder, so that no more is written than can be read again."""

from pathlib import Path

from gedanken.experiment.errors import BadInput
from gedanken.experiment.run_spec import RunSpec
from gedanken.records.read_log import MOST_FOLDER_BYTES, MOST_LOG_BYTES
from gedanken.records.run_files import LOG

ROOM_FOR_RESULTS = 1 << 24
"""Number of bytes of the log that are reserved for the results of work that has already begun."""
MOST_TEXT_BYTES = MOST_FOLDER_BYTES // 2
"""When programs and outputs take this many bytes, nothing new is started. The rest of the folder's limit is reserved
for the results of work that has already begun.
"""
MOST_PRINTED_BYTES = 1 << 24
"""Maximum `output_bytes` of a new run. In an entry of the ledger, each byte of output takes at most 6 bytes and may
be stored twice.
"""
_ADVICE = "Finished work is kept, and nothing more is started; split the work into several runs"


class FolderSpace:
    """Counts the bytes of a run folder, and limits how many more are written."""

    def __init__(self, folder: Path, log: int) -> None:
        """`log` is the number of bytes that the log has already."""
        self.log = log
        self.texts = sum(
            path.lstat().st_size for name in ("programs", "outputs") for path in (folder / name).glob("*")
        )
        """Number of bytes of programs and outputs; an output that is written again counts twice."""
        self._folder = folder

    def check_log(self) -> None:
        """Raise BadInput if the log has no room for the results of further work."""
        if self.log > MOST_LOG_BYTES - ROOM_FOR_RESULTS:
            raise BadInput(
                f"{self._folder / LOG}: full: a log of more than {MOST_LOG_BYTES >> 20} MiB could not be read again. "
                f"{_ADVICE}"
            )

    def check(self) -> None:
        """Raise BadInput if the run folder has no room for another output, or the log has none for the results of
        further work.
        """
        self.check_log()
        if self.texts > MOST_TEXT_BYTES:
            raise BadInput(
                f"{self._folder}: full: the outputs of a run have {MOST_TEXT_BYTES >> 20} MiB at most, because more "
                f"could not be read again. {_ADVICE}, or lower output_bytes"
            )


def check_printed(spec: RunSpec) -> None:
    """Raise BadInput if a new run may store outputs that are too long to be read again."""
    output_bytes = spec.experiment.limits.output_bytes
    # A probe sets its own limit, and cuts what is printed.
    if spec.probe is None and output_bytes > MOST_PRINTED_BYTES:
        raise BadInput(
            f"limits: output_bytes: {output_bytes}: a run stores at most {MOST_PRINTED_BYTES} bytes "
            f"({MOST_PRINTED_BYTES >> 20} MiB) of each output, because more could not always be read again"
        )
