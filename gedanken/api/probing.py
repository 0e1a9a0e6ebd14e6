"""The functions `gedanken.probe` and `gedanken.aprobe`, which test a model with small programs."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from gedanken.analysis.probe_result import probe_result
from gedanken.analysis.probe_scores import item_scores
from gedanken.api.arguments import opened_model_spec, sandbox_of
from gedanken.api.running import as_blocking, screen_of
from gedanken.experiment.errors import BadInput, Interrupted
from gedanken.experiment.probe_design import ProbeDesign
from gedanken.experiment.probe_item import ItemScore
from gedanken.experiment.run_log import RunLog
from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
from gedanken.loading.suites import read_suite
from gedanken.probes.families.built_in import FAMILIES, find_family
from gedanken.probing.probe_spec import probe_spec
from gedanken.runner import run as run_spec

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


@dataclass(frozen=True, slots=True, repr=False)
class ProbeResult:
    """The result of a probe."""

    log: RunLog
    scores: tuple[ItemScore, ...]
    """One score for each item and each way of asking about it (`condition`)."""
    values: dict[str, Any]
    """The values that `gedanken probe --json` prints."""

    @property
    def exact(self) -> float | None:
        """The share of right answers to direct questions (without working steps), from 0 to 1, averaged over the
        items; None if no answer was scored."""
        exact: float | None = self.values["exact"]
        return exact

    @property
    def folder(self) -> Path | None:
        """The run folder."""
        return self.log.folder


async def aprobe(  # noqa: PLR0913 (each is an option of a probe)
    families: Sequence[str] = (),
    model: "BaseChatModel | ModelSpec | str" = "embedded",
    *,
    sizes: Sequence[int] = (),
    n: int = 4,
    seed: int = 0,
    samples: int = 1,
    minutes: float | None = None,
    suite: str | Path | None = None,
    sandbox: SandboxSpec | str = "auto",
    out: str | Path | None = None,
    progress: bool = True,
) -> ProbeResult:
    """Ask a model what small programs print, really run the programs, and count the right answers.

    `aprobe` is a coroutine function; `probe` blocks until the result is there, also in a notebook.

    Args:
        families: names such as `state` or `linear algebra`; if empty, all families, or none if a suite is given.
        model: the model, as in `gedanken.run`.
        sizes: sizes of the programs, as numbers of operations; if empty, the default sizes of each family.
        n: number of programs (or of groups, such as pairs) for each kind of operation and each size.
        seed: seed that selects the programs; another seed gives other programs.
        samples: number of answers to each direct question: the first at temperature 0, all others at 1.
        minutes: time limit in minutes; only questions that fit into it are asked. None asks all.
        suite: path of a file of JSON lines with the fields of CRUXEval (id, code, input, output).
        sandbox: the sandbox, as in `gedanken.run`.
        out: the run folder, new or empty; None creates one under `runs/`.
        progress: True if the progress is shown on standard error.

    Returns:
        The ProbeResult: `exact`, `scores`, `values`, `log`, `folder`.

    Raises:
        The same errors as `gedanken.run`; `gedanken resume` continues an interrupted probe.
    """
    if suite and sizes and not families:
        raise BadInput("sizes has no effect on the lines of a suite; name a family too, or leave out sizes")
    try:
        names = [find_family(name).name for name in families] or (
            [] if suite else [probe_family.name for probe_family in FAMILIES]
        )
        design = ProbeDesign(
            families=tuple(dict.fromkeys(names)),
            sizes=tuple(sizes),
            groups=n,
            seed=seed,
            samples=samples,
            minutes=minutes,
            suite=read_suite(Path(suite)).items if suite else (),
        )
    except ValidationError as error:
        first_error = error.errors()[0]
        raise BadInput(f"{'.'.join(map(str, first_error['loc']))}: {first_error['msg']}") from error
    with opened_model_spec(model) as name:
        spec = probe_spec(design, name, sandbox_of(sandbox), cores=os.cpu_count() or 1)
        try:
            result = await run_spec(spec, screen_of(progress), Path(out) if out else None)
        except Interrupted as interrupted:
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # a caller who cancels the task expects CancelledError
                raise asyncio.CancelledError from interrupted
            raise
    return ProbeResult(result.log, item_scores(result.log), probe_result(result.log))


probe = as_blocking("probe", aprobe)
