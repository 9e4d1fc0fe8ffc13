"""FLUX.3 Klein, base and distilled: diffusers' modular pipelines step by step, text and edit, folder and files."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKLFlux2, ClassifierFreeGuidance, Flux3Transformer2DModel
from diffusers.modular_pipelines.flux3.modular_blocks_flux3 import Flux3AutoBlocks
from diffusers.modular_pipelines.flux3.modular_blocks_flux3_distilled import Flux3DistilledAutoBlocks
from safetensors.torch import save_file
from transformers import (
    Qwen2VLImageProcessor,
    Qwen3VLForConditionalGeneration,
    Qwen3VLProcessor,
    Qwen3VLVideoProcessor,
)

from nodeflow.node import NodeError
from nodes.conditioning.reference_images import edit_conditioning, reference_image
from nodes.denoisers.flow_map import flow_map_denoiser
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.loaders.load_by_family import LoadedModel, load_model
from nodes.loaders.text_encoders.kinds.qwen import EYES_3
from nodes.schedulers.schedulers import scheduler
from tests.nodes.families.parity import told
from tests.nodes.families.seeing_models import qwen_3_vl
from tests.nodes.families.small.parts import TEMPLATE, flux_2_vae, words
from tests.nodes.families.split_files import weights_of
from tests.nodes.families.test_flux_1_kinds import assert_same_network
from tests.nodes.families.test_seeing_models import TEXT, as_file, flat, pictures, run
from tests.nodes.original_transformers import original_weights

LONG = "a blue star over a red sea, " * 5
"""Longer than one window of 80 tokens."""
WIDTH = 32


def saved(folder: Path, flow_map: bool) -> Any:
    """diffusers' pipeline with tiny random parts, saved as it saves itself."""
    torch.manual_seed(0)
    tokenizer = words()
    processor = Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(**EYES_3),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(),
        chat_template=TEMPLATE,
    )
    blocks = (Flux3DistilledAutoBlocks if flow_map else Flux3AutoBlocks)()
    blocks.sub_blocks.pop("prompt_upsampler")  # a language model of its own, which rewrites the text before
    pipeline = blocks.init_pipeline()
    pipeline.update_components(
        transformer=Flux3Transformer2DModel(
            num_layers=1,
            num_single_layers=2,
            attention_head_dim=32,
            num_attention_heads=2,
            joint_attention_dim=8 * WIDTH,
            timestep_channels=64,
            axes_dims_rope=(8, 8, 8, 8),
            flow_map=flow_map,
        ).eval(),
        vae=flux_2_vae().eval(),
        text_encoder=Qwen3VLForConditionalGeneration(qwen_3_vl(tokenizer, WIDTH, 33)).eval(),
        tokenizer=processor,
    )
    pipeline.save_pretrained(str(folder))
    return pipeline


def recorded(pipeline: Any, **options: Any) -> list[torch.Tensor]:
    """x after each step of a modular pipeline."""
    path: list[torch.Tensor] = []
    step = pipeline.scheduler.step

    def keep(*given: Any, **named: Any) -> Any:
        found = step(*given, **named)
        path.append(found[0])
        return found

    pipeline.scheduler.step = keep
    pipeline(height=64, width=96, generator=torch.Generator().manual_seed(3), **options)
    pipeline.scheduler.step = step
    return path


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path, LoadedModel]:
    folder = tmp_path_factory.mktemp("flux-3") / "base"
    pipeline = saved(folder, False)
    return pipeline, folder, load_model(str(folder))


@pytest.mark.parametrize("sizes", [(), ((64, 80),), ((64, 80), (75, 90))])
def test_each_step_is_that_of_base(base: tuple[Any, Path, LoadedModel], sizes: tuple[tuple[int, int], ...]) -> None:
    pipeline, _, model = base
    shown = pictures(*sizes)
    pipeline.update_components(guider=ClassifierFreeGuidance(guidance_scale=4.0))
    more: dict[str, Any] = {"image": [as_file(image) for image in shown]} if shown else {}
    wanted = recorded(pipeline, prompt=TEXT, negative_prompt=LONG, num_inference_steps=3, **more)
    references = [reference_image(image, model.vae, model.network) for image in shown]
    texts = [edit_conditioning(model.text_encoder, *references, text=text) for text in (TEXT, LONG)]
    assert [text.tokens.shape[1] for text in texts if text.tokens is not None] == [80, 160]
    guider = classifier_free_guidance(network_denoiser(model.network), *texts, 4.0)
    _, trajectory, *_ = run(model, guider, (3,), 24, 96, 64)
    told("FLUX.3", f"base, {len(sizes)} references" if sizes else "base, text", map(flat, trajectory.x[1:]), wanted)


@pytest.mark.parametrize("sizes", [(), ((64, 80),)])
def test_each_step_is_that_of_distilled(tmp_path: Path, sizes: tuple[tuple[int, int], ...]) -> None:
    pipeline, shown = saved(tmp_path / "distilled", True), pictures(*sizes)
    more: dict[str, Any] = {"image": [as_file(image) for image in shown]} if shown else {}
    wanted = recorded(pipeline, prompt=LONG, num_inference_steps=4, **more)
    model = load_model(str(tmp_path / "distilled"))
    references = [reference_image(image, model.vae, model.network) for image in shown]
    text = edit_conditioning(model.text_encoder, *references, text=LONG)
    schedule = scheduler(model.schedule, "Flow-match Euler", 4)
    guider = no_guidance(flow_map_denoiser(model.network, schedule), text)
    trajectory = run(model, guider, (3,), 24, 96, 64, 4)[1]
    kind = "distilled, edit" if sizes else "distilled, text"
    told("FLUX.3", kind, map(flat, trajectory.x[1:]), wanted)
    with pytest.raises(NodeError, match="told where each step goes; use Flow-map denoiser"):
        network_denoiser(model.network)
    other = flow_map_denoiser(model.network, scheduler(model.schedule, "Flow-match Euler", 3))
    with pytest.raises(NodeError, match="a schedule of 3 steps and the sampler one of 4; wire the same to both"):
        run(model, no_guidance(other, text), (3,), 24, 96, 64, 4)


def test_texts_of_unequal_length_are_asked_for_apart(base: tuple[Any, Path, LoadedModel]) -> None:
    _, _, model = base
    x, time = torch.randn(2, 128, 4, 4, generator=torch.Generator().manual_seed(1)), torch.tensor(500.0)
    denoiser = network_denoiser(model.network)
    with torch.no_grad():
        both = denoiser.predict(x, time, model.text_encoder.encode([TEXT, LONG]))
        for row, text in enumerate((TEXT, LONG)):
            alone = denoiser.predict(x[row : row + 1], time, model.text_encoder.encode([text]))
            torch.testing.assert_close(both[row : row + 1], alone, atol=1e-5, rtol=1e-5)
    with pytest.raises(NodeError, match="not told where a step goes; use Denoiser"):
        flow_map_denoiser(model.network, scheduler(model.schedule, "Flow-match Euler", 3))


@pytest.mark.parametrize("flow_map", [False, True])
def test_split_files_are_the_folder(tmp_path: Path, flow_map: bool) -> None:
    saved(tmp_path / "folder", flow_map)
    wanted = load_model(str(tmp_path / "folder"))
    files = {name: tmp_path / f"{name}.safetensors" for name in ("network", "vae")}
    weights = original_weights("Flux3Transformer2DModel", weights_of(tmp_path / "folder" / "transformer"))
    save_file({**weights, "repa_projectors.0.weight": torch.zeros(1)}, files["network"])
    save_file(weights_of(tmp_path / "folder" / "vae"), files["vae"])
    text = tmp_path / "text" / "qwen3vl_4b.safetensors"
    text.parent.mkdir()
    save_file(weights_of(tmp_path / "folder" / "text_encoder"), text)
    found = load_model(
        str(files["network"]),
        text_encoder=str(text),
        vae=str(files["vae"]),
        tokenizer=str(tmp_path / "folder" / "tokenizer"),
    )
    assert_same_network(found.network, wanted.network)
    assert found.schedule == wanted.schedule
    read = [model.text_encoder.encode([TEXT]).tokens for model in (found, wanted)]
    assert read[0] is not None and read[1] is not None
    assert torch.equal(read[0], read[1])
    assert isinstance(wanted.vae.module, AutoencoderKLFlux2)  # type: ignore[attr-defined]
