"""Lists all oracles: the checks that know what is right from the source, or from the output itself."""

from gedanken.compare.checks.check import Check
from gedanken.compare.checks.epoch_times import epoch_times
from gedanken.compare.checks.first_loss import first_loss
from gedanken.compare.checks.fractions import fractions
from gedanken.compare.checks.gpu_table import gpu_table
from gedanken.compare.checks.parameters import parameters
from gedanken.compare.checks.steps import steps

ORACLES: tuple[Check, ...] = (
    parameters,
    first_loss,
    steps,
    gpu_table,
    epoch_times,
    fractions,
)
"""All oracles, in the order in which their findings are reported."""
