"""Attention of words where text and image are one sequence: the shares that the network itself computes with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode

from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import no_guidance
from nodes.loaders.load_by_family import load_model
from nodes.networks.attention_recorder import Recorder
from tests.nodes.families.model_folders import flux, z_image
from tests.nodes.families.seeing_models import krea_2, qwen_image_21

KINDS = {
    "FLUX.1": (flux, "single_transformer_blocks.1.attn", 1),
    "Z-Image": (z_image, "layers.1.attention", 0),
    "Krea 2": (krea_2, "transformer_blocks.1.attn", 1),
    "Qwen-Image 2.1": (qwen_image_21, "transformer_blocks.1.attn", 1),
}
"""How each is saved, its last layer, and whether its text stands before the image."""


class Probabilities(TorchFunctionMode):
    """Keeps softmax(Q K^T / sqrt(d)) of every attention, found by giving it the unit matrix as values."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Tensor] = []

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is scaled_dot_product_attention:
            given = {**dict(zip(("query", "key", "value"), args, strict=False)), **(kwargs or {})}
            key = given["key"]
            unit = torch.eye(key.shape[2]).expand(*key.shape[:2], -1, -1)
            self.found.append(function(**{**given, "value": unit}).mean(1))
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", KINDS)
def test_words_are_found_in_the_sequence(name: str, tmp_path: Path) -> None:
    save: Callable[[Path], None]
    save, layer, before = KINDS[name]
    torch.manual_seed(0)
    save(tmp_path / "model")
    model = load_model(str(tmp_path / "model"))
    guider = no_guidance(network_denoiser(model.network), clip_text_encode(model.text_encoder, "a red star"))
    x = torch.randn(1, model.network.format.channels, 8, 8)
    with torch.no_grad(), Recorder(guider.denoiser, 1).step(x, guider) as found, Probabilities() as true:
        guider.predict(x, torch.tensor(500.0), 0, 1)
    (attention,) = found
    maps, whole = attention.maps[layer].float().flatten(1, 2), true.found[-1]
    words, places = len(attention.words), maps.shape[1]
    assert maps.shape[-1] == words > 3
    queries = whole[:, -places:] if before else whole[:, :places]
    begin = 0 if before else -(-places // 32) * 32
    kept = min(words, whole.shape[-1] - places - begin if not before else whole.shape[-1] - places)
    torch.testing.assert_close(maps[..., :kept], queries[..., begin : begin + kept], atol=2e-3, rtol=1e-2)
