"""Names of numbers in the rows of tables, by the headers above the rows."""

import pytest
from test_names import metrics_of

from gedanken.compare.output.masking import MASK

HEADERS = [
    ("epoch,trn_loss,dev_loss", "3,2.1,2.3", {"trn_loss": "2.1", "dev_loss": "2.3"}),
    ("| Step | Train Loss | Val Loss |", "| 500 | 1.21 | 1.34 |", {"Train Loss": "1.21", "Val Loss": "1.34"}),
    ("step   train loss   test acc   time", "   1    0.91   0.42   14.4", {"train loss": "0.91", "test acc": "0.42"}),
    ("epoch;dev_acc;note", "3;0.61;ok", {"ok dev_acc": "0.61"}),
    ("epoch,step,train_loss,val_loss", "3,40,,2.31", {"val_loss": "2.31"}),
    ("epoch\ttrain_acc\tval_acc", "1\t0.5\t0.6", {"train_acc": "0.5", "val_acc": "0.6"}),
    (
        "[02/03 04:05:06 d2.evaluation.testing]: copypaste: AP,AP50",
        "[02/03 04:05:06 d2.evaluation.testing]: copypaste: 37.1,58.2",
        {"AP": "37.1", "AP50": "58.2"},
    ),
    (
        "   Class   Images   Labels    P      R    mAP@.5 mAP@.5:.95:",
        "     all      128      929  0.67   0.52     0.61       0.44",
        {"mAP@.5": "0.61", "mAP@.5:.95": "0.44"},
    ),
    ("step | trn_mse | dev_mse", "40 | 0.9 | 1.1", {"trn_mse": "0.9", "dev_mse": "1.1"}),
    (
        "02:03:04 - INFO - part.fit -           Training |  Validation",
        "02:03:04 - INFO - part.fit - mse   |    0.812  |    0.913",
        {"Training mse": "0.812", "Validation mse": "0.913"},
    ),
    (
        "   Class    Images   Labels      P      R    mAP50  mAP50-95): 100%|█████| 7/7 [00:01<00:00, 5.1it/s]",
        "     all       128      929   0.67   0.52     0.61      0.44",
        {"mAP50": "0.61", "mAP50-95": "0.44"},
    ),
    (
        "| Task  | Rev | Shots | Metric | Value | Stderr |",
        "| maze  |   2 |     5 | acc    | 0.712 | 0.0041 |",
        {"maze acc": "0.712"},
    ),
    (
        "          precision    recall  f1-score   support",
        "macro avg      0.88      0.93      0.90        15",
        {"macro avg precision": "0.88", "macro avg recall": "0.93", "macro avg f1-score": "0.90"},
    ),
    (
        "   Class    Images   Labels      P      R    mAP50  mAP50-95): 100%        4/4 2.7it/s 1.5s",
        "     all       128      929   0.67   0.52     0.61      0.44",
        {"mAP50": "0.61", "mAP50-95": "0.44"},
    ),
    (
        "| Data  | Metric   | Min.  | Step | Max.  | Step |",
        "| Valid | Loss     | 0.031 | 92   | 0.950 | 1    |",
        {"Valid Loss Min.": "0.031", "Valid Loss Max.": "0.950"},
    ),
]


@pytest.mark.parametrize(("header", "row", "names"), HEADERS)
def test_a_row_of_a_table_has_the_names_of_its_header(header: str, row: str, names: dict[str, str]) -> None:
    assert metrics_of(row, header) == names
    assert metrics_of(row, row, "|---|---|---|" if "|" in row else "", header) == names, (
        "other rows may stand between"
    )


def test_a_header_may_stand_on_two_lines_and_shares_between_bars_are_no_progress() -> None:
    upper = "| Epoch |   Time     | Mini-batch | Validation | Mini-batch | Validation |"
    lower = "|       | (hh:mm:ss) |  Accuracy  |  Accuracy  |    Loss    |    Loss    |"
    assert metrics_of("| 3 | 00:01:07 | 81.21% | 79.10% | 0.6121 | 0.7312 |", "|====|", lower, upper) == {
        "Mini-batch Accuracy": "81.21",
        "Validation Accuracy": "79.10",
        "Mini-batch Loss": "0.6121",
        "Validation Loss": "0.7312",
    }


def test_a_header_between_blanks_may_stand_on_two_lines() -> None:
    upper, lower = "mean      at        at", "loss    round      row    weight"
    assert metrics_of(" 0.51        3        9", lower.rsplit(maxsplit=1)[0], upper) == {"mean loss": "0.51"}
    assert metrics_of("0.51 3 9", "loss round row", "We go on") == {"loss": "0.51"}, (
        "a sentence is no part of a header"
    )


@pytest.mark.parametrize(
    ("header", "row", "names"),
    [
        ("STEP\tAT\tdev_f1", f"7\t{MASK}\t0.71", {"dev_f1": "0.71"}),
        ("    at       rounds    val_mae", f"    {MASK}      50        2.13", {"val_mae": "2.13"}),
        ("trees    OOB      1      2", "  50:   7.11%  2.12%  9.40%", {"OOB": "7.11"}),
        (
            "|   Name          Accuracy   Rounds #Trial    |",
            "|3  Forest         0.7123        40      2     |",
            {"Forest Accuracy": "0.7123"},
        ),
        ("| Run      | status  | val_nll |", f"| a_{MASK}_00001 | RUNNING | 0.51 |", {"val_nll": "0.51"}),
        ("       mean     sd  up_3%  hat", "mu[3]  2.13  0.20   0.10    1", {}),
        ("          Error    5%   50%", "mu[3]      0.21   0.1   0.2", {"mu[3] Error": "0.21"}),
    ],
)
def test_a_row_may_begin_with_a_count_hold_times_or_ids_and_stand_in_a_frame(
    header: str, row: str, names: dict[str, str]
) -> None:
    assert metrics_of(row, header) == names


def test_words_of_a_sentence_are_no_header_and_a_sentence_is_no_row() -> None:
    assert metrics_of("epoch 0 loss 2.3", "Resuming from run A") == {"loss": "2.3"}
    assert metrics_of("1 2 3 4", "Resuming from run A") == {}
