"""Logs in common styles of training programs: real logs cause no false alarm, and faults are found."""

import json
import math
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from builders import imagined, real, with_exit_code

from gedanken.compare.compare_runs import compare_runs

RUNS = 10
BY_CHANCE = {"primary endpoint differs", "series differs"}
"""Kinds of findings from a test at 5 %, which sometimes occur among real runs."""


def losses(rng: random.Random, count: int) -> Iterator[float]:
    loss = 2.0
    for _ in range(count):
        loss *= 0.9 + rng.gauss(0, 0.02)
        yield loss


def dictionaries(rng: random.Random) -> Iterator[str]:
    for step, loss in enumerate(losses(rng, 10), start=1):
        norm = round(abs(rng.gauss(1, 0.3)), 6)
        yield str({"loss": round(loss, 4), "grad_norm": norm, "learning_rate": 5e-05 / step, "epoch": step / 5})
    yield str({"train_runtime": round(rng.gauss(40, 5), 4), "train_loss": round(loss, 6), "epoch": 2.0})


def progress(rng: random.Random) -> Iterator[str]:
    for epoch, loss in enumerate(losses(rng, 5), start=1):
        yield f"Epoch {epoch}/5"
        speed = f"{rng.randint(2, 4)}s - {rng.randint(4, 9)}ms/step"
        yield f"469/469 - {speed} - accuracy: {1 - loss / 3:.4f} - loss: {loss:.4f} - val_loss: {loss + 0.02:.4f}"


def table(rng: random.Random) -> Iterator[str]:
    yield "step,loss,lr,time"
    for step, loss in enumerate(losses(rng, 10)):
        yield f"{5 * step},{loss:.6f},{0.001 * 0.9**step:.6g},{rng.uniform(1, 2) * step:.2f}"


def objects(rng: random.Random) -> Iterator[str]:
    for step, loss in enumerate(losses(rng, 10)):
        yield json.dumps({"step": step, "loss": loss, "at": random_time(rng).isoformat()})


def logger(rng: random.Random) -> Iterator[str]:
    for epoch, loss in enumerate(losses(rng, 10)):
        yield f"{random_time(rng):%Y-%m-%d %H:%M:%S},{rng.randrange(1000):03d} INFO trainer: {epoch} loss={loss:.4f}"
        if rng.random() < 0.3:
            yield f"{random_time(rng):%Y-%m-%d %H:%M:%S},017 WARNING trainer: norm {rng.uniform(4, 6):.2f} clipped"
    yield f"saved to /tmp/run-{rng.randrange(16**6):06x}/model.pt"


def stopping(rng: random.Random) -> Iterator[str]:
    best, worse, epoch = 9.0, 0, 0
    while worse < 3:
        epoch += 1
        loss = 1 / epoch + abs(rng.gauss(0, 0.05))
        yield f"Epoch {epoch:3d} | train {loss:.3f} | val {loss + 0.05:.3f} | {rng.uniform(0.5, 0.9):.1f}s"
        best, worse = (loss, 0) if loss < best else (best, worse + 1)
        if not worse:
            yield f"  new best: {loss:.3f}, saved"
    yield f"Early stopping at epoch {epoch}"


def scores(rng: random.Random) -> Iterator[str]:
    yield "              precision    recall   support"
    for name, support in (("cat", 14), ("dog", 14), ("owl", 8)):
        precision, recall = rng.uniform(0.8, 0.99), rng.uniform(0.8, 0.99)
        yield f"         {name}       {precision:.2f}      {recall:.2f}        {support}"
    yield f"    accuracy                 {rng.uniform(0.8, 0.99):.2f}        36"


def diverging(rng: random.Random) -> Iterator[str]:
    for epoch, loss in enumerate(losses(rng, 10), start=1):
        is_lost = epoch > 5 and rng.random() < 0.25
        yield f"Epoch [{epoch}/10], Loss: {math.nan if is_lost else loss:.4f}"
        if is_lost:
            yield "Loss is not a number, stopping."
            yield "Traceback (most recent call last):"
            yield '  File "train.py", line 12, in <module>'
            yield f"ValueError: bad loss at step {rng.randint(100, 999)}"
            return
    yield "Saved the model."


def random_time(rng: random.Random) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.uniform(0, 1e6))


Style = Callable[[random.Random], Iterator[str]]
STYLES = [dictionaries, progress, table, objects, logger, stopping, scores, diverging]
on_styles = pytest.mark.parametrize("style", STYLES)
UNDECIDED = "undecided"


def kinds_found(style: Style, draw: int, change: Callable[[str], str] = str) -> set[str]:
    """The kinds of findings in three changed logs beside seven real ones, and `undecided` if some lines are
    undecided.
    """
    rng = random.Random(f"{style.__name__} {draw}")
    logs = ["".join(f"{line}\n" for line in style(rng)) for _ in range(RUNS)]
    real_runs = [with_exit_code(real(text, seed)) for seed, text in enumerate(logs[:7], start=1)]
    imagined_runs = [with_exit_code(imagined(change(text), sample)) for sample, text in enumerate(logs[7:], start=1)]
    result = compare_runs(None, real_runs, imagined_runs)
    return {finding.check for finding in result.findings} | ({UNDECIDED} if result.first_undecided else set())


@on_styles
def test_real_logs_have_no_findings_but_by_chance(style: Style) -> None:
    kinds_by_draw = [kinds_found(style, draw) - {UNDECIDED} for draw in range(8)]
    assert set[str]().union(*kinds_by_draw) <= BY_CHANCE
    assert sum(map(bool, kinds_by_draw)) <= 2


FAULTS: dict[str, Callable[[str], str]] = {
    "the first half": lambda text: "".join(text.splitlines(True)[: text.count("\n") // 2]),
    "no last line": lambda text: "".join(text.splitlines(True)[:-1]),
    "a word before": lambda text: f"Sure! Here is the output:\n{text}",
    "twice": lambda text: text * 2,
}


@on_styles
@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_found_on_every_draw(style: Style, fault: str) -> None:
    # A style whose runs may break off cannot show that one log lacks its last line; this stays undecided.
    allowed_kinds = {UNDECIDED} if style is not diverging or fault != "no last line" else set[str]()
    for draw in range(3):
        assert kinds_found(style, draw, FAULTS[fault]) - BY_CHANCE - allowed_kinds, draw
