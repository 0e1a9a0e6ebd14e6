"""All oracles: checks that need no real run, for the source, or the output itself, says what is right."""

from collections.abc import Callable, Iterable

from gedanken.compare.comparison import Comparison
from gedanken.compare.oracles.epoch_times import epoch_times
from gedanken.compare.oracles.first_loss import first_loss
from gedanken.compare.oracles.fractions import fractions
from gedanken.compare.oracles.gpu_table import gpu_table
from gedanken.compare.oracles.parameters import parameters
from gedanken.compare.oracles.steps import steps
from gedanken.experiment.finding import Finding

ORACLES: tuple[Callable[[Comparison], Iterable[Finding]], ...] = (
    parameters,
    first_loss,
    steps,
    gpu_table,
    epoch_times,
    fractions,
)
"""In the order in which their findings are told."""
