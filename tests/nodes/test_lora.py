"""LoRAs: the same numbers as diffusers, from every layout, and a network that stays as it is."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from peft import LoraConfig, PeftModel, get_peft_model
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Noise, TrainedSchedule
from nodes.adapters.lora import apply_lora, apply_lora_to_text
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.loaders.load_models import LatentDiffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION
from tests.nodes.conftest import tiny_unet
from tests.nodes.test_sampling_parity import finish

UNET_LAYERS = ["to_q", "to_v", "to_out.0", "conv1", "ff.net.2"]
TEXT_LAYERS = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1"]


def config(targets: list[str], alpha: int = 4) -> LoraConfig:
    return LoraConfig(r=4, lora_alpha=alpha, target_modules=targets, init_lora_weights=False)


def pipeline(tiny_folder: Path) -> Any:
    return StableDiffusionPipeline.from_pretrained(tiny_folder)


@pytest.fixture(scope="module")
def saved(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA for U-Net and text encoder as diffusers saves it."""
    torch.manual_seed(0)
    made, path = pipeline(tiny_folder), tmp_path_factory.mktemp("lora")
    made.unet.add_adapter(config(UNET_LAYERS))
    made.text_encoder.add_adapter(config(TEXT_LAYERS))
    StableDiffusionPipeline.save_lora_weights(
        path,
        unet_lora_layers=get_peft_model_state_dict(made.unet),
        text_encoder_lora_layers=get_peft_model_state_dict(made.text_encoder),
    )
    return path


@pytest.fixture(scope="module")
def kohya(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same LoRA with the names that kohya's trainer gives, and alphas of its own."""
    found: dict[str, Tensor] = {}
    for name, value in load_file(saved / "pytorch_lora_weights.safetensors").items():
        layer, _, kind = name.removesuffix(".weight").rpartition(".lora")
        layer = layer.removeprefix("unet.").removeprefix("text_encoder.").removeprefix("text_model.")
        if name.startswith("unet."):
            layer = f"lora_unet_{layer.replace('.', '_')}"
        else:
            layer = f"lora_te_text_model_{layer.replace('.', '_')}"
        up = kind in ("_B", ".up", "_linear_layer.up")
        found[f"{layer}.lora_{'up' if up else 'down'}.weight"] = value
        found[f"{layer}.alpha"] = torch.tensor(2.0)
    path = tmp_path_factory.mktemp("kohya") / "style.safetensors"
    save_file(found, path)
    return path


def predicted(module: Any, tokens: Tensor) -> Tensor:
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        output: Tensor = module(x, torch.tensor(500), encoder_hidden_states=tokens, return_dict=False)[0]
    return output


def ours(tiny: LatentDiffusion, unet: Any, tokens: Tensor) -> Tensor:
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        return unet_denoiser(unet).predict(x, torch.tensor(500), Conditioning(tokens))


@pytest.mark.parametrize("layout", ["saved", "kohya"])
@pytest.mark.parametrize("weight", [1.0, 0.4])
def test_both_layouts_add_what_diffusers_adds(
    tiny: LatentDiffusion, tiny_folder: Path, layout: str, weight: float, request: pytest.FixtureRequest
) -> None:
    path: Path = request.getfixturevalue(layout)
    reference = pipeline(tiny_folder)
    reference.load_lora_weights(
        path.parent if path.is_file() else path, weight_name=path.name if path.is_file() else None
    )
    reference.set_adapters(reference.get_active_adapters(), weight)
    tokens = tiny.text_encoder.encode(["red star"]).tokens
    assert tokens is not None
    tokens = tokens.expand(2, -1, -1)
    wanted, plain = predicted(reference.unet, tokens), predicted(tiny.unet.module, tokens)
    led = apply_lora(tiny.unet, str(path), weight)
    torch.testing.assert_close(ours(tiny, led, tokens), wanted, atol=1e-4, rtol=1e-4)
    assert (wanted - plain).abs().max() > 0.01
    said = reference.tokenizer("red star", padding="max_length", max_length=16, return_tensors="pt").input_ids
    with torch.no_grad():
        read = reference.text_encoder(said).last_hidden_state
    encoder = apply_lora_to_text(tiny.text_encoder, str(path), weight)
    torch.testing.assert_close(encoder.encode(["red star"]).tokens, read, atol=1e-4, rtol=1e-4)
    assert (read - tokens[:1]).abs().max() > 0.01


def test_each_step_is_that_of_the_pipeline(tiny: LatentDiffusion, tiny_folder: Path, saved: Path) -> None:
    reference = pipeline(tiny_folder)
    reference.scheduler = DDIMScheduler.from_config(STABLE_DIFFUSION)
    reference.set_progress_bar_config(disable=True)
    reference.load_lora_weights(saved)
    reference.set_adapters(reference.get_active_adapters(), 0.6)
    wanted: list[Tensor] = []

    def keep(_: Any, __: int, ___: Any, values: dict[str, Any]) -> dict[str, Any]:
        wanted.append(values["latents"])
        return values

    generator = torch.Generator().manual_seed(3)
    reference(
        "red star", 32, 32, 5, guidance_scale=4.0, generator=generator, output_type="latent", callback_on_step_end=keep
    )
    unet = apply_lora(tiny.unet, str(saved), 0.6)
    encoder = apply_lora_to_text(tiny.text_encoder, str(saved), 0.6)
    texts = [clip_text_encode(encoder, text) for text in ("red star", "")]
    guider = classifier_free_guidance(unet_denoiser(unet), *texts, 4.0)
    _, made = finish(sample(guider, scheduler(TrainedSchedule(STABLE_DIFFUSION), "DDIM", 5), Noise((3,))))
    for one, other in zip(made.trajectory.x[1:], wanted, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_what_peft_saves_is_added_as_peft_adds_it(tiny: LatentDiffusion, tmp_path: Path) -> None:
    torch.manual_seed(1)
    unet = tiny_unet()
    unet.load_state_dict(tiny.unet.module.state_dict())
    wrapped: PeftModel = get_peft_model(unet, config(UNET_LAYERS, alpha=10))
    wrapped.save_pretrained(tmp_path)
    tokens = torch.randn(2, 16, 32, generator=torch.Generator().manual_seed(2))
    wanted = predicted(wrapped.eval(), tokens)
    torch.testing.assert_close(ours(tiny, apply_lora(tiny.unet, str(tmp_path)), tokens), wanted, atol=1e-4, rtol=1e-4)
    with pytest.raises(NodeError, match="holds nothing for the text encoder"):
        apply_lora_to_text(tiny.text_encoder, str(tmp_path))


def test_the_shared_network_stays_as_it_is_to_the_last_bit(tiny: LatentDiffusion, saved: Path) -> None:
    tokens = torch.randn(2, 16, 32, generator=torch.Generator().manual_seed(2))
    before = {name: value.clone() for name, value in tiny.unet.module.state_dict().items()}
    plain = ours(tiny, tiny.unet, tokens)
    led = apply_lora(tiny.unet, str(saved))
    changed = ours(tiny, led, tokens)
    assert not torch.equal(changed, plain)
    assert torch.equal(ours(tiny, tiny.unet, tokens), plain)
    assert torch.equal(ours(tiny, apply_lora(tiny.unet, str(saved), 0.0), tokens), plain)
    twice = apply_lora(apply_lora(tiny.unet, str(saved), 0.5), str(saved), 0.5)
    torch.testing.assert_close(ours(tiny, twice, tokens), changed, atol=1e-4, rtol=1e-4)
    after = tiny.unet.module.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_what_is_no_fitting_lora_is_a_sentence(
    tiny: LatentDiffusion, tiny_folder: Path, saved: Path, tmp_path: Path
) -> None:
    weights = load_file(saved / "pytorch_lora_weights.safetensors")

    def refused(changed: dict[str, Tensor], said: str) -> None:
        save_file(changed, tmp_path / "bad.safetensors")
        with pytest.raises(NodeError, match=said):
            apply_lora(tiny.unet, str(tmp_path / "bad.safetensors"))

    name = next(name for name in weights if name.startswith("unet."))
    refused({**weights, name: torch.zeros(4, 99)}, "made for another model.*: its layer")
    gone = {key.replace("blocks.0", "blocks.7"): value for key, value in weights.items()}
    refused(gone, r"layers are not in this network \(a U-Net of Stable Diffusion\), the first is unet.down_blocks.7")
    refused({name: value for name, value in weights.items() if name.startswith("text")}, "for the text encoder alone")
    refused({**weights, "unet.conv_in.dora_scale": torch.zeros(1)}, "unet.conv_in.dora_scale, which goes with nothing")
    refused({"lora_unet_down_blocks_0.hada_w1_a": torch.zeros(1)}, "which has none of its layers")
    refused(
        {**weights, "unet.conv_in.other": torch.zeros(1)}, "holds unet.conv_in.other, which is no part of an adapter"
    )
    refused(
        load_file(tiny_folder / "unet" / "diffusion_pytorch_model.safetensors"), "holds a U-Net as diffusers saves it"
    )
    (tmp_path / "cut.safetensors").write_bytes(b"no")
    with pytest.raises(NodeError, match="damaged or was cut short"):
        apply_lora(tiny.unet, str(tmp_path / "cut.safetensors"))
    with pytest.raises(NodeError, match=r"holds Stable Diffusion 1 or 2, .*; LoRA loads a LoRA"):
        apply_lora(tiny.unet, str(tiny_folder))
