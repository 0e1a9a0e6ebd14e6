"""How long the imagined machine may answer when it is asked what it is."""

from gedanken.compare.commands.answers import NVIDIA_SMI
from gedanken.experiment.execution import Limits

ANSWER_TOKENS = 192
"""What nvcc prints has 101 tokens of the embedded model's, and it is the longest of them but for one."""
TABLE_TOKENS = 320
TABLE_TOKENS_A_GPU = 110
"""The table of nvidia-smi has 301 tokens with one GPU, 616 with four, 1,036 with eight."""


def boot_limits(command: str, limits: Limits, gpus: int, *, steps: bool) -> Limits:
    """The limits for one boot question: room for a true answer and little more, and nothing is continued.

    A model that works things out first has the room that it has anywhere.
    """
    if steps:
        return limits
    fits = TABLE_TOKENS + TABLE_TOKENS_A_GPU * gpus if command == NVIDIA_SMI else ANSWER_TOKENS
    return limits.model_copy(update={"reply_tokens": min(fits, limits.reply_tokens), "continuations": 0})
