"""Whole files of transformers, quantised in every part: the numbers that they stand for, or refused by a name."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.load_by_family import load_model
from nodes.loaders.quantised.layers import is_stored
from tests.nodes.families.split_files import KINDS, Split, networks
from tests.nodes.quantised_files import (
    Coded,
    Weights,
    coded,
    float8_marked,
    float8_plain,
    float8_scaled,
    int8_rows,
    llm_int8,
    save,
)
from tests.nodes.test_quantised_networks import assert_same_weights
from tests.telling import each_once

WHOLE = tuple(name for name, kind in KINDS.items() if kind.inside)
MARKS = "model.diffusion_model.", "text_encoders.{}.transformer."
CODES: dict[str, tuple[Callable[[Tensor], Coded], int]] = {
    "scale_weight": (float8_scaled, 2),
    "weight_scale": (float8_marked, 2),
    "int8 rows": (int8_rows, 4),
    "LLM.int8": (llm_int8, 2),
    "plain float8": (float8_plain, 4),
}


def whole_file(model: Split) -> Path:
    """The file with all of a model, beside which others may be put: its tokenizers lie there."""
    assert model.whole is not None
    return model.whole


@pytest.mark.parametrize(("name", "code"), each_once(WHOLE, CODES))
def test_every_part_is_what_its_numbers_stand_for(name: str, code: str, splits: Callable[[str], Split]) -> None:
    how, most = CODES[code]
    path = whole_file(splits(name))
    stored, plain = coded(load_file(path), how, most=most)
    if code == "scale_weight":
        inside = [mark.format(one) for mark in MARKS for one in KINDS[name].inside.values()]
        stored |= {f"{mark}scaled_fp8": torch.zeros(2).to(torch.float8_e4m3fn) for mark in inside}
    found = networks(load_model(str(save(stored, path.with_name("stored.safetensors")))))
    wanted = networks(load_model(str(save(plain, path.with_name("plain.safetensors")))))
    assert found.keys() == wanted.keys() and len(found) == 2 + len(KINDS[name].inside)
    for part, network in wanted.items():
        assert_same_weights(found[part], network)
        assert any(map(is_stored, found[part].modules())) or (part, most) == ("VAE", 2), part


PARTS = {
    "FLUX.1": ("model.diffusion_model.", "text_encoders.clip_l.", "text_encoders.t5xxl.", "vae."),
    "Stable Diffusion 3": (
        "model.diffusion_model.",
        "text_encoders.clip_g.",
        "text_encoders.t5xxl.",
        "first_stage_model.",
    ),
    "Z-Image": ("model.diffusion_model.", "text_encoders.qwen3_4b.", "vae."),
}
"""Where the weights of each part stand."""


def unscaled(stored: Weights, layer: str) -> str:
    """Whole numbers that nothing scales."""
    del stored[f"{layer}.weight_scale"], stored[f"{layer}.comfy_quant"]
    return f"{layer}.weight is int8, and nothing in the file says how it is scaled"


def halved(stored: Weights, layer: str) -> str:
    """A scale that the format has none of."""
    stored[f"{layer}.weight_scale_2"] = torch.tensor(0.5)
    return f"{layer}.weight_scale_2 belongs to no weight that it scales"


def strange(stored: Weights, layer: str) -> str:
    """A format that nobody reads."""
    stored[f"{layer}.comfy_quant"] = torch.tensor(list(b'{"format": "int3_odd"}'), dtype=torch.uint8)
    return "holds a whole .* in one file: no node reads weights quantised as int3_odd"


@pytest.mark.parametrize(
    ("place", "harm"),
    each_once((f"{name}|{part}" for name, parts in PARTS.items() for part in parts), (unscaled, halved, strange)),
)
def test_one_layer_that_nobody_can_read_is_named(
    place: str, harm: Callable[[Weights, str], str], splits: Callable[[str], Split]
) -> None:
    name, part = place.split("|")
    path = whole_file(splits(name))
    stored, _ = coded(load_file(path), int8_rows, most=4)
    layer = next(key.removesuffix(".comfy_quant") for key in stored if key.startswith(part) and "comfy" in key)
    reason = harm(stored, layer)
    with pytest.raises(NodeError, match=reason):
        load_model(str(save(stored, path.with_name("harmed.safetensors"))))
