"""Epochs that a log leaves out make one finding, together with all their consequences."""

from collections.abc import Callable
from random import Random

import pytest
from test_log_structure import compare_logs
from test_one_finding_per_cause import checks

from gedanken.compare.sentences import format_finding


def epochs(seed: int, *, word: str = "Epoch", left_out: int | None = None, head: bool = True) -> str:
    rng, text = Random(seed), ""
    for epoch in range(1, 9):
        text += f"{word} {epoch} of 8\n" if epoch != left_out and head else ""
        text += f"  dev_nll {1 / epoch + rng.gauss(0, 0.02):.4f} dev_wer {2 / epoch + rng.gauss(0, 0.02):.4f}\n"
    return text + "finished\n"


REAL_EPOCH_LOGS = [epochs(seed) for seed in range(7)]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (epochs(20, word="Epoch no"), "literal differs"),
        (epochs(20, word="A completely different heading:"), "line in no real log"),
        (epochs(20, left_out=4), "epochs silently missing"),
        (epochs(20, head=False), "epochs silently missing"),
    ],
)
def test_what_follows_from_a_print_that_names_epochs_is_no_further_finding(changed: str, told: str) -> None:
    assert checks(changed, epochs(21), epochs(22), real=REAL_EPOCH_LOGS) == [told]


def test_a_second_fault_of_another_log_is_told_beside_it() -> None:
    second_faulty_log = epochs(21).replace("finished", "ended well")
    found_checks = checks(epochs(20, left_out=4), second_faulty_log, epochs(22), real=REAL_EPOCH_LOGS)
    assert sorted(found_checks) == ["epochs silently missing", "line in no real log"]


def test_epochs_that_logs_leave_out_are_named_log_by_log_in_one_sentence() -> None:
    findings = compare_logs(REAL_EPOCH_LOGS, [epochs(20, left_out=4), epochs(21, left_out=6), epochs(22)]).findings
    assert [format_finding(finding) for finding in findings] == [
        "2 of 3 imagined runs leave out epochs without saying so: imagined1 leaves out epoch 4; imagined2 leaves out "
        "epoch 6; all real logs show 8 epochs."
    ]
    (finding,) = compare_logs(REAL_EPOCH_LOGS, [epochs(20, left_out=4), epochs(21), epochs(22)]).findings
    assert format_finding(finding) == "imagined1 leaves out epoch 4 without saying so; all real logs show 8 epochs."


def log_with_epochs(seed: int, reworded_epoch: int | None = None) -> str:
    """Make a log of epochs. The line of the epoch `reworded_epoch` uses other words."""
    rng = Random(seed)
    body = [f"Epoch {epoch}/8\ncost {1 / epoch + rng.gauss(0, 0.02):.4f}" for epoch in range(1, 9)]
    if reworded_epoch:
        body[reworded_epoch - 1] = body[reworded_epoch - 1].replace("Epoch", "Passage")
    return "\n".join([*body, "done"]) + "\n"


def log_with_counts(seed: int, reworded_epoch: int | None = None) -> str:
    rng = Random(seed)
    body = [f"<{10 * epoch}> cost {1 / epoch + rng.gauss(0, 0.02):.4f}" for epoch in range(1, 9)]
    if reworded_epoch:
        body[reworded_epoch - 1] = body[reworded_epoch - 1].replace("cost", "fee")
    return "\n".join([*body, "done"]) + "\n"


@pytest.mark.parametrize("style", [log_with_epochs, log_with_counts])
def test_a_line_in_other_words_is_not_also_an_epoch_or_a_count_that_is_missing(style: Callable[..., str]) -> None:
    found_checks = checks(style(20, 4), style(21, 4), style(22, 5), real=[style(seed) for seed in range(7)])
    assert len(found_checks) == 1


@pytest.mark.parametrize(
    "word", ["... epochs 4-7 omitted ...", "[epochs 4 to 7 skipped]", "…", "(4 more epochs)", "# 16 lines not shown"]
)
@pytest.mark.parametrize("has_steps", [False, True])
def test_epochs_that_a_log_says_it_leaves_out_are_one_finding(word: str, has_steps: bool) -> None:
    def log(seed: int, skipped: range = range(0), extra: str = "") -> str:
        rng, lines = Random(seed), []
        for epoch in range(1, 11):
            step = f"saved at step {epoch * 250}\n" if has_steps else "saved\n"
            texts = f"epoch {epoch} of 10\ntrain nll {3 / epoch + rng.gauss(0, 0.1):.4f}\n{step}"
            lines.append(word + "\n" if epoch in skipped[:1] else texts if epoch not in skipped else "")
        return "".join([*lines, extra, "finished\n"])

    real = [log(seed) for seed in range(7)]
    assert checks(*(log(seed, range(4, 8)) for seed in (20, 21, 22)), real=real) == ["epochs declared as skipped"]
    assert checks(log(20, range(4, 8)), log(21), log(22), real=real) == ["epochs declared as skipped"]
    found_checks = checks(*(log(seed, range(4, 8), "a new heading\n") for seed in (20, 21, 22)), real=real)
    assert sorted(found_checks) == ["epochs declared as skipped", "line in no real log"]
    assert "line in no real log" in checks(*(log(seed, extra=f"{word}\n") for seed in (20, 21, 22)), real=real)
