"""The benchmark's doctorings (faults put into logs on purpose) change what they say they change, and nothing else."""

import difflib
import re
from random import Random
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.doctoring import DOCTORINGS, NUMBER, Case, Doctoring

EPOCHS = 6
few_examples = settings(max_examples=20)


def log(losses: list[float], accuracy: float, seconds: float = 0.5) -> str:
    """What a small program prints."""
    epochs = [
        f"Epoch {epoch}/{len(losses)} loss: {loss:.4f} ({seconds:.2f}s)\n" for epoch, loss in enumerate(losses, 1)
    ]
    return "".join(["Training on 1000 images\n", *epochs, "\n", f"final accuracy {accuracy:.3f}\n"])


LOSSES = st.lists(st.floats(0.01, 9), min_size=EPOCHS, max_size=EPOCHS)
LOGS = st.builds(log, LOSSES, st.floats(0, 1), st.floats(0.01, 5))
CASES = st.builds(
    lambda logs, seed: Case(logs[0], logs[1:5], logs[5:], Random(seed)),
    st.lists(LOGS, min_size=7, max_size=7),
    st.integers(0, 99),
)


def find_doctoring(kind: str, size: str = "") -> Doctoring:
    return next(entry for entry in DOCTORINGS if entry.kind == kind and size in entry.size)


def doctor_log(case: Case, kind: str, size: str = "") -> str:
    """A log of the case with the fault `kind` put into it."""
    text = find_doctoring(kind, size).doctor(case)
    assert text is not None
    return text


def losses(text: str) -> list[float]:
    return [float(value) for value in re.findall(r"loss: ([\d.]+)", text)]


def without_losses(text: str) -> str:
    return re.sub(r"loss: [\d.]+", "loss", text)


def without_times(text: str) -> str:
    return re.sub(r"\(.*s\)", "", text)


def test_there_are_fourteen_kinds() -> None:
    kinds = {(entry.kind, entry.size if entry.kind == "one digit" else "") for entry in DOCTORINGS}
    assert len(kinds) == 14


@pytest.mark.parametrize("one", DOCTORINGS, ids=lambda entry: f"{entry.kind} {entry.size}")
def test_a_log_with_nothing_to_doctor_stays_undoctored(one: Doctoring) -> None:
    if one.kind != "foreign line":
        assert one.doctor(Case("", [""] * 4, ["", ""], Random(0))) is None


@pytest.mark.parametrize("one", DOCTORINGS, ids=lambda entry: f"{entry.kind} {entry.size}")
@few_examples
@given(case=CASES)
def test_the_same_draw_is_doctored_the_same(one: Doctoring, case: Case) -> None:
    state = case.random.getstate()
    first = one.doctor(case)
    case.random.setstate(state)
    assert one.doctor(case) == first


@few_examples
@given(CASES)
def test_one_digit_of_one_loss_is_another(case: Case) -> None:
    text = doctor_log(case, "one digit", "of a loss")
    assert [a != b for a, b in zip(text, case.text, strict=True)].count(True) == 1
    assert without_losses(text) == without_losses(case.text)


@few_examples
@given(CASES)
def test_a_fixed_number_is_one_that_all_real_runs_show(case: Case) -> None:
    text = doctor_log(case, "one digit", "of a fixed number")
    pairs = zip(case.lines, text.splitlines(keepends=True), strict=True)
    [(index, before, after)] = [(index, a, b) for index, (a, b) in enumerate(pairs) if a != b]
    number_pairs = zip(NUMBER.findall(before), NUMBER.findall(after), strict=True)
    [position] = [number for number, (a, b) in enumerate(number_pairs) if a != b]
    assert {NUMBER.findall(real.splitlines(keepends=True)[index])[position] for real in case.real} == {
        NUMBER.findall(before)[position]
    }


def test_a_date_a_time_and_a_version_are_no_fixed_numbers() -> None:
    line = "2026-01-02 10:00:00 torch 2.13.0\n"
    assert find_doctoring("one digit", "fixed").doctor(Case(line, [line] * 4, [], Random(0))) is None


@few_examples
@given(CASES)
def test_swapped_epochs_are_neighbours_with_all_their_lines(case: Case) -> None:
    text = doctor_log(case, "epochs swapped")
    epochs = [int(number) for number in re.findall(r"Epoch (\d+)", text)]
    [first] = [position for position, number in enumerate(epochs, start=1) if number == position + 1]
    assert epochs[first - 1 : first + 1] == [first + 1, first]
    assert sorted(text.splitlines()) == sorted(case.text.splitlines())


@few_examples
@given(CASES)
def test_a_dropped_epoch_is_neither_the_first_nor_the_last(case: Case) -> None:
    remaining = doctor_log(case, "epoch dropped").splitlines(keepends=True)
    [dropped_line] = [line for line in case.lines if line not in remaining]
    assert dropped_line.startswith("Epoch ") and not dropped_line.startswith((f"Epoch {EPOCHS}", "Epoch 1/"))
    assert [line for line in case.lines if line != dropped_line] == remaining


def test_an_epoch_goes_with_every_line_up_to_the_next() -> None:
    text = "".join(f"Train epoch {epoch}\n  step 5 loss 0.5\n  step 9 loss 0.4\n\n" for epoch in (1, 2, 3))
    first, _second, third = (text.splitlines(keepends=True)[start : start + 4] for start in (0, 4, 8))
    assert doctor_log(Case(text, [], [], Random(0)), "epoch dropped") == "".join(first + third)


@pytest.mark.parametrize("sds", [1, 2, 4])
@few_examples
@given(case=CASES)
def test_a_curve_is_shifted_by_the_noise_of_the_real_runs(case: Case, sds: int) -> None:
    text = find_doctoring("curve shifted", f"{sds} sd").doctor(case)
    if text is None:  # the real runs are all the same
        return
    for index, (before, after) in enumerate(zip(losses(case.text), losses(text), strict=True)):
        real = [losses(run)[index] for run in case.real]
        sd = (sum((value - mean(real)) ** 2 for value in real) / 3) ** 0.5
        assert after == pytest.approx(before + sds * sd, abs=1e-4)
    assert without_losses(text) == without_losses(case.text)


@few_examples
@given(CASES)
def test_half_the_spread_is_half_as_far_from_the_mean_of_the_real_runs(case: Case) -> None:
    text = find_doctoring("spread").doctor(case) or case.text
    for index, (before, after) in enumerate(zip(losses(case.text), losses(text), strict=True)):
        real = [losses(run)[index] for run in case.real]
        if len(set(real)) > 1:
            assert after - mean(real) == pytest.approx((before - mean(real)) / 2, abs=1e-4)
    assert without_losses(text) == without_losses(case.text)


@few_examples
@given(CASES)
def test_a_word_is_changed_in_one_line_or_wherever_it_is_printed(case: Case) -> None:
    for size, counts in (("in one line", {1}), ("in every such line", {1, EPOCHS})):
        text = doctor_log(case, "word changed", size)
        changed = [(a, b) for a, b in zip(case.lines, text.splitlines(True), strict=True) if a != b]
        assert len(changed) in counts
        for before, after in changed:
            assert [a != b for a, b in zip(before.split(), after.split(), strict=True)].count(True) == 1
            assert NUMBER.findall(before) == NUMBER.findall(after)


@few_examples
@given(CASES)
def test_a_line_is_added_and_the_others_stay(case: Case) -> None:
    for kind in ("line twice", "foreign line"):
        text = doctor_log(case, kind).splitlines()
        added = [line[2:] for line in difflib.ndiff(case.text.splitlines(), text) if line.startswith("+ ")]
        assert len(added) == 1 and len(text) == len(case.lines) + 1
        assert (added[0] in case.text.splitlines()) == (kind == "line twice")


@pytest.mark.parametrize("times", [2, 10, 100])
def test_a_stretched_time_is_one_that_has_a_unit(times: int) -> None:
    text = doctor_log(Case(log([0.5, 0.4], 0.9, seconds=0.25), [], [], Random(0)), "time stretched", f"× {times}")
    assert text == log([0.5, 0.4], 0.9, seconds=0.25 * times)


@few_examples
@given(CASES)
def test_copied_numbers_are_those_of_one_other_log(case: Case) -> None:
    for size, logs in (("of a real run", case.real), ("of another imagined", case.others)):
        text = find_doctoring("numbers copied", size).doctor(case) or case.text
        assert without_times(text) in map(without_times, logs)
        assert re.findall(r"\(.*s\)", text) == re.findall(r"\(.*s\)", case.text)


@few_examples
@given(CASES)
def test_rounded_numbers_have_two_decimals(case: Case) -> None:
    text = doctor_log(case, "rounding")
    assert max(len(number.partition(".")[2]) for number in NUMBER.findall(text)) == 2
    for before, after in zip(NUMBER.findall(case.text), NUMBER.findall(text), strict=True):
        assert float(after) == pytest.approx(float(before), abs=0.005 + 1e-9)


@few_examples
@given(CASES)
def test_exchanged_lines_differ_in_more_than_numbers(case: Case) -> None:
    text = doctor_log(case, "order").splitlines(keepends=True)
    [(a, b), (c, d)] = [pair for pair in zip(case.lines, text, strict=True) if pair[0] != pair[1]]
    assert (a, b) == (d, c)
    assert NUMBER.sub("", a) != NUMBER.sub("", b)


@few_examples
@given(CASES)
def test_a_truncated_log_ends_with_a_whole_line(case: Case) -> None:
    for size, dropped_count in (("last 10 %", 1), ("last 50 %", 4)):
        assert doctor_log(case, "truncation", size) == "".join(case.lines[: len(case.lines) - dropped_count])
