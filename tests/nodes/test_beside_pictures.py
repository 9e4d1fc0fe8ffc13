"""U-Nets that see an image beside the latent: each step is that of diffusers' own pipeline, from a folder."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    StableDiffusionInpaintPipeline,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLInpaintPipeline,
)
from PIL import Image as Pillow
from transformers import CLIPTokenizer

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Guider, Image, Mask, Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.beside_pictures import depth_denoiser, edit_denoiser, inpainting_denoiser, stretched
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.guidance.picture_and_text import picture_and_text_guidance
from nodes.latents.vae import vae_encode
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.conftest import tiny_unet
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import assert_close, finish
from tests.nodes.test_xl import UNET, WIDTHS, save_xl

TEXTS = "red star", "blue"
SIDE = 32


def folder_with(tiny_folder: Path, at: Path, channels: int) -> Path:
    """The tiny model with a U-Net that sees so many channels."""
    pipeline = StableDiffusionPipeline.from_pretrained(tiny_folder, safety_checker=None)
    torch.manual_seed(5)
    pipeline.register_modules(unet=tiny_unet(in_channels=channels))
    pipeline.save_pretrained(at)
    return at


def picture(side: int = SIDE) -> tuple[Image, Any]:
    """An image, for us and for diffusers."""
    values = torch.randint(0, 256, (side, side, 3), generator=torch.Generator().manual_seed(8), dtype=torch.uint8)
    return Image(values.permute(2, 0, 1)[None] / 255), Pillow.fromarray(values.numpy())


def covering(side: int = SIDE) -> tuple[Mask, Any]:
    values = torch.zeros(side, side)
    values[side // 4 : side // 2, side // 8 :] = 1
    return Mask(values[None, None]), Pillow.fromarray((values * 255).byte().numpy())


def texts(model: LatentDiffusion) -> list[Conditioning]:
    return [clip_text_encode(model.text_encoder, text) for text in TEXTS]


def path_of(model: LatentDiffusion, guider: Guider, side: int = SIDE) -> tuple[torch.Tensor, ...]:
    return finish(sample(guider, scheduler(model.schedule, "DDIM", 4), Noise((3,), side, side)))[1].trajectory.x[1:]


OPTIONS = {"prompt": TEXTS[0], "negative_prompt": TEXTS[1], "num_inference_steps": 4}


def test_inpainting_is_that_of_the_pipeline(tiny_folder: Path, tmp_path: Path) -> None:
    """At most 1e-4 of the largest value apart. diffusers would draw the masked image's latent; ours is its mean."""
    at = folder_with(tiny_folder, tmp_path / "inpainting", 9)
    model, (image, shown), (mask, where) = load_latent_diffusion(str(at)), picture(), covering()
    denoiser: Any = inpainting_denoiser(model.unet, model.vae, image, mask)
    covered = Image(torch.where(mask.values > 0, 0.5, image.pixels))
    assert torch.equal(denoiser.shown[:, 1:], vae_encode(model.vae, covered).samples)
    wanted, _ = recorded(
        StableDiffusionInpaintPipeline.from_pretrained(at, safety_checker=None),
        image=shown,
        mask_image=where,
        masked_image_latents=denoiser.shown[:, 1:],
        height=SIDE,
        width=SIDE,
        guidance_scale=4.0,
        generator=torch.Generator().manual_seed(3),
        **OPTIONS,
    )
    assert_close(path_of(model, classifier_free_guidance(denoiser, *texts(model), 4.0)), wanted, 1e-4)


def test_inpainting_of_xl_is_that_of_the_pipeline(words: CLIPTokenizer, tmp_path: Path) -> None:
    at = save_xl(tmp_path / "xl", words, WIDTHS, **UNET, in_channels=9)
    model, (image, shown), (mask, where) = load_latent_diffusion(str(at)), picture(), covering()
    denoiser = inpainting_denoiser(model.unet, model.vae, image, mask)
    wanted, _ = recorded(
        StableDiffusionXLInpaintPipeline.from_pretrained(at, add_watermarker=False),
        image=shown,
        mask_image=where,
        masked_image_latents=denoiser.shown[:, 1:],  # type: ignore[attr-defined]
        strength=1.0,
        height=SIDE,
        width=SIDE,
        guidance_scale=4.0,
        generator=torch.Generator().manual_seed(3),
        **OPTIONS,
    )
    assert_close(path_of(model, classifier_free_guidance(denoiser, *texts(model), 4.0)), wanted, 1e-4)


def test_editing_is_that_of_the_pipeline(tiny_folder: Path, tmp_path: Path) -> None:
    at = folder_with(tiny_folder, tmp_path / "edit", 8)
    image, shown = picture()
    wanted, _ = recorded(
        StableDiffusionInstructPix2PixPipeline.from_pretrained(at, safety_checker=None),
        image=shown,
        guidance_scale=5.0,
        image_guidance_scale=1.5,
        generator=torch.Generator().manual_seed(3),
        **OPTIONS,
    )
    model = load_latent_diffusion(str(at))
    denoiser = edit_denoiser(model.unet, model.vae, image)
    guider = picture_and_text_guidance(denoiser, *texts(model), 5.0, 1.5)
    assert_close(path_of(model, guider), wanted, 1e-4)
    plain = path_of(model, guider.unguided())
    assert not torch.allclose(plain[-1], wanted[-1], atol=1e-3)


def test_depth_is_shown_as_the_pipeline_shows_it(tiny_folder: Path, tmp_path: Path) -> None:
    """StableDiffusionDepth2ImgPipeline.prepare_depth_map: bicubic, then from -1 to 1; the network sees it last."""
    model = load_latent_diffusion(str(folder_with(tiny_folder, tmp_path / "depth", 5)))
    image, _ = picture()
    denoiser: Any = depth_denoiser(model.unet, image)
    near = torch.nn.functional.interpolate(
        image.pixels.mean(1)[:, None], (SIDE // 4, SIDE // 4), mode="bicubic", align_corners=False
    )
    wanted = 2 * (near - near.amin()) / (near.amax() - near.amin()) - 1
    torch.testing.assert_close(denoiser.shown, wanted)
    text, x, time = texts(model)[0], torch.randn(2, 4, 8, 8), torch.tensor(500)
    with torch.no_grad():
        expected = model.unet.module(
            torch.cat([x, wanted.repeat(2, 1, 1, 1)], 1), time, text.tokens.expand(2, -1, -1)
        ).sample
        torch.testing.assert_close(denoiser.predict(x, time, text), expected)
    assert not stretched(torch.full((1, 1, 4, 4), 0.3)).any()


def test_each_is_refused_what_it_was_not_trained_for(tiny_folder: Path, tmp_path: Path) -> None:
    (image, _), (mask, _) = picture(), covering()
    models = {n: load_latent_diffusion(str(folder_with(tiny_folder, tmp_path / str(n), n))) for n in (4, 5, 8, 9, 7)}
    with pytest.raises(NodeError, match="shown 5 channels beside a latent; use Inpainting denoiser"):
        unet_denoiser(models[9].unet)
    with pytest.raises(NodeError, match="this network is a plain model; use Denoiser or U-Net denoiser"):
        inpainting_denoiser(models[4].unet, models[4].vae, image, mask)
    with pytest.raises(NodeError, match="this network is an inpainting model; use Inpainting denoiser"):
        edit_denoiser(models[9].unet, models[9].vae, image)
    with pytest.raises(NodeError, match="this network is a model that is shown an image; use Edit denoiser"):
        depth_denoiser(models[8].unet, image)
    with pytest.raises(NodeError, match="shown 3 channels beside a latent, which no node here gives it"):
        depth_denoiser(models[7].unet, image)
    with pytest.raises(NodeError, match="the image is 32 x 32 and the mask 16 x 16; make both of one size"):
        inpainting_denoiser(models[9].unet, models[9].vae, image, covering(16)[0])
    plain = unet_denoiser(models[4].unet)
    with pytest.raises(NodeError, match="shown no image beside the text; wire Edit denoiser"):
        picture_and_text_guidance(plain, *texts(models[4]))
    denoiser = depth_denoiser(models[5].unet, image)
    with pytest.raises(
        NodeError, match="what this network is shown is 8 x 8 cells and what it paints 4 x 4; resize it"
    ):
        denoiser.predict(torch.zeros(1, 4, 4, 4), torch.tensor(1), texts(models[5])[0])


def test_a_batch_is_its_singles(tiny_folder: Path, tmp_path: Path) -> None:
    model = load_latent_diffusion(str(folder_with(tiny_folder, tmp_path / "depth", 5)))
    images = Image(torch.cat([picture()[0].pixels, 1 - picture()[0].pixels.flip(3)]))
    found = []
    for shown, seeds in ((images, (3, 4)), (Image(images.pixels[1:]), (4,))):
        guider = classifier_free_guidance(depth_denoiser(model.unet, shown), *texts(model), 4.0)
        schedule = scheduler(model.schedule, "DDIM", 2)
        found.append(finish(sample(guider, schedule, Noise(seeds, SIDE, SIDE)))[1].latent.samples)
    assert torch.equal(found[0][1:], found[1])
