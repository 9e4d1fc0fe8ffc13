"""What holds for each family: adapters on plain and on stored weights, modes of memory, where words are looked at."""

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from nodeflow.engine.memory.offload_modes import Mode, lean, place, release
from nodeflow.wires import Conditioning, DiffusionNetwork, Latent
from nodes.adapters.lora import apply_lora
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import no_guidance
from nodes.loaders.families.hunyuan_image.call import HunyuanImageDenoiser
from nodes.loaders.families.hunyuan_image.glyph_text import GLYPHS
from nodes.loaders.load_by_family import LoadedModel, load_diffusion_model, load_model
from nodes.networks.attention_recorder import Recorder
from tests.nodes.families.split_files import KINDS, Split
from tests.nodes.quantised_files import coded, float8_scaled, save

RANK = 2
FILE = "pytorch_lora_weights.safetensors"
ATTENDS = re.compile(r"(blocks|layers|block).*(to_[qkv]|to_query|to_key|to_value|to_out\.0|qkv_proj)$")


class Ready:
    """A family's model, a text that it read, as what is led away from, which needs nothing besides, and a latent."""

    def __init__(self, model: LoadedModel) -> None:
        self.model, text = model, model.text_encoder.encode(["a red star"])
        self.text = replace(text, away=torch.ones(1))
        format, draw = model.network.format, torch.Generator().manual_seed(1)
        self.x = torch.randn(1, format.channels, 8, 8, generator=draw)

    @torch.no_grad()
    def said(self, network: DiffusionNetwork | None = None) -> Tensor:
        return network_denoiser(network or self.model.network).predict(self.x, torch.tensor(500.0), self.text)


USUAL = "Bria", "Krea 2", "PRX DC-AE", "Z-Image-Omni"
"""Those that every run tries: fused matrices, single blocks, one stream, images within the text. Others are slow."""


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=[] if name in USUAL else [pytest.mark.slow]) for name in KINDS],
    ids=str,
)
def ready(request: pytest.FixtureRequest, splits: Callable[[str], Split]) -> Iterator[Ready]:
    """All tests of a family come one after the other, so that one model is there at a time."""
    yield Ready(load_model(str(splits(request.param).folder)))


def changes(module: nn.Module) -> dict[str, tuple[Tensor, Tensor]]:
    """Factors of a LoRA for each matrix of a network's blocks, fused ones and those of single blocks among them."""
    draw = torch.Generator().manual_seed(2)
    return {
        name: (
            torch.randn(RANK, layer.in_features, generator=draw) / layer.in_features**0.5,
            torch.randn(layer.out_features, RANK, generator=draw) / 8,
        )
        for name, layer in module.named_modules()
        if isinstance(layer, nn.Linear) and re.search(r"blocks|layers", name) and min(layer.weight.shape) > RANK
    }


def saved(found: dict[str, tuple[Tensor, Tensor]], path: Path, part: str) -> str:
    """As diffusers saves it."""
    both = {f"{part}.{name}.lora_A.weight": down for name, (down, _) in found.items()}
    both |= {f"{part}.{name}.lora_B.weight": up for name, (_, up) in found.items()}
    save_file(both, path)
    return str(path)


@pytest.mark.parametrize("stored", [False, True], ids=["plain", "float8"])
def test_an_adapter_is_the_merged_weights(
    ready: Ready, splits: Callable[[str], Split], tmp_path: Path, stored: bool
) -> None:
    """Within 1e-5 of what the network says with the change in its weights; at strength 0 it is the network."""
    network = plain = ready.model.network
    if stored:
        coded_weights, weights = coded(load_file(splits(network.family).network), float8_scaled)
        network, plain = (
            load_diffusion_model(str(save(one, tmp_path / f"{name}.safetensors")), family=network.family)[0]
            for name, one in (("stored", coded_weights), ("plain", weights))
        )
    module: Any = plain.module
    found = changes(module)
    assert found
    file = saved(found, tmp_path / "lora.safetensors", "unet" if "UNet" in type(module).__name__ else "transformer")
    led, alone = ready.said(apply_lora(network, file)), ready.said(network)
    assert torch.equal(ready.said(apply_lora(network, file, weight=0.0)), alone)
    kept = {name: module.get_submodule(name).weight.data for name in found}
    for name, (down, up) in found.items():
        module.get_submodule(name).weight.data = kept[name] + up @ down
    wanted = ready.said(plain)
    for name, weight in kept.items():
        module.get_submodule(name).weight.data = weight
    size = float(wanted.abs().max())
    torch.testing.assert_close(led / size, wanted / size, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(led / size, alone / size, atol=1e-3)


def test_an_adapter_is_what_peft_computes(ready: Ready, tmp_path: Path) -> None:
    """As peft trains and diffusers saves it, its rank and alpha apart, on all the attention of a network."""
    network: Any = ready.model.network
    trained = copy.deepcopy(network.module)
    if not hasattr(trained, "add_adapter"):
        pytest.skip("diffusers trains no adapters of this network")
    targets = [name for name, layer in trained.named_modules() if isinstance(layer, nn.Linear) and ATTENDS.search(name)]
    trained.add_adapter(LoraConfig(r=RANK, lora_alpha=3, target_modules=targets, init_lora_weights=False))
    trained.eval().save_lora_adapter(tmp_path, adapter_name="default")
    wanted = ready.said(replace(network, module=trained))
    led, alone = ready.said(apply_lora(network, str(tmp_path / FILE))), ready.said()
    size = float(wanted.abs().max())
    torch.testing.assert_close(led / size, wanted / size, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(led / size, alone / size, atol=1e-4)


@pytest.mark.parametrize("mode", ["blocks", "leaves"])
def test_a_network_that_is_fetched_in_pieces_says_the_same(ready: Ready, mode: Mode) -> None:
    module, whole = ready.model.network.module, ready.said()
    place(module, mode, "cpu")
    try:
        assert torch.equal(ready.said(), whole)
    finally:
        release(module)


def test_a_vae_in_tiles_gives_nearly_the_same(ready: Ready) -> None:
    """And one that is left alone gives the same again."""
    vae: Any = ready.model.vae
    latent = Latent(ready.x)
    whole = vae.decode(latent).pixels
    with lean([vae.module]):
        tiled = vae.decode(latent).pixels
    assert tiled.shape == whole.shape
    assert torch.isfinite(tiled).all()
    assert torch.equal(vae.decode(latent).pixels, whole)


def test_where_words_are_looked_at_is_recorded(ready: Ready) -> None:
    """In some layer at least, for each word that leads; no place looks at words for more than all of its looking."""
    guider = no_guidance(network_denoiser(ready.model.network), ready.text)
    with torch.no_grad(), Recorder(guider.denoiser, 1).step(ready.x, guider) as found:
        guider.predict(ready.x, torch.tensor(500.0), 0, 1)
    (attention,) = found
    assert attention.maps
    for words in attention.maps.values():
        assert words.shape[-1] >= sum(map(bool, attention.words))
        assert 0 < float(words.float().sum(-1).max()) <= 1.01
        if named := [place for place, word in enumerate(attention.words) if word]:
            assert (words[..., named].float().sum((0, 1, 2)) > 0).all()


def test_words_stand_as_hunyuan_image_has_them() -> None:
    """Its network puts what is to be written and what leads before what fills both up."""
    words = ("a", "sign", "", *("h", "i"), *("",) * (GLYPHS - 2))
    mask = torch.tensor([[bool(word) for word in words]])
    denoiser = HunyuanImageDenoiser(None, "flow", 0.0)  # type: ignore[arg-type]
    found = denoiser.in_order(Conditioning(torch.zeros(1, len(words), 4), words=words, mask=mask))
    assert (found[:4], set(found[4:]), len(found)) == (("h", "i", "a", "sign"), {""}, len(words))
