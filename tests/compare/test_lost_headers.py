"""If an imagined log lacks the header of a table or the label above a number, there is one finding and no more."""

import random
from collections.abc import Callable

import pytest
from test_log_structure import compare_logs, structural_checks

SECTIONS = "Fitting:", "Validation:"


def log_with_headings(seed: int, lost: str = "", times: int = 8) -> str:
    """A log with a line below two headings in each epoch. The heading called `lost` is left out `times` times."""
    rng, lines, remaining = random.Random(seed), [], times
    for epoch in range(1, 9):
        lines.append(f"Epoch {epoch}")
        for heading, offset in zip(SECTIONS, (0.2, 0.6), strict=True):
            if heading == lost and remaining:
                remaining -= 1
            else:
                lines.append(heading)
            lines.append(f"  cost {2 / epoch + offset + rng.gauss(0, 0.01):.4f}")
    return "\n".join([*lines, "saved"]) + "\n"


def log_with_labels(seed: int, lost: str = "", times: int = 8) -> str:
    """A log whose lines are single numbers below their labels. The label called `lost` is left out `times` times."""
    rng, lines, remaining = random.Random(seed), [], times
    for epoch in range(1, 9):
        lines.append(f"epoch {epoch} begins")
        for label, offset in (("Train cost:", 0.2), ("Test cost:", 0.6)):
            if label == lost and remaining:
                remaining -= 1
            else:
                lines.append(label)
            lines.append(f"{2 / epoch + offset + rng.gauss(0, 0.01):.4f}")
    return "\n".join([*lines, "saved"]) + "\n"


def log_with_header(seed: int, lost: str = "", times: int = 1) -> str:
    """A log with a table. The table's header is left out if `lost` is its text, unless `times` is 0."""
    rng, header = random.Random(seed), "round,train_cost,test_cost,test_acc"
    lines = [] if lost == header and times else [header]
    for epoch in range(1, 9):
        cost = 2 / epoch + rng.gauss(0, 0.01)
        lines.append(f"{epoch},{cost:.4f},{cost + rng.gauss(0.3, 0.01):.4f},{90 - 20 / epoch + rng.random():.2f}")
    return "\n".join([*lines, "saved"]) + "\n"


@pytest.mark.parametrize(
    ("write", "lost", "times"),
    [
        (log_with_headings, "Validation:", 8),
        (log_with_headings, "Validation:", 1),
        (log_with_headings, "Fitting:", 8),
        (log_with_labels, "Test cost:", 8),
        (log_with_labels, "Train cost:", 1),
        (log_with_header, "round,train_cost,test_cost,test_acc", 1),
    ],
)
def test_a_header_that_is_lost_is_one_finding_and_the_numbers_below_it_differ_in_nothing(
    write: Callable[..., str], lost: str, times: int
) -> None:
    real_logs = [write(seed) for seed in range(7)]
    assert structural_checks(compare_logs(real_logs, [write(seed) for seed in (20, 21, 22)])) == []
    comparison = compare_logs(real_logs, [write(seed, lost, times) for seed in (20, 21, 22)])
    assert structural_checks(comparison) == ["print count differs"]
    assert lost in comparison.findings[0].expected


def test_a_number_alone_that_is_invented_is_told_where_no_label_is_missing() -> None:
    real_logs = [log_with_labels(seed) for seed in range(7)]
    imagined_logs = [log_with_labels(seed).replace("saved", "0.7133\nsaved") for seed in (20, 21, 22)]
    assert "line in no real log" in structural_checks(compare_logs(real_logs, imagined_logs))
