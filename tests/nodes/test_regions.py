"""Several texts at once, each in its region, against the formulas, on a tiny U-Net."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from nodeflow.engine.cache.codec import decode, encode
from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Guider, Image, Mask, Noise
from nodes.conditioning.combine import (
    average_conditioning,
    combine_conditioning,
    concatenate_conditioning,
    zero_conditioning,
)
from nodes.conditioning.regions import (
    conditioning_area,
    conditioning_area_by_share,
    conditioning_mask,
    conditioning_steps,
    conditioning_strength,
    each_text_alone,
)
from nodes.conditioning.text_encode import class_label, clip_text_encode
from nodes.controls.controlnet import control, load_controlnet
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import ClassifierFree, classifier_free_guidance, no_guidance
from nodes.guidance.picture_and_text import picture_and_text_guidance
from nodes.guidance.predictions.asking import Regional, Unguided
from nodes.guidance.predictions.places import CellBox, counted, placed
from nodes.loaders.load_models import LatentDiffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.test_sampling_parity import finish
from tests.nodes.tiny_controls import tiny_controlnet

HEIGHT, WIDTH = 8, 16
X = torch.randn(1, 4, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1))
TIME = torch.tensor(500)


@pytest.fixture(scope="module")
def texts(tiny: LatentDiffusion) -> tuple[Conditioning, ...]:
    red, blue, none = (clip_text_encode(tiny.text_encoder, text) for text in ("red star", "blue", ""))
    return red, blue, none


def predicted(guider: Guider, x: Tensor = X, index: int = 0, total: int = 4, time: Tensor = TIME) -> Tensor:
    with torch.no_grad():
        return guider.at(index, total).predict(x, time, index, total).output


def alone(tiny: LatentDiffusion, text: Conditioning, x: Tensor = X) -> Tensor:
    with torch.no_grad():
        return unet_denoiser(tiny.unet).predict(x, TIME, text)


def close(found: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_a_single_text_is_led_by_as_before(tiny: LatentDiffusion, texts: tuple[Conditioning, ...]) -> None:
    denoiser = unet_denoiser(tiny.unet)
    assert type(classifier_free_guidance(denoiser, texts[0], texts[2])) is ClassifierFree
    assert type(no_guidance(denoiser, texts[0])) is Unguided


def test_combined_texts_are_averaged_by_their_strength(tiny: LatentDiffusion, texts: tuple[Conditioning, ...]) -> None:
    red, blue, none = texts
    denoiser = unet_denoiser(tiny.unet)
    both = combine_conditioning(red, blue)
    close(predicted(no_guidance(denoiser, both)), (alone(tiny, red) + alone(tiny, blue)) / 2)
    heavy = combine_conditioning(red, conditioning_strength(blue, 3.0))
    mean = (alone(tiny, red) + 3 * alone(tiny, blue)) / 4
    close(predicted(no_guidance(denoiser, heavy)), mean)
    u = alone(tiny, none)
    close(predicted(classifier_free_guidance(denoiser, heavy, none, 5.0)), u + 5 * (mean - u))
    close(predicted(classifier_free_guidance(denoiser, none, heavy, 5.0)), mean + 5 * (u - mean))


def test_three_are_three_in_any_order(tiny: LatentDiffusion, texts: tuple[Conditioning, ...]) -> None:
    red, blue, none = texts
    denoiser = unet_denoiser(tiny.unet)
    wanted = torch.stack([alone(tiny, text) for text in texts]).mean(0)
    close(predicted(no_guidance(denoiser, combine_conditioning(red, blue, none))), wanted)
    nested = combine_conditioning(combine_conditioning(none, red), blue)
    assert len(nested.beside) == 2
    close(predicted(no_guidance(denoiser, nested)), wanted)


def ramp(side: int, first: bool, last: bool) -> Tensor:
    """A quarter of the side, at most 8 cells, from the edges that lie inside."""
    count = min(8, side // 4)
    found = torch.ones(side)
    for step in range(count):
        found[step] *= (step + 1) / count if first else 1
        found[side - 1 - step] *= (step + 1) / count if last else 1
    return found


def test_an_area_sees_its_rectangle_alone_and_falls_off_inside(
    tiny: LatentDiffusion, texts: tuple[Conditioning, ...]
) -> None:
    red, blue, _ = texts
    side = tiny.unet.format.downscale
    area = conditioning_area(blue, 8 * side, HEIGHT * side, 8 * side, 0, 0.8)
    found = predicted(no_guidance(unet_denoiser(tiny.unet), combine_conditioning(red, area)))
    weights = 0.8 * ramp(8, True, False).expand(HEIGHT, 8)
    wanted = alone(tiny, red)
    right = alone(tiny, blue, X[..., 8:])
    wanted[..., 8:] = (wanted[..., 8:] + weights * right) / (1 + weights)
    close(found, wanted)
    share = conditioning_area_by_share(blue, 0.5, 1.0, 0.5, 0.0, 0.8)
    assert torch.equal(predicted(no_guidance(unet_denoiser(tiny.unet), combine_conditioning(red, share))), found)


def test_the_negative_is_asked_for_on_the_same_rectangle(
    tiny: LatentDiffusion, texts: tuple[Conditioning, ...]
) -> None:
    red, blue, none = texts
    area = conditioning_area_by_share(blue, 0.5, 1.0, 0.5, 0.0)
    guider = classifier_free_guidance(unet_denoiser(tiny.unet), combine_conditioning(red, area), none, 3.0)
    with torch.no_grad():
        found = guider.predict(X, TIME, 0, 4)
    weights = ramp(8, True, False).expand(HEIGHT, 8)
    wanted = alone(tiny, none)
    wanted[..., 8:] = (wanted[..., 8:] + weights * alone(tiny, none, X[..., 8:])) / (1 + weights)
    assert found.unconditional is not None
    close(found.unconditional, wanted)
    close(found.output, wanted + 3 * (found.conditional - wanted))


def test_ramps_lie_at_inner_edges_alone() -> None:
    x = torch.zeros(1, 4, 64, 64)
    text = Conditioning(torch.zeros(1, 2, 3))
    middle = counted(placed(conditioning_area(text, 320, 256, 96, 128), 64, 64, 8), x)[0, 0]
    assert middle.shape == (32, 40)
    close(middle, ramp(32, True, True)[:, None] * ramp(40, True, True))
    corner = counted(placed(conditioning_area(text, 256, 256, 0, 0), 64, 64, 8), x)[0, 0]
    close(corner, ramp(32, False, True)[:, None] * ramp(32, False, True))
    small = counted(placed(conditioning_area(text, 24, 24, 8, 8), 64, 64, 8), x)[0, 0]
    assert torch.equal(small, torch.ones(3, 3))


def test_what_is_shown_beside_the_latent_is_cropped_too(
    tiny: LatentDiffusion, texts: tuple[Conditioning, ...], tmp_path: Path
) -> None:
    red, blue, _ = texts
    side = tiny.unet.format.downscale
    picture = torch.rand(1, 3, HEIGHT * side, WIDTH * side)
    net = load_controlnet(str(tiny_controlnet(tiny, tmp_path / "net")))
    led, right = (control(unet_denoiser(tiny.unet), net, Image(part)) for part in (picture, picture[..., 8 * side :]))
    area = conditioning_area_by_share(blue, 0.5, 1.0, 0.5, 0.0)
    found = predicted(no_guidance(led, combine_conditioning(red, area)))
    weights = ramp(8, True, False).expand(HEIGHT, 8)
    with torch.no_grad():
        wanted = led.predict(X, TIME, red)
        wanted[..., 8:] = (wanted[..., 8:] + weights * right.predict(X[..., 8:], TIME, blue)) / (1 + weights)
    close(found, wanted)


def test_what_sticks_out_is_cut_off(texts: tuple[Conditioning, ...]) -> None:
    assert placed(conditioning_area(texts[0], 512, 512, 64, 32), 8, 16, 8).box == CellBox(4, 8, 4, 8)
    with pytest.raises(
        NodeError, match="begins 128 pixels from the left and 0 from the top, and the image has 128 x 64;"
    ):
        placed(conditioning_area(texts[0], 64, 64, 128, 0), 8, 16, 8)


def test_masks_weigh_predictions(tiny: LatentDiffusion, texts: tuple[Conditioning, ...]) -> None:
    red, blue, _ = texts
    values = torch.rand(1, 1, HEIGHT, WIDTH)
    one, other = conditioning_mask(red, Mask(values)), conditioning_mask(blue, Mask(1 - values), 0.5)
    found = predicted(no_guidance(unet_denoiser(tiny.unet), combine_conditioning(one, other)))
    weights = 0.5 * (1 - values)
    close(found, (values * alone(tiny, red) + weights * alone(tiny, blue)) / (values + weights))
    large = conditioning_mask(red, Mask(torch.rand(1, 1, 64, 128)))
    small = torch.nn.functional.interpolate(large.region.mask, (8, 16), mode="bilinear")  # type: ignore[union-attr, arg-type]
    assert torch.equal(counted(placed(large, HEIGHT, WIDTH, 8), X), small)


@pytest.mark.parametrize(("fit", "weight"), [("stretch", 0.5), ("cover", 1.0)])
def test_a_mask_of_other_proportions_is_fitted_as_one_chooses(
    fit: Any, weight: float, texts: tuple[Conditioning, ...]
) -> None:
    wide = Mask(torch.tensor([0.0, 1, 1, 0]).repeat_interleave(16).expand(1, 1, 32, 64))
    x = torch.zeros(1, 4, 32, 32)
    found = counted(placed(conditioning_mask(texts[0], wide, mask_fit=fit), 32, 32, 8), x)
    assert float(found.mean()) == pytest.approx(weight, abs=0.02)
    with pytest.raises(NodeError, match="other proportions"):
        counted(placed(conditioning_mask(texts[0], wide), 32, 32, 8), x)


def test_a_mask_can_bound_what_is_seen(texts: tuple[Conditioning, ...]) -> None:
    values = torch.zeros(1, 1, 32, 32)
    values[..., 10:22, 3:5] = 1
    part = placed(conditioning_mask(texts[0], Mask(values), 1.0, "mask bounds"), 32, 32, 8)
    assert part.box == CellBox(12, 8, 10, 3)
    assert torch.equal(counted(part, torch.zeros(1, 4, 32, 32)), values[..., 10:22, 3:11])
    with pytest.raises(NodeError, match="marks no place"):
        placed(conditioning_mask(texts[0], Mask(values * 0), 1.0, "mask bounds"), 32, 32, 8)


def test_a_place_without_a_text_is_a_sentence(tiny: LatentDiffusion, texts: tuple[Conditioning, ...]) -> None:
    denoiser = unet_denoiser(tiny.unet)
    area = conditioning_area_by_share(texts[0], 0.5, 1.0, 0.0, 0.0)
    with pytest.raises(NodeError, match="no text leads in some places of the image; combine"):
        predicted(no_guidance(denoiser, area))
    masks = conditioning_mask(texts[0], Mask(torch.ones(3, 1, 8, 16)))
    with pytest.raises(NodeError, match="3 masks do not fit 2 images"):
        predicted(no_guidance(denoiser, masks), X.expand(2, -1, -1, -1))


def test_texts_lead_in_their_steps(tiny: LatentDiffusion, texts: tuple[Conditioning, ...]) -> None:
    red, blue, _ = texts
    both = combine_conditioning(conditioning_steps(red, 0, 0.5), conditioning_steps(blue, 0.5, 1))
    guider = no_guidance(unet_denoiser(tiny.unet), both)
    for step, text in enumerate((red, red, blue, blue)):
        close(predicted(guider, index=step), alone(tiny, text))
    late = no_guidance(unet_denoiser(tiny.unet), conditioning_steps(red, 0.5, 1))
    with pytest.raises(NodeError, match="no text leads at step 1 of 4"):
        late.at(0, 4)
    with pytest.raises(NodeError, match=r"leads until 0.2, before it begins at 0.5"):
        conditioning_steps(red, 0.5, 0.2)


def test_steps_can_be_counted_on_the_trained_schedule(tiny: LatentDiffusion, texts: tuple[Conditioning, ...]) -> None:
    red, blue, _ = texts
    both = combine_conditioning(
        conditioning_steps(red, 0, 0.4, "trained timesteps"), conditioning_steps(blue, 0.4, 1, "trained timesteps")
    )
    guider = no_guidance(unet_denoiser(tiny.unet), both)
    for time, leading in ((999, [red]), (600, [red]), (599, [red, blue]), (598, [blue]), (0, [blue])):
        with torch.no_grad():
            wanted = [unet_denoiser(tiny.unet).predict(X, torch.tensor(time), text) for text in leading]
        close(predicted(guider, time=torch.tensor(time)), torch.stack(wanted).mean(0))


def test_texts_of_different_lengths_guide_each_other(tiny: LatentDiffusion, texts: tuple[Conditioning, ...]) -> None:
    red, blue, none = texts
    long = concatenate_conditioning(red, blue)
    assert long.tokens is not None
    assert torch.equal(long.tokens, torch.cat([red.tokens, blue.tokens], 1))  # type: ignore[list-item]
    assert long.words == red.words + blue.words
    u, c = alone(tiny, none), alone(tiny, long)
    close(predicted(classifier_free_guidance(unet_denoiser(tiny.unet), long, none, 4.0)), u + 4 * (c - u))


def test_averages_mix_tokens_and_the_whole(texts: tuple[Conditioning, ...]) -> None:
    red, blue, _ = texts
    found = average_conditioning(red, blue, 0.7)
    close(found.tokens, 0.7 * red.tokens + 0.3 * blue.tokens)  # type: ignore[arg-type, operator]
    close(found.pooled, 0.7 * red.pooled + 0.3 * blue.pooled)  # type: ignore[arg-type, operator]
    long = concatenate_conditioning(blue, blue)
    close(average_conditioning(long, red, 0.5).tokens[:, 16:], 0.5 * blue.tokens)  # type: ignore[index, arg-type, operator]
    assert average_conditioning(red, long, 0.5).tokens.shape == red.tokens.shape  # type: ignore[union-attr]


def test_zeros_say_nothing(texts: tuple[Conditioning, ...]) -> None:
    found = zero_conditioning(combine_conditioning(texts[0], conditioning_strength(texts[1], 2.0)))
    for one in (found, *found.beside):
        assert one.tokens is not None
        assert one.pooled is not None
        assert not one.tokens.any()
        assert not one.pooled.any()
    assert found.beside[0].region is not None
    assert found.beside[0].region.strength == 2.0


def test_texts_that_do_not_go_together_are_a_sentence(tiny: LatentDiffusion, texts: tuple[Conditioning, ...]) -> None:
    wide = Conditioning(torch.zeros(1, 16, 48))
    with pytest.raises(NodeError, match=r"different text encoders \(of 32 and 48 numbers"):
        concatenate_conditioning(texts[0], wide)
    with pytest.raises(NodeError, match=r"different text encoders \(of 32 and 48 numbers"):
        average_conditioning(texts[0], wide)
    with pytest.raises(NodeError, match="come from different text encoders"):
        classifier_free_guidance(unet_denoiser(tiny.unet), combine_conditioning(texts[0], wide), texts[2])
    with pytest.raises(NodeError, match="here is none"):
        zero_conditioning(Conditioning(labels=torch.tensor([1])))


def test_strength_and_region_are_set_one_after_the_other(texts: tuple[Conditioning, ...]) -> None:
    found = conditioning_strength(conditioning_area(texts[0], 64, 64, 0, 0, 0.3), 0.9)
    assert found.region is not None
    assert found.region.area is not None
    assert found.region.strength == 0.9


def test_each_text_alone_gives_what_it_gives_without_the_others(
    tiny: LatentDiffusion, texts: tuple[Conditioning, ...]
) -> None:
    red, blue, nothing = texts[:3]
    mask = Mask(torch.ones(1, 1, 64, 64))
    together = combine_conditioning(conditioning_mask(red, mask, 0.5), conditioning_steps(blue, 0.2, 0.8))
    alone = each_text_alone(together)
    assert len(alone) == 2
    denoiser, x, time = unet_denoiser(tiny.unet), torch.randn(1, 4, 8, 8), torch.tensor(500)
    for text, plain in zip(alone, (red, blue), strict=True):
        assert text.tokens is plain.tokens
        found, wanted = (classifier_free_guidance(denoiser, one, nothing, 5.0) for one in (text, plain))
        assert torch.equal(found.predict(x, time, 0, 9).output, wanted.predict(x, time, 0, 9).output)
    assert [text.tokens is red.tokens for text in each_text_alone(red)] == [True]


def test_it_samples_resumes_and_is_stored(tiny: LatentDiffusion, texts: tuple[Conditioning, ...]) -> None:
    red, blue, none = texts
    both = combine_conditioning(red, conditioning_area_by_share(blue, 0.5, 1.0, 0.5, 0.0))
    (stored,) = decode(encode((both,)))
    schedule = scheduler(tiny.schedule, "DDIM", 3)
    made: list[Any] = []
    for text in (both, stored):
        guider = classifier_free_guidance(unet_denoiser(tiny.unet), text, none, 3.0)
        assert type(guider) is Regional
        made.append(finish(sample(guider, schedule, Noise((3, 4), 64, 32), record="steps and attention"))[1])
    assert torch.equal(made[0].latent.samples, made[1].latent.samples)
    alone = finish(sample(guider, schedule, Noise((4,), 64, 32)))[1]
    assert torch.equal(made[0].latent.samples[1:], alone.latent.samples)


def test_guiders_for_one_text_refuse_several(tiny: LatentDiffusion, texts: tuple[Conditioning, ...]) -> None:
    denoiser = replace(unet_denoiser(tiny.unet), shown=torch.zeros(1, 4, 8, 16))  # type: ignore[type-var]
    with pytest.raises(NodeError, match="takes a single text that leads everywhere"):
        picture_and_text_guidance(denoiser, combine_conditioning(texts[0], texts[1]), texts[2])


def test_a_label_can_be_combined_too() -> None:
    from nodeflow.wires import Classes

    classes = Classes({0: "star", 1: "cat"}, 2)
    both = combine_conditioning(class_label(classes, "star"), class_label(classes, "cat"))
    assert [one.labels.tolist() for one in (both, *both.beside)] == [[0], [1]]  # type: ignore[union-attr]
    assert list(itertools.chain.from_iterable(one.words for one in (both, *both.beside))) == ["star", "cat"]
