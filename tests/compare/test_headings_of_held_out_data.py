"""Which headings say that the numbers below them were measured on held-out data."""

import pytest
from test_primary_endpoint import LogStyle, compare_style


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Held-out", "val Loss"),
        ("HOLD-OUT:", "val Loss"),
        ("== Out-of-fold ==", "val Loss"),
        ("Holdout set", "val Loss"),
        ("[cv]", "val Loss"),
        ("tst", "test Loss"),
    ],
)
def test_a_heading_names_held_out_data_by_every_word_that_a_metric_may_have(heading: str, name: str) -> None:
    style = LogStyle(f"Epoch {{e}}\nTraining\n  Loss {{train:.4f}}\n{heading}\n  Loss {{held:.4f}}\n")
    comparison = compare_style(style)
    assert comparison.endpoint and comparison.endpoint.name == name
