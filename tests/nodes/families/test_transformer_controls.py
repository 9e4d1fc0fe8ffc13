"""ControlNets of transformers: diffusers' own pipelines step by step, from folder and file, and what does not fit."""

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from diffusers import (
    FluxControlNetModel,
    FluxControlNetPipeline,
    FluxPipeline,
    QwenImageControlNetInpaintPipeline,
    QwenImageControlNetModel,
    QwenImageControlNetPipeline,
    QwenImagePipeline,
    SanaControlNetModel,
    SanaControlNetPipeline,
    SanaPipeline,
    SD3ControlNetModel,
    StableDiffusion3ControlNetPipeline,
    StableDiffusion3Pipeline,
    ZImageControlNetModel,
    ZImageControlNetPipeline,
    ZImagePipeline,
)
from safetensors.torch import save_file

from nodeflow.node import NodeError
from nodeflow.wires import Image, Mask, Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.controls.controlnet import control, load_controlnet
from nodes.denoisers.calls.flow_calls import packed
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import no_guidance
from nodes.loaders.load_by_family import LoadedModel, load_model
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.families.model_folders import flux, qwen_image, sd3, z_image
from tests.nodes.families.parity import told
from tests.nodes.families.small.language_led import sana
from tests.nodes.families.split_files import weights_of
from tests.nodes.families.test_seeing_models import TEXT, as_file, pictures, run
from tests.nodes.original_transformers import original_weights
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish

HEIGHT, WIDTH, TOKENS = 64, 96, 24


def flux_control(transformer: Any) -> Any:
    return FluxControlNetModel(
        in_channels=64,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=32,
        num_attention_heads=2,
        joint_attention_dim=24,
        pooled_projection_dim=16,
        guidance_embeds=True,
        axes_dims_rope=[4, 14, 14],
        num_mode=7,
    )


def sd3_control(transformer: Any) -> Any:
    return SD3ControlNetModel(
        sample_size=128,
        num_layers=2,
        attention_head_dim=64,
        num_attention_heads=2,
        joint_attention_dim=40,
        caption_projection_dim=128,
        pooled_projection_dim=36,
        qk_norm="rms_norm",
    )


def qwen_control(transformer: Any, extra: int = 0) -> Any:
    return QwenImageControlNetModel(
        extra_condition_channels=extra,
        in_channels=64,
        num_layers=2,
        num_attention_heads=2,
        attention_head_dim=32,
        joint_attention_dim=256,
        axes_dims_rope=(4, 14, 14),
    )


def z_control(channels: int, refiner: str | None) -> Callable[[Any], Any]:
    def make(transformer: Any) -> Any:
        return ZImageControlNetModel(
            control_layers_places=[0, 1] if refiner == "control_layers" else [0],
            control_refiner_layers_places=[0, 1] if refiner else None,
            control_in_dim=channels,
            add_control_noise_refiner=refiner,  # type: ignore[arg-type]
            dim=64,
            n_refiner_layers=2,
            n_heads=2,
            n_kv_heads=2,
        )

    return make


class Kind(NamedTuple):
    family: str
    save: Callable[[Path], None]
    plain: Any
    led: Any
    control: Callable[[Any], Any]
    options: dict[str, Any]
    mode: str = "lines"
    inpaints: bool = False


DEPTH = {"guidance_scale": 2.5, "control_mode": 2}
KINDS = {
    "FLUX.1": Kind("FLUX.1", flux, FluxPipeline, FluxControlNetPipeline, flux_control, DEPTH, "depth"),
    "Stable Diffusion 3": Kind(
        "Stable Diffusion 3",
        sd3,
        StableDiffusion3Pipeline,
        StableDiffusion3ControlNetPipeline,
        sd3_control,
        {"guidance_scale": 1.0},
    ),
    "Qwen-Image": Kind(
        "Qwen-Image", qwen_image, QwenImagePipeline, QwenImageControlNetPipeline, qwen_control, {"true_cfg_scale": 1.0}
    ),
    "Qwen-Image, inpainting": Kind(
        "Qwen-Image",
        qwen_image,
        QwenImagePipeline,
        QwenImageControlNetInpaintPipeline,
        functools.partial(qwen_control, extra=4),
        {"true_cfg_scale": 1.0},
        inpaints=True,
    ),
    **{
        f"Z-Image, {name}": Kind(
            "Z-Image", z_image, ZImagePipeline, ZImageControlNetPipeline, z_control(*how), {"guidance_scale": 0.0}
        )
        for name, how in {
            "union": (16, None),
            "union 2.0": (33, "control_layers"),
            "union 2.1": (33, "control_noise_refiner"),
        }.items()
    },
}  # fmt: skip


def saved(kind: Kind, folder: Path) -> Any:
    """A model, its ControlNet, which adds something, and a VAE that is sure, since pipelines draw a latent."""
    torch.manual_seed(0)
    kind.save(folder / "model")
    pipeline = kind.plain.from_pretrained(folder / "model")
    net = kind.control(pipeline.transformer)
    for parameter in net.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    net.save_pretrained(folder / "control")
    last = pipeline.vae.quant_conv if kind.family == "Qwen-Image" else pipeline.vae.encoder.conv_out
    with torch.no_grad():
        last.weight[len(last.weight) // 2 :] = 0
        last.bias[len(last.bias) // 2 :] = -60
    pipeline.vae.save_pretrained(folder / "model" / "vae")
    return kind.led(**{**pipeline.components, "controlnet": net.eval()})


def steps_of(kind: Kind, model: LoadedModel, denoiser: Any) -> list[torch.Tensor]:
    guider = no_guidance(denoiser, clip_text_encode(model.text_encoder, TEXT))
    if kind.family in ("FLUX.1", "Qwen-Image"):
        return [packed(x) for x in run(model, guider, (3,), TOKENS, WIDTH, HEIGHT)[1].x[1:]]
    schedule = scheduler(model.schedule, "Flow-match Euler", 3)
    return list(finish(sample(guider, schedule, Noise((3,), WIDTH, HEIGHT)))[1].trajectory.x[1:])


class Saved(NamedTuple):
    """A model and its ControlNet on the disk, which nobody changes, and as diffusers' pipeline."""

    place: Path
    pipeline: Any


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Saved]:
    """Each kind, saved once."""

    @functools.cache
    def kind(name: str) -> Saved:
        place = tmp_path_factory.mktemp("kind")
        return Saved(place, saved(KINDS[name], place))

    return kind


@pytest.mark.parametrize("name", KINDS)
def test_each_step_is_that_of_the_pipeline(kinds: Callable[[str], Saved], name: str) -> None:
    kind = KINDS[name]
    (place, pipeline), (image,) = kinds(name), pictures((HEIGHT, WIDTH))
    mask = Mask((torch.arange(WIDTH) < 40).expand(1, 1, HEIGHT, WIDTH).float()) if kind.inpaints else None
    latents = torch.randn(1, 16, HEIGHT // 8, WIDTH // 8, generator=torch.Generator().manual_seed(3))
    if kind.family in ("FLUX.1", "Qwen-Image"):
        latents = packed(latents)
    wanted, _ = recorded(
        pipeline,
        prompt=TEXT,
        height=HEIGHT,
        width=WIDTH,
        num_inference_steps=3,
        control_image=as_file(image),
        controlnet_conditioning_scale=0.7,
        latents=latents,
        **({"control_mask": as_file(Image(mask.values.expand(-1, 3, -1, -1)))} if mask else {}),
        **kind.options,
    )
    model = load_model(str(place / "model"))
    plain = network_denoiser(model.network, 2.5)
    net = load_controlnet(str(place / "control"))
    led = control(plain, net, image, 0.7, control_type=kind.mode, vae=model.vae, mask=mask)  # type: ignore[arg-type]
    found = steps_of(kind, model, led)
    told(kind.family, f"ControlNet{name.removeprefix(kind.family)}", found, wanted)
    unled = steps_of(kind, model, plain)
    assert not torch.allclose(unled[-1], found[-1], atol=1e-3)
    off = control(plain, net, image, 0.0, control_type=kind.mode, vae=model.vae, mask=mask)  # type: ignore[arg-type]
    assert torch.equal(steps_of(kind, model, off)[-1], unled[-1])


@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_the_folder(kinds: Callable[[str], Saved], tmp_path: Path, name: str) -> None:
    folder = kinds(name).place / "control"
    weights = weights_of(folder)
    if name.endswith("2.0"):  # whose file has a refiner that does nothing
        weights["control_noise_refiner.0.before_proj.weight"] = torch.zeros(64, 64)
    if name.startswith("Z-Image"):  # as its authors name them
        weights = original_weights("ZImageTransformer2DModel", weights)
    save_file(weights, tmp_path / "control.safetensors")
    found, wanted = (load_controlnet(str(place)) for place in (tmp_path / "control.safetensors", folder))
    given, known = (net.module.state_dict() for net in (found, wanted))  # type: ignore[attr-defined]
    assert given.keys() == known.keys()
    assert all(torch.equal(weight, known[part]) for part, weight in given.items())


def test_each_step_is_that_of_sana(tmp_path: Path) -> None:
    """Whose VAE is sure, and whose text away from is empty; from the folder, and the same from a file."""
    sana(tmp_path / "model")
    plain = SanaPipeline.from_pretrained(tmp_path / "model")
    net = SanaControlNetModel(
        num_attention_heads=7,
        attention_head_dim=32,
        num_layers=1,
        num_cross_attention_heads=2,
        cross_attention_head_dim=112,
        cross_attention_dim=224,
        caption_channels=16,
    )
    torch.manual_seed(1)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    net.save_pretrained(tmp_path / "control")
    save_file(weights_of(tmp_path / "control"), tmp_path / "control.safetensors")
    (image,) = pictures((HEIGHT, WIDTH))
    wanted, _ = recorded(
        SanaControlNetPipeline(**plain.components, controlnet=net.eval()),
        prompt=TEXT,
        control_image=as_file(image),
        height=HEIGHT,
        width=WIDTH,
        num_inference_steps=3,
        guidance_scale=1.0,
        controlnet_conditioning_scale=0.7,
        use_resolution_binning=False,
        generator=torch.Generator().manual_seed(3),
    )
    model = load_model(str(tmp_path / "model"))
    text, schedule = clip_text_encode(model.text_encoder, TEXT), scheduler(model.schedule, "Flow-match Euler", 3)
    for place in ("control", "control.safetensors"):
        led = control(
            network_denoiser(model.network), load_controlnet(str(tmp_path / place)), image, 0.7, vae=model.vae
        )
        found = finish(sample(no_guidance(led, text), schedule, Noise((3,), WIDTH, HEIGHT)))[1].trajectory.x[1:]
        told("Sana", "ControlNet", found, wanted)


def test_what_does_not_go_together_is_a_sentence(kinds: Callable[[str], Saved]) -> None:
    model, other = (load_model(str(kinds(name).place / "model")) for name in ("FLUX.1", "Z-Image, union"))
    net, (image,) = load_controlnet(str(kinds("FLUX.1").place / "control")), pictures((HEIGHT, WIDTH))
    with pytest.raises(NodeError, match=r"this ControlNet leads FLUX.1, and this denoiser is Z-Image's"):
        control(network_denoiser(other.network), net, image, vae=other.vae)
    denoiser = network_denoiser(model.network)
    with pytest.raises(NodeError, match="shown its image as a latent; wire the model's own VAE to vae"):
        control(denoiser, net, image)
    mask = Mask(torch.zeros(1, 1, HEIGHT, WIDTH))
    with pytest.raises(NodeError, match="looks at its image alone; leave mask unwired"):
        control(denoiser, net, image, vae=model.vae, mask=mask)
    with pytest.raises(NodeError, match="knows lines, tile, depth, pose, and not normals"):
        control(denoiser, net, image, control_type="normals", vae=model.vae)
    led: Any = control(denoiser, net, image, vae=model.vae)
    text = clip_text_encode(model.text_encoder, TEXT)
    with pytest.raises(NodeError, match="this control image is 12 x 8 and what is painted 4 x 4; resize it before"):
        led.predict(torch.zeros(1, 16, 4, 4), torch.tensor(5.0), text)
    inpainting = kinds("Qwen-Image, inpainting").place
    model = load_model(str(inpainting / "model"))
    net, denoiser = load_controlnet(str(inpainting / "control")), network_denoiser(model.network)
    with pytest.raises(NodeError, match="is one of inpainting; wire a mask to mask"):
        control(denoiser, net, image, vae=model.vae)
    with pytest.raises(NodeError, match="the image is 96 x 64 and the mask 96 x 60; make both of one size"):
        control(denoiser, net, image, vae=model.vae, mask=Mask(mask.values[..., :60, :]))
    assert led.cropped(0, 0, 4, 6).controls[0].picture.shape == (1, 16, 4, 6)


@pytest.mark.parametrize("name", [name for name in KINDS if name.startswith("Z-Image")])
def test_a_refiner_is_whole_or_idle_and_holds_nothing_else(
    name: str, kinds: Callable[[str], Saved], tmp_path: Path
) -> None:
    weights = weights_of(kinds(name).place / "control")
    if name.endswith("2.0"):
        own = {key: value for key, value in weights.items() if key.startswith("control_layers.0.")}
        weights |= {
            key.replace("control_layers.", "control_noise_refiner."): value.clone() for key, value in own.items()
        }
        weights["control_noise_refiner.0.before_proj.weight"] = torch.zeros(64, 64)
    weights = original_weights("ZImageTransformer2DModel", weights)
    path, gate = tmp_path / "control.safetensors", "control_noise_refiner.0.before_proj.weight"
    save_file(weights, path)
    load_controlnet(str(path))
    for more in ("control_noise_refiner.0.gate.weight", "control_noise_refiner.7.attention.out.weight"):
        save_file({**weights, more: torch.zeros(64, 64)}, path)
        with pytest.raises(NodeError, match=rf"control\.safetensors (holds {re.escape(more)}|.*lacks)"):
            load_controlnet(str(path))
    if gate in weights:
        save_file({key: value for key, value in weights.items() if key != gate}, path)
        with pytest.raises(NodeError, match=rf"lacks the weight {re.escape(gate)}"):
            load_controlnet(str(path))
