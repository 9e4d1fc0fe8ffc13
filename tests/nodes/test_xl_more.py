"""Stable Diffusion XL's refiner and ControlNets: diffusers' own pipelines step by step."""

from pathlib import Path

import pytest
import torch
from diffusers import ControlNetModel, StableDiffusionXLControlNetPipeline, StableDiffusionXLImg2ImgPipeline

from nodeflow.node import NodeError
from nodeflow.wires import Image, Latent, Noise
from nodes.conditioning.text_encode import aesthetic_score, clip_text_encode
from nodes.controls.controlnet import control, load_controlnet
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.families.parity import told
from tests.nodes.original_xl import aligned, write_xl
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import assert_close, finish

TEXTS = "a red star", "blue"


@pytest.fixture(scope="module")
def refiner(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_xl(tmp_path_factory.mktemp("refiner"), refiner=True)


@pytest.fixture(scope="module")
def model(small_xl: tuple[Path, Path]) -> LatentDiffusion:
    return load_latent_diffusion(str(small_xl[0]))


@pytest.fixture(scope="module")
def net(model: LatentDiffusion, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ControlNet for it, whose last convolutions add something as trained ones do."""
    torch.manual_seed(4)
    made, path = ControlNetModel.from_unet(model.unet.module), tmp_path_factory.mktemp("net")
    for name, weights in made.named_parameters():
        if name.startswith(("controlnet_down", "controlnet_mid", "controlnet_cond_embedding.conv_out")):
            torch.nn.init.normal_(weights, std=0.2)
    made.save_pretrained(path)
    return path


def test_each_step_is_that_of_the_refiner_from_folder_and_file(refiner: tuple[Path, Path]) -> None:
    latent = Latent(torch.randn(1, 4, 8, 6, generator=torch.Generator().manual_seed(1)))
    pipeline = StableDiffusionXLImg2ImgPipeline.from_pretrained(refiner[0], add_watermarker=False)
    wanted, _ = recorded(
        pipeline,
        prompt=TEXTS[0],
        negative_prompt=TEXTS[1],
        image=latent.samples,
        strength=0.5,
        guidance_scale=5.0,
        aesthetic_score=7.0,
        negative_aesthetic_score=2.5,
        num_inference_steps=6,
        generator=torch.Generator().manual_seed(3),
    )
    paths = []
    for path in refiner:
        model = aligned(load_latent_diffusion(str(path)))
        texts = [clip_text_encode(model.text_encoder, text) for text in TEXTS]
        scored = [aesthetic_score(text, score) for text, score in zip(texts, (7.0, 2.5), strict=True)]
        schedule = scheduler(model.schedule, "Euler", 6, spacing="leading")
        found = []
        for pair in (scored, texts):
            guider = classifier_free_guidance(unet_denoiser(model.unet), *pair, 5.0)
            found.append(finish(sample(guider, schedule, Noise((3,)), latent, 0.5))[1].trajectory.x)
        told("Stable Diffusion XL", "refiner, image to image", found[0][1:], wanted)
        assert not torch.allclose(found[0][-1], found[1][-1], atol=1e-3)
        paths.append(found[0])
    assert torch.equal(torch.stack(paths[0]), torch.stack(paths[1]))


def test_each_step_is_that_of_a_controlnet_for_xl(
    small_xl: tuple[Path, Path], model: LatentDiffusion, net: Path
) -> None:
    shown = Image(torch.randint(0, 2, (1, 3, 64, 48), generator=torch.Generator().manual_seed(2)).float())
    pipeline = StableDiffusionXLControlNetPipeline.from_pretrained(
        small_xl[0], controlnet=ControlNetModel.from_pretrained(net), add_watermarker=False
    )
    wanted, _ = recorded(
        pipeline,
        prompt=TEXTS[0],
        negative_prompt=TEXTS[1],
        image=shown.pixels,
        height=64,
        width=48,
        guidance_scale=5.0,
        controlnet_conditioning_scale=0.7,
        control_guidance_end=0.7,
        num_inference_steps=4,
        generator=torch.Generator().manual_seed(3),
    )
    plain, loaded = unet_denoiser(model.unet), load_controlnet(str(net))
    texts = [clip_text_encode(model.text_encoder, text) for text in TEXTS]
    schedule, found = scheduler(model.schedule, "Euler", 4), []
    for denoiser in (control(plain, loaded, shown, 0.7, 0.0, 0.7), plain):
        guider = classifier_free_guidance(denoiser, *texts, 5.0)
        found.append(finish(sample(guider, schedule, Noise((3,), 48, 64)))[1].trajectory.x)
    assert_close(found[0][1:], wanted, 1e-4)
    assert not torch.allclose(found[0][-1], found[1][-1], atol=1e-2)


def test_a_controlnet_for_xl_leads_no_other_model(net: Path) -> None:
    x, tokens = torch.zeros(1, 4, 8, 8), torch.zeros(1, 77, 192)
    with pytest.raises(NodeError, match="made for Stable Diffusion XL"):
        load_controlnet(str(net)).residuals(x, torch.tensor(5), tokens, torch.zeros(1, 3, 64, 64), 1.0)
