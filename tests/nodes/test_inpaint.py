"""Masks, and painting into an image: step by step that of diffusers' pipeline, and nothing outside is touched."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionInpaintPipeline

from nodeflow.node import NodeError
from nodeflow.wires import Image, Latent, Mask, Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import change_guidance, classifier_free_guidance, guidance_interval
from nodes.latents.noise import gaussian_noise
from nodes.loaders.load_models import LatentDiffusion
from nodes.masks.masks import composite, fitted, mask_from_picture, shape_mask
from nodes.samplers.inpainting import inpaint
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import noise_levels, scheduler
from tests.nodes.test_sampling_parity import assert_close, finish


def guider(model: LatentDiffusion, prediction: Any = "auto") -> Any:
    texts = [clip_text_encode(model.text_encoder, text) for text in ("red star", "")]
    return classifier_free_guidance(unet_denoiser(model.unet, prediction), *texts, 3.0)


def hole() -> Mask:
    """One in the upper right quarter of 32 x 32 pixels."""
    return shape_mask(Image(torch.zeros(1, 3, 32, 32)), left=0.5, right=1, top=0, bottom=0.5)


def test_each_step_is_that_of_the_pipeline(tiny: LatentDiffusion, tiny_folder: Path) -> None:
    pipeline = StableDiffusionInpaintPipeline.from_pretrained(tiny_folder, safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    picture, mask, wanted = torch.rand(1, 3, 32, 32), hole(), []

    def recorded(pipeline: Any, step: int, time: Any, found: dict[str, Any]) -> dict[str, Any]:
        wanted.append(found["latents"].clone())
        return found

    pipeline(
        "red star", picture, mask.values, height=32, width=32, num_inference_steps=6, guidance_scale=3.0, strength=0.7,
        generator=torch.Generator().manual_seed(3), callback_on_step_end=recorded, output_type="latent",
    )  # fmt: skip
    generator = torch.Generator().manual_seed(3)
    known = Latent(pipeline._encode_vae_image(2 * picture - 1, generator).detach())
    noise = Noise((0,), values=torch.randn(1, 4, 8, 8, generator=generator))
    schedule = scheduler(tiny.schedule, "DDIM", 6)
    led = inpaint(guider(tiny), schedule, known, mask)
    _, (_, trajectory, _) = finish(sample(led, schedule, noise, known, 0.7))
    assert len(wanted) == 4
    assert_close(trajectory.x[1:-1], wanted[:-1])
    inside = fitted(mask, known.samples)  # at the end the pipeline lays the image over what noise the schedule leaves
    assert_close([trajectory.x[-1] * inside], [wanted[-1] * inside])


@pytest.mark.parametrize("prediction", ["epsilon", "v"])
@pytest.mark.parametrize("kind", ["DDIM", "DDPM", "Euler", "Euler ancestral", "Heun", "DPM++ 2M", "DPM++ 2M SDE"])
def test_what_is_outside_comes_out_as_it_was(tiny: LatentDiffusion, kind: Any, prediction: Any) -> None:
    trained = noise_levels("cosine", terminal="no signal") if prediction == "v" else tiny.schedule
    schedule, known = scheduler(trained, kind, 4), Latent(torch.randn(1, 4, 8, 8))
    led = inpaint(guider(tiny, prediction), schedule, known, hole())
    _, made = finish(sample(led, schedule, gaussian_noise(5, 2)))
    inside = fitted(hole(), known.samples).expand(2, 4, 8, 8) > 0
    change = (made.latent.samples - known.samples).abs()
    assert inside.float().mean() == 0.25
    assert change[~inside].max() < 0.1
    assert change[inside].mean() > 0.3


def test_the_rest_is_seen_by_what_is_painted(tiny: LatentDiffusion) -> None:
    schedule, made = scheduler(tiny.schedule, "DDIM", 4), []
    for value in (-1.0, 1.0):
        led = inpaint(guider(tiny), schedule, Latent(torch.full((1, 4, 8, 8), value)), hole())
        made.append(finish(sample(led, schedule, gaussian_noise(5)))[1].latent.samples[..., :4, 4:])
    assert (made[0] - made[1]).abs().mean() > 0.01


def test_it_goes_with_guidance_that_changes(tiny: LatentDiffusion) -> None:
    schedule, known = scheduler(tiny.schedule, "DDIM", 4), Latent(torch.randn(1, 4, 8, 8))
    plain = inpaint(guider(tiny), schedule, known, hole())
    changing = inpaint(change_guidance(guider(tiny), guider(tiny), 2), schedule, known, hole())
    never = guidance_interval(plain, 0.0, 0.0)
    made = [finish(sample(led, schedule, gaussian_noise(5)))[1].latent.samples for led in (plain, changing, never)]
    torch.testing.assert_close(made[0], made[1])
    assert not torch.allclose(made[0], made[2])
    torch.testing.assert_close(made[2][..., 4:, :], known.samples[..., 4:, :], atol=0.1, rtol=0)


def test_what_does_not_fit_is_a_sentence(tiny: LatentDiffusion) -> None:
    schedule, known = scheduler(tiny.schedule, "DDIM", 4), Latent(torch.zeros(1, 4, 8, 8))
    led = inpaint(guider(tiny), schedule, known, hole())
    with pytest.raises(NodeError, match="a schedule of 4 steps and the sampler one of 5; wire the same to both"):
        finish(sample(led, scheduler(tiny.schedule, "DDIM", 5), gaussian_noise()))
    with pytest.raises(NodeError, match="are 8 x 8 and 4 x 4; give the noise the image's size"):
        finish(sample(led, schedule, gaussian_noise(width=16, height=16)))
    with pytest.raises(NodeError, match="has 3 channels and the model takes 4"):
        inpaint(guider(tiny), schedule, Latent(torch.zeros(1, 3, 8, 8)), hole())
    three = inpaint(guider(tiny), schedule, known, Mask(torch.ones(3, 1, 8, 8)))
    with pytest.raises(NodeError, match="3 masks do not fit the images; give one mask, or one for each"):
        finish(sample(three, schedule, gaussian_noise(batch=2)))


def test_a_shape_covers_its_share_of_the_picture() -> None:
    wide = Image(torch.zeros(2, 3, 20, 40))
    box = shape_mask(wide, left=0.25, right=0.5, top=0.5, bottom=1).values
    assert box.shape == (1, 1, 20, 40)
    assert torch.equal(box[0, 0].nonzero().amin(0), torch.tensor([10, 10]))
    assert box.mean() == pytest.approx(0.125)
    round_one = shape_mask(wide, "ellipse", 0, 1, 0, 1).values
    assert round_one.mean() == pytest.approx(torch.pi / 4, abs=0.01)
    assert round_one[0, 0, 10, 20] == 1
    assert round_one[0, 0, 0, 0] == 0
    assert torch.equal(shape_mask(wide, "ellipse", 0, 1, 0, 1, inverted=True).values, 1 - round_one)
    with pytest.raises(NodeError, match="has no inside"):
        shape_mask(wide, left=0.5, right=0.5)


def test_a_picture_is_a_mask_and_lays_another_over() -> None:
    one, other = Image(torch.zeros(2, 3, 4, 4)), Image(torch.ones(1, 3, 4, 4))
    ramp = Image(torch.linspace(0, 1, 4).expand(1, 3, 4, 4))
    assert mask_from_picture(ramp).values[0, 0, 0].tolist() == [0, 0, 1, 1]
    assert mask_from_picture(ramp, inverted=True).values[0, 0, 0].tolist() == [1, 1, 0, 0]
    soft = mask_from_picture(ramp, 0.0)
    laid = composite(one, other, soft).pixels
    assert laid.shape == (2, 3, 4, 4)
    torch.testing.assert_close(laid, ramp.pixels.expand(2, 3, 4, 4))
    with pytest.raises(NodeError, match="4 x 4 and 8 x 4; resize"):
        composite(one, Image(torch.ones(1, 3, 4, 8)), soft)
    with pytest.raises(NodeError, match="different numbers of images"):
        composite(one, Image(torch.ones(3, 3, 4, 4)), soft)
