"""How much of a run is done, and how long the rest may take."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gedanken.loading.experiments_and_personas import load_experiment
from gedanken.terminal.machine_load import slowdown
from gedanken.terminal.run_plan import FIRST_GUESS, PlannedStep, RunPlan, format_seconds, plan_steps


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    time = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: time[0])
    yield time


def article_plan() -> RunPlan:
    return RunPlan(plan_steps(load_experiment("article"), 7, 3, True))


def test_the_steps_are_the_lines_of_the_script_between_the_boot_and_the_report() -> None:
    names = [step.name for step in article_plan().steps]
    assert names == [
        "asking both machines about themselves",
        "writing train.py",
        "cat train.py",
        "python3 train.py",
        "the report",
    ]


def test_the_first_guess_beside_other_programs_is_longer_and_what_is_seen_then_counts_more(
    clock: list[float],
) -> None:
    steps = plan_steps(load_experiment("article"), 7, 3, True)
    idle_plan, busy_plan = RunPlan(steps), RunPlan(plan_steps(load_experiment("article"), 7, 3, True), slowdown=2.0)
    assert busy_plan.seconds_left() == pytest.approx(2 * idle_plan.seconds_left())
    busy_plan.begin("persona", "imagined")
    clock[0] += FIRST_GUESS["boot table"]
    busy_plan.end("persona", "imagined")
    assert busy_plan.seconds_left() < 1.3 * idle_plan.seconds_left()


@pytest.mark.parametrize(("runnable", "slower"), [(1, 1.0), (0, 1.0)])
def test_a_machine_on_which_nothing_else_runs_is_not_slower(tmp_path: Path, runnable: int, slower: float) -> None:
    load = tmp_path / "loadavg"
    load.write_text(f"9.41 0.52 0.30 {runnable}/412 8741\n")
    assert slowdown(load) == slower
    assert slowdown(tmp_path / "not there") == 1.0


def test_each_program_that_wants_a_core_makes_this_machine_slower() -> None:
    slowdown_before = slowdown()
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(8)]
    try:
        time.sleep(0.5)
        assert slowdown() > slowdown_before
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_program_is_run_for_the_trunk_and_each_seed_and_imagined_for_the_trunk_and_each_sample() -> None:
    assert dict(article_plan().steps[3].pieces) == {"trunk": 1, "seed": 7, "sample": 4}


def test_without_a_model_nothing_is_planned_to_be_imagined() -> None:
    steps = plan_steps(load_experiment("article"), 7, 3, False)
    assert {kind for step in steps for kind in step.pieces} == {"fact", "write", "command", "trunk", "seed"}


def simulate_plan(
    plan: RunPlan, clock: list[float], seconds: dict[str, float], estimates: list[float] | None = None
) -> None:
    """Simulate all planned work, one piece after the other.

    A piece of each kind takes `seconds[kind]`. Estimates of the remaining time are appended to `estimates`.
    """
    nodes = {"fact": "persona", "boot table": "persona", "boot answer": "persona", "write": "write"}
    nodes |= {
        "command": "execute",
        "trunk": "execute",
        "seed": "replicate",
        "sample": "simulate",
        "answer": "simulate",
        "report": "report",
    }
    for step in plan.steps:
        for kind, count in sorted(step.pieces.items(), key=lambda piece: (piece[0] == "boot answer", piece[0])):
            for number in range(count):
                who = "imagined" if kind.startswith("boot") else f"{kind} {number}"
                plan.begin(nodes[kind], who)
                clock[0] += seconds[kind]
                plan.end(nodes[kind], who)
                if estimates is not None:
                    estimates.append(plan.seconds_left())
        plan.advance()


@pytest.mark.parametrize("slower", [0.5, 1, 3, 10])
def test_on_a_faster_or_slower_machine_the_estimate_is_soon_within_a_factor_of_two(
    clock: list[float], slower: float
) -> None:
    plan = article_plan()
    estimates: list[float] = []
    seconds: dict[str, float] = {str(kind): slower * usual for kind, usual in FIRST_GUESS.items()}
    start = clock[0]
    piece_ends: list[float] = []
    original_end = plan.end

    def recording_end(node: str, who: str | None = None) -> None:
        original_end(node, who)
        piece_ends.append(clock[0])

    plan.end = recording_end  # type: ignore[method-assign]
    simulate_plan(plan, clock, seconds, estimates)
    seconds_left = [clock[0] - piece_end for piece_end in piece_ends]
    total_seconds = clock[0] - start
    estimates_and_truths = [
        (estimate, truth)
        for estimate, truth in zip(estimates, seconds_left, strict=True)
        if 0.05 * total_seconds < truth < 0.9 * total_seconds
    ]
    assert len(estimates_and_truths) > 10
    assert all(truth / 2 <= estimate <= 2 * truth for estimate, truth in estimates_and_truths)


def test_two_runs_side_by_side_share_the_time_that_passes(clock: list[float]) -> None:
    plan = RunPlan([PlannedStep("python3 train.py", Counter({"trunk": 0, "seed": 3}))])
    for seed in (1, 2):
        plan.begin("replicate", f"seed {seed}")
    clock[0] += 40
    for seed in (1, 2):
        plan.end("replicate", f"seed {seed}")
    assert plan.seconds_left() == pytest.approx(20)


def test_a_program_that_has_to_be_mended_makes_the_plan_longer(clock: list[float]) -> None:  # noqa: ARG001
    plan = article_plan()
    for _step in range(3):
        plan.advance()
    pieces_before, seconds_before = plan.steps[3].pieces.total(), plan.seconds_left()
    plan.try_again()
    assert plan.steps[3].pieces.total() == pieces_before + 3
    assert plan.seconds_left() > seconds_before


def test_what_has_taken_longer_than_expected_is_not_said_to_be_nearly_done(clock: list[float]) -> None:
    plan = article_plan()
    plan.begin("persona", "imagined")
    clock[0] += 600
    assert plan.seconds_left() > 600


@given(st.floats(min_value=0, max_value=1e6))
def test_an_estimate_is_told_in_a_unit_that_fits(seconds: float) -> None:
    assert format_seconds(seconds).endswith((" s", " min"))


def test_the_real_machine_s_last_answer_is_not_charged_with_the_wait_for_the_imagined_one(clock: list[float]) -> None:
    plan = article_plan()
    for _command in range(4):
        plan.begin("persona", "real")
        clock[0] += FIRST_GUESS["fact"]
    for kind in ("boot table", "boot answer", "boot answer", "boot answer"):
        plan.begin("persona", "imagined")
        clock[0] += FIRST_GUESS[kind]
    plan.end("persona")
    plan.advance()
    plan_after_boot = article_plan()
    plan_after_boot.advance()
    assert plan.seconds_left() == pytest.approx(plan_after_boot.seconds_left(), rel=0.05)


def test_a_long_first_table_says_nothing_of_how_long_programs_take(clock: list[float]) -> None:
    plan = article_plan()
    plan.begin("persona", "imagined")
    clock[0] += FIRST_GUESS["boot table"]
    seconds_before = plan.seconds_left()
    plan.begin("persona", "imagined")
    assert plan.seconds_left() == pytest.approx(seconds_before, rel=0.1)


def test_the_question_that_all_samples_share_is_read_once_and_not_charged_to_each(clock: list[float]) -> None:
    plan = RunPlan([PlannedStep("python3 train.py", Counter({"trunk": 1, "sample": 4}))])
    plan.begin("simulate", "sample 0")
    clock[0] += 5 * FIRST_GUESS["sample"]
    seconds_with_reading = plan.seconds_left()
    plan.begin_answer("simulate", "sample 0")
    assert plan.seconds_left() < seconds_with_reading / 2
    clock[0] += 10
    plan.end("simulate", "sample 0")
    assert plan.seconds_left() < 3 * 15 + 2 * FIRST_GUESS["trunk"]


def test_an_estimate_is_never_rounded_by_more_than_a_quarter() -> None:
    unit = {"s": 1, "min": 60, "h": 3600}
    for seconds in range(15, 8000):
        words = format_seconds(seconds).split()
        rounded_seconds = sum(int(number) * unit[name] for number, name in zip(words[::2], words[1::2], strict=True))
        assert 0.75 < rounded_seconds / seconds <= 1.25, seconds
