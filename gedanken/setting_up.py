"""Prepares what runs need (`gedanken setup`): the sandbox image, the data sets, and the embedded model's weights."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from gedanken.experiment.progress import Progress, Update
from gedanken.experiment.script import Experiment


def set_up(progress: Progress, experiments: Sequence[Experiment], sandbox: str) -> None:
    """Download or build what is missing: the embedded model's weights, the sandbox, and the experiments' data sets.

    `sandbox` is a name as for `--sandbox`. Raises NoSandbox, NoModel or BadInput.
    """
    from gedanken.agents.weights import fetch_weights
    from gedanken.sandbox.datasets import ensure_dataset
    from gedanken.sandbox.open_engine import open_engine

    for line in _describe_downloads():
        progress.say(line)
    with run_in_background(progress, fetch_weights):
        open_engine(sandbox, progress)
        for name in sorted({experiment.dataset for experiment in experiments}):
            dataset, _folder = ensure_dataset(name, progress)
            progress.say(f"data: {dataset}, from {dataset.source}")


def _describe_downloads() -> list[str]:
    from gedanken.agents.weights import BYTES, weights_path

    size = f"the model, {BYTES / 1e9:.1f} GB"
    if weights_path().is_file():
        return [f"already there: {size}"]
    return [
        f"downloading {size}; meanwhile the sandbox is prepared, which needs a base image and PyTorch (about 300 MB)"
    ]


class _Stopped(Exception):
    """Raised in the thread that `run_in_background` starts, to stop the work there."""


class _StoppableProgress:
    """A Progress that can stop the work that reports to it.

    When the event `stop` is set, the next report raises `_Stopped` in the work.
    """

    def __init__(self, progress: Progress, stop: threading.Event) -> None:
        self._progress = progress
        self._stop = stop

    @contextmanager
    def step(self, title: str, total: float, unit: str = "bytes") -> Iterator[Update]:
        with self._progress.step(title, total, unit) as update:

            def update_or_stop(amount: float) -> None:
                if self._stop.is_set():
                    raise _Stopped
                update(amount)

            yield update_or_stop

    def say(self, text: str) -> None:
        self._progress.say(text)


@contextmanager
def run_in_background(progress: Progress, work: Callable[[Progress], None]) -> Iterator[None]:
    """Do `work` in another thread while the body of the `with` statement runs. At the end of the body, wait for the
    work.

    An exception in the body stops the work at its next progress report. An exception in the work is raised at the end
    of the body.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work, _StoppableProgress(progress, stop))
        try:
            yield
        except BaseException:
            stop.set()
            raise
        future.result()
