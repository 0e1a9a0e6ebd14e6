"""What series are called where several lines name the same metric: as a practitioner would write it."""

from collections.abc import Callable
from random import Random

import pytest
from test_log_structure import compared


def classes(random: Random) -> str:
    rows = ["wall", "door", "roof"]
    shown = (f"  {row:<9} IoU {random.random():.4f}  Dice {random.random():.4f}\n" for row in rows)
    return "".join(shown) + f"  mean IoU/Dice: {random.random():.4f}/{random.random():.4f}\n"


def estimator(random: Random) -> str:
    took = [f" ({random.uniform(0.2, 0.4):.3f} sec)" if at else "" for at in range(4)]
    steps = "".join(f"INFO:tensorflow:loss = {random.random():.5f}, step = {at}00{took[at]}\n" for at in range(4))
    said = f"INFO:tensorflow:Saving dict for global step 400: global_step = 400, loss = {random.random():.4f}\n"
    return f"{steps}{said}INFO:tensorflow:Loss for final step: {random.random():.5f}.\n"


def stopping(random: Random) -> str:
    rows = "".join(
        f"epoch {at} dev_nll {1 / (at + 1) + random.random():.4f}\n  dev_nll improved to {random.random():.4f}\n"
        for at in range(5)
    )
    return f"{rows}Stopping early at epoch 4, best dev_nll {random.random():.4f}\n"


def messages(random: Random) -> str:
    return "".join(
        f'level=info msg="{what}" step={at} nll={random.random():.4f}\n'
        for at in range(5)
        for what in ("train", "eval")
    )


def bars(random: Random) -> str:
    return "".join(f"part {at} {'━' * 9} 9/9 MB\nreward <{random.random():.4f}>\n" for at in range(5))


def booster(random: Random) -> str:
    took = [f"{random.uniform(300, 900):.1f}ms", f"{random.uniform(1, 9):.2f}s", f"1m {random.randrange(1, 59)}s"]
    return "".join(
        f"{at}0:\tlearn: {random.random():.5f}\ttest: {random.random():.5f}\ttotal: {took[at // 3]}\tremaining: 1s\n"
        for at in range(9)
    )


def processes(random: Random) -> str:
    order = [random.sample(range(3), 3) for _ in range(5)]
    return "".join(
        f"[rank {rank}] epoch {at} cost {random.random():.4f}\n" for at, ranks in enumerate(order) for rank in ranks
    )


def solver(random: Random) -> str:
    fields = ["tool: Solving for vx", "tool: Solving for vy", "other: Solving for q"]
    return "".join(
        f"Round {at}\n" + "".join(f"{words}, Initial error = {random.random():.5f}\n" for words in fields)
        for at in range(1, 6)
    )


def listener(random: Random) -> str:
    return "".join(f"[main] INFO  o.d.Listener - Score at step {at}0 is {random.random():.5f}\n" for at in range(5))


@pytest.mark.parametrize(
    ("style", "primary", "names"),
    [
        (
            solver,
            "Solving for vx Initial error",
            "Solving for vx Initial error; Solving for vy Initial error; Solving for q Initial error",
        ),
        (listener, "Score", "Score"),
        (processes, "cost", "cost"),
        (booster, "test", "learn; test; total; remaining"),
        (classes, "mean IoU", "wall IoU; wall Dice; door IoU; door Dice; roof IoU; roof Dice; mean IoU; mean Dice"),
        (estimator, "eval loss", "loss; eval loss; Loss for final step"),
        (stopping, "dev_nll", "dev_nll; best dev_nll; best dev_nll of “Stopping early at epoch …, …”"),
        (messages, "eval nll", "train nll; eval nll"),
        (bars, "reward", "reward"),
    ],
)
def test_a_series_has_the_name_that_a_practitioner_gives_it(
    style: Callable[[Random], str], primary: str, names: str
) -> None:
    found = compared([style(Random(seed)) for seed in range(7)], [style(Random(seed)) for seed in (20, 21, 22)])
    assert found.endpoint is not None and found.endpoint.name == primary
    told = [series.name for series in found.series[1:] if "same in all" not in (series.why_no_p or "")]
    assert [name for name in told if not name.startswith("scatter")] == names.split("; ")
