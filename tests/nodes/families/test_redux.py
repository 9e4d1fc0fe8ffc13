"""FLUX.1 Redux: tokens and steps are those of diffusers' own pipelines, from folder and files."""

from pathlib import Path

import pytest
import torch
from diffusers import FluxPipeline, FluxPriorReduxPipeline
from diffusers.pipelines.flux.modeling_flux import ReduxImageEncoder
from safetensors.torch import save_file
from transformers import SiglipImageProcessor, SiglipVisionConfig, SiglipVisionModel

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.conditioning.image_prompt import load_redux, redux_conditioning
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.calls.flow_calls import packed
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import no_guidance
from nodes.loaders.load_by_family import load_model
from tests.nodes.families.model_folders import flux
from tests.nodes.families.parity import told
from tests.nodes.families.split_files import weights_of
from tests.nodes.families.test_seeing_models import TEXT, as_file, pictures, run
from tests.nodes.test_flow import recorded

SIDE = 56
"""Of what SigLIP sees here, 384 in the true one; patches and heads are as there."""


def save(folder: Path) -> None:
    """A FLUX.1 and its prior."""
    torch.manual_seed(0)
    flux(path := folder / "dev")
    dev = FluxPipeline.from_pretrained(path)
    shape = {"hidden_size": 72, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 1}
    FluxPriorReduxPipeline(
        image_encoder=SiglipVisionModel(SiglipVisionConfig(image_size=SIDE, patch_size=14, **shape)),
        feature_extractor=SiglipImageProcessor(size={"height": SIDE, "width": SIDE}),
        image_embedder=ReduxImageEncoder(72, 24),
        text_encoder=dev.text_encoder,
        tokenizer=dev.tokenizer,
        text_encoder_2=dev.text_encoder_2,
        tokenizer_2=dev.tokenizer_2,
    ).save_pretrained(folder / "prior")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    save(path := tmp_path_factory.mktemp("redux"))
    return path


def test_each_step_is_that_of_redux(folder: Path) -> None:
    (image,) = pictures((40, 60))
    prior = FluxPriorReduxPipeline.from_pretrained(folder / "prior")
    given = prior(as_file(image), prompt=TEXT)
    wanted, _ = recorded(
        FluxPipeline.from_pretrained(folder / "dev"),
        height=32,
        width=48,
        num_inference_steps=3,
        guidance_scale=2.5,
        generator=torch.Generator().manual_seed(3),
        **given,
    )
    model = load_model(str(folder / "dev"))
    text = clip_text_encode(model.text_encoder, TEXT)
    both = redux_conditioning(text, load_redux(str(folder / "prior")), image)
    assert both.tokens is not None
    assert both.tokens.shape == (1, 512 + (SIDE // 14) ** 2, 24)
    trajectory = run(model, no_guidance(network_denoiser(model.network, 2.5), both), (3,), 6, 48, 32)[1]
    told("FLUX.1", "Redux", map(packed, trajectory.x[1:]), wanted)
    assert redux_conditioning(text, load_redux(str(folder / "prior")), image, 0.0) is text


def test_files_are_the_folder(folder: Path, tmp_path: Path) -> None:
    """Named as flux1-redux-dev.safetensors and sigclip_vision_patch14_384.safetensors name their weights."""
    save_file(weights_of(folder / "prior" / "image_embedder"), tmp_path / "redux.safetensors")
    sight = weights_of(folder / "prior" / "image_encoder")
    seen = {f"vision_model.{name.removeprefix('vision_model.')}": value for name, value in sight.items()}
    save_file(seen, tmp_path / "siglip.safetensors")
    shown = Image(torch.cat([image.pixels for image in pictures((40, 60), (40, 60))]))
    found, wanted = (
        load_redux(str(place), encoder).tokens(shown)
        for place, encoder in (
            (tmp_path / "redux.safetensors", str(tmp_path / "siglip.safetensors")),
            (folder / "prior", ""),
        )
    )
    assert torch.equal(found, wanted)
    assert not torch.equal(found[0], found[1])


def test_what_does_not_go_together_is_a_sentence(folder: Path, tmp_path: Path) -> None:
    save_file(weights_of(folder / "prior" / "image_embedder"), tmp_path / "redux.safetensors")
    with pytest.raises(NodeError, match="says nothing of how images are seen; name SigLIP's file at image_encoder"):
        load_redux(str(tmp_path / "redux.safetensors"))
    with pytest.raises(NodeError, match=r"holds the Redux image prior .*; image_encoder loads the image"):
        load_redux(str(tmp_path / "redux.safetensors"), str(tmp_path / "redux.safetensors"))
    model, redux = load_model(str(folder / "dev")), load_redux(str(folder / "prior"))
    texts = model.text_encoder.encode(["a", "b", "c"])
    (image,) = pictures((28, 28))
    with pytest.raises(NodeError, match="2 images do not fit 3 texts"):
        redux_conditioning(texts, redux, Image(image.pixels.repeat(2, 1, 1, 1)))
    with pytest.raises(NodeError, match=r"this text is not FLUX.1's, whose tokens have 24 numbers"):
        redux_conditioning(type(texts)(torch.zeros(1, 4, 16)), redux, image)
