"""The columns of a table are matched by the names in the table's header, so their order may differ between logs."""

import random
from collections.abc import Sequence

import pytest
from test_log_structure import compare_logs, structural_checks

from gedanken.compare.output.reordered_columns import tables_in

COLUMNS = ["fit_cost", "val_cost", "val_error", "r2"]
STYLES = ["csv", "blanks", "tabs", "bars", "markdown", "semicolons", "comment", "logger"]


def log(seed: int, columns: Sequence[str], style: str, with_header: bool = True, shift: float = 0.0) -> str:
    rng, rows = random.Random(seed), []
    for epoch in range(1, 13):
        cost = 2 / epoch + rng.gauss(0.4, 0.01)
        values = {
            "fit_cost": cost - 0.2 + rng.gauss(0, 0.01),
            "val_cost": cost + shift,
            "val_error": 0.6 * cost + 0.3 + rng.gauss(0, 0.01),
            "r2": 0.95 - 0.3 * cost + rng.gauss(0, 0.01),
        }
        rows.append([str(epoch), *(f"{values[name]:.4f}" for name in columns)])
    header = ["epoch", *columns]
    cells = [header, *rows]
    signs = {"csv": ",", "tabs": "\t", "semicolons": "; ", "logger": ","}
    if style in signs:
        lines = [("INFO trainer: " if style == "logger" else "") + signs[style].join(row) for row in cells]
    elif style in ("bars", "markdown"):
        lines = [f"| {' | '.join(cell.rjust(9) for cell in row)} |" for row in cells]
        lines[1:1] = ["|" + "---|" * len(header)] if style == "markdown" else []
    else:
        lines = ["".join(cell.rjust(11) for cell in row) for row in cells]
        lines[0] = "# " + "  ".join(header) if style == "comment" else lines[0]
    return "\n".join(lines if with_header else lines[1 + (style == "markdown") :]) + "\n"


def shuffle_columns(seed: int) -> list[str]:
    return random.Random(f"columns {seed}").sample(COLUMNS, len(COLUMNS))


@pytest.mark.parametrize("style", STYLES)
def test_columns_in_another_order_are_one_finding_about_the_header(style: str) -> None:
    real = [log(seed, COLUMNS, style) for seed in range(7)]
    comparison = compare_logs(real, [log(seed, COLUMNS[::-1], style) for seed in range(7, 10)])
    assert len(comparison.findings) == 1
    assert set(structural_checks(comparison)) <= {"literal differs", "line in no real log"}


@pytest.mark.parametrize("style", STYLES)
def test_columns_in_any_order_are_compared_by_their_names(style: str) -> None:
    real = [log(seed, shuffle_columns(seed), style) for seed in range(7)]
    honest = compare_logs(real, [log(seed, shuffle_columns(seed), style) for seed in range(7, 10)])
    assert not honest.findings
    shifted = compare_logs(real, [log(seed, shuffle_columns(seed), style, shift=0.3) for seed in range(7, 10)])
    assert [finding.subject for finding in shifted.findings] == ["last val_cost"]


@pytest.mark.parametrize("style", STYLES)
def test_without_a_header_columns_whose_order_varies_are_undecided(style: str) -> None:
    real = [log(seed, shuffle_columns(seed), style) for seed in range(7)]
    comparison = compare_logs(
        real, [log(seed, shuffle_columns(seed), style, with_header=False) for seed in range(7, 10)]
    )
    assert structural_checks(comparison) == ["print count differs"]
    assert any("have no header above their rows" in text for text in comparison.undecided)


@pytest.mark.parametrize("style", STYLES)
def test_a_real_log_with_its_columns_in_another_order_accuses_nobody(style: str) -> None:
    real = [log(seed, COLUMNS[::-1] if seed == 3 else COLUMNS, style) for seed in range(7)]
    assert not compare_logs(real, [log(seed, COLUMNS, style) for seed in range(7, 10)]).findings


def test_a_header_of_two_lines_and_lines_of_text_are_no_table_that_is_rearranged() -> None:
    lines = [
        "  train    train      val       val",
        "   loss     acc      loss_     acc_",
        "  0.512    0.81     0.612      0.72",
        "we begin training now",
        "epoch 1 done",
    ]
    assert tables_in(lines, list) == []


@pytest.mark.parametrize("sign", ["#", "# ", "#   ", "% ", "// ", "## "])
@pytest.mark.parametrize("gap", [" ", "   "])
def test_a_header_behind_a_comment_sign_names_the_columns(sign: str, gap: str) -> None:
    def text(seed: int) -> str:
        rows = [f"{step:7d} {3 / (step + 1):.2e} {2 / (step + 1) + seed / 100:.2e} 1.0e-03" for step in range(9)]
        return "\n".join([sign + gap.join(["step", "mae_test", "mae_fit", "lr"]), *rows]) + "\n"

    comparison = compare_logs([text(seed) for seed in range(7)], [text(seed) for seed in range(7, 10)])
    assert comparison.endpoint and comparison.endpoint.name == "mae_test"
    assert {series.name for series in comparison.series} >= {"mae_test", "mae_fit"}


@pytest.mark.parametrize("columns", [["train_mse", "val_mae", "val_mse"], ["val_mae", "val_mse", "mse"]])
def test_of_columns_in_any_order_the_metric_that_is_trained_goes_first(columns: list[str]) -> None:
    def text(seed: int) -> str:
        rows = [
            ",".join([str(epoch), *(f"{2 / epoch + 0.01 * (seed + index):.4f}" for index in range(3))])
            for epoch in range(1, 9)
        ]
        return "\n".join([",".join(["epoch", *columns]), *rows]) + "\n"

    comparison = compare_logs([text(seed) for seed in range(7)], [text(seed) for seed in range(7, 10)])
    assert comparison.endpoint and comparison.endpoint.name == "val_mse"
