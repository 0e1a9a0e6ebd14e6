"""Prints the first losses of untrained networks, as one line of JSON for each scale of the images. Runs in the
sandbox.

    python3 first_losses_program.py SEEDS
"""

import importlib
import json
import math
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

torch: Any = importlib.import_module("torch")  # in the sandbox only
datasets: Any = importlib.import_module("torchvision.datasets")
nn = torch.nn

BATCHES = (32, 64, 512)
SCALES: dict[str, Callable[[Any], Any]] = {
    "0 to 1 (ToTensor)": lambda images: images,
    "normalised by MNIST's mean and deviation": lambda images: (images - 0.1307) / 0.3081,
    "-1 to 1": lambda images: images * 2 - 1,
    "0 to 16": lambda images: images * 16,
    "0 to 255": lambda images: images * 255,
}


def perceptron(*sizes: int) -> Any:
    """Return a network of linear layers with these sizes, and ReLU between them."""
    layers = [nn.Flatten()]
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def convolutions(classes: int, *, norm: bool = False, pool: bool = True) -> Any:
    """Return a network of two convolutions and a linear layer."""
    layers = [nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16) if norm else nn.Identity(), nn.ReLU()]
    layers += [nn.MaxPool2d(2) if pool else nn.Identity(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU()]
    side = 14 if pool else 28
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * side * side, classes))


NETS: dict[str, Callable[[int], Any]] = {
    "one layer": lambda classes: perceptron(784, classes),
    "two layers": lambda classes: perceptron(784, 128, classes),
    "narrow": lambda classes: perceptron(784, 16, classes),
    "wide": lambda classes: perceptron(784, 2048, classes),
    "five layers": lambda classes: perceptron(784, 256, 256, 128, 64, classes),
    "convolutions": convolutions,
    "convolutions without pooling": lambda classes: convolutions(classes, pool=False),
    "batch norm": lambda classes: convolutions(classes, norm=True),
    "layer norm": lambda classes: nn.Sequential(
        nn.Flatten(), nn.Linear(784, 128), nn.LayerNorm(128), nn.ReLU(), nn.Linear(128, classes)
    ),
}


def main(seeds: int) -> None:
    """Measure all networks on all scales."""
    torch.set_num_threads(1)
    train = datasets.MNIST("./data", train=True, download=True)
    images, labels = train.data[:, None].float() / 255, train.targets
    for scale, rescale in SCALES.items():
        differences = []
        for name, net in NETS.items():
            for classes in (10, 100):
                for seed in range(seeds):
                    torch.manual_seed(seed)
                    model = net(classes)
                    differences += [
                        (off, f"{name}, {classes} classes, batch {batch}")
                        for batch in BATCHES
                        for off in [first_loss(model, rescale, images, labels, batch) - math.log(classes)]
                    ]
        ends = (("lowest", min(differences)), ("highest", max(differences)))
        extremes = {end: {"off": off, "where": where} for end, (off, where) in ends}
        print(json.dumps({"scale": scale, "count": len(differences), **extremes}), flush=True)


def first_loss(model: Any, rescale: Callable[[Any], Any], images: Any, labels: Any, batch: int) -> float:
    """Return the loss of one random batch before any update."""
    chosen = torch.randperm(len(images))[:batch]
    with torch.no_grad():
        return float(nn.functional.cross_entropy(model(rescale(images[chosen])), labels[chosen]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
