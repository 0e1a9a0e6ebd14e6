"""Names of the software that logs show with their versions: `torch 2.1.0`. Rules that mask versions and rules that
tell what a number is both take them from here, so that a name cannot be added to one of them alone.
"""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SHORT = _words(
    "torch pytorch torchvision torchaudio torchtext torchmetrics tensorflow jax jaxlib flax optax keras numpy scipy "
    "scikit-learn sklearn pandas polars matplotlib python cuda cudnn nccl rocm deepspeed xformers flash-attn "
    "flash_attn xgboost lightgbm catboost mxnet glibc"
)
_LONG = _words("timm gymnasium wandb gcc")
_SHORT_COMMON = _words("transformers")
_LONG_COMMON = _words("datasets tokenizers accelerate triton lightning pytorch-lightning pytorch_lightning apex gym")
_LONG_OF_MACHINE = _words("driver")
SHORT_VERSIONED = _SHORT | _SHORT_COMMON
"""Names after which two numbers are a version too: `torch 2.1`."""
LONG_VERSIONED = _LONG | _LONG_COMMON | _LONG_OF_MACHINE
"""Names after which only three numbers and more are certainly a version: `gym 0.21.0`."""
UNMISTAKABLE = frozenset(name for name in _SHORT | _LONG if name.isalpha())
"""Names that mean software in any other name too: `torch_threads`."""
COMMON = frozenset(name for name in _SHORT_COMMON | _LONG_COMMON if name.isalpha())
"""Names that are also words of programs, so that they mean software only alone."""


def pattern_of(names: frozenset[str]) -> str:
    """Return a pattern for these names."""
    return "|".join(map(re.escape, sorted(names)))


def parts_of(names: frozenset[str]) -> frozenset[str]:
    """Return the fewest of these names of which at least one is in each text that holds any: without `torchvision`,
    because `torch` is in it."""
    return frozenset(name for name in names if not any(other in name for other in names - {name}))
