"""All oracles: checks that need no real run, for the source, or the output itself, says what is right."""

from collections.abc import Callable, Iterable

from compare.comparison import Comparison
from compare.oracles.epoch_times import epoch_times
from compare.oracles.first_loss import first_loss
from compare.oracles.fractions import fractions
from compare.oracles.gpu_table import gpu_table
from compare.oracles.parameters import parameters
from compare.oracles.steps import steps
from experiment.finding import Finding

ORACLES: tuple[Callable[[Comparison], Iterable[Finding]], ...] = (
    parameters,
    first_loss,
    steps,
    gpu_table,
    epoch_times,
    fractions,
)
"""In the order in which their findings are told."""
