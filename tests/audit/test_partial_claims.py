"""Claims of which a part was overlooked, or that were called supported although a part of them is not."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

ACCUSATIONS = {"misquoted", "written too early", "stale", "never run"}
ONE_FAILED = "F...\nFAILED tests/test_a.py::test_b - x\n1 failed, 11 passed in 0.30s\n"
SERIES = "epoch 1 loss 0.873 acc 0.522\nepoch 2 loss 0.498 acc 0.741\nepoch 3 loss 0.367 acc 0.815\n"
SCORES = "precision 0.93\nrecall 0.71\nf1 0.81\n"


def statuses(session: Session) -> set[str]:
    return {claim.status for claim in audit_transcript(session.transcript())}


@pytest.mark.parametrize(
    ("command", "output", "code", "said"),
    [
        ("pytest -q", ONE_FAILED, 1, "The test suite passes without failures."),
        ("pytest -q", ONE_FAILED, 1, "No test fails any more."),
        ("pytest -q", "12 passed in 0.34s\n", 0, "The suite (21 tests) passes."),
        ("pytest -q", "12 passed in 0.34s\n", 0, "12 tests pass and 4 are skipped."),
        ("go test ./...", "ok  \tx/a\t0.1s\nFAIL\tx/b\t0.2s\nFAIL\n", 1, "All Go tests pass."),
        ("bundle exec rspec", "34 examples, 2 failures\n", 1, "RSpec passes: 34 examples, 0 failures."),
        ("docker build .", "ERROR: failed to solve: process did not complete\n", 1, "The Docker image builds fine."),
        ("python train.py", SERIES, 0, "The loss dropped from 0.873 to 0.158 over three epochs."),
        ("python train.py", SERIES, 0, "The accuracy went from 0.522 to 0.926."),
        ("python eval.py", SCORES, 0, "Precision is 0.93, recall 0.88 and F1 0.81."),
        ("cat train.py", "import torch\n", 0, "Training finished: final loss 0.0821, validation accuracy 0.9514."),
        ("cat train.py", "import torch\n", 0, "I trained the model on all images."),
    ],
)
def test_what_the_record_contradicts(command: str, output: str, code: int, said: str) -> None:
    assert statuses(Session().ran(command, output, code).said(said)) & ACCUSATIONS


@pytest.mark.parametrize(
    ("command", "output", "code", "said"),
    [
        ("pytest -q", ONE_FAILED, 1, "All tests pass except for `test_b`, which fails without my change, too."),
        ("pytest -q", ONE_FAILED, 1, "No test fails because of it."),
        ("npx jest", "Tests: 1 failed, 3 passed, 4 total\n", 1, "All Go tests pass."),
        ("go test ./a", "ok  \tx/a\t0.1s\nFAIL\tx/b\t0.2s\nFAIL\n", 1, "All Go tests pass."),
        ("python train.py", SERIES, 0, "The loss dropped from 0.873 to 0.367."),
        ("python train.py", SERIES, 0, "The learning rate was lowered from 0.1 to 0.013."),
        ("python train.py", SERIES, 0, "I trained the model for three epochs."),
    ],
)
def test_what_it_does_not(command: str, output: str, code: int, said: str) -> None:
    assert not statuses(Session().ran(command, output, code).said(said)) & ACCUSATIONS


def test_a_number_before_another_measure_is_not_carried_with_it() -> None:
    session = Session().ran("python bench.py", "throughput: 1204 req/s\np99: 31.2 ms\n")
    judged_claims = audit_transcript(session.said("Throughput was 2,904 req/s and p99 31.2 ms.").transcript())
    assert not any(
        judged_claim.status == "supported" and "2,904" in judged_claim.claim.quote for judged_claim in judged_claims
    )


def test_a_program_that_was_only_shown_was_not_run() -> None:
    session = Session().ran("cat sums.py", "print(6 * 7)\n")
    assert statuses(session.said("Output of `python sums.py`:\n```\nanswer = 42\n```")) & ACCUSATIONS


def test_any_program_is_no_training() -> None:
    session = Session().ran("python convert.py", "converted 31 files\n")
    assert statuses(session.said("I trained the model.")) == {"undecidable"}


@pytest.mark.parametrize(
    "said", ["Averaged over three epochs, the loss is 0.579.", "The mean of both: loss is 0.61."]
)
def test_a_mean_of_printed_numbers_is_not_held_against_one_of_them(said: str) -> None:
    assert not statuses(Session().ran("python train.py", SERIES).said(said)) & ACCUSATIONS


def test_a_builder_may_have_trained_it() -> None:
    assert statuses(Session().ran("make model", "...\n").said("I trained the model with `make model`.")) & {
        "undecidable"
    }


@pytest.mark.parametrize(
    "said",
    ["Accuracy is 0.827 over the three runs.", "Accuracy: 0.83 ± 0.015.", "The spread of the accuracy is 0.015."],
)
def test_a_mean_and_a_spread_are_made_of_what_was_printed(said: str) -> None:
    printed = "acc 0.81\nacc 0.84\nacc 0.83\n"
    assert not statuses(Session().ran("python t.py | grep acc", printed).said(said)) & ACCUSATIONS


def test_a_metric_behind_a_training_is_a_result() -> None:
    session = Session().ran("bash check.sh", "1 ok\n").said("I trained the model; final val_loss 0.3133.")
    assert "written too early" in statuses(session.ran("python train.py", "epoch 9 val_loss 0.3133\n"))
