"""Groups real runs that show the same prints in the same epochs; one run of each group is judged."""

from hashlib import blake2b

from gedanken.compare.parsed.run_set import ParsedRun, RunSet


def one_run_per_structure(run_set: RunSet) -> tuple[ParsedRun, ...]:
    """Return one run of each group of real runs that show the same prints in the same epochs.

    The runs of a group also ended in the same way; the first one is returned.
    """
    first_runs: dict[tuple[object, bytes], ParsedRun] = {}
    for run in run_set.ended:
        first_runs.setdefault((run.execution.cause, _structure(run)), run)
    return tuple(first_runs.values())


def _structure(run: ParsedRun) -> bytes:
    epochs = run.curves.epochs
    digest = blake2b()
    for column in (run.ledger.site_of, epochs.lines, epochs.numbers):
        digest.update(f"{len(column)} ".encode() + column.tobytes())
    return digest.digest()
