"""Flow transformers: diffusers' own pipelines step by step, missing text encoders, and the true layouts."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import FluxPipeline, StableDiffusion3Pipeline
from diffusers.pipelines.flux.pipeline_flux import calculate_shift

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Noise, TrainedSchedule
from nodes.conditioning.text_encode import clip_text_encode
from nodes.conditioning.text_length import text_length
from nodes.denoisers.calls.flow_calls import packed, unpacked
from nodes.denoisers.denoisers import dit_denoiser
from nodes.denoisers.flow_transformers import flux_denoiser, joint_denoiser, load_flow_transformer, load_flux
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.load_models import LatentDiffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import flow_spacing
from tests.nodes.conftest import tiny_tokenizer
from tests.nodes.families.parity import told
from tests.nodes.flow_models import save_flux, save_sd3
from tests.nodes.test_sampling_parity import assert_close, finish

TEXT, OTHER = "a red star", "blue"


def recorded(pipeline: Any, **options: Any) -> tuple[list[torch.Tensor], torch.Tensor]:
    """x after each step of a pipeline, and its images."""
    pipeline.set_progress_bar_config(disable=True)
    path: list[torch.Tensor] = []

    def keep(_: Any, step: int, time: Any, found: dict[str, Any]) -> dict[str, Any]:
        path.append(found["latents"])
        return found

    return path, pipeline(**options, output_type="pt", callback_on_step_end=keep).images


@pytest.mark.parametrize("t5", [True, False])
@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_each_step_is_that_of_stable_diffusion_3(tiny_sd3: Path, scale: float, t5: bool) -> None:
    absent = {} if t5 else {"text_encoder_3": None, "tokenizer_3": None}
    pipeline = StableDiffusion3Pipeline.from_pretrained(tiny_sd3, **absent)
    generators = [torch.Generator().manual_seed(seed) for seed in (3, 4)]
    wanted, pictures = recorded(
        pipeline,
        prompt=[TEXT] * 2,
        negative_prompt=[OTHER] * 2,
        guidance_scale=scale,
        num_inference_steps=4,
        generator=generators,
    )
    model = load_flow_transformer(str(tiny_sd3), t5=t5)
    texts = [clip_text_encode(model.text_encoder, text) for text in (TEXT, OTHER)]
    guider = classifier_free_guidance(joint_denoiser(model.transformer), *texts, scale)
    schedule = scheduler(model.schedule, "Flow-match Euler", 4)
    _, (latent, trajectory, _) = finish(sample(guider, schedule, Noise((3, 4))))
    kind = f"text{', guidance' if scale > 1 else ''}{'' if t5 else ', without T5'}"
    told("Stable Diffusion 3", kind, trajectory.x[1:], wanted)
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, pictures, atol=1e-4, rtol=1e-4)
    assert texts[0].tokens is not None
    assert len(texts[0].words) == texts[0].tokens.shape[1] == 16 + 256
    assert texts[0].words[16] == ("a" if t5 else "")


def test_one_text_encoder_is_enough(tmp_path: Path) -> None:
    folder = save_sd3(tmp_path / "one", tiny_tokenizer(), widths=(32,), t5=False)
    absent = dict.fromkeys(("text_encoder_2", "tokenizer_2", "text_encoder_3", "tokenizer_3"))
    model = load_flow_transformer(str(folder))
    texts = [clip_text_encode(model.text_encoder, text) for text in (TEXT, "")]
    positive, negative = texts
    assert positive.tokens is not None
    assert positive.tokens.shape == (1, 16, 80)
    assert positive.tokens[..., 32:].eq(0).all()
    wanted, _ = recorded(
        StableDiffusion3Pipeline.from_pretrained(folder, **absent),
        prompt_embeds=positive.tokens,
        pooled_prompt_embeds=positive.pooled,
        negative_prompt_embeds=negative.tokens,
        negative_pooled_prompt_embeds=negative.pooled,
        guidance_scale=3.0,
        num_inference_steps=3,
        generator=torch.Generator().manual_seed(5),
    )
    guider = classifier_free_guidance(joint_denoiser(model.transformer), positive, negative, 3.0)
    _, made = finish(sample(guider, scheduler(model.schedule, "Flow-match Euler", 3), Noise((5,))))
    assert_close(made.trajectory.x[1:], wanted, 1e-4)


def test_texts_are_filled_up_as_far_as_is_asked_for(tiny_flux: Path, tmp_path: Path) -> None:
    """As ComfyUI fills up T5's tokens: against the pipeline told that length; without T5 nothing takes its place."""
    read = load_flux(str(tiny_flux)).text_encoder
    pipeline = FluxPipeline.from_pretrained(tiny_flux)
    wanted, _, _ = pipeline.encode_prompt(TEXT, TEXT, max_sequence_length=24)
    found = clip_text_encode(text_length(read, 24), TEXT)
    torch.testing.assert_close(found.tokens, wanted, atol=1e-5, rtol=1e-5)
    whole = clip_text_encode(text_length(read, 0), TEXT).tokens
    assert whole is not None and 0 < whole.shape[1] < 24, "nothing is cut off"
    folder = save_sd3(tmp_path / "without", tiny_tokenizer(), t5=False)
    alone = load_flow_transformer(str(folder)).text_encoder
    tokens = clip_text_encode(text_length(alone, 77), TEXT).tokens
    assert tokens is not None and tokens.shape[1] == 16
    with pytest.raises(NodeError, match="one length"):
        text_length(object(), 77)  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_each_step_is_that_of_flux(tiny_flux: Path, scale: float) -> None:
    pipeline = FluxPipeline.from_pretrained(tiny_flux)
    wanted, pictures = recorded(
        pipeline,
        prompt=TEXT,
        height=32,
        width=24,
        guidance_scale=scale,
        num_inference_steps=4,
        generator=torch.Generator().manual_seed(3),
    )
    model = load_flux(str(tiny_flux))
    guider = no_guidance(flux_denoiser(model.transformer, scale), clip_text_encode(model.text_encoder, TEXT))
    schedule = scheduler(model.schedule, "Flow-match Euler", 4)
    _, (latent, trajectory, _) = finish(sample(guider, schedule, Noise((3,), 24, 32)))
    told("FLUX.1", f"dev, told a guidance of {scale:g}", map(packed, trajectory.x[1:]), wanted)
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, pictures, atol=1e-4, rtol=1e-4)


def test_a_flux_without_distilled_guidance_ignores_it(tmp_path: Path) -> None:
    model = load_flux(str(save_flux(tmp_path / "schnell", tiny_tokenizer(), guidance=False)))
    text, x, time = clip_text_encode(model.text_encoder, TEXT), torch.randn(2, 4, 8, 8), torch.tensor(500.0)
    with torch.no_grad():
        found = [flux_denoiser(model.transformer, scale).predict(x, time, text) for scale in (1.0, 8.0)]
    assert torch.equal(*found)


def test_the_shift_of_flux_is_that_of_the_pipeline() -> None:
    given = {"image_tokens": 4096, "use_dynamic_shifting": True, "base_shift": 0.5, "max_shift": 1.15}
    found = flow_spacing(TrainedSchedule(given), 4)
    assert found["mu"] == pytest.approx(calculate_shift(4096))
    assert found["sigmas"] == [1.0, 0.75, 0.5, 0.25]
    assert flow_spacing(TrainedSchedule({**given, "image_tokens": 1024}), 4)["mu"] == pytest.approx(
        calculate_shift(1024)
    )
    assert flow_spacing(TrainedSchedule({"shift": 3.0}), 4) == {}


def test_patches_are_packed_and_unpacked() -> None:
    x = torch.randn(2, 4, 6, 8)
    assert torch.equal(packed(x), FluxPipeline._pack_latents(x, 2, 4, 6, 8))
    assert torch.equal(unpacked(packed(x), 3, 4), x)


def test_what_does_not_go_together_is_a_sentence(
    tiny_sd3: Path, tiny_flux: Path, tiny: LatentDiffusion, tiny_folder: Path, tmp_path: Path
) -> None:
    sd3, flux = load_flow_transformer(str(tiny_sd3)), load_flux(str(tiny_flux))
    x, time = torch.zeros(1, 4, 8, 8), torch.tensor(5.0)
    for denoiser in (joint_denoiser(sd3.transformer), flux_denoiser(flux.transformer)):
        with pytest.raises(NodeError, match="a text's tokens and by the text as a whole"):
            denoiser.predict(x, time, Conditioning(torch.zeros(1, 16, 80)))
    for make, network in ((joint_denoiser, flux), (flux_denoiser, sd3), (dit_denoiser, sd3)):
        with pytest.raises(NodeError, match="use the denoiser"):
            make(network.transformer)  # type: ignore[operator]
    with pytest.raises(NodeError, match="use the denoiser"):
        joint_denoiser(tiny.unet)
    with pytest.raises(NodeError, match="does not go with how this model was trained; choose Flow-match Euler"):
        scheduler(sd3.schedule, "DDIM")
    with pytest.raises(NodeError, match=r"holds Stable Diffusion 1 or 2, .*; Load FLUX loads a folder of FLUX\.1"):
        load_flux(str(tiny_folder))
    folder = save_sd3(tmp_path / "none", tiny_tokenizer(), t5=False)
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "text_encoder": [None, None]}))
    with pytest.raises(NodeError, match="none has no text_encoder"):
        load_flow_transformer(str(folder))
