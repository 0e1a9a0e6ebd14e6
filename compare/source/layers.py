"""Counts the weights of a PyTorch layer, from the arguments of its constructor."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

_LARGEST = 1 << 63
"""No tensor has this size or a larger one."""


class NotStaticError(Exception):
    """A value that is needed cannot be determined from the source alone."""


@dataclass(eq=False)
class Module:
    """A module of a network. A module that is used in two places is one object."""

    own: int = 0
    """Number of the module's own parameters, without those of submodules."""
    outputs: int | None = None
    """Number of output features, for a linear layer."""
    children: dict[object, "Module"] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)
    """Attributes of the module that are not modules."""

    def parts(self) -> list["Module"]:
        """Return the module and all submodules, each once, in the order in which they were built."""
        found: dict[int, Module] = {}
        waiting = [self]
        while waiting:
            module = waiting.pop()
            if id(module) not in found:
                found[id(module)] = module
                waiting += reversed(module.children.values())
        return list(found.values())

    @property
    def parameters(self) -> int:
        """Total number of parameters, including all submodules."""
        return sum(part.own for part in self.parts())


Given = tuple[Sequence[object], Mapping[str, object]]
"""Positional and keyword arguments of a call."""


def layer(name: str, arguments: Sequence[object], named: Mapping[str, object]) -> Module | None:
    """Build the `torch.nn` layer that a call of `name` makes; None if the layer is not known.

    The formulae are those of PyTorch's documentation. Raises NotStaticError if the source does not determine a size.
    """
    if name in _WITHOUT:
        return Module()
    make = _LAYERS.get(name)
    return make((arguments, named)) if make else None


def product(sizes: Sequence[object]) -> int:
    """Multiply sizes. Raises NotStaticError if one is no whole number, or if the product is larger than any
    tensor."""
    if len(sizes) > _LARGEST.bit_length():
        raise NotStaticError
    return _whole(math.prod(_whole(size) for size in sizes))


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST:
        return value
    raise NotStaticError


def _argument(given: Given, at: int, name: str, default: object = None) -> object:
    places, named = given
    if name in named:
        return named[name]
    return places[at] if len(places) > at else default


def _flag(given: Given, at: int, name: str, default: bool = True) -> bool:
    value = _argument(given, at, name, default)
    if isinstance(value, bool):
        return value
    raise NotStaticError


def _linear(given: Given) -> Module:
    inside, outside = _whole(_argument(given, 0, "in_features")), _whole(_argument(given, 1, "out_features"))
    return Module((inside + _flag(given, 2, "bias")) * outside, outside)


def _convolution(dimensions: int) -> Callable[[Given], Module]:
    def make(given: Given) -> Module:
        inside, outside = _whole(_argument(given, 0, "in_channels")), _whole(_argument(given, 1, "out_channels"))
        kernel = _argument(given, 2, "kernel_size")
        groups = _whole(_argument(given, 6, "groups", 1))
        bias = _flag(given, 7, "bias")
        area = product(kernel) if isinstance(kernel, list) else _whole(kernel) ** dimensions
        if not groups:
            raise NotStaticError
        return Module(inside * outside // groups * area + bias * outside)

    return make


def _batch_norm(given: Given) -> Module:
    features = _whole(_argument(given, 0, "num_features"))
    return Module(2 * features if _flag(given, 3, "affine") else 0)


def _group_norm(given: Given) -> Module:
    return Module(2 * _whole(_argument(given, 1, "num_channels")) if _flag(given, 3, "affine") else 0)


def _layer_norm(given: Given) -> Module:
    shape = _argument(given, 0, "normalized_shape")
    size = product(shape) if isinstance(shape, list) else _whole(shape)
    affine, bias = _flag(given, 2, "elementwise_affine"), _flag(given, 3, "bias")
    return Module(size * (1 + bias) if affine else 0)


def _embedding(given: Given) -> Module:
    return Module(_whole(_argument(given, 0, "num_embeddings")) * _whole(_argument(given, 1, "embedding_dim")))


def _recurrent(gates: int) -> Callable[[Given], Module]:
    def make(given: Given) -> Module:
        allowed = {"input_size", "hidden_size", "num_layers", "batch_first", "dropout", "bias", "bidirectional"}
        if len(given[0]) > 3 or not set(given[1]) <= allowed:
            raise NotStaticError
        inside, hidden = _whole(_argument(given, 0, "input_size")), _whole(_argument(given, 1, "hidden_size"))
        layers, bias = _whole(_argument(given, 2, "num_layers", 1)), _flag(given, 9, "bias")
        ways = 1 + _flag(given, 9, "bidirectional", default=False)
        sizes = inside + (layers - 1) * ways * hidden
        return Module(ways * gates * hidden * (sizes + layers * (hidden + 2 * bias)) if layers else 0)

    return make


_LAYERS: dict[str, Callable[[Given], Module]] = {
    "Linear": _linear,
    "Conv1d": _convolution(1),
    "Conv2d": _convolution(2),
    "Conv3d": _convolution(3),
    "ConvTranspose1d": _convolution(1),
    "ConvTranspose2d": _convolution(2),
    "BatchNorm1d": _batch_norm,
    "BatchNorm2d": _batch_norm,
    "BatchNorm3d": _batch_norm,
    "GroupNorm": _group_norm,
    "LayerNorm": _layer_norm,
    "Embedding": _embedding,
    "LSTM": _recurrent(4),
    "GRU": _recurrent(3),
    "RNN": _recurrent(1),
}
# fmt: off
_WITHOUT = frozenset({
    "ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "GELU", "SiLU", "Mish", "Sigmoid", "Tanh", "Softplus", "Hardswish",
    "Hardtanh", "Softmax", "LogSoftmax", "Identity", "Flatten", "Unflatten", "Dropout", "Dropout1d", "Dropout2d",
    "Dropout3d", "AlphaDropout", "MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d",
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "Upsample", "ZeroPad2d", "PixelShuffle",
    "CrossEntropyLoss", "NLLLoss", "MSELoss", "L1Loss", "BCELoss", "BCEWithLogitsLoss",
})
# fmt: on
"""Layers without parameters."""
