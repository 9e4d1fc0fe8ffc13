"""Stable Diffusion 3.5: diffusers' own pipeline step by step, with its skip-layer guidance."""

from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import StableDiffusion3Pipeline

from nodeflow.wires import Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.guidance.perturbed import skip_layer_guidance
from nodes.loaders.load_by_family import load_model
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.families.model_folders import sd3
from tests.nodes.families.parity import told
from tests.nodes.families.test_seeing_models import OTHER, TEXT
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish


def test_each_step_with_layers_skipped_is_that_of_stable_diffusion_35(
    folders: Callable[[Callable[[Path], None]], Path],
) -> None:
    folder = folders(sd3)
    options = {"guidance_scale": 5.0, "skip_layer_guidance_start": 0.2, "skip_layer_guidance_stop": 0.7}
    wanted, _ = recorded(
        StableDiffusion3Pipeline.from_pretrained(folder),
        prompt=[TEXT] * 2,
        negative_prompt=[OTHER] * 2,
        height=64,
        width=48,
        num_inference_steps=4,
        skip_guidance_layers=[1, 2],
        skip_layer_guidance_scale=2.8,
        generator=[torch.Generator().manual_seed(seed) for seed in (3, 4)],
        **options,
    )
    model = load_model(str(folder))
    texts = [clip_text_encode(model.text_encoder, text) for text in (TEXT, OTHER)]
    plain = classifier_free_guidance(network_denoiser(model.network), *texts, 5.0)
    schedule, noise = scheduler(model.schedule, "Flow-match Euler", 4), Noise((3, 4), 48, 64)
    found, without = (
        finish(sample(guider, schedule, noise))[1].trajectory.x[1:]
        for guider in (skip_layer_guidance(plain, "1, 2", 2.8, 0.2, 0.7), plain)
    )
    told("Stable Diffusion 3.5", "text, guidance, layers skipped", found, wanted)
    assert not torch.allclose(without[-1], wanted[-1], atol=1e-3)
