"""The nodes that add adapters: to every denoiser and text encoder, for some blocks, for some steps."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nodeflow.node import NodeError, noting
from nodeflow.wires import Adapter, Conditioning, Denoiser, DiffusionNetwork, Noise, TrainedSchedule
from nodes.adapters.lora import apply_lora, apply_lora_to_text
from nodes.denoisers.denoisers import unet_denoiser
from nodes.denoisers.flow_transformers import (
    FlowTransformer,
    flux_denoiser,
    joint_denoiser,
    load_flow_transformer,
    load_flux,
)
from nodes.denoisers.uvit_denoiser import load_uvit, uvit_denoiser
from nodes.guidance.classifier_free import no_guidance
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION
from tests.nodes.adapters.tiny_networks import drawn, merged, write
from tests.nodes.language_led_models import save_qwen_image, save_z_image
from tests.nodes.test_sampling_parity import finish

Changes = Mapping[str, Tensor]


def loras(module: Any, prefix: str, ends: tuple[str, ...]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """A LoRA for the linear layers with these endings, and what it changes of weights."""
    file, changes = {}, {}
    for number, (name, layer) in enumerate(module.named_modules()):
        if isinstance(layer, nn.Linear) and name.endswith(ends):
            a, b = drawn(2, layer.in_features, seed=number), drawn(layer.out_features, 2, seed=number)
            file |= {f"{prefix}{name}.lora_A.weight": a, f"{prefix}{name}.lora_B.weight": b}
            changes[f"{name}.weight"] = b @ a
    assert file
    return file, changes


def predicted(denoiser: Denoiser, conditioning: Conditioning, channels: int) -> Tensor:
    with torch.no_grad():
        return denoiser.predict(drawn(2, channels, 8, 8, std=1), torch.tensor(500.0), conditioning)


@pytest.fixture(scope="session")
def z_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_z_image(tmp_path_factory.mktemp("z") / "random")


@pytest.fixture(scope="session")
def qwen_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_qwen_image(tmp_path_factory.mktemp("qwen") / "random")


FLOWS: dict[str, tuple[str, Callable[[str], FlowTransformer], Callable[[DiffusionNetwork], Denoiser]]] = {
    "Stable Diffusion 3": ("tiny_sd3", load_flow_transformer, joint_denoiser),
    "FLUX": ("tiny_flux", load_flux, flux_denoiser),
    "Z-Image": ("z_image", load_flow_transformer, joint_denoiser),
    "Qwen-Image": ("qwen_image", load_flow_transformer, joint_denoiser),
}


@pytest.mark.parametrize("family", FLOWS)
def test_transformers_and_their_text_encoders_take_adapters(
    family: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    fixture, load, denoise = FLOWS[family]
    model = load(str(request.getfixturevalue(fixture)))
    said, network = model.text_encoder.encode(["a b"]), model.transformer
    file, changes = loras(network.module, "transformer.", ("to_q", "to_v", "to_out.0", "net.2", "w2"))
    path = str(write(tmp_path, file))
    wanted = replace(network, module=merged(network.module, changes, 0.7))
    channels = network.format.channels
    led, plain = apply_lora(network, path, 0.7), predicted(denoise(network), said, channels)
    found = predicted(denoise(led), said, channels)
    torch.testing.assert_close(found, predicted(denoise(wanted), said, channels), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(found, plain, atol=1e-3)
    assert torch.equal(predicted(denoise(apply_lora(network, path, 0.0)), said, channels), plain)
    assert torch.equal(predicted(denoise(network), said, channels), plain), "the network itself stays as it is"
    with pytest.raises(NodeError, match="holds nothing for the text encoder"):
        apply_lora_to_text(model.text_encoder, path)


TEXTS = {
    "Stable Diffusion 3": (load_flow_transformer, "tiny_sd3", {"lora_te1_": 0, "lora_te2_": 1, "lora_te3_": 2}),
    "FLUX, kohya": (load_flux, "tiny_flux", {"lora_te1_": 0, "lora_te3_": 1}),
    "FLUX, OneTrainer": (load_flux, "tiny_flux", {"lora_te1_": 0, "lora_te2_": 1}),
    "FLUX, ComfyUI": (
        load_flux,
        "tiny_flux",
        {"text_encoders.clip_l.transformer.": 0, "text_encoders.t5xxl.transformer.": 1},
    ),
    "FLUX, diffusers": (load_flux, "tiny_flux", {"text_encoder.": 0, "text_encoder_2.": 1}),
    "Z-Image": (load_flow_transformer, "z_image", {"lora_te_": 0}),
    "Qwen-Image": (load_flow_transformer, "qwen_image", {"text_encoder.": 0}),
    "peft": (load_flow_transformer, "z_image", {"base_model.model.": 0}),
}


def encoders(text: Any) -> list[Any]:
    """Whatever holds a network in a text encoder, in its order."""
    if hasattr(text, "module"):
        return [text]
    if hasattr(text, "plain"):
        return encoders(text.plain)
    if hasattr(text, "readers"):
        return list(text.readers)
    return [*text.clips, text.t5] if hasattr(text, "clips") else [text.clip, text.t5]


@pytest.mark.parametrize("case", TEXTS)
def test_every_encoder_of_a_model_takes_its_part(case: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    load, fixture, prefixes = TEXTS[case]
    model = load(str(request.getfixturevalue(fixture)))
    file: dict[str, Tensor] = {}
    wanted = copy.deepcopy(model.text_encoder)
    for prefix, place in prefixes.items():
        module = encoders(model.text_encoder)[place].module
        own, changes = loras(module, "", ("q_proj", "fc1", "SelfAttention.q", "wo", "up_proj", "text_projection"))
        clip = "encoder.layers" in next(iter(own))
        for name, value in own.items():
            stem, end = name.split(".lora_")
            stem = f"text_model.{stem.removeprefix('text_model.')}" if clip and "projection" not in stem else stem
            file[f"{prefix}{stem.replace('.', '_') if prefix.endswith('_') else stem}.lora_{end}"] = value
        parameters = dict(encoders(wanted)[place].module.named_parameters())
        for name, change in changes.items():
            parameters[name].data += change
    path = str(write(tmp_path, file))
    found = apply_lora_to_text(model.text_encoder, path).encode(["a b"])
    for one, other in zip(_tensors(found), _tensors(wanted.encode(["a b"])), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
    plain = model.text_encoder.encode(["a b"])
    assert not torch.allclose(_tensors(found)[0], _tensors(plain)[0], atol=1e-3)
    off = apply_lora_to_text(model.text_encoder, path, 0.0).encode(["a b"])
    assert all(torch.equal(one, other) for one, other in zip(_tensors(off), _tensors(plain), strict=True))
    with pytest.raises(NodeError, match="for the text encoder alone"):
        apply_lora(model.transformer, path)


def _tensors(said: Conditioning) -> list[Tensor]:
    assert said.tokens is not None
    return [said.tokens] if said.pooled is None else [said.tokens, said.pooled]


def test_xl_does_not_take_the_text_part_of_another_version(small_xl: tuple[Path, Path], tmp_path: Path) -> None:
    model = load_latent_diffusion(str(small_xl[0]))
    file, _ = loras(encoders(model.text_encoder)[0].module, "", ("q_proj",))
    stems = {}
    for key, value in file.items():
        stem, end = key.removeprefix("text_model.").split(".lora_")
        stems[f"lora_te_text_model_{stem.replace('.', '_')}.lora_{end}"] = value
    with pytest.raises(NodeError, match="a model with 2 text encoders, which has none of its layers, such as lora_te_"):
        apply_lora_to_text(model.text_encoder, str(write(tmp_path, stems)))


def test_a_uvit_takes_an_adapter(tiny_uvit: Path, tmp_path: Path) -> None:
    model = load_uvit(str(tiny_uvit))
    file, changes = loras(model.transformer.module, "", ("qkv", "fc1"))
    led = apply_lora(model.transformer, str(write(tmp_path, file)))
    wanted = replace(model.transformer, module=merged(model.transformer.module, changes))
    text = Conditioning(drawn(1, 12, 32))
    channels = model.transformer.format.channels
    found = predicted(uvit_denoiser(led), text, channels)
    torch.testing.assert_close(found, predicted(uvit_denoiser(wanted), text, channels), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(found, predicted(uvit_denoiser(model.transformer), text, channels), atol=1e-3)


@pytest.fixture
def unet_lora(tiny: LatentDiffusion, tmp_path: Path) -> tuple[str, dict[str, Tensor]]:
    file, changes = loras(tiny.unet.module, "unet.", ("to_q", "to_v", "ff.net.2", "time_emb_proj"))
    return str(write(tmp_path, file)), changes


def _down_and_middle(name: str) -> float:
    return 0.25 if name.startswith("down_") else 3.0 if name.startswith("mid_block.attentions") else 1.0


@pytest.mark.parametrize(
    ("blocks", "factor"),
    [
        ("IN01: 0.5", lambda name: 0.5 if name.startswith("down_blocks.0.") else 1.0),
        ("*: 0, MID: 2", lambda name: 2.0 if name.startswith("mid_block.") else 0.0),
        ("OUT00-OUT01: 0; OUT02-03: -1", lambda name: {"0": 0.0, "1": -1.0}[name[10]] if name[:3] == "up_" else 1.0),
        ("down_blocks.0-1: 0.25\nmid_block.attentions: 3", _down_and_middle),
        ("*.*.attentions: 0", lambda name: 0.0 if ".attentions." in name and name[:3] != "mid" else 1.0),
        ("middle_block: 0", lambda name: 0.0 if name[:3] == "mid" else 1.0),
    ],
)
def test_blocks_have_weights_of_their_own(
    tiny: LatentDiffusion, unet_lora: tuple[str, dict[str, Tensor]], blocks: str, factor: Callable[[str], float]
) -> None:
    path, changes = unet_lora
    text = tiny.text_encoder.encode(["red star"])
    led = apply_lora(tiny.unet, path, 0.8, blocks=blocks)
    wanted = merged(tiny.unet.module, {name: factor(name) * change for name, change in changes.items()}, 0.8)
    found = predicted(unet_denoiser(led), text, 4)
    own = predicted(unet_denoiser(replace(tiny.unet, module=wanted)), text, 4)
    torch.testing.assert_close(found, own, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ("IN09: 1", "this network has no IN09"),
        ("transformer_blocks: 1", "this network has no transformer_blocks; it has .*down_blocks.0"),
        ("IN01", "IN01 is no name with a number"),
        ("IN01: nan", "is no name with a number"),
        (": 1", "is no name with a number"),
        ("IN00-99999: 1", "is no range of blocks"),
        ("a.5-1: 1", "is no range of blocks"),
        (",".join(["*: 1"] * 2000), "at most 1000 are read"),
    ],
)
def test_blocks_that_are_not_there_are_a_sentence(
    tiny: LatentDiffusion, unet_lora: tuple[str, dict[str, Tensor]], blocks: str, said: str
) -> None:
    with pytest.raises(NodeError, match=said):
        apply_lora(tiny.unet, unet_lora[0], blocks=blocks)


def test_it_acts_in_its_share_of_the_steps(tiny: LatentDiffusion, unet_lora: tuple[str, dict[str, Tensor]]) -> None:
    text, schedule = tiny.text_encoder.encode(["red star"]), scheduler(TrainedSchedule(STABLE_DIFFUSION), "DDIM", 4)
    plain = merged(tiny.unet.module, {})
    changed = merged(tiny.unet.module, unet_lora[1])

    def path_of(unet: DiffusionNetwork) -> list[Tensor]:
        guider = no_guidance(unet_denoiser(unet), text)
        return finish(sample(guider, schedule, Noise((3,))))[1].trajectory.x

    always = path_of(apply_lora(tiny.unet, unet_lora[0]))
    early, late = (
        path_of(apply_lora(tiny.unet, unet_lora[0], start=start, end=end)) for start, end in ((0, 0.5), (0.5, 1))
    )
    torch.testing.assert_close(early[2], always[2])
    assert not torch.allclose(early[3], always[3])
    none = path_of(replace(tiny.unet, module=plain))
    torch.testing.assert_close(late[2], none[2])
    assert not torch.allclose(late[3], none[3])
    torch.testing.assert_close(always[-1], path_of(replace(tiny.unet, module=changed))[-1], atol=1e-4, rtol=1e-4)
    with pytest.raises(NodeError, match="before it starts"):
        apply_lora(tiny.unet, unet_lora[0], start=0.6, end=0.5)


class WidenedWhenAsked(nn.Linear):
    """Stores its weight in 8 bits with a scale a row, as quantised layers do."""

    weight = property(lambda self: self.codes.float() * self.scale)  # type: ignore[assignment]


def widened_when_asked(plain: nn.Linear) -> Any:
    stored, weight = copy.deepcopy(plain), plain.weight.detach()
    del stored._parameters["weight"]
    scale = weight.abs().amax(1, keepdim=True) / 127
    stored.register_buffer("codes", (weight / scale).round().to(torch.int8))
    stored.register_buffer("scale", scale)
    stored.__class__ = WidenedWhenAsked
    return stored


def test_quantised_layers_are_changed_as_their_widened_weights(tiny: LatentDiffusion, tmp_path: Path) -> None:
    module, changes, file = copy.deepcopy(tiny.unet.module), {}, {}
    wanted = copy.deepcopy(module)
    for number, (name, layer) in enumerate(list(module.named_modules())):
        if isinstance(layer, nn.Linear) and name.endswith(("to_q", "to_v", "ff.net.2")):
            stored = widened_when_asked(layer)
            module.set_submodule(name, stored)
            wanted.get_submodule(name).weight.data = stored.weight
            a, b = drawn(2, layer.in_features, seed=number), drawn(layer.out_features, 2, seed=number)
            whole = stored.weight + b @ a
            scale = whole.norm(dim=1, keepdim=True) * 1.3
            file |= {f"unet.{name}.lora_A.weight": a, f"unet.{name}.lora_B.weight": b, f"unet.{name}.dora_scale": scale}
            changes[f"{name}.weight"] = 1.3 * whole - stored.weight
    text = tiny.text_encoder.encode(["red star"])
    led = apply_lora(replace(tiny.unet, module=module), str(write(tmp_path, file)), 0.6)
    found = predicted(unet_denoiser(led), text, 4)
    own = predicted(unet_denoiser(replace(tiny.unet, module=merged(wanted, changes, 0.6))), text, 4)
    torch.testing.assert_close(found, own, atol=1e-5, rtol=1e-5)


def test_weights_of_eight_bits_take_an_adapter(tiny_folder: Path, unet_lora: tuple[str, dict[str, Tensor]]) -> None:
    model = load_latent_diffusion(str(tiny_folder), storage="float8")
    text = model.text_encoder.encode(["red star"])
    plain = predicted(unet_denoiser(model.unet), text, 4)
    found = predicted(unet_denoiser(apply_lora(model.unet, unet_lora[0])), text, 4)
    widened = merged(load_latent_diffusion(str(tiny_folder)).unet.module, {})
    for name, value in model.unet.module.state_dict().items():
        widened.state_dict()[name].copy_(value.float())
    wanted = predicted(unet_denoiser(replace(model.unet, module=merged(widened, unet_lora[1]))), text, 4)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(found, plain, atol=1e-3)


def test_bundled_embeddings_are_named_where_there_is_nothing_else(tiny: LatentDiffusion, tmp_path: Path) -> None:
    path = str(
        write(tmp_path, {"bundle_emb.sks.clip_l": drawn(2, 32), "bundle_emb.art.string_to_param.*": drawn(1, 32)})
    )
    with pytest.raises(NodeError, match=r"holds embeddings \(art, sks\) alone"):
        apply_lora(tiny.unet, path)


def test_bundled_embeddings_are_told_beside_a_lora(tiny: LatentDiffusion, tmp_path: Path) -> None:
    file, _ = loras(tiny.unet.module, "unet.", ("attn2.to_q",))
    texts, _ = loras(tiny.text_encoder.module, "text_encoder.", ("q_proj",))  # type: ignore[attr-defined]
    path = str(write(tmp_path, {**file, **texts, "bundle_emb.sks.clip_l": drawn(2, 32)}))
    for led in (lambda: apply_lora(tiny.unet, path), lambda: apply_lora_to_text(tiny.text_encoder, path)):
        with noting() as said:
            led()
        assert any("also holds embeddings" in sentence and sentence.endswith(": sks") for _, sentence in said)


def test_embeddings_and_norms_of_a_text_encoder(tiny: LatentDiffusion, tmp_path: Path) -> None:
    module: Any = tiny.text_encoder.module  # type: ignore[attr-defined]
    names = [name for name, _ in module.named_parameters()]
    words = next(name for name in names if name.endswith("token_embedding.weight"))
    norm = next(name for name in names if name.endswith("layers.0.layer_norm1.weight"))
    parameters = dict(module.named_parameters())
    changes = {name: drawn(*parameters[name].shape) for name in (words, norm)}
    bias = drawn(*parameters[norm.replace("weight", "bias")].shape)
    file = {
        f"text_encoder.{words.removesuffix('.weight')}.diff": changes[words],
        f"text_encoder.{norm.removesuffix('.weight')}.w_norm": changes[norm],
        f"text_encoder.{norm.removesuffix('.weight')}.b_norm": bias,
    }
    led = apply_lora_to_text(tiny.text_encoder, str(write(tmp_path, file)), -0.5)
    own = replace(tiny.text_encoder, module=merged(module, {**changes, norm.replace("weight", "bias"): bias}, -0.5))  # type: ignore[type-var]
    torch.testing.assert_close(led.encode(["red"]).tokens, own.encode(["red"]).tokens, atol=1e-5, rtol=1e-5)


def test_adapters_are_known_by_the_node_that_read_them(tiny: LatentDiffusion, unet_lora: tuple[str, Any]) -> None:
    from nodeflow.engine.planning.value_identity import Identities

    led = apply_lora(tiny.unet, unet_lora[0])
    known = Identities()
    known.learn(b"model", (tiny.unet,))
    known.learn(b"lora", (led,))
    again = apply_lora(tiny.unet, unet_lora[0])
    other = Identities()
    other.learn(b"model", (tiny.unet,))
    other.learn(b"lora", (again,))
    assert known.of(led) == other.of(again)
    assert known.of(led) != known.of(replace(led, adapters=(Adapter(led.adapters[0].layers, 0.5),)))


OLD_NAMES: dict[str, Callable[[str], str]] = {
    "attention processors": lambda name: f"unet.{name.replace('.to_', '.processor.to_').removesuffix('.0')}_lora",
    "attention processors, bare": lambda name: f"{name.replace('.to_', '.processor.to_').removesuffix('.0')}_lora",
    "LoRA layers": lambda name: f"unet.{name}.lora",
    "kohya": lambda name: f"lora_unet_{name.replace('.', '_')}.lora_",
}


@pytest.mark.parametrize("layout", OLD_NAMES)
def test_old_names_of_a_unet(tiny: LatentDiffusion, layout: str, tmp_path: Path) -> None:
    own, changes = loras(tiny.unet.module, "", ("to_q", "to_v", "to_out.0"))
    file = {}
    for name, value in own.items():
        stem, end = name.split(".lora_")
        new = OLD_NAMES[layout](stem)
        file[f"{new}{'' if new.endswith('_') else '.'}{ {'A': 'down', 'B': 'up'}[end[0]] }.weight"] = value
    text = tiny.text_encoder.encode(["red star"])
    found = predicted(unet_denoiser(apply_lora(tiny.unet, str(write(tmp_path, file)))), text, 4)
    wanted = predicted(unet_denoiser(replace(tiny.unet, module=merged(tiny.unet.module, changes))), text, 4)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


def test_half_precision_rounds_as_the_network_does(
    tiny: LatentDiffusion, unet_lora: tuple[str, dict[str, Tensor]]
) -> None:
    module = copy.deepcopy(tiny.unet.module).to(torch.bfloat16)
    said = tiny.text_encoder.encode(["red star"])
    assert said.tokens is not None
    half = Conditioning(said.tokens.to(torch.bfloat16))
    denoiser = unet_denoiser(apply_lora(replace(tiny.unet, module=module), unet_lora[0]))
    with torch.no_grad():
        found = denoiser.predict(drawn(2, 4, 8, 8, std=1).to(torch.bfloat16), torch.tensor(500.0), half)
    wanted = predicted(unet_denoiser(replace(tiny.unet, module=merged(tiny.unet.module, unet_lora[1]))), said, 4)
    assert found.dtype == torch.bfloat16
    assert float((found.float() - wanted).norm() / wanted.norm()) < 0.03


def test_factors_go_to_a_device_once(tiny: LatentDiffusion, unet_lora: tuple[str, dict[str, Tensor]]) -> None:
    from nodes.networks.update_device import on_device

    change = next(iter(apply_lora(tiny.unet, unet_lora[0]).adapters[0].layers.values()))
    update: Any = change.updates[0]
    there = on_device(update, torch.device("meta"))
    assert there.down.is_meta
    assert on_device(update, torch.device("meta")) is there
    assert on_device(update, torch.device("cpu")) is update
