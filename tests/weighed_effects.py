"""Ten changes of a program and four edits without effect, with their real and imagined effects."""

import random
from collections.abc import Callable, Sequence

from builders import imagined, lines, real

from gedanken.compare.interventions import Effects, Intervention, compare_effects

EXPECTED_EFFECTS = (3, 3, 2, 2, 1, 1, -1, -1, -2, -2)
"""The effects of ten changes that a rule of thumb predicts."""


REAL_EFFECTS = (0.9, 0.5, -0.3, 0.4, 0.2, 0.3, -0.1, -0.3, -0.2, 0.1)
"""The real effects of these changes on a loss of 1. Two of them have another sign than predicted."""


def make_intervention(
    change: str | None, expected: float, real_loss: float, imagined_losses: Sequence[float], neutral: bool = False
) -> Intervention:
    noise = random.Random(change)
    return Intervention(
        change,
        expected,
        neutral or change is None,
        tuple(real(lines([2, real_loss + noise.gauss(0, 0.01)]), seed) for seed in range(1, 8)),
        tuple(imagined(lines([2, value]), sample) for sample, value in enumerate(imagined_losses, start=1)),
    )


def weigh_changes(model: Callable[[float, float], float], neutral: Callable[[int], float] = lambda _: 1.0) -> Effects:
    """Compute the effects of ten changes, and of four edits without effect.

    `model` takes the real and the predicted effect of a change, and returns the imagined loss. `neutral` takes the
    number of an edit, and returns the imagined loss.
    """
    noise = random.Random(1)

    def sample_three(value: float) -> list[float]:
        return [value + noise.gauss(0, 0.01) for _ in range(3)]

    changes = [
        make_intervention(f"change {index}", expected, 1 + does, sample_three(model(does, expected)))
        for index, (does, expected) in enumerate(zip(REAL_EFFECTS, EXPECTED_EFFECTS, strict=True))
    ]
    changes += [
        make_intervention(f"edit {index}", 0, 1, sample_three(neutral(index)), neutral=True) for index in range(4)
    ]
    effects = compare_effects("train-v1", make_intervention(None, 0, 1, sample_three(1)), changes)
    assert effects is not None
    return effects
