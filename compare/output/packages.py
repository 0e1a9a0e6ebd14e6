"""Names of the software that logs show with versions, such as `torch 2.1.0`."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Rules that mask versions and rules that judge numbers share these names: none is added to one kind alone.
_SHORT = _words(
    "torch pytorch torchvision torchaudio torchtext torchmetrics tensorflow jax jaxlib flax optax keras numpy scipy "
    "scikit-learn sklearn pandas polars matplotlib python cuda cudnn nccl rocm deepspeed xformers flash-attn "
    "flash_attn xgboost lightgbm catboost mxnet glibc"
)
_LONG = _words("timm gymnasium wandb gcc")
_SHORT_COMMON = _words("transformers")
_LONG_COMMON = _words("datasets tokenizers accelerate triton lightning pytorch-lightning pytorch_lightning apex gym")
_LONG_MACHINE = _words("driver")
SHORT_VERSIONED = _SHORT | _SHORT_COMMON
"""Names of software after which even two numbers are a version: `torch 2.1`."""
LONG_VERSIONED = _LONG | _LONG_COMMON | _LONG_MACHINE
"""Names of software after which only three or more numbers are certainly a version: `gym 0.21.0`."""
UNMISTAKABLE = frozenset(name for name in _SHORT | _LONG if name.isalpha())
"""Names that mean software even within a longer name, as in `torch_threads`."""
COMMON = frozenset(name for name in _SHORT_COMMON | _LONG_COMMON if name.isalpha())
"""Names such as `datasets` that mean software only if there is no other word beside them."""


def pattern_of(names: frozenset[str]) -> str:
    """Return a pattern that matches any of these names."""
    return "|".join(map(re.escape, sorted(names)))


def parts_of(names: frozenset[str]) -> frozenset[str]:
    """Return these names without those that contain another one: `torchvision` contains `torch`.

    A text that contains any of the names also contains one of the returned names.
    """
    return frozenset(name for name in names if not any(shorter in name for shorter in names - {name}))
