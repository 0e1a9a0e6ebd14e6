"""Analyses for the tests of the report, each made from a few lines of output."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from builders import imagined, program, seeds

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.compare.output.transcript import form_of_line
from gedanken.compare.results import Alignment, Block, ComparisonResult, LineKind, SeriesResult, SiteTally
from gedanken.experiment.conditions import Conditions
from gedanken.experiment.execution import Execution, Limits
from gedanken.experiment.finding import Finding, LineRef
from gedanken.experiment.persona import DEFAULT_MACHINE, Fact
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import ModelFacts, RunLog, RunSetup

STARTED = "2026-01-01T12:00:00+00:00"
SETUP = RunSetup(
    experiment="mnist",
    run="mnist-20260101-120000",
    gedanken="0.1.0",
    model=ModelFacts(name="scripted:replies.yaml", settings={"top_p": 1.0}),
    persona="ubuntu-18.04-4x3090",
    facts=(Fact("os", "Ubuntu 18.04", "claimed"), Fact("cpus", "1", "matched")),
    conditions=Conditions(),
    machine=DEFAULT_MACHINE.model_copy(update={"machine": "docker"}),
    limits=Limits(memory_mib=4096),
    real=7,
    imagined=3,
    simulate=True,
)


EPOCHS = 12
REAL = ["shape of input is torch.Size([64, 784])"] + [
    f"Epoch {epoch}/{EPOCHS} - loss: {1 / epoch:.4f} - acc: {1 - 0.4 / epoch:.4f}" for epoch in range(1, EPOCHS + 1)
]
IMAGINED = ["shape of input passed through the network is torch.Size([64, 784])", *REAL[1:8], "Training done!"]


def text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def align(real_run: Execution, imagined_run: Execution) -> Alignment:
    """Align the forms of the lines of two outputs in blocks, as the comparison does."""
    real_lines, imagined_lines = real_run.stdout.splitlines(), imagined_run.stdout.splitlines()
    steps = SequenceMatcher(
        None, [*map(form_of_line, real_lines)], [*map(form_of_line, imagined_lines)], False
    ).get_opcodes()
    blocks: list[Block] = []
    first_difference = None
    for tag, real_start, real_end, imagined_start, imagined_end in steps:
        shared_count = min(real_end - real_start, imagined_end - imagined_start)
        if tag == "equal":
            blocks.append(Block("alike", (real_start, real_end), (imagined_start, imagined_end)))
            continue
        if shared_count:
            blocks.append(
                Block(
                    "reworded",
                    (real_start, real_start + shared_count),
                    (imagined_start, imagined_start + shared_count),
                )
            )
        if real_end - real_start > shared_count:
            blocks.append(
                Block(
                    "missing",
                    (real_start + shared_count, real_end),
                    (imagined_start + shared_count, imagined_start + shared_count),
                )
            )
        if imagined_end - imagined_start > shared_count:
            blocks.append(
                Block(
                    "invented",
                    (real_start + shared_count, real_start + shared_count),
                    (imagined_start + shared_count, imagined_end),
                )
            )
        first_difference = first_difference or (
            LineRef(real_run.label, real_start + 1, real_lines[real_start], "stdout")
            if real_start < real_end
            else None,
            LineRef(imagined_run.label, imagined_start + 1, imagined_lines[imagined_start], "stdout")
            if imagined_start < imagined_end
            else None,
        )
    return Alignment(real_run.label, imagined_run.label, tuple(blocks), first_difference)


def make_series_result(name: str = "loss (train.py:28)", points: int = 12, **changes: Any) -> SeriesResult:
    """A series in which the values of the imagined runs are higher than those of the real ones."""
    epochs = tuple(float(point) for point in range(1, points + 1))
    fields: dict[str, Any] = {
        "name": name,
        "role": "primary",
        "axis": "epoch",
        "points": epochs,
        "real": tuple(tuple(1 / x**0.5 + 0.03 * run * (-1) ** x for x in epochs) for run in range(7)),
        "imagined": tuple(tuple(1.2 / x**0.4 + 0.05 * run for x in epochs) for run in range(3)),
        "n_real": 7,
        "n_imagined": 3,
        "p": 0.0083,
        "why_no_p": None,
        "p_adjusted": 0.0083,
        "crps": 0.0712,
        "spread_ratio": 0.54,
        "spread_interval": (0.21, 0.98),
        "difference": 0.128,
        "difference_interval": (0.081, 0.169),
        "ranks": (7, 7, 7),
    }
    return SeriesResult(**fields | changes)


def make_analysis(  # noqa: PLR0913 (each has a default; a test names what it is about)
    real: str = text(REAL),
    other: str = text(IMAGINED),
    *,
    source: Program | None = None,
    title: str = "mnist",
    series: Sequence[SeriesResult] = (),
    findings: Sequence[Finding] = (),
    setup: RunSetup | None = SETUP,
    verdict: str = "The imagined runs are not what the program prints: 2 of 3 show words that it cannot print.",
) -> Analysis:
    """The analysis of eight equal real runs and four equal imagined ones, all of one program."""
    source = source or program()
    real_runs = tuple(seeds([real] * 8))
    imagined_runs = tuple(imagined(other, sample) for sample in range(4))
    alignment = align(real_runs[1], imagined_runs[1])
    series = series or (
        make_series_result(),
        make_series_result("acc (train.py:28)", role="secondary", p=None, why_no_p="zero variance"),
    )
    sites = (
        SiteTally("shape of input is {}", 18, LineKind.DETERMINISTIC, (1, 1), (1,) * 8, (0,) * 4, 0, 3, 0, 3, 0),
        SiteTally("Epoch {}/{} - loss: {}", 33, LineKind.STOCHASTIC, (12, 12), (12,) * 8, (7,) * 4, 28, 0, 0, 3, 0),
    )
    result = ComparisonResult(
        tuple(findings) or _findings(alignment),
        sites,
        tuple(series),
        alignment,
        ("Whether the spread of acc is the same: zero variance among real runs; other data would be needed.",),
    )
    log = RunLog(title, setup, (source,), (*real_runs, *imagined_runs), started=STARTED)
    return Analysis(log, (VersionAnalysis(source, real_runs, imagined_runs, result),), result.findings, verdict)


def _findings(alignment: Alignment) -> tuple[Finding, ...]:
    refs = tuple(ref for ref in alignment.diverges_at or () if ref)
    labels = tuple(f"line01-train-v1-imagined-{sample}" for sample in range(4))
    return (
        Finding(
            "literal differs",
            labels[1:],
            refs,
            "The program prints “shape of input is”",
            "3 imagined runs say otherwise",
        ),
        Finding(
            "literal differs",
            labels[1:2],
            (LineRef("train-v1", 18, "print('shape of input is')", "source"),),
            "So says line 18",
            "it says otherwise",
        ),
        Finding(
            "gpus",
            labels[3:],
            (LineRef(labels[3], 9, "done", "stdout"),),
            observed="shows 4 GPUs",
            explained_by="gpus",
        ),
    )
