"""Lists all built-in checks."""

from gedanken.compare.checks.blank_lines import blank_lines
from gedanken.compare.checks.check import Check
from gedanken.compare.checks.claimed_time import claimed_times
from gedanken.compare.checks.copied_numbers import copied_numbers
from gedanken.compare.checks.counts import counts, order
from gedanken.compare.checks.ends_early import ends_early
from gedanken.compare.checks.gpu_claims import gpu_claims
from gedanken.compare.checks.impossible_values import impossible_values, loss_rises_with_accuracy
from gedanken.compare.checks.lines import exit_status, fixed_seed, foreign_lines, reworded_lines
from gedanken.compare.checks.missing_epochs import epochs
from gedanken.compare.checks.number_formats import number_formats
from gedanken.compare.checks.oracles import ORACLES
from gedanken.compare.checks.reused_numbers import reused_numbers
from gedanken.compare.checks.skipped_counts import skipped_counts
from gedanken.compare.checks.small_constants import small_constants_differ
from gedanken.compare.checks.values import constant_lines_differ, proven_lines_differ

CHECKS: tuple[Check, ...] = (
    exit_status,
    ends_early,
    foreign_lines,
    reworded_lines,
    counts,
    order,
    blank_lines,
    proven_lines_differ,
    constant_lines_differ,
    small_constants_differ,
    number_formats,
    epochs,
    skipped_counts,
    loss_rises_with_accuracy,
    impossible_values,
    claimed_times,
    fixed_seed,
    reused_numbers,
    copied_numbers,
    gpu_claims,
    *ORACLES,
)
"""All built-in checks, in the order in which their findings are reported."""
