"""Tests of how networks lie on a device: what is chosen for a budget, and that each way computes what it should."""

from __future__ import annotations

import itertools

import pytest
import torch
from diffusers import AutoencoderKL, DiTTransformer2DModel, UNet2DConditionModel
from diffusers.hooks.group_offloading import ModuleGroup
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModel

from nodeflow.engine.memory.offload_modes import Footprint, Mode, arrange, footprint, lean, place, release
from nodeflow.wires import Image
from nodes.loaders.load_models import load_latent_diffusion
from nodes.networks.compute_dtype import device_of, dtype_of

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]

UNET, VAE, TEXT = Footprint(1000, 400, 40), Footprint(300, None, 20), Footprint(200, None, 60)
FIXED = Footprint(500, None, 500)
BIG, MIDDLE, SMALL = "whole", "blocks", "leaves"


@pytest.mark.parametrize(
    ("networks", "room", "modes"),
    [
        ([UNET], 1000, [BIG]),
        ([UNET], 999, [MIDDLE]),
        ([UNET], 400, [MIDDLE]),
        ([UNET], 399, [SMALL]),
        ([UNET], 0, [SMALL]),
        ([VAE], 299, [SMALL]),
        ([], 0, []),
        ([TEXT, UNET, VAE], 1500, [BIG, BIG, BIG]),
        ([TEXT, UNET, VAE], 1499, [BIG, MIDDLE, BIG]),
        ([TEXT, UNET, VAE], 900, [BIG, MIDDLE, BIG]),
        ([TEXT, UNET, VAE], 899, [BIG, SMALL, BIG]),
        ([TEXT, UNET, VAE], 539, [BIG, SMALL, SMALL]),
        ([TEXT, UNET, VAE], 1, [SMALL, SMALL, SMALL]),
        ([FIXED, UNET], 0, [BIG, SMALL]),
    ],
)
def test_the_largest_gives_way_first(networks: list[Footprint], room: int, modes: list[Mode]) -> None:
    assert arrange(networks, room) == modes


def test_what_is_chosen_fits_wherever_anything_does() -> None:
    for networks in itertools.product([UNET, VAE, TEXT], repeat=3):
        for room in range(0, 3200, 50):
            modes = arrange(networks, room)
            taken = sum(map(Footprint.at, networks, modes))
            assert taken <= room or modes == [SMALL] * 3
            larger = [arrange(networks, more) for more in range(room, 3200, 400)]
            assert all(sum(map(Footprint.at, networks, other)) >= taken for other in larger)


def unet() -> UNet2DConditionModel:
    torch.manual_seed(0)
    network = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(16, 16, 16, 16),
        down_block_types=("CrossAttnDownBlock2D",) * 2 + ("DownBlock2D",) * 2,
        up_block_types=("UpBlock2D",) * 2 + ("CrossAttnUpBlock2D",) * 2,
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=4,
        cross_attention_dim=32,
    )
    return network.eval().requires_grad_(False)


def vae() -> AutoencoderKL:
    torch.manual_seed(0)
    network = AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        norm_num_groups=8,
        sample_size=16,
    )
    return network.eval().requires_grad_(False)


def text_encoder() -> CLIPTextModel:
    torch.manual_seed(0)
    config = CLIPTextConfig(
        vocab_size=50, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2
    )
    return CLIPTextModel(config).eval().requires_grad_(False)


def ask(network: torch.nn.Module, side: int = 16) -> torch.Tensor:
    """What a network gives for the same input, wherever it computes."""
    device, random = device_of(network), torch.Generator().manual_seed(1)
    with torch.no_grad():
        match network:
            case UNet2DConditionModel():
                x, tokens = (torch.randn(2, *shape, generator=random) for shape in ((4, side, side), (5, 32)))
                return network(x.to(device), 5, tokens.to(device)).sample
            case AutoencoderKL():
                return network.decode(torch.randn(1, 4, side, side, generator=random).to(device)).sample
        return network(torch.arange(8)[None].to(device)).last_hidden_state


def weights(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.cpu().clone() for name, value in network.state_dict().items()}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("mode", ["whole", "blocks", "leaves"])
@pytest.mark.parametrize("make", [unet, vae, text_encoder])
def test_every_mode_gives_the_same_numbers_and_can_be_taken_off_again(make, mode: Mode, device: str) -> None:
    network = make()
    assert (footprint(network).blocks is None) == (make is not unet)
    if mode == "blocks" and make is not unet:
        mode = "leaves"
    place(network, "whole", device)
    before, stored = ask(network), weights(network)
    for _ in range(2):
        place(network, mode, device)
        assert device_of(network).type == device
        for _ in range(3):
            assert torch.equal(ask(network), before)
    place(network, "whole", "cpu")
    assert {tensor.device.type for tensor in network.state_dict().values()} == {"cpu"}
    assert all(torch.equal(value, stored[name]) for name, value in network.state_dict().items())
    hooks = [getattr(module, "_diffusers_hook", None) for module in network.modules()]
    assert not any(hook.hooks for hook in hooks if hook)


@pytest.mark.parametrize("device", DEVICES)
def test_a_network_whose_forward_was_broken_off_is_whole_again(device: str) -> None:
    network = unet()
    before = ask(network)
    place(network, "leaves", device)
    handle = network.up_blocks[1].register_forward_pre_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ask(network)
    handle.remove()
    release(network)
    network.to("cpu")
    assert torch.equal(ask(network), before)


class Fetched(TorchFunctionMode):
    """Stands in for a device on a machine that has none: whatever reads a weight that is not fetched just now, fails
    as it would there."""

    def __init__(self, network: torch.nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.names = {id(weight): name for name, weight in network.named_parameters()}
        self.here: set[int] = set()
        self.read: set[int] = set()
        self.moving = False
        for name, change in (("onload_", self.here.update), ("offload_", self.here.difference_update)):
            monkeypatch.setattr(ModuleGroup, name, self._watched(getattr(ModuleGroup, name), change))

    def _watched(self, move, change):
        def moved(group: ModuleGroup) -> None:
            self.moving = True
            move(group)
            self.moving = False
            change(id(weight) for module in group.modules for weight in module.parameters())
            change(map(id, group.parameters))

        return moved

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if not self.moving and function.__name__ != "__get__":  # a shape or a type can be read anywhere
            for value in tree_leaves((args, kwargs)):
                if id(value) in self.names:
                    assert id(value) in self.here, f"{self.names[id(value)]} is read and not fetched"
                    self.read.add(id(value))
        return function(*args, **(kwargs or {}))


def clip() -> CLIPModel:
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    text, vision = {"vocab_size": 50, "eos_token_id": 2, **sizes}, {"image_size": 16, "patch_size": 8, **sizes}
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision)).eval().requires_grad_(False)


@pytest.mark.parametrize("mode", ["blocks", "leaves"])
@pytest.mark.parametrize("make", [unet, vae, text_encoder, clip])
def test_every_weight_is_fetched_before_it_is_read(make, mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    network = make()
    found = footprint(network)
    if found.blocks is None:
        mode = "leaves"
    assert found.at(mode) < found.whole
    fetched = Fetched(network, monkeypatch)
    place(network, mode, "cpu")
    for _ in range(2):
        with fetched, torch.no_grad():
            if isinstance(network, CLIPModel):
                network.get_text_features(torch.tensor([[1, 5, 2]]))
                network.get_image_features(torch.rand(1, 3, 16, 16))
            else:
                ask(network)
            if isinstance(network, AutoencoderKL):
                network.encode(torch.rand(1, 3, 16, 16))
    assert len(fetched.read) > 0.9 * len(fetched.names)


def test_a_dit_stays_whole_for_it_reads_a_weight_that_no_hook_fetches(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedding of its first block, without calling that block; diffusers says so too."""
    network = DiTTransformer2DModel(
        num_attention_heads=2, attention_head_dim=8, out_channels=8, num_layers=3, sample_size=8, num_embeds_ada_norm=10
    )
    network.eval().requires_grad_(False)
    found = footprint(network)
    assert found == Footprint(found.whole, None, found.whole)
    fetched = Fetched(network, monkeypatch)
    place(network, "blocks", "cpu")
    with fetched, pytest.raises(AssertionError, match=r"transformer_blocks.0.norm1.emb.* is read and not fetched"):
        network(torch.rand(1, 4, 8, 8), torch.tensor([3]), torch.tensor([1]))


def test_footprints_count_what_is_there_at_once() -> None:
    found = footprint(unet())
    total = sum(weight.nbytes for weight in unet().parameters())
    assert found.whole == total
    assert found.blocks is not None
    assert found.leaves < found.blocks < found.whole
    assert footprint(vae()).blocks is None
    assert footprint(text_encoder()).blocks is None


def test_a_network_that_hooks_cannot_serve_stays_whole() -> None:
    """torch's own attention reads the weights of its last layer without calling it."""
    found = footprint(torch.nn.TransformerEncoderLayer(16, 2))
    assert found == Footprint(found.whole, None, found.whole)


@pytest.mark.parametrize("device", DEVICES)
def test_attention_in_slices_gives_nearly_the_same_and_only_meanwhile(device: str) -> None:
    network = unet().to(device)
    before = ask(network)
    with lean([network]) as said:
        assert said == ["attention in slices"]
        assert any("Sliced" in type(one).__name__ for one in network.attn_processors.values())
        assert torch.allclose(ask(network), before, atol=1e-4)
    assert torch.equal(ask(network), before)


@pytest.mark.parametrize("device", DEVICES)
def test_the_starter_models_vae_gives_nearly_the_same_in_tiles(device: str) -> None:
    decoder = load_latent_diffusion().vae
    decoder.module.to(device)
    y, x = torch.meshgrid(torch.linspace(-1, 1, 160), torch.linspace(-1, 1, 160), indexing="ij")
    disk = (x**2 + y**2 < 0.4).float()
    latent = decoder.encode(Image(torch.stack([disk, 0.2 + 0 * disk, 1 - disk])[None]))
    picture = decoder.decode(latent).pixels
    with lean([decoder.module]) as said:
        assert said == ["the VAE in tiles"]
        tiled = decoder.decode(latent).pixels
    assert not torch.equal(tiled, picture)
    assert (tiled - picture).abs().mean() < 0.05
    assert torch.equal(decoder.decode(latent).pixels, picture)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("mode", ["whole", "blocks", "leaves"])
def test_weights_in_eight_bits_give_nearly_the_same_in_every_mode(mode: Mode, device: str) -> None:
    network = unet()
    before = ask(network)
    network.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=torch.float32)
    assert footprint(network).whole < 0.5 * footprint(unet()).whole
    assert dtype_of(network) == torch.float32
    place(network, mode, device)
    first = ask(network).cpu()
    assert (first - before).abs().mean() < 0.2 * before.abs().mean()
    assert torch.equal(ask(network).cpu(), first)
    assert footprint(network).whole < 0.5 * footprint(unet()).whole
