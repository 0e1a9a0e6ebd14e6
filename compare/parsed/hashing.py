"""Hashes arrays of numbers, so that millions of items can be compared."""

import numpy as np
from numpy.typing import NDArray


def mix_bits(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return a hash of each number, by the finalizer of splitmix64 (Steele, Lea, Flood 2014)."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
