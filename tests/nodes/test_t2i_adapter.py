"""T2I-Adapters and ControlNets of inpainting: diffusers' own numbers, and files in their authors' layouts."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    ControlNetModel,
    DDIMScheduler,
    StableDiffusionAdapterPipeline,
    StableDiffusionXLAdapterPipeline,
    T2IAdapter,
)
from safetensors.torch import save_file
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Denoiser, Image, Mask, Noise, TrainedSchedule
from nodes.conditioning.text_encode import clip_text_encode
from nodes.controls.controlnet import control, load_controlnet
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.loaders.families.controlnet.t2i_adapter import FeatureAdapter
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION
from tests.nodes.families.parity import told
from tests.nodes.finishing import finish
from tests.nodes.test_controlnet import picture, pipeline_path
from tests.nodes.tiny_controls import tiny_controlnet

TEXT, OTHER = "red star", "blue"


def adapter(folder: Path, seed: int = 0, **shape: Any) -> T2IAdapter:
    torch.manual_seed(seed)
    net = T2IAdapter(**shape)
    for weights in net.parameters():
        torch.nn.init.normal_(weights, std=0.2)
    net.save_pretrained(folder)
    return net


def sampled(model: LatentDiffusion, denoiser: Denoiser, trained: TrainedSchedule) -> list[Tensor]:
    texts = (clip_text_encode(model.text_encoder, text) for text in (TEXT, OTHER))
    guider = classifier_free_guidance(denoiser, *texts, 4.0)
    found = finish(sample(guider, scheduler(trained, "DDIM", 4), Noise((3,), 32, 32)))[0]
    path: list[Tensor] = list(found.trajectory.x[1:])
    return path


def shown(image: Image) -> Tensor:
    """As the pipelines take it without bringing it to another size."""
    return image.pixels


OPTIONS = {"prompt": TEXT, "negative_prompt": OTHER, "height": 32, "width": 32, "num_inference_steps": 4}


def test_each_step_is_that_of_the_pipeline(tiny: LatentDiffusion, tiny_folder: Path, tmp_path: Path) -> None:
    net = adapter(tmp_path / "net", channels=[16, 32], downscale_factor=4)
    pipeline = StableDiffusionAdapterPipeline.from_pretrained(tiny_folder, adapter=net, safety_checker=None)
    pipeline.scheduler = DDIMScheduler.from_config(STABLE_DIFFUSION)
    generator = torch.Generator().manual_seed(3)
    wanted, _ = _recorded(
        pipeline, image=shown(picture(1)), guidance_scale=4.0, adapter_conditioning_scale=0.7, generator=generator
    )
    plain = unet_denoiser(tiny.unet)
    led = control(plain, load_controlnet(str(tmp_path / "net")), picture(1), 0.7)
    found = sampled(tiny, led, TrainedSchedule(STABLE_DIFFUSION))
    told("Stable Diffusion 1", "T2I-Adapter", found, wanted)
    off = control(plain, load_controlnet(str(tmp_path / "net")), picture(1), 0.0)
    without = sampled(tiny, plain, TrainedSchedule(STABLE_DIFFUSION))
    assert torch.equal(sampled(tiny, off, TrainedSchedule(STABLE_DIFFUSION))[-1], without[-1])
    assert (found[-1] - without[-1]).abs().max() > 0.01


def _recorded(pipeline: Any, **options: Any) -> tuple[list[Tensor], Any]:
    """x after each step; these pipelines call back by an older name."""
    path: list[Tensor] = []

    def keep(step: int, time: Any, latents: Tensor) -> None:
        path.append(latents.clone())

    pipeline.set_progress_bar_config(disable=True)
    return path, pipeline(**OPTIONS, **options, output_type="latent", callback=keep)


def test_each_step_is_that_of_stable_diffusion_xl(small_xl: tuple[Path, Path], tmp_path: Path) -> None:
    model = load_latent_diffusion(str(small_xl[0]))
    unet: Any = model.unet.module
    widths = list(unet.config.block_out_channels)
    net = adapter(
        tmp_path / "net",
        channels=widths,
        downscale_factor=2 * model.unet.format.downscale,
        adapter_type="full_adapter_xl",
    )
    pipeline = StableDiffusionXLAdapterPipeline.from_pretrained(small_xl[0], adapter=net)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    generator = torch.Generator().manual_seed(3)
    wanted, _ = _recorded(pipeline, image=shown(picture(1)), guidance_scale=4.0, generator=generator)
    led = control(unet_denoiser(model.unet), load_controlnet(str(tmp_path / "net")), picture(1))
    told("Stable Diffusion XL", "T2I-Adapter", sampled(model, led, model.schedule), wanted)
    with pytest.raises(
        NodeError, match="this T2I-Adapter leads Stable Diffusion 1, and this network is Stable Diffusion XL"
    ):
        adapter(tmp_path / "other", channels=widths, downscale_factor=4)
        control(unet_denoiser(model.unet), load_controlnet(str(tmp_path / "other")), picture(1))


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("kind", ["full_adapter", "light_adapter", "full_adapter_xl"])
def test_files_of_their_authors_are_the_folder(kind: str, grey: bool, tmp_path: Path) -> None:
    unshuffle = 16 if kind == "full_adapter_xl" else 8
    light, channels = kind == "light_adapter", [16, 32, 32, 32]
    about = {"in_channels": 1 if grey else 3, "downscale_factor": unshuffle, "adapter_type": kind}
    net = adapter(
        tmp_path / "net", channels=channels[:3] if light else channels, num_res_blocks=4 if light else 2, **about
    )
    weights = {name.removeprefix("adapter."): value for name, value in net.state_dict().items()}
    named = {}
    for name, value in weights.items():
        parts = name.split(".")
        if light and "resnets" in parts:
            name = name.replace("resnets", "body")
        elif not light and parts[0] == "body":
            place = int(parts[3]) if parts[2] == "resnets" else 0
            inner = ".".join(parts[4:] if parts[2] == "resnets" else parts[2:])
            name = f"body.{2 * int(parts[1]) + place}.{inner}"
        named[name] = value
    save_file(named, tmp_path / "net.safetensors")
    image = Image(torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)))
    file, folder = (load_controlnet(str(tmp_path / one)) for one in ("net.safetensors", "net"))
    assert isinstance(file, FeatureAdapter)
    assert isinstance(folder, FeatureAdapter)
    weights, same = file.module.state_dict(), folder.module.state_dict()
    assert weights.keys() == same.keys()
    assert all(torch.equal(weights[name], same[name]) for name in weights)
    for part in (*file.module.parameters(), *folder.module.parameters()):
        part.data = part.data.clone()  # a file's weights may lie otherwise in memory, which moves the last bit
    with torch.no_grad():
        for one, other in zip(file.features(image.pixels, 0.5), folder.features(image.pixels, 0.5), strict=True):
            assert torch.equal(one, other)


def test_a_controlnet_of_inpainting_does_not_see_what_is_covered(tiny: LatentDiffusion, tmp_path: Path) -> None:
    """As diffusers prepares images for control_v11p_sd15_inpaint: -1 where a mask covers them."""
    tiny_controlnet(tiny, tmp_path / "net")
    covered = torch.zeros(1, 1, 32, 32)
    covered[..., 8:24] = 1
    image = picture(1)
    prepared = torch.where(covered > 0.5, -1.0, image.pixels)
    net = ControlNetModel.from_pretrained(tmp_path / "net")
    wanted = pipeline_path(tiny, [net], [prepared])
    led = control(unet_denoiser(tiny.unet), load_controlnet(str(tmp_path / "net")), image, mask=Mask(covered))
    texts = (clip_text_encode(tiny.text_encoder, text) for text in ("red star", ""))
    guider = classifier_free_guidance(led, *texts, 4.0)
    found = finish(sample(guider, scheduler(TrainedSchedule(STABLE_DIFFUSION), "DDIM", 5), Noise((3,), 32, 32)))[0]
    told("Stable Diffusion 1", "ControlNet of inpainting", found.trajectory.x[1:], wanted)
    adapter(tmp_path / "t2i", channels=[16, 32], downscale_factor=4)
    with pytest.raises(NodeError, match="looks at its image alone; leave mask unwired"):
        control(unet_denoiser(tiny.unet), load_controlnet(str(tmp_path / "t2i")), image, mask=Mask(covered))
