"""All oracles: checks that need no real run, because the source or the output itself shows what is right."""

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
"""In the order in which their findings are reported."""
