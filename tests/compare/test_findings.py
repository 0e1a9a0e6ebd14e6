"""What is found when real and imagined runs of one program are compared side by side.

Every check in `gedanken.compare.checks.built_in.CHECKS` has cases here: a transcript in which it finds something, and
the same transcript without the fault, in which it finds nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from builders import (
    SHAPE,
    TRACEBACK,
    TRAIN,
    find_differences,
    imagined,
    kinds,
    lines,
    program,
    real,
    seeds,
    with_exit_code,
)

from gedanken.compare import compare_runs
from gedanken.compare.checks.blank_lines import blank_lines
from gedanken.compare.checks.built_in import CHECKS
from gedanken.compare.checks.check import Check
from gedanken.compare.checks.ends_early import ends_early
from gedanken.compare.checks.oracles import ORACLES
from gedanken.compare.checks.skipped_counts import skipped_counts
from gedanken.compare.checks.small_constants import small_constants_differ
from gedanken.compare.output.durations import parse_claimed_duration
from gedanken.compare.output.transcript import Transcript
from gedanken.compare.sentences import format_finding
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.finding import Finding

REAL = [SHAPE + lines([0.95, 0.4, 0.3 + seed / 100], [0.7, 0.88, 0.91 - seed / 1000]) for seed in range(4)]
FORTY_RUNS = [SHAPE + lines([0.95, 0.4, 0.3 + seed / 1000], [0.7, 0.88, 0.91 - seed / 1000]) for seed in range(40)]
VARIED = [SHAPE + lines([0.9501 + seed / 70, 0.4203 + seed / 90, 0.3007 + seed / 110]) for seed in range(4)]
GOOD = SHAPE + lines([0.99, 0.41, 0.32], [0.7, 0.88, 0.908])
TIMED = TRAIN + "print(f'Training took {time.time() - start:.1f}s')\n"
SEEDED = "torch.manual_seed(0)\n" + TRAIN


class Case(NamedTuple):
    """A transcript with a fault, and the same transcript without it."""

    check: str
    kind: str
    line: str
    """The line to which the finding must point."""
    bad: str
    twin: str = GOOD
    source: str = TRAIN
    real: Sequence[str] = REAL
    cause: Cause = Cause.FINISHED
    earlier: Sequence[Execution] = ()


EARLIER = [imagined(lines([0.8123, 0.5234]), 0, program="train-v0"), real(lines([0.93, 0.52]), program="train-v0")]


def good_output(last: str, first: str = "") -> str:
    return first + GOOD + last


CASES = {
    "a crash that is imagined": Case(
        "exit_status", "exit status differs", "NameError: name 'Net' is not defined", SHAPE + TRACEBACK
    ),
    "a crash that is not imagined": Case(
        "exit_status", "exit status differs", GOOD.splitlines()[-1], GOOD, TRACEBACK, real=[TRACEBACK]
    ),
    "words about the run": Case(
        "foreign_lines",
        "line without a print",
        "Training complete. Model saved.",
        good_output("Training complete. Model saved.\n"),
    ),
    "words about a traceback": Case(
        "foreign_lines",
        "line without a print",
        "To resolve this, define Net.",
        f"{TRACEBACK}\nTo resolve this, define Net.\n",
    ),
    "the article's shape": Case(
        "reworded_lines",
        "literal differs",
        "shape of input passed through the network is torch.Size([64, 3, 32, 32])",
        GOOD.replace(SHAPE, "shape of input passed through the network is torch.Size([64, 3, 32, 32])\n"),
    ),
    "a reply in braces": Case(
        "reworded_lines",
        "literal differs",
        "{Epoch 1/3 - loss: 0.1349}",
        good_output("", "{Epoch 1/3 - loss: 0.1349}\n"),
    ),
    "a shape shown for each batch": Case("counts", "print count differs", SHAPE.strip(), SHAPE * 40 + GOOD),
    "a shape never shown": Case("counts", "print count differs", "shape of input is {}", GOOD.replace(SHAPE, "")),
    "two lines in another order": Case(
        "order",
        "out of order",
        "Goodbye.",
        good_output("Goodbye.\nSaved.\n"),
        good_output("Saved.\nGoodbye.\n"),
        TRAIN + "print('Saved.')\nprint('Goodbye.')\n",
        [f"{text}Saved.\nGoodbye.\n" for text in REAL],
    ),
    "another batch size": Case(
        "proven_lines_differ",
        "proven line differs",
        "Images in a batch: 128",
        good_output("Images in a batch: 128\n"),
        good_output("Images in a batch: 64\n"),
        TRAIN + "BATCH = 64\nprint(f'Images in a batch: {BATCH}')\n",
        [f"{text}Images in a batch: 64\n" for text in REAL],
    ),
    "another count of files": Case(
        "constant_lines_differ",
        "constant line differs",
        "Files found: 50891",
        good_output("Files found: 50891\n"),
        good_output("Files found: 50890\n"),
        TRAIN + "print('Files found:', len(files))\n",
        [f"{text}Files found: 50890\n" for text in (*REAL, GOOD)],
    ),
    "three decimals of four": Case(
        "number_formats",
        "number format differs",
        "Epoch 3/3 - loss: 0.320 - acc: 0.9080",
        GOOD.replace("0.3200", "0.320"),
    ),
    "the last epoch left out": Case(
        "epochs", "epochs silently missing", GOOD.splitlines()[-2], GOOD.replace(GOOD.splitlines(True)[-1], "")
    ),
    "nothing printed": Case("epochs", "epochs silently missing", "No output.", "No output.\n"),
    "an epoch left out with dots": Case(
        "epochs",
        "epochs declared as skipped",
        "...",
        GOOD.replace(GOOD.splitlines(True)[2], "...\n"),
        good_output("...\n"),
    ),
    "a reply that was cut": Case(
        "epochs",
        "epochs cut",
        GOOD.splitlines()[2],
        "".join(GOOD.splitlines(True)[:3]) + "Epoch 3/3 - lo",
        cause=Cause.CUT,
    ),
    "an epoch too many": Case(
        "epochs",
        "epochs too many",
        "Epoch 4/3 - loss: 0.3200 - acc: 0.9080",
        good_output("Epoch 4/3 - loss: 0.3200 - acc: 0.9080\n"),
    ),
    "loss and accuracy rising together": Case(
        "loss_rises_with_accuracy",
        "contradiction",
        "Epoch 3/3 - loss: 0.3200 - acc: 0.9080",
        GOOD.replace("0.9900", "0.2000"),
        GOOD.replace("0.9900", "0.3190"),
    ),
    "more hits than images": Case(
        "impossible_values",
        "contradiction",
        "Epoch 2/3 - loss: 0.4100 - acc: 104.2%",
        GOOD.replace("0.8800", "104.2%"),
        GOOD.replace("0.8800", "88.0%"),
    ),
    "a cross entropy below zero": Case(
        "impossible_values",
        "contradiction",
        "Epoch 2/3 - loss: -0.4100 - acc: 0.8800",
        GOOD.replace("0.4100", "-0.4100"),
    ),
    "epochs that go back": Case(
        "impossible_values",
        "contradiction",
        "Epoch 2/3 - loss: 0.3200 - acc: 0.9080",
        good_output("Epoch 2/3 - loss: 0.3200 - acc: 0.9080\n"),
    ),
    "another total": Case(
        "impossible_values", "contradiction", "Epoch 1/10 - loss: 0.9900 - acc: 0.7000", GOOD.replace("/3", "/10")
    ),
    "four GPUs' worth of haste": Case(
        "claimed_times",
        "time differs",
        "Training took 2.1s",
        good_output("Training took 2.1s\n"),
        good_output("Training took 33.0 s\n"),
        TIMED,
        [f"{text}Training took 4{seed}.7s\n" for seed, text in enumerate(REAL)],
    ),
    "other numbers from a fixed seed": Case(
        "fixed_seed",
        "fixed seed, other output",
        "Epoch 1/3 - loss: 0.9900 - acc: 0.7000",
        GOOD,
        REAL[0],
        SEEDED,
        [REAL[0]] * 3,
    ),
    "an earlier run once more": Case(
        "reused_numbers",
        "numbers reused",
        "Epoch 1/3 - loss: 0.8123 - acc: 0.7292",
        SHAPE + lines([0.8123, 0.5234, 0.3412]),
        SHAPE + lines([0.8123, 0.5243, 0.3412], [0.7293, 0.8, 0.9]),
        earlier=EARLIER,
    ),
    "numbers of a real run": Case(
        "copied_numbers",
        "numbers copied",
        VARIED[2].splitlines()[1],
        VARIED[2],
        SHAPE + lines([0.9333, 0.4111, 0.3222]),
        real=VARIED,
    ),
    "a GPU that nobody asked for": Case(
        "gpu_claims",
        "GPUs it could not use",
        "Using 4 GPUs",
        good_output("", "Using 4 GPUs\n"),
        good_output("", "Using no GPU\n"),
    ),
}
cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def findings_in(case: Case, text: str, cause: Cause = Cause.FINISHED) -> tuple[Finding, ...]:
    real_runs = [with_exit_code(seed) for seed in seeds(case.real)]
    return find_differences(
        program(case.source), real_runs, [with_exit_code(imagined(text), cause)], earlier=case.earlier
    )


@cases
def test_a_fault_is_found_and_its_line_pointed_at(case: Case) -> None:
    texts = [
        line.text
        for finding in findings_in(case, case.bad, case.cause)
        if finding.check == case.kind
        for line in finding.evidence
    ]
    assert case.line in texts


@cases
def test_the_number_of_the_line_is_the_one_in_the_output(case: Case) -> None:
    output_lines = case.bad.splitlines()
    refs = [line for finding in findings_in(case, case.bad, case.cause) for line in finding.evidence]
    for line in refs:
        assert line.source != imagined("").label or output_lines[line.number - 1] == line.text


@cases
def test_a_twin_without_the_fault_has_no_such_finding(case: Case) -> None:
    assert case.kind not in kinds(findings_in(case, case.twin))


def function_name(check: Check) -> str:
    return str(getattr(check, "__name__", ""))


@cases
def test_no_other_check_finds_it(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        compare_runs, "CHECKS", tuple(check for check in CHECKS if function_name(check) != case.check)
    )
    findings = [finding for finding in findings_in(case, case.bad, case.cause) if finding.check == case.kind]
    assert case.line not in [line.text for finding in findings for line in finding.evidence]


OF_LOGS = (blank_lines, ends_early, skipped_counts, small_constants_differ)
"""Checks of logs without a program; test_log_structure.py tests them."""


def test_every_check_has_a_case() -> None:
    checks = [check for check in CHECKS if check not in (*ORACLES, *OF_LOGS)]
    assert {case.check for case in CASES.values()} == {function_name(check) for check in checks}


def test_the_article_s_two_wordings_are_both_named() -> None:
    case = CASES["the article's shape"]
    (finding,) = findings_in(case, case.bad)
    assert "“shape of input is {}” (line 17)" in format_finding(finding)
    assert "“shape of input passed through the network is torch.Size([64, 3, 32, 32])”" in format_finding(finding)
    assert [(line.source, line.number) for line in finding.evidence] == [
        ("line01-train-v1-imagined-1", 1),
        ("train-v1", 17),
        ("line01-train-v1-real-0", 1),
    ]


def test_one_changed_wording_is_named_once_however_often_it_appears() -> None:
    text = "".join(f"Epoch {n}/3, loss {n}, acc {n}\n" for n in (1, 2, 3))
    assert (
        kinds(find_differences(program(), seeds(REAL), [imagined(text), imagined(text, 2)])).count("literal differs")
        == 1
    )


def test_a_seed_fixed_by_the_program_holds_as_far_as_a_cut_reply_goes() -> None:
    run = imagined(REAL[0][:70], cause=Cause.CUT, exit_code=None)
    assert kinds(find_differences(program(SEEDED), seeds([REAL[0]] * 2), [run])) == ["epochs cut"]


def test_a_seed_that_does_not_hold_is_told_of_the_program_and_not_of_the_model() -> None:
    findings = find_differences(program(SEEDED), seeds(REAL[:2]), [imagined(GOOD)])
    assert kinds(findings) == ["seed does not hold"]
    assert findings[0].evidence[0].text == REAL[1].splitlines()[3]


def test_seed_0_and_sample_0_are_in_no_numeric_test() -> None:
    lucky = SHAPE + lines([0.95, 0.4, 0.05], [0.7, 0.88, 0.99])
    real_runs = [real(lucky, 0), *(real(text, seed) for seed, text in enumerate(FORTY_RUNS[1:], start=1))]
    assert kinds(find_differences(program(), real_runs, [imagined(lucky, 0)])) == []
    assert kinds(find_differences(program(), real_runs, [imagined(lucky, 0), imagined(lucky, 1)])) == ["outlier"]


def test_a_run_that_did_not_finish_sets_no_range() -> None:
    stopped_run = real(SHAPE + lines([0.01], [0.99], 3), 70, cause=Cause.TIMED_OUT, exit_code=137)
    low = imagined(GOOD.replace("0.3200", "0.1234"))
    assert "outlier" in kinds(find_differences(program(), [*seeds(FORTY_RUNS), stopped_run], [low]))
    assert find_differences(program(), [*seeds(FORTY_RUNS), stopped_run], [imagined(GOOD)]) == ()


def test_a_line_that_failed_real_runs_show_too_is_no_finding() -> None:
    failed_output = (
        f"{GOOD}Loss is not a number, stopping.\nTraceback (most recent call last):\nValueError: bad loss\n"
    )
    real_runs = [
        with_exit_code(real(text, seed)) for seed, text in enumerate([GOOD, GOOD, failed_output, failed_output])
    ]
    assert find_differences(None, real_runs, [with_exit_code(imagined(failed_output))]) == ()
    (finding,) = find_differences(None, real_runs, [with_exit_code(imagined(SHAPE + failed_output))])
    assert finding.check == "print count differs" and format_finding(finding).endswith(
        "shows it 2 times before it failed."
    )


def test_a_program_that_we_stopped_did_not_fail() -> None:
    stopped_run = real(REAL[0][:60], cause=Cause.TIMED_OUT, exit_code=137)
    assert kinds(find_differences(program(), [stopped_run], [imagined(GOOD)])) == []


def test_the_range_of_a_program_that_fixes_its_seed_is_that_of_its_reseeded_runs() -> None:
    real_runs = seeds([REAL[0]] * 2) + [real(text, seed, arm="reseeded") for seed, text in enumerate(REAL)]
    assert kinds(find_differences(program(SEEDED), real_runs, [imagined(GOOD)])) == ["fixed seed, other output"]


@pytest.mark.parametrize(("claims", "explained"), [((), None), (("os",), None), (("os", "gpus"), "gpus")])
def test_claimed_gpus_explain_another_time(claims: tuple[str, ...], explained: str | None) -> None:
    case = CASES["four GPUs' worth of haste"]
    (finding,) = find_differences(program(case.source), seeds(case.real), [imagined(case.bad)], claims)
    assert (finding.check, finding.explained_by) == ("time differs", explained)


def test_a_claimed_time_is_held_against_the_clock_where_the_program_prints_none() -> None:
    slow = imagined(GOOD.replace("\n", ", time: 9 s\n"))
    assert "time differs" in kinds(find_differences(program(), seeds(REAL, seconds=8.0), [slow]))
    assert "time differs" not in kinds(find_differences(program(), seeds(REAL, seconds=30.0), [slow]))


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("Training took 3.5s", 3.5),
        ("Elapsed: 250 ms", 0.25),
        ("time: 2 minutes", 120),
        ("finished in 1.5 hours", 5400),
        ("Epoch 3 - time: 4s\nTotal time: 12s", 12),
        ("time 1s\ntime 2s", 3),
        ("time 3 ſ", None),
        ("took 12 epochs", None),
        ("loss 3 s", None),
        ("time " + "1" * 200_000, None),
    ],
)
def test_times_are_read_in_the_usual_forms(line: str, seconds: float | None) -> None:
    assert parse_claimed_duration(Transcript(line))[0] == seconds
