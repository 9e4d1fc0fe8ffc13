"""Z-Image and Qwen-Image: diffusers' own pipelines step by step, texts of unequal length, and what does not fit."""

from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKLQwenImage, QwenImagePipeline, ZImagePipeline

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Image, Noise, TrainedSchedule
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.calls.flow_calls import packed
from nodes.denoisers.flow_transformers import FlowTransformer, flux_denoiser, joint_denoiser, load_flow_transformer
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.guidance.normalised import normalise_guidance
from nodes.latents.vae import vae_decode
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import flow_spacing
from tests.nodes.families.parity import told
from tests.nodes.language_led_models import WIDTH, save_qwen_image, save_z_image
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish

TEXT, OTHER = "a red star", "blue"


@pytest.fixture(scope="module")
def z_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_z_image(tmp_path_factory.mktemp("z") / "random")


@pytest.fixture(scope="module")
def qwen_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_qwen_image(tmp_path_factory.mktemp("qwen") / "random")


@pytest.fixture(scope="module")
def z(z_image: Path) -> FlowTransformer:
    return load_flow_transformer(str(z_image))


@pytest.fixture(scope="module")
def qwen(qwen_image: Path) -> FlowTransformer:
    return load_flow_transformer(str(qwen_image))


def test_each_step_is_that_of_z_image(z_image: Path, z: FlowTransformer) -> None:
    wanted, pictures = recorded(
        ZImagePipeline.from_pretrained(z_image),
        prompt=[TEXT] * 2,
        negative_prompt=[OTHER] * 2,
        height=32,
        width=24,
        guidance_scale=4.0,
        num_inference_steps=3,
        generator=[torch.Generator().manual_seed(seed) for seed in (3, 4)],
    )
    texts = [clip_text_encode(z.text_encoder, text) for text in (TEXT, OTHER)]
    guider = classifier_free_guidance(joint_denoiser(z.transformer), *texts, 5.0)
    schedule = scheduler(z.schedule, "Flow-match Euler", 3)
    _, (latent, trajectory, _) = finish(sample(guider, schedule, Noise((3, 4), 24, 32)))
    told("Z-Image", "text, guidance", trajectory.x[1:], wanted)
    torch.testing.assert_close(vae_decode(z.vae, latent).pixels, pictures, atol=1e-4, rtol=1e-4)


def test_each_step_is_that_of_qwen_image_and_its_attention_is_recorded(qwen_image: Path, qwen: FlowTransformer) -> None:
    wanted, pictures = recorded(
        QwenImagePipeline.from_pretrained(qwen_image),
        prompt=TEXT,
        height=32,
        width=24,
        true_cfg_scale=1.0,
        num_inference_steps=3,
        generator=torch.Generator().manual_seed(3),
    )
    text = clip_text_encode(qwen.text_encoder, TEXT)
    guider, schedule = (
        no_guidance(joint_denoiser(qwen.transformer), text),
        scheduler(qwen.schedule, "Flow-match Euler", 3),
    )
    _, (latent, trajectory, _) = finish(sample(guider, schedule, Noise((3,), 24, 32), record="steps and attention"))
    told("Qwen-Image", "text", map(packed, trajectory.x[1:]), wanted)
    torch.testing.assert_close(vae_decode(qwen.vae, latent).pixels, pictures, atol=1e-4, rtol=1e-4)
    (maps,) = trajectory.attention[0].maps.values()
    (places,) = trajectory.attention[0].places.values()
    shares = maps.float().sum(-1) + places.float().sum((-2, -1))
    torch.testing.assert_close(shares, torch.ones_like(shares), atol=1e-2, rtol=0)


@pytest.mark.parametrize("seeds", [(3,), (3, 4)])
def test_each_guided_step_is_that_of_qwen_image(
    qwen_image: Path, qwen: FlowTransformer, seeds: tuple[int, ...]
) -> None:
    wanted, pictures = recorded(
        QwenImagePipeline.from_pretrained(qwen_image),
        prompt=[TEXT] * len(seeds),
        negative_prompt=[OTHER] * len(seeds),
        height=32,
        width=24,
        true_cfg_scale=20.0,
        num_inference_steps=3,
        generator=[torch.Generator().manual_seed(seed) for seed in seeds],
    )
    texts = [clip_text_encode(qwen.text_encoder, text) for text in (TEXT, OTHER)]
    plain = classifier_free_guidance(joint_denoiser(qwen.transformer), *texts, 20.0)
    schedule = scheduler(qwen.schedule, "Flow-match Euler", 3)
    _, (latent, trajectory, _) = finish(sample(normalise_guidance(plain), schedule, Noise(seeds, 24, 32)))
    told("Qwen-Image", f"text, guidance, {len(seeds)} at once", map(packed, trajectory.x[1:]), wanted)
    torch.testing.assert_close(vae_decode(qwen.vae, latent).pixels, pictures, atol=1e-4, rtol=1e-4)
    _, (longer, _, _) = finish(sample(plain, schedule, Noise(seeds, 24, 32)))
    assert (longer.samples - latent.samples).abs().max() > 1e-2


@pytest.mark.parametrize("name", ["z", "qwen"])
def test_what_fills_a_text_up_changes_nothing(name: str, request: pytest.FixtureRequest) -> None:
    model: FlowTransformer = request.getfixturevalue(name)
    each = model.text_encoder.encode_each([TEXT, OTHER])
    both = model.text_encoder.encode([TEXT, OTHER])
    assert both.tokens is not None
    assert both.mask is not None
    assert both.tokens.shape == (2, 512, WIDTH)
    x, time = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1)), torch.tensor(500.0)
    denoiser = joint_denoiser(model.transformer)
    with torch.no_grad():
        together = denoiser.predict(x, time, both)
        for row, text in enumerate(each):
            assert text.mask is not None
            assert 0 < text.mask.sum() < 512
            alone = denoiser.predict(x[row : row + 1], time, text)
            torch.testing.assert_close(together[row : row + 1], alone, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(together[0], together[1])


def test_a_picture_is_a_film_of_one_frame(qwen_image: Path, qwen: FlowTransformer) -> None:
    pixels = torch.rand(2, 3, 32, 24, generator=torch.Generator().manual_seed(2))
    module = AutoencoderKLQwenImage.from_pretrained(qwen_image / "vae")
    mean, deviation = (torch.tensor(part)[None, :, None, None] for part in (
        module.config.latents_mean, module.config.latents_std,
    ))  # fmt: skip
    with torch.no_grad():
        wanted = (module.encode(2 * pixels[:, :, None] - 1).latent_dist.mode()[:, :, 0] - mean) / deviation
    torch.testing.assert_close(qwen.vae.encode(Image(pixels)).samples, wanted, atol=1e-5, rtol=1e-4)
    drawn = [qwen.vae.encode(Image(pixels[:1]), [torch.Generator().manual_seed(5)]).samples for _ in range(2)]
    assert torch.equal(*drawn)
    assert not torch.allclose(drawn[0], wanted[:1])


def test_what_does_not_go_together_is_a_sentence(z: FlowTransformer, z_image: Path, tmp_path: Path) -> None:
    x, time = torch.zeros(1, 4, 8, 8), torch.tensor(5.0)
    with pytest.raises(NodeError, match="led by what a language model reads"):
        joint_denoiser(z.transformer).predict(x, time, Conditioning(torch.zeros(1, 16, WIDTH)))
    with pytest.raises(NodeError, match="use the denoiser"):
        flux_denoiser(z.transformer)
    with pytest.raises(NodeError, match="takes two steps; raise steps"):
        flow_spacing(TrainedSchedule({"shift_terminal": 0.02, "image_tokens": 4096}), 1)
    other = tmp_path / "other"
    other.mkdir()
    (other / "model_index.json").write_text('{"_class_name": "WanPipeline"}')
    with pytest.raises(
        NodeError, match="other holds Wan, which no node here loads; Load flow transformer loads a folder"
    ):
        load_flow_transformer(str(other))
