"""The probe `edits`: does the imagined output change after edits that do not change the real output, such as other
comments and names?
"""

from dataclasses import asdict, dataclass
from functools import partial
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gedanken.agents.concurrency import run_concurrently
from gedanken.compare.invariance import EditedVersion, EditReport, compare_edits, format_invariance_verdict
from gedanken.compare.parsed.run_set import shorten
from gedanken.compare.source.program_source import Source
from gedanken.experiment.conditions import Conditions
from gedanken.experiment.errors import BadInput, NoModel
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Execution, Limits
from gedanken.experiment.files import read_text
from gedanken.experiment.persona import Persona
from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
from gedanken.probes.semantics_preserving_edits import semantics_preserving_edits, watched_line
from gedanken.probing.opening import ModelAndMachine, check_answered, open_model_and_machine, why_lost
from gedanken.terminal.screen import Screen

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from gedanken.sandbox.machine import SandboxMachine

LIMITS = Limits(reply_tokens=512, continuations=0)
FILE = "train.py"
"""The file name of every program on both machines.

A name such as `shape_once.py` would reveal the program's purpose.
"""
COMMAND = f"python3 {FILE}"
SEED = 1
CHARACTERS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Question:
    """A program, its edited versions, and the print statement whose printed lines are counted."""

    program: str
    edits: dict[str, str]
    watched: int
    """The print statement whose printed lines are counted, as an index into the program's print sites."""


@dataclass(frozen=True, slots=True)
class EditsProbe:
    """The result of the probe."""

    model: dict[str, object]
    machine: str
    conditions: dict[str, object]
    question: Question
    edited: tuple[EditedVersion, ...]
    reports: tuple[EditReport, ...]
    verdict: str
    stopped: str | None = None
    """The error that ended the probe early, because the model was lost; None if the probe did not end early."""

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain values."""
        return {"probe": "edits", **asdict(self)}


def read_program(path: Path | None) -> Question:
    """Return a program with its edited versions and its watched print.

    If `path` is None, it is the packaged program. Raises BadInput if the file is not valid Python, or prints no whole
    line.
    """
    file = resources.files("gedanken.probes") / "programs" / "shape_once.py" if path is None else path
    source = read_text(file, f"--program {path}")
    try:
        edits, line = semantics_preserving_edits(source), watched_line(source)
    except SyntaxError as error:
        raise BadInput(f"--program {path}: not valid Python: {error.msg or error}") from error
    watched_sites = [index for index, site in enumerate(Source(source).print_sites()) if line and site.line >= line]
    if not watched_sites:
        raise BadInput(f"--program {path}: prints no whole line, so there is nothing to compare")
    return Question(file.name, edits, watched_sites[0])


async def probe_edits(  # noqa: PLR0913 (each is an option of the probe)
    model: ModelSpec,
    persona: Persona,
    question: Question,
    samples: int,
    dataset: str,
    sandbox: SandboxSpec,
    screen: Screen,
) -> EditsProbe:
    """Really run every version of the program with one seed, and have the model imagine every version.

    The imagined runs are in fresh sessions: two at temperature 0, and `samples` at temperature 1. Raises BadInput or
    NoSandbox, and NoModel if no reply came at all.
    """
    sample_numbers = (0, 0, *range(1, samples + 1))
    losses: list[NoModel] = []
    async with open_model_and_machine(model, sandbox, dataset, LIMITS, screen) as environment:
        real = [await _really_run(environment.machine, source) for source in question.edits.values()]
        imagine = partial(_imagine, environment, persona, losses, screen)
        work = [
            partial(imagine, *named_edit, sample)
            for named_edit in question.edits.items()
            for sample in sample_numbers
        ]
        replies = await run_concurrently(work, environment.model.pace.parallel)
    check_answered(replies)
    edited, reply_iterator = [], iter(replies)
    for (edit, source), real_run in zip(question.edits.items(), real, strict=True):
        trunk, repeated_trunk, *other_samples = islice(reply_iterator, len(sample_numbers))
        edited.append(EditedVersion(edit, source, real_run, trunk, repeated_trunk, tuple(other_samples)))
    conditions: dict[str, object] = {
        **Conditions(session="fresh").with_persona_name(persona),
        "dataset": str(environment.machine_facts.dataset),
        "seed": SEED,
        "samples": samples,
        "reply_tokens": LIMITS.reply_tokens,
        "continuations": LIMITS.continuations,
    }
    reports = compare_edits(edited, question.watched)
    return EditsProbe(
        environment.model.describe(),
        environment.machine.name,
        conditions,
        question,
        tuple(edited),
        reports,
        format_invariance_verdict(reports, question.watched),
        why_lost(losses),
    )


async def _really_run(machine: "SandboxMachine", source: str) -> Execution:
    machine.write(FILE, source)
    async with machine.branch(SEED) as leaf:
        return await leaf.run(COMMAND)


async def _imagine(  # noqa: PLR0913 (all that an imagined run depends on)
    environment: ModelAndMachine,
    persona: Persona,
    losses: list[NoModel],
    screen: Screen,
    edit: str,
    source: str,
    sample: int,
) -> Execution:
    from gedanken.agents.imagined_machine import ImaginedMachine

    screen.say(f"imagines: {edit}, {f'sample {sample}' if sample else 'at temperature 0'}")
    machine = ImaginedMachine(
        environment.model, persona, environment.machine_facts, LIMITS, sample=sample, errors=losses
    )
    machine.place(FILE, source)
    return await machine.ask(COMMAND)


def print_probe(probe: EditsProbe, console: "Console") -> None:
    """Print the effect of the edits: a summary, each print of the program, and the first differing lines."""
    from rich.text import Text

    description = f"{probe.question.program}: model {probe.model['name']}, sandbox {probe.machine}"
    console.print(Text(harmless(f"{description}, {probe.conditions['dataset']}")), soft_wrap=True)
    console.print(_edits_table(probe))
    for index in range(len(probe.reports[0].prints)):
        console.print(_print_table(probe, index))
    for report in probe.reports:
        if report.no_runs:
            console.print(Text(harmless(f"{report.edit}: {report.no_runs}"), style="yellow"), soft_wrap=True)
        if report.differs_at and report.answered:
            original_line, edited_line = (
                harmless(line[:CHARACTERS_SHOWN]) or "(nothing)" for line in report.differs_at
            )
            console.print(f"{report.edit}: the first imagined line that differs at temperature 0:")
            console.print(
                Text(f"    original  {original_line}\n    edited    {edited_line}", style="dim"), soft_wrap=True
            )
    console.print()
    console.print(Text(harmless(probe.verdict), style="bold"), soft_wrap=True)


def _edits_table(probe: EditsProbe) -> "Table":
    watched = probe.reports[0].prints[probe.question.watched].words
    table = _table(
        f"each edit compared with the unedited program; how many samples contain “{shorten(watched)}” exactly once",
        ("edit", "really", "imagined at\ntemperature 0", "exactly once", "cut"),
    )
    for report in probe.reports:
        real_effect = "the same" if report.really_same else "DIFFERS"
        imagined_effect = _EMPHASIZED.get(report.imagined, report.imagined) if report.repeats else "not repeatable"
        imagined_effect = imagined_effect if report.answered else "no run"
        table.add_row(report.edit, real_effect, imagined_effect, str(report.once), str(report.cut))
    return table


_EMPHASIZED = {"lines differ": "LINES differ"}


def _print_table(probe: EditsProbe, index: int) -> "Table":
    """Build the table that counts how often one print site printed in real and imagined runs."""
    words = shorten(probe.reports[0].prints[index].words)
    table = _table(
        f"how often “{words}” was printed", ("edit", "real", "at\ntemperature 0", "samples", "in other\nwords")
    )
    for report, edited in zip(probe.reports, probe.edited, strict=True):
        row = report.prints[index]
        times = row.imagined.times
        samples = ", ".join(str(times[sample.label]) for sample in edited.samples) or "-"
        real, trunk = row.real.times[edited.real.label], times[edited.trunk.label]
        table.add_row(report.edit, str(real), str(trunk), samples, str(row.imagined.reworded))
    return table


def _table(title: str, headers: tuple[str, ...]) -> "Table":
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(harmless(title)), title_justify="left", box=SIMPLE, pad_edge=False)
    for header in headers:
        table.add_column(header)
    return table
