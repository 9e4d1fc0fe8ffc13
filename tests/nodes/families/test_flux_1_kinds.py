"""FLUX.1 Fill, Canny, Depth and Kontext, and true guidance: diffusers' own pipelines step by step."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import FluxControlPipeline, FluxFillPipeline, FluxKontextPipeline, FluxPipeline
from diffusers.pipelines.flux.pipeline_flux_kontext import PREFERRED_KONTEXT_RESOLUTIONS
from safetensors.torch import save_file

from nodeflow.node import NodeError
from nodeflow.wires import DiffusionNetwork, Guider, Mask
from nodes.adapters.lora import apply_lora
from nodes.conditioning.reference_images import edit_conditioning, reference_image
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.beside_pictures import edit_denoiser, inpainting_denoiser
from nodes.denoisers.calls.flow_calls import packed
from nodes.denoisers.flow_transformers import flux_denoiser, network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.loaders.families.flux_1.call import reference_places
from nodes.loaders.families.flux_1.family import sized
from nodes.loaders.load_by_family import LoadedModel, load_diffusion_model, load_model
from tests.nodes.families.model_folders import flux
from tests.nodes.families.parity import told
from tests.nodes.families.split_files import weights_of
from tests.nodes.families.test_seeing_models import OTHER, TEXT, as_file, pictures, run
from tests.nodes.original_transformers import original_weights
from tests.nodes.test_flow import recorded

HEIGHT, WIDTH, TOKENS = 64, 96, 24
OPTIONS = {"prompt": TEXT, "height": HEIGHT, "width": WIDTH, "num_inference_steps": 3}
FILL, LINES = 384, 128
"""Channels of the published transformers: x_embedder of FLUX.1-Fill-dev and FLUX.1-Canny-dev."""


def saved(folder: Path, pipeline: Any, channels: int = 64) -> Path:
    """A folder whose VAE is sure of each image's latent, since pipelines draw it."""
    torch.manual_seed(0)
    flux(folder, pipeline, channels)
    made = pipeline.from_pretrained(folder)
    last = made.vae.encoder.conv_out
    with torch.no_grad():
        last.weight[len(last.weight) // 2 :] = 0
        last.bias[len(last.bias) // 2 :] = -60
    made.vae.save_pretrained(folder / "vae")
    return folder


def seed() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def path_of(model: LoadedModel, guider: Guider) -> list[torch.Tensor]:
    return [packed(x) for x in run(model, guider, (3,), TOKENS, WIDTH, HEIGHT)[1].x[1:]]


def assert_same_network(found: DiffusionNetwork, wanted: DiffusionNetwork) -> None:
    """Weights to the last bit, what the class is made with, and the space."""
    assert (found.family, found.format) == (wanted.family, wanted.format)
    given, known = (network.module.state_dict() for network in (found, wanted))
    assert given.keys() == known.keys()
    assert all(torch.equal(weight, known[name]) for name, weight in given.items())
    made, asked = (dict(network.module.config) for network in (found, wanted))
    assert {name: value for name, value in made.items() if not name.startswith("_")} == {
        name: type(made[name])(value) if isinstance(value, list) else value
        for name, value in asked.items()
        if not name.startswith("_")
    }


def test_each_step_with_true_guidance_beside_the_distilled_one(tmp_path: Path) -> None:
    folder = saved(tmp_path / "dev", FluxPipeline)
    wanted, _ = recorded(
        FluxPipeline.from_pretrained(folder),
        negative_prompt=OTHER,
        true_cfg_scale=4.0,
        guidance_scale=2.5,
        generator=seed(),
        **OPTIONS,
    )
    model = load_model(str(folder))
    texts = [clip_text_encode(model.text_encoder, text) for text in (TEXT, OTHER)]
    guider = classifier_free_guidance(network_denoiser(model.network, 2.5), *texts, 4.0)
    told("FLUX.1", "dev, true guidance", path_of(model, guider), wanted)


def test_each_step_is_that_of_fill_from_folder_and_file(tmp_path: Path) -> None:
    folder = saved(tmp_path / "fill", FluxFillPipeline, FILL)
    (image,) = pictures((HEIGHT, WIDTH))
    covered = torch.zeros(1, 1, HEIGHT, WIDTH)
    covered[..., 13:40, 21:70] = 1  # not along cells: every pixel of the mask is seen
    latents = torch.randn(1, 16, HEIGHT // 8, WIDTH // 8, generator=seed())
    wanted, _ = recorded(
        FluxFillPipeline.from_pretrained(folder),
        image=as_file(image),
        mask_image=covered[0],
        latents=packed(latents),
        guidance_scale=30.0,
        **OPTIONS,
    )
    model = load_model(str(folder))
    denoiser = inpainting_denoiser(model.network, model.vae, image, Mask(covered), guidance=30.0)
    text = clip_text_encode(model.text_encoder, TEXT)
    told("FLUX.1", "Fill", path_of(model, no_guidance(denoiser, text)), wanted)
    weights = original_weights("FluxTransformer2DModel", weights_of(folder / "transformer"))
    save_file(weights, tmp_path / "flux1-fill-dev.safetensors")
    network, _ = load_diffusion_model(str(tmp_path / "flux1-fill-dev.safetensors"))
    assert_same_network(network, model.network)
    with pytest.raises(NodeError, match="multiples of 16; scale this one, 40 x 24"):
        inpainting_denoiser(network, model.vae, *(pictures((24, 40))), Mask(torch.zeros(1, 1, 24, 40)))
    with pytest.raises(NodeError, match="an inpainting model; use Inpainting denoiser"):
        network_denoiser(network)
    with pytest.raises(NodeError, match="an inpainting model; use Inpainting denoiser"):
        flux_denoiser(network)
    with pytest.raises(NodeError, match="an inpainting model; use Inpainting denoiser"):
        edit_denoiser(network, model.vae, image)


def test_each_step_is_that_of_lines_and_depths(tmp_path: Path) -> None:
    folder = saved(tmp_path / "canny", FluxControlPipeline, LINES)
    (image,) = pictures((HEIGHT, WIDTH))
    latents = packed(torch.randn(1, 16, HEIGHT // 8, WIDTH // 8, generator=seed()))
    wanted, _ = recorded(
        FluxControlPipeline.from_pretrained(folder),
        control_image=as_file(image),
        latents=latents,
        guidance_scale=10.0,
        **OPTIONS,
    )
    model = load_model(str(folder))
    denoiser = edit_denoiser(model.network, model.vae, image, guidance=10.0)
    text = clip_text_encode(model.text_encoder, TEXT)
    told("FLUX.1", "Canny, Depth", path_of(model, no_guidance(denoiser, text)), wanted)
    with pytest.raises(NodeError, match="a model that is shown an image; use Edit denoiser"):
        network_denoiser(model.network)


def control_lora(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """What `flux1-canny-dev-lora.safetensors` holds, in diffusers' names: low-rank factors of layers with biases of
    their own, the first of which takes an image's latent beside its own, and values of norms."""
    torch.manual_seed(2)
    found = {}
    for layer in ("x_embedder", "transformer_blocks.0.attn.to_q", "single_transformer_blocks.0.proj_out", "proj_out"):
        weight = network.get_submodule(layer).weight
        found[f"{layer}.lora_A.weight"] = 0.1 * torch.randn(4, weight.shape[1] * (2 if layer == "x_embedder" else 1))
        found[f"{layer}.lora_B.weight"] = 0.1 * torch.randn(len(weight), 4)
        found[f"{layer}.lora_B.bias"] = 0.1 * torch.randn(len(weight))
    norm = "transformer_blocks.0.attn.norm_q"
    found[f"{norm}.weight"] = 1 + 0.1 * torch.randn(network.get_submodule(norm).weight.shape)
    return {f"transformer.{name}": value for name, value in found.items()}


def test_each_step_is_that_of_a_lora_for_lines_on_the_plain_model(tmp_path: Path) -> None:
    folder, file = saved(tmp_path / "dev", FluxPipeline), tmp_path / "flux1-canny-dev-lora.safetensors"
    model = load_model(str(folder))
    weights = control_lora(model.network.module)
    save_file(weights, file)
    (image,) = pictures((HEIGHT, WIDTH))
    latents = packed(torch.randn(1, 16, HEIGHT // 8, WIDTH // 8, generator=seed()))
    pipeline = FluxControlPipeline.from_pretrained(folder)
    pipeline.load_lora_weights(weights)
    assert pipeline.transformer.config.in_channels == LINES
    wanted, _ = recorded(pipeline, control_image=as_file(image), latents=latents, guidance_scale=10.0, **OPTIONS)
    before = {name: value.clone() for name, value in model.network.module.state_dict().items()}
    led = apply_lora(model.network, str(file))
    text = clip_text_encode(model.text_encoder, TEXT)
    denoiser = edit_denoiser(led, model.vae, image, guidance=10.0)
    told("FLUX.1", "Canny LoRA on dev", path_of(model, no_guidance(denoiser, text)), wanted)
    assert all(torch.equal(before[name], value) for name, value in model.network.module.state_dict().items())
    x, time = torch.randn(1, 16, 8, 12, generator=seed()), torch.tensor(500.0)
    merged = denoiser.predict(x, time, text)
    pipeline.fuse_lora()
    pipeline.transformer.register_to_config(in_channels=LINES, out_channels=64)
    whole = replace(model.network, module=pipeline.transformer)
    fused = edit_denoiser(whole, model.vae, image, guidance=10.0).predict(x, time, text)
    torch.testing.assert_close(merged, fused, atol=1e-5, rtol=1e-5)
    none = edit_denoiser(apply_lora(model.network, str(file), 0.0), model.vae, image, guidance=10.0)
    assert torch.equal(none.predict(x, time, text), network_denoiser(model.network, 10.0).predict(x, time, text))
    late = edit_denoiser(apply_lora(model.network, str(file), start=0.5), model.vae, image, guidance=10.0)
    assert torch.equal(late.at(0, 4).predict(x, time, text), none.predict(x, time, text))
    assert torch.equal(late.at(3, 4).predict(x, time, text), merged)
    both = edit_denoiser(apply_lora(led, str(narrow(model, tmp_path))), model.vae, image, guidance=10.0)
    assert not torch.allclose(both.predict(x, time, text), merged, atol=1e-4)
    with pytest.raises(NodeError, match="a model that is shown an image; use Edit denoiser"):
        network_denoiser(led)


def narrow(model: LoadedModel, place: Path) -> Path:
    """A LoRA of the first layer as it is, such as those for few steps have."""
    out, wide = model.network.module.get_submodule("x_embedder").weight.shape
    low = {"A": torch.randn(2, wide), "B": torch.randn(out, 2)}
    save_file(
        {f"transformer.x_embedder.lora_{side}.weight": one for side, one in low.items()}, place / "few.safetensors"
    )
    return place / "few.safetensors"


@pytest.fixture(scope="module")
def kontext(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Saved once; nobody changes it."""
    return saved(tmp_path_factory.mktemp("kontext") / "kontext", FluxKontextPipeline)


@pytest.mark.parametrize("scale", [pytest.param(1.0, marks=pytest.mark.slow), 3.0])
def test_each_step_is_that_of_kontext(kontext: Path, scale: float) -> None:
    (image,) = pictures((48, 32))
    pipeline = FluxKontextPipeline.from_pretrained(kontext)
    latents = packed(torch.randn(1, 16, HEIGHT // 8, WIDTH // 8, generator=seed()))
    wanted, _ = recorded(
        pipeline,
        image=as_file(image),
        negative_prompt=OTHER,
        true_cfg_scale=scale,
        guidance_scale=2.5,
        latents=latents,
        max_area=HEIGHT * WIDTH,
        _auto_resize=False,
        **OPTIONS,
    )
    model = load_model(str(kontext))
    reference = reference_image(image, model.vae, model.network, 39)
    assert reference.latent.samples.shape == (1, 16, 6, 4)
    texts = [edit_conditioning(model.text_encoder, reference, text=text) for text in (TEXT, OTHER)]
    guider = classifier_free_guidance(network_denoiser(model.network, 2.5), *texts, scale)
    told("FLUX.1", "Kontext" if scale == 1 else "Kontext, true guidance", path_of(model, guider), wanted)


def test_references_of_kontext_have_its_sizes() -> None:
    for height in range(100, 2000, 61):
        for width in range(100, 2000, 83):
            ratio = width / height
            _, across, down = min((abs(ratio - w / h), w, h) for w, h in PREFERRED_KONTEXT_RESOLUTIONS)
            assert sized((height, width), 0) == (down, across)


def test_several_references_lie_beside_each_other(kontext: Path) -> None:
    """As ComfyUI's default lays them; diffusers' pipeline takes one."""
    sizes = [(4, 6), (4, 4), (8, 2)]
    found = reference_places(torch.zeros(1, 16, *size) for size in sizes)
    corners = [tuple(map(int, places[0])) for places in found]
    assert corners == [(1, 0, 0), (1, 2, 0), (1, 0, 3)]
    cells = [tuple(map(int, place)) for places in found for place in places]
    assert len(set(cells)) == len(cells) == sum(height * width // 4 for height, width in sizes)
    model = load_model(str(kontext))
    images = [reference_image(image, model.vae, model.network, 32) for image in pictures((32, 32), (32, 64))]
    x, time = torch.randn(1, 16, 4, 4, generator=seed()), torch.tensor(500.0)
    given = [edit_conditioning(model.text_encoder, *shown, text=TEXT) for shown in (images, images[:1], images[::-1])]
    said = [network_denoiser(model.network).predict(x, time, text) for text in given]
    assert not torch.allclose(said[0], said[1], atol=1e-4)
    assert not torch.allclose(said[0], said[2], atol=1e-4)
