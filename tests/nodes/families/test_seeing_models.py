"""Qwen-Image 2.1 and Krea 2: diffusers' own pipelines step by step, with reference images and without."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import Krea2Pipeline, QwenImage21Pipeline
from PIL.Image import Image as Picture
from torchvision.transforms.functional import to_pil_image

from nodeflow.node import NodeError
from nodeflow.wires import Guider, Image, Noise, Reference
from nodes.conditioning.reference_images import edit_conditioning, reference_image
from nodes.denoisers.calls.flow_calls import packed
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.load_by_family import LoadedModel, load_model
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.families.parity import told
from tests.nodes.families.seeing_models import krea_2, qwen_image_21
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish
from tests.telling import telling

TEXT, OTHER = "a red star", "blue"
SIDE = 320
"""Of references; below 256 the text encoder would see them larger than the denoiser."""


@pytest.fixture(scope="module")
def qwen_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    qwen_image_21(folder := tmp_path_factory.mktemp("qwen-image-2-1") / "random")
    return folder


@pytest.fixture(scope="module")
def qwen(qwen_folder: Path) -> LoadedModel:
    return load_model(str(qwen_folder))


@pytest.fixture(scope="module")
def krea_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    krea_2(folder := tmp_path_factory.mktemp("krea-2") / "random")
    return folder


def pictures(*sizes: tuple[int, int]) -> list[Image]:
    """Images of whole 8-bit values, of some heights and widths."""
    generator = torch.Generator().manual_seed(1)
    return [Image(torch.randint(0, 256, (1, 3, *size), generator=generator).float() / 255) for size in sizes]


def as_file(image: Image) -> Picture:
    found: Picture = to_pil_image((image.pixels[0] * 255).round().to(torch.uint8))
    return found


def flat(x: torch.Tensor) -> torch.Tensor:
    """(B, C, h, w) to tokens of single cells."""
    return x.flatten(2).mT


def run(
    model: LoadedModel, guider: Guider, seeds: tuple[int, ...], tokens: int, width: int, height: int, steps: int = 3
) -> Any:
    trained = type(model.schedule)({**model.schedule.config, "image_tokens": tokens})
    schedule = scheduler(trained, "Flow-match Euler", steps)
    return finish(sample(guider, schedule, Noise(seeds, width, height)))[1]


@pytest.mark.parametrize("scale", telling([1.0, 4.0], lambda scale: scale > 1))
def test_each_step_is_that_of_qwen_image_21(qwen_folder: Path, qwen: LoadedModel, scale: float) -> None:
    wanted, images = recorded(
        QwenImage21Pipeline.from_pretrained(qwen_folder),
        prompt=TEXT,
        negative_prompt=OTHER if scale > 1 else None,
        height=64,
        width=96,
        true_cfg_scale=scale,
        num_inference_steps=3,
        generator=torch.Generator().manual_seed(3),
    )
    texts = [edit_conditioning(qwen.text_encoder, text=text) for text in (TEXT, OTHER)]
    denoiser = network_denoiser(qwen.network)
    guider = classifier_free_guidance(denoiser, *texts, scale)
    latent, trajectory, *_ = run(qwen, guider, (3,), 24, 96, 64)
    told("Qwen-Image 2.1", "text" if scale == 1 else "text, guidance", map(flat, trajectory.x[1:]), wanted)
    torch.testing.assert_close(vae_decode(qwen.vae, latent).pixels, images[:, :3], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "sizes",
    telling([((64, 64),), ((32, 128), (64, 64)), ((50, 70), (90, 40), (64, 64))], lambda sizes: len(sizes) != 2),
)
def test_each_step_of_an_edit_is_that_of_qwen_image_21(
    qwen_folder: Path, qwen: LoadedModel, sizes: tuple[tuple[int, int], ...]
) -> None:
    shown = pictures(*sizes)
    wanted, _ = recorded(
        QwenImage21Pipeline.from_pretrained(qwen_folder),
        image=[as_file(image) for image in shown],
        prompt=TEXT,
        negative_prompt=OTHER,
        output_resolution=SIDE,
        height=64,
        width=64,
        true_cfg_scale=3.0,
        num_inference_steps=3,
        generator=torch.Generator().manual_seed(3),
    )
    references = [reference_image(image, qwen.vae, qwen.network, SIDE) for image in shown]
    texts = [edit_conditioning(qwen.text_encoder, *references, text=text) for text in (TEXT, OTHER)]
    guider = classifier_free_guidance(network_denoiser(qwen.network), *texts, 3.0)
    _, trajectory, *_ = run(qwen, guider, (3,), 16, 64, 64)
    told("Qwen-Image 2.1", f"edit, {len(sizes)} references", map(flat, trajectory.x[1:]), wanted)
    alone = no_guidance(network_denoiser(qwen.network), edit_conditioning(qwen.text_encoder, text=TEXT))
    assert not torch.allclose(run(qwen, alone, (3,), 16, 64, 64)[1].x[-1], trajectory.x[-1], atol=1e-3)


@pytest.mark.parametrize("scale", telling([0.0, 3.5], lambda scale: scale > 0))
def test_each_step_is_that_of_krea_2(krea_folder: Path, scale: float) -> None:
    wanted, images = recorded(
        Krea2Pipeline.from_pretrained(krea_folder),
        prompt=[TEXT] * 2,
        negative_prompt=[OTHER] * 2,
        height=48,
        width=64,
        guidance_scale=scale,
        num_inference_steps=3,
        generator=[torch.Generator().manual_seed(seed) for seed in (3, 4)],
    )
    model = load_model(str(krea_folder))
    texts = [edit_conditioning(model.text_encoder, text=text) for text in (TEXT, OTHER)]
    guider = classifier_free_guidance(network_denoiser(model.network), *texts, scale + 1)
    latent, trajectory, *_ = run(model, guider, (3, 4), 12, 64, 48)
    told("Krea 2", "text, guidance" if scale else "text", map(packed, trajectory.x[1:]), wanted)
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, images, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_style_references_of_krea_2_are_modulated_as_clean_images(krea_folder: Path) -> None:
    """Against ComfyUI's rule (index_timestep_zero) written out: reference n in plane n, at timestep 0."""
    model = load_model(str(krea_folder))
    references = [reference_image(image, model.vae, model.network, SIDE) for image in pictures((64, 96), (96, 64))]
    text = edit_conditioning(model.text_encoder, *references, text=TEXT)
    assert sum(word == "<|image_pad|>" for word in text.words) > 2, "the text encoder sees them too"
    x, time = torch.randn(1, 16, 8, 12, generator=torch.Generator().manual_seed(1)), torch.tensor(500.0)
    found = network_denoiser(model.network).predict(x, time, text)
    net: Any = model.network.module
    patches = [packed(one) for one in (x, *text.references)]
    assert text.tokens is not None
    words = text.tokens.unflatten(-1, (12, -1))
    states = torch.cat([net.txt_in(net.text_fusion(words)), net.img_in(torch.cat(patches, 1))], 1)
    clean_from = words.shape[1] + patches[0].shape[1]
    places = torch.zeros(states.shape[1], 3)
    sizes, at = [tuple(side // 2 for side in one.shape[-2:]) for one in (x, *text.references)], words.shape[1]
    for plane, (rows, columns) in enumerate(sizes):
        for cell in range(rows * columns):
            places[at + cell] = torch.tensor([plane, cell // columns, cell % columns])
        at += rows * columns
    told = [net.time_embed(torch.tensor([level]), torch.float32) for level in (0.5, 0.0)]
    noisy, clean = (net.time_mod_proj(torch.nn.functional.gelu(one, approximate="tanh")) for one in told)
    rotary = net.rotary_emb(places)

    def by_parts(block: Any, number: int) -> torch.Tensor:
        parts = [(one.unflatten(-1, (6, -1)) + block.scale_shift_table)[:, :, number] for one in (noisy, clean)]
        return torch.cat([part.expand(1, count, -1) for part, count in zip(parts, counts, strict=True)], 1)

    counts = clean_from, states.shape[1] - clean_from
    for block in net.transformer_blocks:
        scale, shift, gate, second_scale, second_shift, second_gate = (by_parts(block, number) for number in range(6))
        seen = block.attn((1 + scale) * block.norm1(states) + shift, attention_mask=None, image_rotary_emb=rotary)
        states = states + gate * seen
        states = states + second_gate * block.ff((1 + second_scale) * block.norm2(states) + second_shift)
    wanted = net.final_layer(states[:, words.shape[1] : clean_from], told[0])
    torch.testing.assert_close(packed(found), wanted, atol=1e-5, rtol=1e-5)
    alone = network_denoiser(model.network).predict(x, time, replace(text, references=()))
    assert not torch.allclose(found, alone, atol=1e-3)
    assert not net.time_mod_proj._forward_hooks, "the network is as it was"


def test_a_batch_is_its_singles(qwen: LoadedModel) -> None:
    reference = reference_image(*pictures((64, 96)), qwen.vae, qwen.network, SIDE)
    guider = no_guidance(network_denoiser(qwen.network), edit_conditioning(qwen.text_encoder, reference, text=TEXT))
    both = run(qwen, guider, (3, 4), 16, 64, 64)[1].x[-1]
    assert torch.equal(both[1:], run(qwen, guider, (4,), 16, 64, 64)[1].x[-1])


def test_references_are_of_the_size_that_the_family_wants(qwen: LoadedModel) -> None:
    reference = reference_image(*pictures((64, 128)), qwen.vae, qwen.network, 256)
    assert reference.latent.samples.shape == (1, 64, 12, 22)
    assert reference.seen is not None
    assert reference.seen.pixels.shape == (1, 3, 192, 352)


def test_what_does_not_go_together_is_a_sentence(qwen: LoadedModel, krea_folder: Path) -> None:
    krea = load_model(str(krea_folder))
    (image,) = pictures((64, 64))
    with pytest.raises(NodeError, match=r"Z-Image is shown no reference images; .*Krea 2, .*Qwen-Image 2.1"):
        reference_image(image, krea.vae, replace(krea.network, family="Z-Image"))
    with pytest.raises(NodeError, match="2 images are one too many"):
        reference_image(Image(image.pixels.repeat(2, 1, 1, 1)), qwen.vae, qwen.network)
    own = reference_image(image, qwen.vae, qwen.network, SIDE)
    other = Reference(own.latent, own.seen, "FLUX.2")
    with pytest.raises(NodeError, match=r"encoded for FLUX.2 and Qwen-Image 2\.1; encode all for the same model"):
        edit_conditioning(qwen.text_encoder, own, other)
    with pytest.raises(NodeError, match="encoded into 64 channels, and this model paints 16"):
        shown = replace(edit_conditioning(krea.text_encoder, text=TEXT), references=(own.latent.samples,))
        network_denoiser(krea.network).predict(torch.zeros(1, 16, 8, 8), torch.tensor(5.0), shown)
    with pytest.raises(NodeError, match="saw these images in another size"):
        small = edit_conditioning(qwen.text_encoder, reference_image(image, qwen.vae, qwen.network, 64), text=TEXT)
        network_denoiser(qwen.network).predict(torch.zeros(1, 64, 4, 4), torch.tensor(5.0), small)
    with pytest.raises(NodeError, match="multiples of 32"):
        text = edit_conditioning(qwen.text_encoder, text=TEXT)
        network_denoiser(qwen.network).predict(torch.zeros(1, 64, 3, 4), torch.tensor(5.0), text)
