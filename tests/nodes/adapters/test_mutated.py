"""Files that something went wrong with: they are read, or refused in one sentence."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Adapter
from nodes.loaders.adapters.adapter_file import read_adapter_file
from nodes.loaders.adapters.components import ENDS
from nodes.loaders.adapters.reader import for_network
from tests.nodes.adapters.test_algebras import MADE
from tests.nodes.adapters.tiny_networks import layers, outputs, write

DTYPES = torch.float16, torch.bfloat16, torch.int8, torch.bool, torch.int64, torch.float8_e4m3fn, torch.float64
SHAPES = (8,), (8, 12), (1, 12), (8, 1), (), (2, 4, 4), (2, 2, 4, 4), (0,), (0, 4)


def mutated(draw: random.Random) -> dict[str, Tensor]:
    """Factors of another shape, dtype, name or number, lost ones, and some that belong to other kinds."""
    file = dict(MADE[draw.choice(list(MADE))]()[0])
    for _ in range(draw.randint(1, 3)):
        key = draw.choice(list(file))
        value, kind = file[key], draw.randrange(6)
        if kind == 0:
            file[key] = torch.zeros(draw.choice(SHAPES))
        elif kind == 1 and len(file) > 1:
            del file[key]
        elif kind == 2:
            file[key.split(".")[0] + draw.choice(list(ENDS))] = torch.zeros(draw.choice(SHAPES))
        elif kind == 3:
            file[key] = value.to(draw.choice(DTYPES))
        elif kind == 4:
            file[draw.choice(("lora_te_", "transformer.", "", "unet.")) + key.partition("_")[2]] = value
        else:
            file[key] = torch.tensor(draw.choice((0.0, -3.0, 1e30, float("nan"))))
    return file


@pytest.mark.parametrize("seed", range(4))
def test_mutated_files_are_read_or_refused_in_a_sentence(seed: int, tmp_path: Path) -> None:
    draw, network, refused = random.Random(seed), layers(), 0
    for _ in range(100):
        path = write(tmp_path, mutated(draw))
        try:
            outputs(network, Adapter(for_network(read_adapter_file(path), network), 0.5))
        except NodeError as told:
            refused += 1
            assert "\n" not in str(told)
            assert len(str(told)) < 500
    assert 20 < refused < 100
