"""Findings about numbers that are not written in the format that all real logs use."""

import random

from test_log_structure import compare_logs


def test_it_names_the_number_and_both_formats() -> None:
    real = ["".join(f"loss {random.Random(seed + step).random():.4f}\n" for step in range(9)) for seed in range(7)]
    (finding,) = [
        finding
        for finding in compare_logs(real, ["loss 0.5123\nloss 0.51\n" + "loss 0.5123\n" * 7]).findings
        if finding.check == "number format differs"
    ]
    assert finding.observed == "shows 0.51 (2 decimals instead of 4) in “loss 0.51”"
