"""When the imagined machine is asked what machine it is, its reply may be as long as a true answer, and not much
longer.
"""

import pytest

from gedanken.compare.commands.answers import BOOT_COMMANDS, NVCC_VERSION, NVIDIA_SMI
from gedanken.experiment.execution import Limits
from gedanken.graphs.boot_limits import boot_limits


@pytest.mark.parametrize(("gpus", "tokens"), [(1, 301), (4, 616), (8, 1036)])
def test_the_table_of_so_many_gpus_fits(gpus: int, tokens: int) -> None:
    limits = Limits(reply_tokens=4096)
    assert tokens < boot_limits(NVIDIA_SMI, limits, gpus, steps=False).reply_tokens < 1.5 * tokens


def test_an_answer_of_one_line_has_a_small_limit() -> None:
    assert 101 < boot_limits(NVCC_VERSION, Limits(), 4, steps=False).reply_tokens <= 200


@pytest.mark.parametrize("command", BOOT_COMMANDS)
def test_nothing_is_continued_and_no_limit_is_raised(command: str) -> None:
    limits = boot_limits(command, Limits(reply_tokens=16), 4, steps=False)
    assert (limits.reply_tokens, limits.continuations) == (16, 0)
    assert limits.wall_seconds == Limits().wall_seconds


def test_a_model_that_works_things_out_first_has_all_its_room() -> None:
    assert boot_limits(NVIDIA_SMI, Limits(), 4, steps=True) == Limits()
