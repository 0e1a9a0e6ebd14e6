"""Why a primary endpoint was chosen, if its name alone could mislead."""

import pytest
from test_primary_endpoint import LogStyle, compare_style


@pytest.mark.parametrize(
    "body", ["val_mask_loss {held:.4f}", "validation | ctc loss: {held:.4f} | ctc loss PPL: {acc:.4f}"]
)
def test_the_only_loss_is_not_said_to_be_part_of_another(body: str) -> None:
    endpoint = compare_style(LogStyle("{e}: " + body)).endpoint
    assert endpoint and endpoint.reason == "chosen because it is a loss on held-out data (val)"


def test_one_of_several_losses_is_said_to_be_a_part() -> None:
    endpoint = compare_style(LogStyle("{e}: val_box_loss {held:.4f} val_cls_loss {train:.4f}")).endpoint
    assert endpoint and endpoint.reason.startswith(
        "chosen because it is one part of a loss on held-out data (val), and"
    )
