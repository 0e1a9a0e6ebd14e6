"""If several lines name the same metric, its series get names that a practitioner would give them."""

from collections.abc import Callable
from random import Random

import pytest
from test_log_structure import compare_logs


def class_table(rng: Random) -> str:
    rows = ["wall", "door", "roof"]
    lines = (f"  {row:<9} IoU {rng.random():.4f}  Dice {rng.random():.4f}\n" for row in rows)
    return "".join(lines) + f"  mean IoU/Dice: {rng.random():.4f}/{rng.random():.4f}\n"


def tensorflow_estimator(rng: Random) -> str:
    durations = [f" ({rng.uniform(0.2, 0.4):.3f} sec)" if index else "" for index in range(4)]
    steps = "".join(
        f"INFO:tensorflow:loss = {rng.random():.5f}, step = {index}00{durations[index]}\n" for index in range(4)
    )
    saved_line = f"INFO:tensorflow:Saving dict for global step 400: global_step = 400, loss = {rng.random():.4f}\n"
    return f"{steps}{saved_line}INFO:tensorflow:Loss for final step: {rng.random():.5f}.\n"


def early_stopping(rng: Random) -> str:
    rows = "".join(
        f"epoch {epoch} dev_nll {1 / (epoch + 1) + rng.random():.4f}\n  dev_nll improved to {rng.random():.4f}\n"
        for epoch in range(5)
    )
    return f"{rows}Stopping early at epoch 4, best dev_nll {rng.random():.4f}\n"


def messages(rng: Random) -> str:
    return "".join(
        f'level=info msg="{split}" step={step} nll={rng.random():.4f}\n'
        for step in range(5)
        for split in ("train", "eval")
    )


def progress_bars(rng: Random) -> str:
    return "".join(f"part {part} {'━' * 9} 9/9 MB\nreward <{rng.random():.4f}>\n" for part in range(5))


def booster(rng: Random) -> str:
    total_times = [f"{rng.uniform(300, 900):.1f}ms", f"{rng.uniform(1, 9):.2f}s", f"1m {rng.randrange(1, 59)}s"]
    return "".join(
        f"{index}0:\tlearn: {rng.random():.5f}\ttest: {rng.random():.5f}\ttotal: {total_times[index // 3]}"
        "\tremaining: 1s\n"
        for index in range(9)
    )


def processes(rng: Random) -> str:
    rank_orders = [rng.sample(range(3), 3) for _ in range(5)]
    return "".join(
        f"[rank {rank}] epoch {epoch} cost {rng.random():.4f}\n"
        for epoch, ranks in enumerate(rank_orders)
        for rank in ranks
    )


def solver(rng: Random) -> str:
    fields = ["tool: Solving for vx", "tool: Solving for vy", "other: Solving for q"]
    return "".join(
        f"Round {round_number}\n" + "".join(f"{field}, Initial error = {rng.random():.5f}\n" for field in fields)
        for round_number in range(1, 6)
    )


def listener(rng: Random) -> str:
    return "".join(f"[main] INFO  o.d.Listener - Score at step {step}0 is {rng.random():.5f}\n" for step in range(5))


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
        (
            class_table,
            "mean IoU",
            "wall IoU; wall Dice; door IoU; door Dice; roof IoU; roof Dice; mean IoU; mean Dice",
        ),
        (tensorflow_estimator, "eval loss", "loss; eval loss; Loss for final step"),
        (early_stopping, "dev_nll", "dev_nll; best dev_nll; best dev_nll of “Stopping early at epoch …, …”"),
        (messages, "eval nll", "train nll; eval nll"),
        (progress_bars, "reward", "reward"),
    ],
)
def test_a_series_has_the_name_that_a_practitioner_gives_it(
    style: Callable[[Random], str], primary: str, names: str
) -> None:
    comparison = compare_logs(
        [style(Random(seed)) for seed in range(7)], [style(Random(seed)) for seed in (20, 21, 22)]
    )
    assert comparison.endpoint is not None and comparison.endpoint.name == primary
    series_names = [series.name for series in comparison.series[1:] if "same in all" not in (series.why_no_p or "")]
    assert [name for name in series_names if not name.startswith("scatter")] == names.split("; ")
