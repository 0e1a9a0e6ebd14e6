"""Findings on one program version: its real runs against its imagined ones."""

from collections.abc import Callable, Iterable, Sequence

from compare.compared import Compared
from compare.comparison import Comparison, Observed
from compare.lines.line_checks import counts, exit_status, fixed_seed, foreign_lines, literals
from compare.numbers.number_checks import epochs, first_and_last, impossible_values, last_values, times
from compare.numbers.reused_numbers import reused_numbers
from compare.oracles.gpu_claims import gpu_claims
from compare.programs.source import Source
from experiment.execution import Execution
from experiment.finding import Finding
from experiment.program import Program

CHECKS: tuple[Callable[[Comparison], Iterable[Finding]], ...] = (
    exit_status,
    foreign_lines,
    literals,
    counts,
    epochs,
    last_values,
    first_and_last,
    impossible_values,
    times,
    fixed_seed,
    reused_numbers,
    gpu_claims,
)
"""Every check, in the order in which its findings are told."""


def compare_runs(
    program: Program | None,
    real: Sequence[Execution],
    imagined: Sequence[Execution],
    claims: tuple[str, ...] = (),
    earlier: Sequence[Execution] = (),
    gpus: int | None = None,
) -> Compared:
    """Everything found when runs of one program, or logs without one, are held side by side.

    `claims` are the facts that the persona claims falsely on purpose, `earlier` the runs of versions that came
    before, `gpus` how many the real machine has, where that is known.
    """
    source = None
    if program is not None:
        try:
            source = Source(program.source)
        except SyntaxError:
            source = None
    sites = source.terminal_sites() if source else ()
    comparison = Comparison(
        program,
        source,
        tuple(Observed(execution, sites) for execution in real),
        tuple(Observed(execution, sites) for execution in imagined),
        claims,
        tuple(Observed(execution, ()) for execution in earlier),
        gpus,
    )
    return Compared(findings=tuple(finding for check in CHECKS for finding in check(comparison)))
