"""Limits the imagined machine's answers to the boot commands, which ask what kind of machine it is."""

from collections.abc import Sequence

from gedanken.compare.commands.answers import NVIDIA_SMI
from gedanken.experiment.errors import NoModel, RequestRefused
from gedanken.experiment.execution import Cause, Execution, Limits

ANSWER_TOKENS = 192
"""Token limit of the answer to each boot command except nvidia-smi. The longest true answer to these commands is that
of nvcc: 101 tokens of the embedded model.
"""
TABLE_TOKENS = 320
TABLE_TOKENS_PER_GPU = 110
"""The tokens added to `TABLE_TOKENS` for each GPU in the answer to nvidia-smi. A true answer has 301 tokens with one
GPU, 616 with four, 1,036 with eight."""


def boot_limits(command: str, limits: Limits, gpus: int, *, steps: bool) -> Limits:
    """Return the limits for the answer to a boot command: little more than a true answer needs.

    `gpus` is how many GPUs a true answer lists. If `steps` is True, `limits` is returned unchanged.
    """
    if steps:
        return limits
    token_limit = TABLE_TOKENS + TABLE_TOKENS_PER_GPU * gpus if command == NVIDIA_SMI else ANSWER_TOKENS
    return limits.model_copy(update={"reply_tokens": min(token_limit, limits.reply_tokens), "continuations": 0})


def check_booted(answers: Sequence[Execution]) -> None:
    """Raise RequestRefused if the server refused all boot commands, or NoModel if none of them got a reply."""
    if all(answer.is_refused for answer in answers):
        raise RequestRefused(answers[0].notes[0])
    if all(answer.cause is Cause.NO_REPLY for answer in answers):
        raise NoModel(next(answer.notes[0] for answer in answers if not answer.is_refused))
