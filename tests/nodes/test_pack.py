"""Tests that hold for every node of the built-in pack."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import nodes
from nodeflow.engine.worker.packs import Packs
from nodeflow.graph.io import files
from nodeflow.graph.validate import check
from nodeflow.resources import folder
from nodeflow.wires import Codes, Image, Latent, Sigmas, TrainedSchedule
from nodes.loaders.load_models import LatentDiffusion
from tests.nodes.tiny_controls import tiny_controlnet, tiny_lora
from tests.nodes.tiny_tokens import TinyTokens

pack = Packs()
pack.add(nodes, "test")
ON_SIGMAS = (
    "split_sigmas_by_denoise",
    "part_of_sigmas",
    "flip_sigmas",
    "set_first_sigma",
    "scale_sigmas",
    "extend_sigmas",
    "sigmas_schedule",
    "adaptive_schedule",
)
WORKFLOW = folder("workflows") / "latent-diffusion.json"


@pytest.fixture(scope="module")
def arguments(
    tiny: LatentDiffusion,
    tiny_folder: Path,
    tiny_clip: Path,
    tiny_dit: Path,
    tiny_ddpm: Path,
    tiny_tokens: TinyTokens,
    tiny_upsampler: Path,
    tiny_classifier: Path,
    tiny_upscaler: Path,
    tiny_unclip: Path,
    tiny_sd3: Path,
    tiny_flux: Path,
    tiny_uvit: Path,
    tiny_gan: Path,
    tiny_if: Path,
    tiny_if_large: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, dict[str, Any]]:
    """Something to call each node with. Made once: no node changes what it is given, which is what is tested."""
    made, folder = pack.functions, tmp_path_factory.mktemp("pack")
    text = made["nodes.clip_text_encode"](tiny.text_encoder, "red star")
    denoiser = made["nodes.unet_denoiser"](tiny.unet)
    schedule = made["nodes.scheduler"](tiny.schedule, "DDPM", 2)
    noise = made["nodes.gaussian_noise"](3, 2)
    image, latent = Image(torch.rand(2, 3, 16, 16)), Latent(torch.randn(2, 4, 8, 8))
    guider = made["nodes.classifier_free_guidance"](denoiser, text, text, 3.0, 0.5)
    clip = made["nodes.load_clip"](str(tiny_clip))
    dit = made["nodes.load_dit"](str(tiny_dit))
    pixels = made["nodes.pixel_denoiser"](made["nodes.load_ddpm"](str(tiny_ddpm)).unet)
    larger = made["nodes.load_text_upsampler"](str(tiny_if_large))
    mask = made["nodes.shape_mask"](image)
    classifier = made["nodes.load_noisy_classifier"](str(tiny_classifier))
    upsampler = made["nodes.load_upsampler"](str(tiny_upsampler))
    gan = made["nodes.load_gan"](str(tiny_gan))
    vectors = clip.embed_texts(["red"])
    vq = made["nodes.load_vq"](str(tiny_tokens.vq))
    codes = vq.encode(image)
    dalle = made["nodes.load_dalle"](str(tiny_tokens.dalle))
    masked = made["nodes.load_masked_tokens"](str(tiny_tokens.amused))
    words = masked.text_encoder.encode(["red star"])
    path = made["nodes.save_image"](image, "read", folder).paths[0]
    prior = made["nodes.load_prior"](str(tiny_unclip))
    decoder = made["nodes.load_unclip_decoder"](str(tiny_unclip)).decoder

    levels, levels_below = Sigmas(torch.tensor([9.0, 5.0, 2.0])), Sigmas(torch.tensor([2.0, 1.0, 0.0]))
    controlnet, lora = tiny_controlnet(tiny, folder / "controlnet"), tiny_lora(tiny, folder / "lora")
    return {
        "nodes.load_prior": {"model": str(tiny_unclip)},
        "nodes.load_unclip_decoder": {"model": str(tiny_unclip)},
        "nodes.prior_denoiser": {"prior": prior.prior},
        "nodes.prior_embedding": {"prior": prior.prior, "latent": Latent(torch.randn(2, 24, 1, 1))},
        "nodes.nearest_embedding": {"candidates": clip.embed_images(image), "target": vectors},
        "nodes.unclip_conditioning": {
            "decoder": decoder,
            "text": made["nodes.clip_text_encode"](prior.text_encoder, "red"),
            "embedding": vectors,
        },
        "nodes.unclip_denoiser": {"decoder": decoder},
        "nodes.diffusion_clip": {
            "denoiser": denoiser,
            "conditioning": text,
            "schedule": made["nodes.scheduler"](tiny.schedule, "DDIM", 2),
            "noise": latent,
            "image": Image(torch.rand(2, 3, 32, 32)),
            "vae": tiny.vae,
            "clip": clip,
            "source": vectors,
            "target": clip.embed_texts(["blue"]),
            "rounds": 1,
        },
        "nodes.load_latent_diffusion": {"model": str(tiny_folder)},
        "nodes.load_ddpm": {"model": str(tiny_ddpm)},
        "nodes.pixel_denoiser": {"unet": made["nodes.load_ddpm"](str(tiny_ddpm)).unet},
        "nodes.load_upscaler": {"model": str(tiny_upscaler)},
        "nodes.upscale_image": {"upscaler": made["nodes.load_upscaler"](str(tiny_upscaler)), "image": image, "tile": 8},
        "nodes.load_noisy_classifier": {"model": str(tiny_classifier)},
        "nodes.classifier_guidance": {
            "denoiser": made["nodes.pixel_denoiser"](made["nodes.load_ddpm"](str(tiny_ddpm)).unet),
            "classifier": classifier,
            "label": made["nodes.class_label"](classifier.classes, "star"),
            "schedule": schedule,
        },
        "nodes.load_upsampler": {"model": str(tiny_upsampler)},
        "nodes.upsample_denoiser": {
            "unet": upsampler.unet,
            "low": image,
            "schedule": upsampler.schedule,
            "augmentation": 9,
        },
        "nodes.noise_as_latent": {"noise": noise, "denoiser": denoiser},
        "nodes.latent_as_noise": {"latent": latent},
        "nodes.ddim_inversion": {"guider": guider, "schedule": schedule, "latent": latent},
        "nodes.load_vae": {"model": str(tiny_folder)},
        "nodes.pixel_space": {},
        "nodes.compare_pictures": {"image": image, "reference": image},
        "nodes.signal_to_noise": {"schedule": schedule},
        "nodes.forward_diffusion": {
            "latent": Latent(latent.samples[:1]),
            "noise": made["nodes.gaussian_noise"](),
            "schedule": schedule,
            "pictures": 3,
        },
        "nodes.load_clip": {"model": str(tiny_clip)},
        "nodes.load_flow_transformer": {"model": str(tiny_sd3)},
        "nodes.joint_denoiser": {"transformer": made["nodes.load_flow_transformer"](str(tiny_sd3)).transformer},
        "nodes.load_flux": {"model": str(tiny_flux)},
        "nodes.text_length": {"text_encoder": made["nodes.load_flux"](str(tiny_flux)).text_encoder},
        "nodes.edit_conditioning": {"text_encoder": tiny.text_encoder, "text": "red"},
        "nodes.flux_denoiser": {"transformer": made["nodes.load_flux"](str(tiny_flux)).transformer},
        "nodes.load_uvit": {"model": str(tiny_uvit)},
        "nodes.uvit_denoiser": {"transformer": made["nodes.load_uvit"](str(tiny_uvit)).transformer},
        "nodes.load_gan": {"model": str(tiny_gan)},
        "nodes.gan_noise": {"generator": gan, "noise": noise, "truncation": 0.7},
        "nodes.gan_generate": {
            "generator": gan,
            "conditioning": text,
            "noise": made["nodes.gan_noise"](gan, noise),
        },
        "nodes.load_dit": {"model": str(tiny_dit)},
        "nodes.class_label": {"classes": dit.classes, "label": "star"},
        "nodes.dit_denoiser": {"transformer": dit.transformer},
        "nodes.clip_image_embedding": {"clip": clip, "image": image},
        "nodes.clip_text_embedding": {"clip": clip, "text": "a red star"},
        "nodes.clip_similarity": {"images": clip.embed_images(image), "texts": vectors},
        "nodes.clip_rerank": {"clip": clip, "image": image, "text": "a red star"},
        "nodes.text_difference": {"image": vectors, "source": vectors, "target": clip.embed_texts(["blue"])},
        "nodes.interpolate_embeddings": {"start": vectors, "end": vectors},
        "nodes.interpolate_latents": {"start": Latent(latent.samples[:1]), "end": Latent(latent.samples[1:])},
        "nodes.aesthetic_score": {"conditioning": text},
        "nodes.clip_text_encode": {"text_encoder": tiny.text_encoder, "text": "blue"},
        "nodes.gaussian_noise": {},
        "nodes.add_noise": {"latent": latent, "noise": noise, "schedule": schedule, "step": 1},
        "nodes.noise_levels": {},
        "nodes.noise_stream": {"batch": 2},
        "nodes.noise_variation": {"noise": noise, "variation": noise},
        **{f"nodes.{name}": {"sigmas": levels} for name in ON_SIGMAS},
        "nodes.split_sigmas": {"sigmas": levels, "step": 1},
        "nodes.join_sigmas": {"high": levels, "low": levels_below},
        "nodes.noise_added": {"schedule": schedule},
        "nodes.sampler_error": {"guider": guider, "noise": noise, "steps": "2", "reference_steps": 8},
        "nodes.scheduler": {"trained": TrainedSchedule(tiny.schedule.config)},
        "nodes.load_text_pixels": {"model": str(tiny_if)},
        "nodes.load_text_upsampler": {"model": str(tiny_if_large)},
        "nodes.text_upsample_denoiser": {"unet": larger.unet, "low": image, "noise": noise, "noising": larger.noising},
        "nodes.thresholding": {"trained": larger.schedule},
        "nodes.unet_denoiser": {"unet": tiny.unet},
        "nodes.classifier_free_guidance": {"denoiser": denoiser, "positive": text, "negative": text},
        "nodes.change_guidance": {"before": guider, "after": guider, "step": 1},
        "nodes.change_noise": {"before": noise, "after": noise, "step": 1},
        "nodes.change_scheduler": {"before": schedule, "after": schedule, "step": 1},
        "nodes.guidance_interval": {"guider": guider},
        "nodes.guidance_within": {"inside": guider, "outside": guider},
        "nodes.normalise_guidance": {"guider": guider},
        **{
            f"nodes.{name}_guidance": {"denoiser": denoiser, "positive": text, "negative": text}
            for name in ("adaptive_projected", "tangential", "magnitude_aware", "frequency_decoupled", "zero_star")
        },
        **{
            f"nodes.{name}_guidance": {"guider": guider, "layers": "mid_block"}
            for name in ("skip_layer", "perturbed_attention", "smoothed_energy", "weaken")
        },
        "nodes.auto_guidance": {"guider": guider, "weak": guider},
        "nodes.clip_guidance": {
            "guider": made["nodes.no_guidance"](pixels),
            "clip": clip,
            "schedule": schedule,
            "text": "red",
        },
        "nodes.inpaint": {"guider": guider, "schedule": schedule, "latent": latent, "mask": mask},
        "nodes.no_guidance": {"denoiser": denoiser, "conditioning": text},
        "nodes.sample": {
            "guider": guider,
            "schedule": schedule,
            "noise": noise,
            "latent": latent,
        },
        "nodes.vae_decode": {"vae": tiny.vae, "latent": latent},
        "nodes.vae_encode": {"vae": tiny.vae, "image": image, "sample": True},
        "nodes.load_vq": {"model": str(tiny_tokens.vq)},
        "nodes.vq_encode": {"vq": vq, "image": image},
        "nodes.vq_decode": {"vq": vq, "codes": codes},
        "nodes.edit_codes": {"codes": codes, "other": codes},
        "nodes.codebook_use": {"codes": codes},
        "nodes.load_dalle": {"model": str(tiny_tokens.dalle)},
        "nodes.autoregressive_sample": {
            "transformer": dalle,
            "codes": Codes(torch.full((1, 3, 3), -1), 16),
            "vq": vq,
            "text": "red star",
            "pictures": 2,
            "guidance": 2.0,
        },
        "nodes.load_masked_tokens": {"model": str(tiny_tokens.amused)},
        "nodes.masked_sample": {
            "transformer": masked.transformer,
            "positive": words,
            "negative": words,
            "codes": Codes(torch.full((1, 4, 4), -1), 16),
            "vq": vq,
            "rounds": 2,
        },
        "nodes.load_image": {"path": path},
        "nodes.save_image": {"image": image, "folder": folder},
        "nodes.edges": {"image": image},
        "nodes.scribble": {"image": image},
        "nodes.straight_lines": {"image": image},
        "nodes.load_controlnet": {"model": str(controlnet)},
        "nodes.control": {
            "denoiser": denoiser,
            "controlnet": made["nodes.load_controlnet"](str(controlnet)),
            "image": image,
        },
        "nodes.apply_lora": {"unet": tiny.unet, "lora": str(lora)},
        "nodes.apply_lora_to_text": {"text_encoder": tiny.text_encoder, "lora": str(lora)},
        "nodes.resize_image": {"image": image, "width": 8, "height": 8},
        "nodes.shape_mask": {"image": image},
        "nodes.mask_from_picture": {"image": image, "inverted": True},
        "nodes.composite": {"background": image, "foreground": image, "mask": mask},
        "nodes.batch_images": {"*": [image]},
        "nodes.split_batch": {"image": image},
        "nodes.contact_sheet": {"images": [image], "labels": ["two"]},
        "nodes.texts": {"text": "red\nblue"},
        "nodes.seeds": {},
        "nodes.numbers": {},
        "nodes.whole_numbers": {},
        "nodes.files": {"folder": path.parent},
        "nodes.pair": {"first": [image], "second": [latent]},
        "nodes.pick": {"items": [image]},
        "nodes.reroute": {"value": image},
    }


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """Every tensor that an argument holds, the weights of its networks among them."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, torch.nn.Module):
        yield from value.state_dict().values()
    elif isinstance(value, list):
        for item in value:
            yield from tensors(item)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from tensors(getattr(value, name))


def call(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    result = function(*arguments.get("*", ()), **{name: value for name, value in arguments.items() if name != "*"})
    if isinstance(result, Generator):
        for _ in result:
            pass
    return result


@pytest.mark.parametrize("name", sorted(pack.functions))
def test_a_node_says_what_it_does(name: str) -> None:
    spec = pack.catalogue.nodes[name]
    first, _, rest = spec.doc.partition("\n")
    assert first.endswith((".", "?", ":")), "the first line is a sentence: it is the tooltip"
    assert len(first) <= 100
    assert rest.startswith("\n"), "an empty line follows the tooltip"
    assert spec.station in nodes.ROOMS


def test_a_node_leaves_what_comes_in_as_it_is(arguments: dict[str, dict[str, Any]]) -> None:
    for name, given in arguments.items():
        held = [tensor for value in given.values() for tensor in tensors(value)]
        before = [(tensor, tensor._version, tensor.clone()) for tensor in held]
        call(pack.functions[name], given)
        for tensor, version, copy in before:
            assert tensor._version == version, name
            assert torch.equal(tensor, copy), name


def test_the_starter_workflow_fits_the_pack_and_is_as_the_program_writes_it() -> None:
    data = WORKFLOW.read_bytes()
    workflow = files.loads(data)
    assert files.dumps(workflow) == data
    assert check.check(workflow, pack.catalogue) == []
    assert set(workflow.layout) == set(workflow.nodes)
