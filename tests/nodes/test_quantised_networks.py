"""Networks whose file is quantised: the same as those of the numbers that it stands for, and never widened whole."""

import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTokenizer

from nodeflow.engine.memory.offload_modes import footprint, place
from nodeflow.node import NodeError
from nodes.adapters.lora import apply_lora
from nodes.controls.controlnet import load_controlnet
from nodes.denoisers.flow_transformers import load_flow_transformer, load_flux
from nodes.loaders.families.flux_1 import family as flux_1
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion, load_vae
from nodes.loaders.quantised.codecs import RowScaled
from nodes.loaders.quantised.encoded import EncodedMatrix, EncodedTensor
from nodes.loaders.quantised.layers import AT_ONCE, StoredWeight, is_stored, store
from nodes.loaders.quantised.rotation import Rotated
from nodes.loaders.read.accounting import FileWeights
from nodes.networks.low_rank import adapted
from tests.nodes import original_xl
from tests.nodes.flow_models import save_flux, save_sd3
from tests.nodes.language_led_models import save_qwen_image, save_z_image
from tests.nodes.original_layout import write_original
from tests.nodes.original_transformers import original_weights
from tests.nodes.quantised_files import Coded, coded, float8_plain, float8_scaled, int8_rows, llm_int8, save
from tests.nodes.test_one_file_parts import new_controlnet, new_vae, original_controlnet
from tests.nodes.tiny_controls import tiny_lora
from tests.telling import each_once


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """All weights by the names that they have where none is stored."""
    stored = {name: layer for name, layer in network.named_modules(remove_duplicate=False) if is_stored(layer)}
    rest = {n: value for n, value in network.state_dict().items() if ".stored." not in f".{n}"}
    return rest | {f"{name}.weight": layer.weight for name, layer in stored.items()}


def assert_same_weights(found: nn.Module, wanted: nn.Module) -> None:
    ours, theirs = weights_of(found), weights_of(wanted)
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        if not torch.equal(ours[name], value):  # most are the same, and looking closely takes time
            torch.testing.assert_close(ours[name], value, rtol=1e-6, atol=1e-8, msg=name)


CODES: dict[str, tuple[Callable[[Tensor], Coded], int]] = {
    "scale_weight": (float8_scaled, 2),
    "int8 rows": (int8_rows, 4),
    "LLM.int8": (llm_int8, 2),
    "plain float8": (float8_plain, 4),
}


@pytest.mark.parametrize(("second", "code"), each_once([False, True], CODES))
def test_a_whole_stable_diffusion(second: bool, code: str, tmp_path: Path) -> None:
    """U-Net, VAE and text encoder, convolutions and tables of tokens too."""
    write_original(tmp_path / "original.safetensors", second)
    how, most = CODES[code]
    stored, plain = coded(load_file(tmp_path / "original.safetensors"), how, most=most)
    if code == "scale_weight":
        stored["model.diffusion_model.scaled_fp8"] = torch.zeros(2).to(torch.float8_e4m3fn)
    found: Any = load_latent_diffusion(str(save(stored, tmp_path / "stored.safetensors")))
    wanted: Any = load_latent_diffusion(str(save(plain, tmp_path / "plain.safetensors")))
    for part in ("unet", "vae", "text_encoder"):
        ours, theirs = getattr(found, part).module, getattr(wanted, part).module
        assert_same_weights(ours, theirs)
        assert any(map(is_stored, ours.modules())) or (part, most) == ("vae", 2), "it has no matrices but kernels"
    x, time, words = torch.randn(2, 4, 8, 8), torch.tensor(3), torch.randn(2, 77, 64)
    ids = torch.randint(0, 49000, (1, 77))
    with torch.no_grad():
        for ours, theirs in (
            (found.unet.module(x, time, words).sample, wanted.unet.module(x, time, words).sample),
            (found.vae.module.decode(x).sample, wanted.vae.module.decode(x).sample),
            (found.text_encoder.module(ids).last_hidden_state, wanted.text_encoder.module(ids).last_hidden_state),
        ):
            torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_a_whole_stable_diffusion_xl(tmp_path: Path) -> None:
    _, file = original_xl.write_xl(tmp_path)
    stored, plain = coded(load_file(file), int8_rows)
    found: Any = load_latent_diffusion(str(save(stored, tmp_path / "stored.safetensors")))
    wanted: Any = load_latent_diffusion(str(save(plain, tmp_path / "plain.safetensors")))
    assert_same_weights(found.unet.module, wanted.unet.module)
    for ours, theirs in zip(found.text_encoder.readers, wanted.text_encoder.readers, strict=True):
        assert_same_weights(ours.module, theirs.module)


HEAD = {"attention_head_dim": 32, "axes_dims_rope": (4, 14, 14)}
SD3 = {"attention_head_dim": 64, "caption_projection_dim": 128, "num_layers": 2}
Save = Callable[[Path, CLIPTokenizer], Path]
FLOWS: dict[str, tuple[Callable[..., Any], Save]] = {
    "flux": (load_flux, lambda path, words: save_flux(path, words, **HEAD)),
    "sd3": (load_flow_transformer, lambda path, words: save_sd3(path, words, **SD3)),
    "z-image": (load_flow_transformer, lambda path, words: save_z_image(path)),
    "qwen-image": (load_flow_transformer, lambda path, words: save_qwen_image(path, **HEAD)),
}


@pytest.mark.parametrize(("name", "code"), each_once(FLOWS, ["scale_weight", "int8 rows"]))
def test_a_transformer(name: str, code: str, tmp_path: Path, words: CLIPTokenizer) -> None:
    """By the original names, whose matrices diffusers takes apart; FLUX by its own at this width."""
    load, make = FLOWS[name]
    folder = make(tmp_path / "folder", words)
    kind = type(load(str(folder)).transformer.module).__name__
    weights = load_file(next((folder / "transformer").glob("*.safetensors")))
    if name != "flux":
        weights = original_weights(kind, weights)
    stored, plain = coded({f"model.diffusion_model.{part}": value for part, value in weights.items()}, CODES[code][0])
    shutil.rmtree(folder / "transformer")
    found = load(str(folder), transformer=str(save(stored, tmp_path / "stored.safetensors"))).transformer.module
    wanted = load(str(folder), transformer=str(save(plain, tmp_path / "plain.safetensors"))).transformer.module
    assert_same_weights(found, wanted)
    assert sum(map(is_stored, found.modules())) == sum(isinstance(layer, nn.Linear) for layer in wanted.modules())


def test_the_bytes_of_flux_stay_as_they_are_when_its_matrices_are_taken_apart() -> None:
    """In its true width, without storage: 3072 columns of which each row is the same byte."""
    from diffusers import FluxTransformer2DModel

    with torch.device("meta"):
        network = FluxTransformer2DModel(num_layers=1, num_single_layers=1)
    weights: dict[str, Any] = {
        name: torch.zeros(1, dtype=torch.int8).expand(value.shape)
        for name, value in original_weights("FluxTransformer2DModel", network.state_dict()).items()
    }
    for name, value in weights.items():
        if value.ndim == 2:
            weights[name] = EncodedTensor.of(EncodedMatrix(RowScaled(), {"codes": value}, *value.shape))
    account = FileWeights(weights)
    with account.followed:
        found = flux_1.names(dict(account))
    account.given(network, found)
    account.close(Path("flux.safetensors"), ())
    assert {name: value.shape for name, value in found.items()} == {
        name: value.shape for name, value in network.state_dict().items()
    }
    assert all(isinstance(value, EncodedTensor) for value in found.values() if value.ndim == 2)


def test_a_quantised_layer_that_the_network_has_no_place_for_is_refused(tmp_path: Path, words: CLIPTokenizer) -> None:
    folder = save_sd3(tmp_path / "folder", words, **SD3)
    weights = original_weights("SD3Transformer2DModel", load_file(next((folder / "transformer").glob("*.safetensors"))))
    stored, _ = coded(weights | {"joint_blocks.0.x_block.attn.gate.weight": torch.randn(64, 64)}, int8_rows)
    file = save(stored, tmp_path / "stored.safetensors")
    with pytest.raises(NodeError, match=r"holds joint_blocks\.0\.x_block\.attn\.gate\.weight, which the network"):
        load_flow_transformer(str(folder), transformer=str(file))


def test_a_vae_and_a_controlnet(tmp_path: Path) -> None:
    vae = new_vae(4).state_dict()
    control = original_controlnet(new_controlnet("1").state_dict())
    for load, weights in (
        (lambda path: load_vae(path, made_for="Stable Diffusion 1 and 2"), vae),
        (load_controlnet, control),
    ):
        stored, plain = coded(weights, float8_plain, least=1, most=4)
        found: Any = load(str(save(stored, tmp_path / "stored.safetensors")))
        wanted: Any = load(str(save(plain, tmp_path / "plain.safetensors")))
        assert_same_weights(found.module, wanted.module)


def test_integer_weights_without_a_scale_are_refused(tmp_path: Path) -> None:
    write_original(tmp_path / "original.safetensors", False)
    weights = load_file(tmp_path / "original.safetensors")
    name = "model.diffusion_model.time_embed.0.weight"
    save(weights | {name: torch.ones(weights[name].shape, dtype=torch.int8)}, tmp_path / "stored.safetensors")
    with pytest.raises(NodeError, match="no node reads weights quantised as int8 without scales"):
        load_latent_diffusion(str(tmp_path / "stored.safetensors"))


# ---- layers


def stored_in(network: nn.Module, dtype: torch.dtype = torch.float32, side: int = 0) -> tuple[nn.Module, nn.Module]:
    """A network whose weights are stored, and one of the numbers that they stand for."""
    wanted, found = deepcopy(network).requires_grad_(False), deepcopy(network).requires_grad_(False).to(dtype)
    for name, layer in wanted.named_modules():
        if hasattr(layer, "weight") and layer.weight.ndim > 1:
            height, width = len(layer.weight), layer.weight[0].numel()
            codes, scale = torch.randint(-127, 128, (height, width), dtype=torch.int8), torch.rand(height, 1) / width
            codec = Rotated(RowScaled(), side) if side else RowScaled()
            matrix = EncodedMatrix(codec, {"codes": codes, "scale": scale}, height, width)
            encoded = EncodedTensor.of(matrix, layer.weight.shape)
            layer.weight.copy_(encoded.widened())
            store(found, {f"{name}.weight".lstrip("."): encoded}, dtype)
    return found, wanted


@pytest.mark.parametrize("at_once", [1, 100, 1 << 20])
def test_layers_compute_by_blocks_of_rows(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(AT_ONCE, "cpu", at_once)
    found, wanted = stored_in(nn.Linear(64, 48))
    x = torch.randn(2, 5, 64)
    torch.testing.assert_close(found(x), wanted(x), rtol=1e-5, atol=1e-6)


def test_a_layer_gives_gradients_to_its_input() -> None:
    found, wanted = stored_in(nn.Sequential(nn.Linear(64, 48), nn.SiLU(), nn.Linear(48, 8, bias=False)))
    gradients = []
    for network in (found, wanted):
        x = torch.linspace(-1, 1, 3 * 64).reshape(3, 64).requires_grad_()
        network(x).square().sum().backward()
        gradients.append(x.grad)
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("tokens", [2, 500], ids=["input turned", "weight turned back"])
def test_a_rotated_layer(tokens: int) -> None:
    found, wanted = stored_in(nn.Linear(64, 48), side=16)
    x = torch.randn(tokens, 64)
    torch.testing.assert_close(found(x), wanted(x), rtol=1e-5, atol=1e-6)


def test_look_ups_convolutions_and_others() -> None:
    for layer, given in (
        (nn.Embedding(100, 16), torch.tensor([[3, 99, 3], [0, 1, 2]])),
        (nn.Conv2d(4, 8, 3, padding=1), torch.randn(2, 4, 6, 6)),
        (nn.Conv3d(4, 8, 1), torch.randn(2, 4, 2, 6, 6)),
        (nn.Bilinear(4, 4, 3), (torch.randn(2, 4), torch.randn(2, 4))),
    ):
        found, wanted = stored_in(layer)
        given = given if isinstance(given, tuple) else (given,)
        torch.testing.assert_close(found(*given), wanted(*given), rtol=1e-5, atol=1e-6)
        assert isinstance(found, type(layer))
        assert is_stored(found) == (not isinstance(layer, nn.Bilinear))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_one_rounding_of_the_full(dtype: torch.dtype) -> None:
    found, wanted = stored_in(nn.Linear(64, 48), dtype)
    assert torch.equal(found.weight, wanted.weight.to(dtype))
    x = torch.randn(3, 64).to(dtype)
    torch.testing.assert_close(found(x), functional.linear(x, wanted.weight.to(dtype), wanted.bias.to(dtype)))


def test_bytes_stay_bytes_whatever_a_network_is_cast_to() -> None:
    found, wanted = stored_in(nn.Linear(64, 48))
    kept = {name: value.clone() for name, value in found.stored.named_buffers()}
    found.half().float()
    assert all(torch.equal(value, kept[name]) for name, value in found.stored.named_buffers())
    assert torch.equal(deepcopy(found).weight, wanted.weight)


def test_a_weight_of_several_pieces_is_joined() -> None:
    codes = torch.randint(-127, 128, (12, 8), dtype=torch.int8)
    whole = EncodedTensor.of(EncodedMatrix(RowScaled(), {"codes": codes}, 12, 8))
    joined = StoredWeight(torch.cat([whole[8:], whole[:4]]), torch.float32)
    wanted = torch.cat([codes[8:], codes[:4]]).float()
    assert torch.equal(joined.widened(), wanted)
    assert torch.equal(joined.rows(slice(2, 6)), wanted[2:6])
    assert torch.equal(joined.rows(torch.tensor([7, 0])), wanted[[7, 0]])


@pytest.mark.parametrize("mode", ["whole", "blocks", "leaves"])
def test_networks_lie_in_all_ways_that_memory_knows(mode: Any) -> None:
    from diffusers import UNet2DModel

    torch.manual_seed(0)
    network = UNet2DModel(
        block_out_channels=(32, 64),
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        norm_num_groups=8,
    ).eval()
    found, wanted = stored_in(network)
    assert footprint(found).whole < footprint(wanted).whole / 3
    place(found, mode, "cpu")
    x = torch.randn(1, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(found(x, 3).sample, wanted(x, 3).sample, rtol=1e-4, atol=1e-5)


def test_a_lora_acts_beside_stored_weights(tiny: LatentDiffusion, tmp_path: Path) -> None:
    torch.manual_seed(0)
    found, wanted = stored_in(tiny.unet.module)
    lora = tiny_lora(tiny, tmp_path / "lora")
    x, words = torch.randn(1, 4, 8, 8), tiny.text_encoder.encode(["red"]).tokens
    painted = []
    for module in (found, wanted):
        unet = apply_lora(replace(tiny.unet, module=module), str(lora), 1.5)
        with torch.no_grad():
            plain = module(x, torch.tensor(5), words).sample
            with adapted(unet.module, unet.adapters):
                painted.append(module(x, torch.tensor(5), words).sample)
        assert (painted[-1] - plain).abs().max() > 1e-4
    torch.testing.assert_close(*painted, rtol=1e-4, atol=1e-5)
