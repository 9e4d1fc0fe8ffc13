"""The diffusion transformer: diffusers' own pipeline step by step, learned variance, labels, and the true layout."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDPMScheduler, DiTPipeline

from nodeflow.node import NodeError
from nodeflow.wires import Classes, Conditioning, Noise
from nodes.conditioning.text_encode import class_label
from nodes.denoisers.denoisers import dit_denoiser, unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.load_models import DiT, LatentDiffusion, load_dit
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.conftest import DIT_XL, NAMES, save_dit
from tests.nodes.test_sampling_parity import assert_close, finish


@pytest.fixture(scope="module")
def model(tiny_dit: Path) -> DiT:
    return load_dit(str(tiny_dit))


@pytest.mark.parametrize("scale", [1.0, 4.0])
@pytest.mark.parametrize("kind", ["DDIM", "DDPM"])
def test_each_step_is_that_of_the_pipeline(model: DiT, tiny_dit: Path, kind: str, scale: float) -> None:
    pipeline = DiTPipeline.from_pretrained(tiny_dit, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    if kind == "DDPM":
        pipeline.scheduler = DDPMScheduler.from_config(pipeline.scheduler.config)
    generators, wanted, step = [torch.Generator().manual_seed(seed) for seed in (3, 4)], [], pipeline.scheduler.step

    def recorded(output: torch.Tensor, time: Any, x: torch.Tensor) -> Any:
        result = step(output[:2], time, x[:2], generator=generators)
        wanted.append(result.prev_sample)
        result.prev_sample = result.prev_sample.repeat(len(x) // 2, 1, 1, 1)  # the pipeline carries both halves
        return result

    pipeline.scheduler.step = recorded
    pictures = pipeline([2, 1], scale, generators, 5, output_type="pt").images
    denoiser = dit_denoiser(model.transformer, variance="fixed")
    labels, nothing = class_label(model.classes, "star\n1"), class_label(model.classes)
    guider = classifier_free_guidance(denoiser, labels, nothing, scale)
    schedule = scheduler(model.schedule, kind, 5)  # type: ignore[arg-type]
    _, (latent, trajectory, _) = finish(sample(guider, schedule, Noise((3, 4))))
    assert_close(trajectory.x[1:], wanted)
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, pictures, atol=1e-4, rtol=1e-4)


def test_a_learned_variance_is_that_of_the_scheduler(model: DiT) -> None:
    loop = DDPMScheduler.from_config(dict(model.schedule.config), variance_type="learned_range", clip_sample=False)
    loop.set_timesteps(6)
    generator, network = torch.Generator().manual_seed(5), model.transformer.module
    x = torch.randn(1, 4, 8, 8, generator=generator)
    wanted = [x]
    with torch.no_grad():
        for time in loop.timesteps:
            output = network(x, time[None], torch.tensor([2])).sample
            x = loop.step(output, time, x, generator=generator).prev_sample
            wanted.append(x)
    label, schedule = class_label(model.classes, "star"), scheduler(model.schedule, "DDPM", 6)
    _, learned = finish(sample(no_guidance(dit_denoiser(model.transformer), label), schedule, Noise((5,))))
    assert_close(learned.trajectory.x, wanted)
    fixed = no_guidance(dit_denoiser(model.transformer, variance="fixed"), label)
    _, other = finish(sample(fixed, schedule, Noise((5,))))
    assert not torch.allclose(other.latent.samples, learned.latent.samples)


def test_other_schedulers_pass_over_a_learned_variance(model: DiT) -> None:
    label = class_label(model.classes, "star")
    for kind in ("DDIM", "DPM++ 2M", "Euler"):
        schedule = scheduler(model.schedule, kind, 4)  # type: ignore[arg-type]
        made = [
            finish(sample(no_guidance(dit_denoiser(model.transformer, variance=how), label), schedule, Noise((5,))))
            for how in ("learned", "fixed")
        ]
        assert torch.equal(made[0][1].latent.samples, made[1][1].latent.samples)


def test_labels_are_names_numbers_or_nothing() -> None:
    classes = Classes(NAMES, 1000)
    found = class_label(classes, "tinca TINCA\n 1 \n\ngoldfish\n999")
    assert found.labels is not None
    assert found.labels.tolist() == [0, 1, 1, 999]
    assert class_label(classes).labels == torch.tensor([1000])
    for wrong in ("unicorn", "1000", "-1"):
        with pytest.raises(NodeError, match="no class of this model; it knows tench, Tinca tinca, goldfish, star"):
            class_label(classes, wrong)


def test_what_does_not_go_together_is_a_sentence(model: DiT, tiny: LatentDiffusion, tiny_folder: Path) -> None:
    x, time, text = torch.zeros(2, 4, 8, 8), torch.tensor(5), Conditioning(torch.zeros(1, 16, 32))
    denoiser, labels = dit_denoiser(model.transformer), class_label(model.classes, "0\n1\n2")
    with pytest.raises(NodeError, match="led by a class, not by a text"):
        denoiser.predict(x, time, text)
    with pytest.raises(NodeError, match="3 class labels do not fit 2 images"):
        denoiser.predict(x, time, labels)
    with pytest.raises(NodeError, match="led by a text, not by a class"):
        unet_denoiser(tiny.unet).predict(x, time, labels)
    with pytest.raises(NodeError, match="different text encoders"):
        classifier_free_guidance(denoiser, labels, text, 2.0)
    with pytest.raises(NodeError, match="no diffusion transformer of the DiT kind"):
        dit_denoiser(tiny.unet)
    with pytest.raises(NodeError, match=r"holds Stable Diffusion 1 or 2, .*; Load DiT loads a folder of DiT"):
        load_dit(str(tiny_folder))


def test_the_layout_of_dit_xl_loads_and_runs_a_step(tmp_path: Path) -> None:
    model = load_dit(str(save_dit(tmp_path / "xl", 4, num_layers=2, **DIT_XL)))
    assert json.loads((tmp_path / "xl" / "transformer" / "config.json").read_text())["num_embeds_ada_norm"] == 1000
    guider = classifier_free_guidance(
        dit_denoiser(model.transformer), class_label(model.classes, "207"), class_label(model.classes), 4.0
    )
    _, made = finish(sample(guider, scheduler(model.schedule, "DDPM", 1), Noise((0,))))
    assert made.latent.samples.shape == (1, 4, 32, 32)
    assert torch.isfinite(made.latent.samples).all()
    assert vae_decode(model.vae, made.latent).pixels.shape == (1, 3, 256, 256)
