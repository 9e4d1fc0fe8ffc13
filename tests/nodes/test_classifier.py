"""Classifier guidance: the gradient against differences by hand, and each step against ADM-G written out."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler

from nodeflow.node import NodeError
from nodeflow.wires import Classes, Classifier, Conditioning, Prediction, TrainedSchedule
from nodes.conditioning.text_encode import class_label
from nodes.denoisers.denoisers import pixel_denoiser
from nodes.guidance.classifier_free import no_guidance
from nodes.guidance.classifier_gradient import classifier_guidance, gradient, load_noisy_classifier
from nodes.latents.noise import gaussian_noise
from nodes.loaders.load_models import PixelDiffusion, load_ddpm
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.test_sampling_parity import assert_close, finish

STEPS, SCALE = 6, 4.0


@pytest.fixture(scope="module")
def classifier(tiny_classifier: Path) -> Classifier:
    return load_noisy_classifier(str(tiny_classifier))


@pytest.fixture(scope="module")
def model(tiny_ddpm: Path) -> PixelDiffusion:
    return load_ddpm(str(tiny_ddpm))


def test_the_gradient_is_what_small_changes_say(classifier: Classifier) -> None:
    seed, step = torch.Generator().manual_seed(2), 1e-2
    x, direction = (torch.randn(2, 3, 16, 16, generator=seed) for _ in range(2))
    labels, time = torch.tensor([1, 0]), torch.tensor(300)

    def likelihood(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return classifier.logits(x, time).double().softmax(1).log()[torch.arange(2), labels]

    with torch.no_grad():  # as the sampler calls it
        found = (gradient(classifier, x, time, labels) * direction).sum((1, 2, 3))
    wanted = (likelihood(x + step * direction) - likelihood(x - step * direction)) / (2 * step)
    assert wanted.abs().min() > 1e-3
    torch.testing.assert_close(found.double(), wanted, rtol=0.02, atol=1e-4)


@pytest.mark.parametrize("prediction", ["epsilon", "v"])
def test_each_step_is_that_of_the_paper(model: PixelDiffusion, classifier: Classifier, prediction: Prediction) -> None:
    """Algorithm 2 of Dhariwal & Nichol, written out for epsilon."""
    loop = DDIMScheduler.from_config(dict(model.schedule.config), clip_sample=False, prediction_type="epsilon")
    loop.set_timesteps(STEPS)
    x, wanted = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(4)), []
    for time in loop.timesteps:
        kept = loop.alphas_cumprod[time]
        given = x.clone().requires_grad_()
        likely = torch.log_softmax(classifier.module(given, time), 1)[0, 2]  # type: ignore[attr-defined]
        likely.backward()
        with torch.no_grad():
            output = model.unet.module(x, time).sample
            epsilon = output if prediction == "epsilon" else kept.sqrt() * output + (1 - kept).sqrt() * x
            epsilon = epsilon - SCALE * (1 - kept).sqrt() * given.grad
            x = loop.step(epsilon, time, x).prev_sample
        wanted.append(x)
    schedule = scheduler(TrainedSchedule({**model.schedule.config, "clip_sample": False}), "DDIM", STEPS)
    label = class_label(classifier.classes, "star")
    guider = classifier_guidance(pixel_denoiser(model.unet, prediction), classifier, label, schedule, SCALE)
    _, found = finish(sample(guider, schedule, gaussian_noise(4)))
    assert_close(found.trajectory.x[1:], wanted)


def test_scale_zero_is_the_denoiser_alone(model: PixelDiffusion, classifier: Classifier) -> None:
    denoiser, schedule = pixel_denoiser(model.unet), scheduler(model.schedule, "DDPM", STEPS)

    def painted(guider: Any) -> torch.Tensor:
        return finish(sample(guider, schedule, gaussian_noise(1)))[1].latent.samples

    label, plain = class_label(classifier.classes, "0"), painted(no_guidance(denoiser))
    torch.testing.assert_close(
        painted(classifier_guidance(denoiser, classifier, label, schedule, 0.0)), plain, atol=1e-4, rtol=1e-4
    )
    assert (painted(classifier_guidance(denoiser, classifier, label, schedule, 9.0)) - plain).abs().max() > 0.01


def test_pure_noise_is_not_moved(model: PixelDiffusion, classifier: Classifier) -> None:
    """With no signal at all the gradient's factor has no bound."""
    trained = TrainedSchedule(
        {**model.schedule.config, "rescale_betas_zero_snr": True, "timestep_spacing": "trailing", "clip_sample": False}
    )
    schedule = scheduler(trained, "DDIM", STEPS)
    denoiser, label = pixel_denoiser(model.unet, "v"), class_label(classifier.classes, "0")
    _, found = finish(
        sample(classifier_guidance(denoiser, classifier, label, schedule, SCALE), schedule, gaussian_noise(1))
    )
    _, plain = finish(sample(no_guidance(denoiser), schedule, gaussian_noise(1)))
    assert torch.isfinite(found.latent.samples).all()
    assert torch.equal(found.trajectory.x[1], plain.trajectory.x[1])
    assert not torch.equal(found.trajectory.x[2], plain.trajectory.x[2])


def test_several_labels_lead_several_pictures(model: PixelDiffusion, classifier: Classifier) -> None:
    denoiser, schedule = pixel_denoiser(model.unet), scheduler(model.schedule, "DDIM", 3)

    def painted(label: str, seed: int, batch: int) -> torch.Tensor:
        guider = classifier_guidance(denoiser, classifier, class_label(classifier.classes, label), schedule, SCALE)
        return finish(sample(guider, schedule, gaussian_noise(seed, batch)))[1].latent.samples

    assert torch.equal(painted("0\n2", 5, 2), torch.cat([painted("0", 5, 1), painted("2", 6, 1)]))


def test_what_does_not_go_together_is_a_sentence(
    model: PixelDiffusion, classifier: Classifier, tiny_ddpm: Path
) -> None:
    denoiser, schedule = pixel_denoiser(model.unet), scheduler(model.schedule, "DDIM", 3)
    with pytest.raises(NodeError, match="not to a text; wire a class label"):
        classifier_guidance(denoiser, classifier, Conditioning(), schedule)
    with pytest.raises(NodeError, match="knows 3 classes, numbered from 0; name one"):
        classifier_guidance(denoiser, classifier, class_label(Classes({}, 9)), schedule)
    guider = classifier_guidance(denoiser, classifier, class_label(classifier.classes, "star"), schedule)
    with pytest.raises(NodeError, match="a schedule of 3 steps and the sampler one of 4"):
        finish(sample(guider, scheduler(model.schedule, "DDIM", 4), gaussian_noise()))
    with pytest.raises(NodeError, match="Load noisy classifier loads a folder with a classifier of noisy images"):
        load_noisy_classifier(str(tiny_ddpm / "unet"))
