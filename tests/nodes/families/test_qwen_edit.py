"""Qwen-Image-Edit, the first, 2509 and 2511, and Layered: diffusers' own pipelines step by step."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    AutoencoderKLQwenImage,
    QwenImageEditPipeline,
    QwenImageEditPlusPipeline,
    QwenImageLayeredPipeline,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
)
from diffusers.pipelines.qwenimage import (
    pipeline_qwenimage_edit,
    pipeline_qwenimage_edit_plus,
    pipeline_qwenimage_layered,
)
from safetensors.torch import save_file
from transformers import (
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

from nodeflow.node import NodeError
from nodeflow.wires import Image, Latent
from nodes.conditioning.reference_images import edit_conditioning, reference_image
from nodes.denoisers.calls.flow_calls import packed
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.guidance.normalised import normalise_guidance
from nodes.latents.layers import decode_layers, layered_noise
from nodes.loaders.load_by_family import load_diffusion_model, load_model
from nodes.loaders.load_models import load_vae
from nodes.loaders.text_encoders.kinds.qwen import EYES_25
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.families.model_folders import qwen_image
from tests.nodes.families.parity import told
from tests.nodes.families.small.parts import TEMPLATE, words
from tests.nodes.families.split_files import weights_of
from tests.nodes.families.test_flux_1_kinds import assert_same_network
from tests.nodes.families.test_seeing_models import OTHER, TEXT, as_file, pictures, run
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish
from tests.telling import telling_pairs

SMALL = 128
"""The side of references here, in the place of 1024 and 384."""


def save_edit(folder: Path, zero_cond_t: bool, pipeline: Any = QwenImageEditPlusPipeline) -> Path:
    """The pipeline, of Qwen-Image's own parts and a processor."""
    torch.manual_seed(0)
    tokenizer = words()
    qwen_image(folder / "plain", tokenizer, zero_cond_t=zero_cond_t)
    plain = QwenImagePipeline.from_pretrained(folder / "plain")
    processor = Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(**EYES_25),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=TEMPLATE,
    )
    pipeline(**plain.components, processor=processor).save_pretrained(folder / "edit")
    return folder / "edit"


def save_layered(folder: Path) -> Path:
    """The same with layers as an axis, and a VAE whose images are transparent."""
    edit = QwenImageEditPipeline.from_pretrained(save_edit(folder, False, QwenImageEditPipeline))
    shape = {**edit.transformer.config, "use_additional_t_cond": True, "use_layer3d_rope": True}
    parts = {
        **edit.components,
        "transformer": QwenImageTransformer2DModel.from_config(shape),
        "vae": AutoencoderKLQwenImage(base_dim=8, input_channels=4),
    }
    QwenImageLayeredPipeline(**parts).save_pretrained(folder / "layered")
    return folder / "layered"


def tell_positions(encoder: Any) -> None:
    """Let a text encoder know which tokens are of images, which diffusers' own pipeline does not."""
    plain = encoder.forward

    def forward(input_ids: torch.Tensor, **given: Any) -> Any:
        kinds = (input_ids == encoder.config.image_token_id).long()
        return plain(input_ids=input_ids, mm_token_type_ids=kinds, **given)

    encoder.forward = forward


@pytest.mark.parametrize(
    ("zero_cond_t", "count"), telling_pairs([(False, 1), (False, 3), (True, 2)], lambda _, count: count > 1)
)
def test_each_step_of_an_edit_is_that_of_qwen_image_edit(
    tmp_path: Path, zero_cond_t: bool, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in ("VAE_IMAGE_SIZE", "CONDITION_IMAGE_SIZE"):
        monkeypatch.setattr(pipeline_qwenimage_edit_plus, size, SMALL**2)
    folder = save_edit(tmp_path, zero_cond_t)
    pipeline = QwenImageEditPlusPipeline.from_pretrained(folder)
    tell_positions(pipeline.text_encoder)
    shown = pictures((60, 90), (40, 40), (100, 64))[:count]
    wanted, _ = recorded(
        pipeline,
        image=[as_file(image) for image in shown],
        prompt=TEXT,
        negative_prompt=OTHER,
        height=32,
        width=48,
        true_cfg_scale=4.0,
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(3),
    )
    model = load_model(str(folder))
    references = [reference_image(image, model.vae, model.network, SMALL) for image in shown]
    texts = [edit_conditioning(model.text_encoder, *references, text=text) for text in (TEXT, OTHER)]
    guider = normalise_guidance(classifier_free_guidance(network_denoiser(model.network), *texts, 4.0))
    trajectory = run(model, guider, (3,), 6, 48, 32, 2).trajectory
    kind = "2511" if zero_cond_t else "2509"
    told("Qwen-Image-Edit", f"{kind}, {count} references", map(packed, trajectory.x[1:]), wanted)


def test_a_file_of_2511_is_told_by_its_mark(tmp_path: Path) -> None:
    folder = save_edit(tmp_path, True)
    weights = weights_of(folder / "transformer")
    save_file({**weights, "__index_timestep_zero__": torch.zeros(0)}, tmp_path / "edit-2511.safetensors")
    network, _ = load_diffusion_model(str(tmp_path / "edit-2511.safetensors"))
    assert network.family == "Qwen-Image"
    assert network.module.config["zero_cond_t"] is True


def test_each_step_is_that_of_the_first_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (128, 128)
    monkeypatch.setattr(pipeline_qwenimage_edit, "calculate_dimensions", lambda area, ratio: (*size, None))
    folder = save_edit(tmp_path, False, QwenImageEditPipeline)
    pipeline = QwenImageEditPipeline.from_pretrained(folder)
    tell_positions(pipeline.text_encoder)
    shown, further = pictures((60, 60), (40, 40))
    wanted, _ = recorded(
        pipeline,
        image=as_file(shown),
        prompt=TEXT,
        negative_prompt=OTHER,
        height=32,
        width=48,
        true_cfg_scale=4.0,
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(3),
    )
    model = load_model(str(folder))
    assert model.network.family == "Qwen-Image-Edit"
    references = [reference_image(image, model.vae, model.network, SMALL) for image in (shown, further)]
    texts = [edit_conditioning(model.text_encoder, references[0], text=text) for text in (TEXT, OTHER)]
    guider = normalise_guidance(classifier_free_guidance(network_denoiser(model.network), *texts, 4.0))
    trajectory = run(model, guider, (3,), 6, 48, 32, 2).trajectory
    told("Qwen-Image-Edit", "the first, 1 reference", map(packed, trajectory.x[1:]), wanted)
    with pytest.raises(NodeError, match="changes one image, and 2 are shown; take Edit 2509 or 2511 for several"):
        edit_conditioning(model.text_encoder, *references, text=TEXT)
    network, _ = load_diffusion_model(str(folder / "transformer"), family="Qwen-Image-Edit")
    assert network.family == "Qwen-Image-Edit"


def test_each_step_of_layers_is_that_of_qwen_image_layered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline_qwenimage_layered, "calculate_dimensions", lambda area, ratio: (96, 64, None)[:2])
    torch.manual_seed(0)
    folder = save_layered(tmp_path)
    pipeline = QwenImageLayeredPipeline.from_pretrained(folder)
    shown, layers = pictures((64, 96))[0], 2
    model = load_model(str(folder))
    reference = reference_image(shown, model.vae, model.network, 80)
    assert reference.latent.samples.shape[-2:] == (8, 12)
    texts = [edit_conditioning(model.text_encoder, reference, text=text) for text in (TEXT, OTHER)]
    guider = classifier_free_guidance(network_denoiser(model.network), *texts, 4.0)
    trained = type(model.schedule)({**model.schedule.config, "image_tokens": 24})
    schedule = scheduler(trained, "Flow-match Euler", 2)
    latent, trajectory, *_ = finish(sample(guider, schedule, layered_noise(reference, layers, 3)))[1]

    def tokens(x: torch.Tensor) -> torch.Tensor:
        return torch.cat([packed(one) for one in x.split(8, -2)], 1)

    wanted, images = recorded(
        pipeline,
        image=as_file(shown).convert("RGBA"),
        prompt=TEXT,
        negative_prompt=OTHER,
        layers=layers,
        true_cfg_scale=4.0,
        num_inference_steps=2,
        latents=tokens(trajectory.x[0]),
    )
    told("Qwen-Image-Layered", "2 layers, guidance", map(tokens, trajectory.x[1:]), wanted)
    image, mask = decode_layers(latent, model.vae, reference)
    torch.testing.assert_close(torch.cat([image.pixels, mask.values], 1), images[0], atol=1e-4, rtol=1e-4)
    with pytest.raises(NodeError, match="takes one image apart, and 0 are shown; wire one reference image"):
        network_denoiser(model.network).predict(trajectory.x[0], torch.tensor(5.0), model.text_encoder.encode([TEXT]))
    with pytest.raises(NodeError, match="layers are as large as the image that they are parts of; take the noise of"):
        network_denoiser(model.network).predict(trajectory.x[0][..., :10], torch.tensor(5.0), texts[0])
    with pytest.raises(NodeError, match="this latent is 12 x 8 cells, and layers of 12 x 8 stand one below the other"):
        decode_layers(Latent(latent.samples[..., :8, :]), model.vae, reference)


def test_split_files_of_layers_are_the_folder(tmp_path: Path) -> None:
    torch.manual_seed(0)
    folder = save_layered(tmp_path)
    for part in ("transformer", "vae"):
        save_file(weights_of(folder / part), tmp_path / f"{part}.safetensors")
    found, wanted = load_diffusion_model(str(tmp_path / "transformer.safetensors"))[0], load_model(str(folder))
    assert_same_network(found, wanted.network)
    pixels = Image(torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(1)))
    vae = load_vae(str(tmp_path / "vae.safetensors"))
    assert torch.equal(vae.encode(pixels).samples, wanted.vae.encode(pixels).samples)
    network, _ = load_diffusion_model(str(folder))
    assert network.family == "Qwen-Image-Layered"
