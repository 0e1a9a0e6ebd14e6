"""Counts the weights of a PyTorch layer, from the arguments of its constructor."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

_TENSOR_SIZE_LIMIT = 1 << 63
"""All tensors are smaller than this."""


class NotStaticError(Exception):
    """The source alone does not determine a value that is needed."""


@dataclass(eq=False)
class Module:
    """A module of a network. A module that is used in two places is one object."""

    own_parameters: int = 0
    """Number of the module's own parameters, without those of submodules."""
    outputs: int | None = None
    """Number of output features, for a linear layer."""
    children: dict[object, "Module"] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)
    """Those attributes of the module that are not modules themselves."""

    def modules(self) -> list["Module"]:
        """Return the module and all submodules, each once, in the order in which they were built."""
        modules: dict[int, Module] = {}
        stack = [self]
        while stack:
            module = stack.pop()
            if id(module) not in modules:
                modules[id(module)] = module
                stack += reversed(module.children.values())
        return list(modules.values())

    @property
    def parameters(self) -> int:
        """Total number of parameters, including all submodules."""
        return sum(part.own_parameters for part in self.modules())


CallArguments = tuple[Sequence[object], Mapping[str, object]]
"""Positional and keyword arguments of a call."""


def build_layer(name: str, arguments: Sequence[object], named: Mapping[str, object]) -> Module | None:
    """Build the `torch.nn` layer that a call of `name` creates; None if the layer is not known.

    The formulas are those of PyTorch's documentation. Raises NotStaticError if the source does not determine a size.
    """
    if name in _WITHOUT_PARAMETERS:
        return Module()
    make = _LAYERS.get(name)
    return make((arguments, named)) if make else None


def product(sizes: Sequence[object]) -> int:
    """Multiply sizes. Raises NotStaticError if a size is not a whole number, or if the product is larger than any
    tensor.
    """
    if len(sizes) > _TENSOR_SIZE_LIMIT.bit_length():
        raise NotStaticError
    return _size(math.prod(_size(size) for size in sizes))


def _size(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _TENSOR_SIZE_LIMIT:
        return value
    raise NotStaticError


def _argument(arguments: CallArguments, index: int, name: str, default: object = None) -> object:
    positional, keywords = arguments
    if name in keywords:
        return keywords[name]
    return positional[index] if len(positional) > index else default


def _flag(arguments: CallArguments, index: int, name: str, default: bool = True) -> bool:
    value = _argument(arguments, index, name, default)
    if isinstance(value, bool):
        return value
    raise NotStaticError


def _linear(arguments: CallArguments) -> Module:
    inputs, outputs = _size(_argument(arguments, 0, "in_features")), _size(_argument(arguments, 1, "out_features"))
    return Module((inputs + _flag(arguments, 2, "bias")) * outputs, outputs)


def _convolution(dimensions: int) -> Callable[[CallArguments], Module]:
    def make(arguments: CallArguments) -> Module:
        inputs, outputs = (
            _size(_argument(arguments, 0, "in_channels")),
            _size(_argument(arguments, 1, "out_channels")),
        )
        kernel = _argument(arguments, 2, "kernel_size")
        groups = _size(_argument(arguments, 6, "groups", 1))
        bias = _flag(arguments, 7, "bias")
        area = product(kernel) if isinstance(kernel, list) else _size(kernel) ** dimensions
        if not groups:
            raise NotStaticError
        return Module(inputs * outputs // groups * area + bias * outputs)

    return make


def _batch_norm(arguments: CallArguments) -> Module:
    features = _size(_argument(arguments, 0, "num_features"))
    return Module(2 * features if _flag(arguments, 3, "affine") else 0)


def _group_norm(arguments: CallArguments) -> Module:
    return Module(2 * _size(_argument(arguments, 1, "num_channels")) if _flag(arguments, 3, "affine") else 0)


def _layer_norm(arguments: CallArguments) -> Module:
    shape = _argument(arguments, 0, "normalized_shape")
    size = product(shape) if isinstance(shape, list) else _size(shape)
    affine, bias = _flag(arguments, 2, "elementwise_affine"), _flag(arguments, 3, "bias")
    return Module(size * (1 + bias) if affine else 0)


def _embedding(arguments: CallArguments) -> Module:
    return Module(_size(_argument(arguments, 0, "num_embeddings")) * _size(_argument(arguments, 1, "embedding_dim")))


def _recurrent(gates: int) -> Callable[[CallArguments], Module]:
    def make(arguments: CallArguments) -> Module:
        allowed = {"input_size", "hidden_size", "num_layers", "batch_first", "dropout", "bias", "bidirectional"}
        if len(arguments[0]) > 3 or not set(arguments[1]) <= allowed:
            raise NotStaticError
        inputs, hidden = _size(_argument(arguments, 0, "input_size")), _size(_argument(arguments, 1, "hidden_size"))
        layers, bias = _size(_argument(arguments, 2, "num_layers", 1)), _flag(arguments, 9, "bias")
        directions = 1 + _flag(arguments, 9, "bidirectional", default=False)
        sizes = inputs + (layers - 1) * directions * hidden
        return Module(directions * gates * hidden * (sizes + layers * (hidden + 2 * bias)) if layers else 0)

    return make


_LAYERS: dict[str, Callable[[CallArguments], Module]] = {
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
_WITHOUT_PARAMETERS = frozenset({
    "ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "GELU", "SiLU", "Mish", "Sigmoid", "Tanh", "Softplus", "Hardswish",
    "Hardtanh", "Softmax", "LogSoftmax", "Identity", "Flatten", "Unflatten", "Dropout", "Dropout1d", "Dropout2d",
    "Dropout3d", "AlphaDropout", "MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d",
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "Upsample", "ZeroPad2d", "PixelShuffle",
    "CrossEntropyLoss", "NLLLoss", "MSELoss", "L1Loss", "BCELoss", "BCEWithLogitsLoss",
})
# fmt: on
