"""ControlNets: diffusers' own numbers, and what a control must leave alone."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ControlNetModel, DDIMScheduler, MultiControlNetModel, StableDiffusionControlNetPipeline
from PIL import Image as Pillow
from torch.nn.functional import max_pool2d

from nodeflow.node import NodeError, Step
from nodeflow.wires import Denoiser, Image, Noise, TrainedSchedule
from nodes.conditioning.text_encode import clip_text_encode
from nodes.controls.control_images import edges, scribble, straight_lines
from nodes.controls.controlnet import control, load_controlnet
from nodes.controls.lines.hough import hough_lines
from nodes.denoisers.denoisers import in_force, pixel_denoiser, unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.loaders.load_models import LatentDiffusion, load_ddpm
from nodes.samplers.sampling_loop import Sampled, sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION
from tests.nodes import hough_transform
from tests.nodes.tiny_controls import tiny_controlnet


def picture(seed: int, batch: int = 1) -> Image:
    values = torch.randint(0, 2, (batch, 3, 32, 32), generator=torch.Generator().manual_seed(seed))
    return Image(values.float())


def finish(steps: Generator[Step, None, Sampled]) -> Sampled:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def sampled(tiny: LatentDiffusion, denoiser: Denoiser, seeds: tuple[int, ...] = (3,), **options: Any) -> Sampled:
    texts = (clip_text_encode(tiny.text_encoder, text) for text in ("red star", ""))
    chosen = scheduler(TrainedSchedule(STABLE_DIFFUSION), "DDIM", 5)
    return finish(sample(classifier_free_guidance(denoiser, *texts, 4.0), chosen, Noise(seeds), **options))


@pytest.fixture
def folders(tiny: LatentDiffusion, tmp_path: Path) -> list[Path]:
    """Two ControlNets with random weights."""
    return [tiny_controlnet(tiny, tmp_path / name, seed) for seed, name in enumerate(("first", "second"))]


def pipeline_path(tiny: LatentDiffusion, nets: list[Any], images: list[Any], **options: Any) -> list[torch.Tensor]:
    """x after each step of diffusers' own pipeline; tensors are shown to it as they are."""
    parts: Any = tiny
    one = len(nets) == 1
    pipeline = StableDiffusionControlNetPipeline(
        vae=parts.vae.module,
        text_encoder=parts.text_encoder.module,
        tokenizer=parts.text_encoder.tokenizer,
        unet=tiny.unet.module,
        controlnet=nets[0] if one else MultiControlNetModel(nets),
        scheduler=DDIMScheduler.from_config(STABLE_DIFFUSION),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    shown = [_file(one) if isinstance(one, Image) else one for one in images]
    seen: list[torch.Tensor] = []

    def keep(_: Any, __: int, ___: Any, values: dict[str, Any]) -> dict[str, Any]:
        seen.append(values["latents"])
        return values

    pipeline(
        "red star",
        image=shown[0] if one else shown,
        height=32,
        width=32,
        num_inference_steps=5,
        guidance_scale=4.0,
        generator=torch.Generator().manual_seed(3),
        output_type="latent",
        callback_on_step_end=keep,
        **options,
    )
    return seen


def _file(image: Image) -> Pillow.Image:
    return Pillow.fromarray((image.pixels[0] * 255).byte().permute(1, 2, 0).numpy())


@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (0.2, 0.7)])
def test_each_step_is_that_of_the_pipeline(
    tiny: LatentDiffusion, folders: list[Path], start: float, end: float
) -> None:
    net = ControlNetModel.from_pretrained(folders[0])
    options = {"controlnet_conditioning_scale": 0.8, "control_guidance_start": start, "control_guidance_end": end}
    wanted = pipeline_path(tiny, [net], [picture(1)], **options)
    led = control(unet_denoiser(tiny.unet), load_controlnet(str(folders[0])), picture(1), 0.8, start, end)
    found = sampled(tiny, led).trajectory.x[1:]
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
    assert (found[-1] - sampled(tiny, unet_denoiser(tiny.unet)).latent.samples).abs().max() > 0.01


def test_two_controls_at_once_are_those_of_the_pipeline(tiny: LatentDiffusion, folders: list[Path]) -> None:
    nets = [ControlNetModel.from_pretrained(folder) for folder in folders]
    options = {
        "controlnet_conditioning_scale": [0.5, 1.0],
        "control_guidance_start": [0.0, 0.3],
        "control_guidance_end": [0.6, 1.0],
    }
    wanted = pipeline_path(tiny, nets, [picture(1), picture(2)], **options)
    first = control(unet_denoiser(tiny.unet), load_controlnet(str(folders[0])), picture(1), 0.5, 0.0, 0.6)
    both = control(first, load_controlnet(str(folders[1])), picture(2), 1.0, 0.3, 1.0)
    for one, other in zip(sampled(tiny, both).trajectory.x[1:], wanted, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_without_strength_nothing_changes_to_the_last_bit(tiny: LatentDiffusion, folders: list[Path]) -> None:
    plain = unet_denoiser(tiny.unet)
    net = load_controlnet(str(folders[0]))
    wanted = sampled(tiny, plain)
    for led in (control(plain, net, picture(1), 0.0), control(plain, net, picture(1), 1.0, 0.5, 0.5)):
        assert torch.equal(sampled(tiny, led).latent.samples, wanted.latent.samples)


def test_each_picture_of_a_batch_follows_its_own_control(tiny: LatentDiffusion, folders: list[Path]) -> None:
    plain, net, both = unet_denoiser(tiny.unet), load_controlnet(str(folders[0])), picture(1, 2)
    batch = sampled(tiny, control(plain, net, both), (3, 4)).latent.samples
    for index, seed in enumerate((3, 4)):
        alone = control(plain, net, Image(both.pixels[index : index + 1]))
        assert torch.equal(sampled(tiny, alone, (seed,)).latent.samples, batch[index : index + 1])
    together = sampled(tiny, control(plain, net, both), (3, 4), batch="together").latent.samples
    torch.testing.assert_close(together, batch, atol=1e-4, rtol=1e-4)


def test_where_a_control_ends_later_makes_no_difference_to_the_steps_before(
    tiny: LatentDiffusion, folders: list[Path]
) -> None:
    net = load_controlnet(str(folders[0]))
    short, long = (control(unet_denoiser(tiny.unet), net, picture(1), 1.0, 0.0, end) for end in (0.5, 0.8))
    one, other = (in_force(led, 0, 10).controls[0] for led in (short, long))  # type: ignore[attr-defined]
    assert (one.strength, one.start, one.end) == (other.strength, other.start, other.end)
    assert in_force(short, 5, 10).controls == ()  # type: ignore[attr-defined]


def test_a_control_counted_in_trained_timesteps_acts_by_noise_and_not_by_steps(
    tiny: LatentDiffusion, folders: list[Path]
) -> None:
    net = load_controlnet(str(folders[0]))
    led = control(unet_denoiser(tiny.unet), net, picture(1), 1.0, 0.1, 0.6, counted="trained timesteps")
    acting = in_force(led, 0, 10).controls[0]  # type: ignore[attr-defined]
    acts = {time: acting.acts_at(torch.tensor(time)) for time in (999, 900, 899, 400, 399, 0)}
    assert acts == {999: False, 900: False, 899: True, 400: True, 399: False, 0: False}
    always, never = (
        control(unet_denoiser(tiny.unet), net, picture(1), 1.0, *span, counted="trained timesteps")
        for span in ((0.0, 1.0), (0.9999, 0.9999))
    )
    usual = control(unet_denoiser(tiny.unet), net, picture(1))
    assert torch.equal(sampled(tiny, always).latent.samples, sampled(tiny, usual).latent.samples)
    plain = sampled(tiny, unet_denoiser(tiny.unet)).latent.samples
    assert not torch.equal(plain, sampled(tiny, usual).latent.samples)
    assert torch.equal(sampled(tiny, never).latent.samples, plain)


def test_what_does_not_fit_is_a_sentence(
    tiny: LatentDiffusion, tiny_folder: Path, tiny_ddpm: Path, folders: list[Path]
) -> None:
    plain, net = unet_denoiser(tiny.unet), load_controlnet(str(folders[0]))
    with pytest.raises(NodeError, match=r"control image is 16 x 16 and what is painted 32 x 32"):
        sampled(tiny, control(plain, net, Image(torch.zeros(1, 3, 16, 16))))
    with pytest.raises(NodeError, match="3 control images"):
        sampled(tiny, control(plain, net, picture(1, 3)), (1, 2), batch="together")
    with pytest.raises(NodeError, match=r"ends at 0\.2, before it starts at 0.6"):
        control(plain, net, picture(1), 1.0, 0.6, 0.2)
    with pytest.raises(NodeError, match="this denoiser is another"):
        control(pixel_denoiser(load_ddpm(str(tiny_ddpm)).unet), net, picture(1))
    with pytest.raises(NodeError, match=r"holds a U-Net of Stable Diffusion, .*; Load ControlNet loads a ControlNet"):
        load_controlnet(str(tiny_folder / "unet"))


def test_a_controlnet_that_lost_a_level_is_told(tiny: LatentDiffusion, folders: list[Path], tmp_path: Path) -> None:
    """Its last two levels are as wide, so that its middle fits the one that is left."""
    whole = ControlNetModel.from_pretrained(folders[0])
    widths = whole.config.block_out_channels
    config = {**whole.config, "block_out_channels": widths[:-1], "down_block_types": whole.config.down_block_types[:-1]}
    ControlNetModel.from_config(config).save_pretrained(tmp_path / "short")
    short = load_controlnet(str(tmp_path / "short"))
    with pytest.raises(NodeError, match=r"this ControlNet adds to \d layers of .* and this network has \d layers of"):
        control(unet_denoiser(tiny.unet), short, picture(1))


def test_edges_are_where_colours_meet() -> None:
    pixels = torch.zeros(2, 3, 24, 24)
    pixels[0, :, :, 12:] = 1.0
    pixels[1, 0], pixels[1, 1, :, 12:] = 0.5, 0.5  # red beside yellow
    found = edges(Image(pixels)).pixels
    assert found.shape == (2, 3, 24, 24)
    assert set(found.unique().tolist()) == {0.0, 1.0}
    for one in found:
        columns = one[0].amax(0).nonzero()[:, 0]
        assert (columns >= 10).all()
        assert (columns <= 13).all()
        assert one[0, 4:-4, 10:14].amax(1).all(), "the line has no gaps"
    assert edges(Image(torch.full((1, 3, 24, 24), 0.3))).pixels.sum() == 0
    with pytest.raises(NodeError, match="lower low"):
        edges(Image(pixels), 0.5, 0.2)


def test_opencv_finds_the_lines_that_the_hough_transform_finds() -> None:
    """On a clean drawing: each pixel of the one beside a pixel of the other, by at most one place."""
    drawing = torch.zeros(96, 96)
    drawing[12, 8:88] = drawing[8:88, 20] = drawing[80, 30:90] = 1
    drawing[torch.arange(30, 75), torch.arange(30, 75)] = 1
    ours, theirs = hough_transform.hough_lines(drawing, 24, 3), hough_lines(drawing, 24, 3)
    for one, other in ((ours, theirs), (theirs, ours)):
        near = max_pool2d(other[None, None], 3, 1, 1)[0, 0]
        assert one.sum() > 200
        assert (one * (1 - near)).sum() <= 0.02 * one.sum()


def test_straight_lines_are_found_and_what_is_round_is_not() -> None:
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    disc = ((x - 32) ** 2 + (y - 32) ** 2 < 13**2).float()
    diamond = ((x - 32).abs() + (y - 32).abs() < 20).float()
    pixels = torch.stack([disc, diamond])[:, None].expand(-1, 3, -1, -1)
    found = straight_lines(Image(pixels), 20).pixels
    assert found.shape == (2, 3, 64, 64)
    assert found[0].sum() == 0
    outline = edges(Image(pixels)).pixels[1, 0]
    near = torch.nn.functional.max_pool2d(found[1:, :1], 3, 1, 1)[0, 0]
    assert float((outline * near).sum() / outline.sum()) > 0.9
    assert set(found[1].unique().tolist()) == {0.0, 1.0}
    assert straight_lines(Image(torch.full((1, 3, 24, 24), 0.3))).pixels.sum() == 0


def test_a_scribble_is_thick_and_trembles_by_its_seed() -> None:
    pixels = torch.zeros(1, 3, 48, 48)
    pixels[..., 16:32, 16:32] = 1.0
    thin, thick = (scribble(Image(pixels), thickness, 0.0).pixels for thickness in (1, 5))
    assert thick.mean() > 2 * thin.mean() > 0
    first, again, other = (scribble(Image(pixels), 3, 1.5, 2.0, seed).pixels for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert 0 <= first.min() <= first.max() <= 1
