"""Limits on the answers of the imagined machine to the boot commands, which ask what machine it is."""

from gedanken.compare.commands.answers import NVIDIA_SMI
from gedanken.experiment.execution import Limits

ANSWER_TOKENS = 192
"""Token limit of an answer. The output of nvcc, the longest but one, has 101 tokens of the embedded model."""
TABLE_TOKENS = 320
TABLE_TOKENS_A_GPU = 110
"""Tokens per GPU in the table of nvidia-smi: it has 301 tokens with one GPU, 616 with four, 1,036 with eight."""


def boot_limits(command: str, limits: Limits, gpus: int, *, steps: bool) -> Limits:
    """Return the limits for one boot command: room for a true answer and little more, without continuations.

    A model that may write working steps has its usual limits.
    """
    if steps:
        return limits
    fits = TABLE_TOKENS + TABLE_TOKENS_A_GPU * gpus if command == NVIDIA_SMI else ANSWER_TOKENS
    return limits.model_copy(update={"reply_tokens": min(fits, limits.reply_tokens), "continuations": 0})
