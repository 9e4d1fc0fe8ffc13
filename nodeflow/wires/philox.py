"""Normal random numbers as NVIDIA's cards draw them, on any machine.

Salmon et al. 2011, Parallel Random Numbers: As Easy as 1, 2, 3: Philox 4x32 with ten rounds, a counter a number, and
Box and Muller's transform of its first two outputs, as PyTorch's kernels for CUDA start from a seed.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

ROUNDS = 10
MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
"""What the key grows by each round: the golden ratio, and the root of 3 less 1."""
UNIT = float(np.float32(2.3283064e-10))
"""2 ** -32 in single precision, as the kernels have it."""
TURN = float(np.float32(2.3283064e-10 * 6.2831855))


class PhiloxGenerator:
    """A generator of a 64-bit seed. Each call draws from the next counter, as a call of a kernel does."""

    device = torch.device("cpu")

    def __init__(self, seed: int) -> None:
        self.seed = seed % 2**64
        self.offset = 0

    def randn(self, shape: tuple[int, ...]) -> Tensor:
        """Standard normal numbers, float32."""
        first, second = philox(self.seed, self.offset, math.prod(shape))[:2]
        self.offset += 1
        length = np.sqrt(-2 * np.log(first * UNIT + UNIT / 2))
        return torch.from_numpy((length * np.sin(second * TURN + TURN / 2)).astype(np.float32)).reshape(shape)

    def get_state(self) -> Tensor:
        return torch.tensor([self.offset])

    def set_state(self, state: Tensor) -> None:
        self.offset = int(state)


def philox(seed: int, offset: int, count: int) -> list[np.ndarray]:
    """Four words (count,), uint32, of the counters (offset, 0, 0, 0) to (offset, 0, count - 1, 0)."""
    counter = [np.full(count, offset, np.uint32), *(np.zeros(count, np.uint32) for _ in range(3))]
    counter[2] = np.arange(count, dtype=np.uint32)
    return scrambled(counter, [np.full(count, seed % 2**32, np.uint32), np.full(count, seed >> 32, np.uint32)])


def scrambled(counter: list[np.ndarray], key: list[np.ndarray]) -> list[np.ndarray]:
    """Philox 4x32 of four words of counters and two of keys, each (count,), uint32: Salmon et al. 2011, fig. 3."""
    for index in range(ROUNDS):
        if index:
            key = [word + weyl for word, weyl in zip(key, WEYL, strict=True)]
        low, high = (counter[2 * i].astype(np.uint64) * MULTIPLIERS[i] for i in range(2))
        counter = [
            (high >> np.uint64(32)).astype(np.uint32) ^ counter[1] ^ key[0],
            high.astype(np.uint32),
            (low >> np.uint64(32)).astype(np.uint32) ^ counter[3] ^ key[1],
            low.astype(np.uint32),
        ]
    return counter
