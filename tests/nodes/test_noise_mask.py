"""Noise masks: ComfyUI's numbers, when a soft place opens, what becomes of the mask on the way, grey below it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.parity import KINDS, ended, toy
from nodeflow.node import NodeError
from nodeflow.wires import Denoiser, Guided, Guider, Image, Latent, Mask, Noise, NoiseMask
from nodes.latents import editing
from nodes.latents.noise_mask import noise_mask, vae_encode_for_inpainting
from nodes.latents.vae import PixelSpace, pixel_space
from nodes.loaders.load_models import LatentDiffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.model_sigmas import model_sigmas
from nodes.schedulers.sampler_schedules import k_sampler, sigmas_schedule
from nodes.schedulers.schedulers import scheduler
from tests.nodes.test_inpaint import guider

KNOWN = torch.linspace(-1, 1, 256).reshape(1, 4, 8, 8)
COMFYUI = {
    "euler": (-0.6650972, -0.0530889, 0.0501600, -0.1343970),
    "ddim": (-0.6621417, -0.0530889, 0.0501600, -0.1343970),
    "euler_ancestral": (-0.6560742, 0.1700536, 0.1810353, -0.0500235),
    "dpmpp_2m": (-0.6637475, -0.0334142, 0.0315462, -0.0896138),
}
"""The fourth to seventh numbers that ComfyUI 0.26.0 gives on a CPU: normal, 8 steps, seed 7, the toy of
`benchmarks.parity`, `KNOWN` with a mask that is 0 in the first three columns, 0.5 in the fourth and 1 behind."""


def mask_of(*columns: float) -> Mask:
    """A mask of 8 x 8 with these values from the left, the last one to the right."""
    values = torch.tensor([*columns, *[columns[-1]] * (8 - len(columns))])
    return Mask(values.expand(1, 1, 8, 8).clone())


@pytest.mark.parametrize("name", COMFYUI)
def test_inpainting_gives_the_numbers_of_comfyui(name: str) -> None:
    latent = noise_mask(Latent(KNOWN), mask_of(0, 0, 0, 0.5, 1), noise="seed + 1" if name == "ddim" else "of the start")
    noise = Noise((7,), stream="one for the batch", between="seed + 1")
    found = ended(sample(toy(False), k_sampler(None, name, "normal", 8), noise, latent)).latent
    assert torch.allclose(found.samples.flatten()[3:7], torch.tensor(COMFYUI[name]), atol=2e-6)
    assert torch.allclose(found.samples[..., :3], KNOWN[..., :3], atol=1e-6)
    assert found.noise_mask is latent.noise_mask


@dataclass(frozen=True, eq=False)
class Watching:
    """A guider that takes note of what it sees."""

    guider: Guider
    seen: list[Tensor] = field(default_factory=list)

    @property
    def denoiser(self) -> Denoiser:
        return self.guider.denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        self.seen.append(x)
        return self.guider.predict(x, timestep, index, total)

    def at(self, index: int, total: int) -> Guider:
        return self

    def unguided(self) -> Guider:
        return self


@pytest.mark.parametrize("flow", [False, True])
def test_what_stays_has_the_noise_of_the_start_at_every_call(flow: bool) -> None:
    watching, trained = Watching(toy(flow)), KINDS["SD3"] if flow else None
    latent = noise_mask(Latent(KNOWN), mask_of(0, 1))
    sigmas = model_sigmas(trained, "simple", 6)
    ended(sample(watching, sigmas_schedule(sigmas, "heun", trained), Noise((7,)), latent))
    drawn = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(7))
    walked = sigmas.values.double().tolist()
    asked = [level for index in range(6) for level in walked[index : index + 2] if level]  # heun asks at both ends
    assert len(watching.seen) == len(asked) == 11
    for seen, sigma in zip(watching.seen, asked, strict=True):
        size = 1.0 if flow else (1 + sigma**2) ** 0.5
        wanted = ((1 - sigma if flow else 1) * KNOWN + sigma * drawn) / size
        assert torch.allclose(seen[..., 0], wanted[..., 0].float(), atol=1e-5)
        assert not torch.allclose(seen[..., 1:], wanted[..., 1:].float(), atol=1e-2) or sigma == walked[0]


def test_a_soft_place_opens_when_so_much_of_the_way_is_left() -> None:
    """Timesteps 999 to 0 evenly: a place of 0.3 is painted at the last 0.3 of them, and known before.

    At the call where it opens, x is what the solver has, which began with a little more noise than its level says.
    """
    watching = Watching(toy(False))
    latent = noise_mask(Latent(KNOWN), mask_of(0, 0.3, 0.65, 1), differential=1.0)
    ended(sample(watching, k_sampler(None, "euler", "normal", 10), Noise((7,)), latent))
    drawn = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(7))
    sigmas = model_sigmas(None, "normal", 10).values.double().tolist()
    opened = []
    for seen, sigma in zip(watching.seen, sigmas, strict=False):
        known = ((KNOWN + sigma * drawn) / (1 + sigma**2) ** 0.5).float()
        opened.append([not torch.allclose(seen[..., column], known[..., column], atol=1e-5) for column in range(3)])
    for column, value in enumerate((0, 0.3, 0.65)):
        assert [row[column] for row in opened] == [value >= 1 - index / 9 for index in range(10)]


def test_between_hard_and_soft_a_differential_mask_is_the_mix() -> None:
    def found(differential: float) -> Tensor:
        latent = noise_mask(Latent(KNOWN), mask_of(0, 0.5, 1), differential=differential)
        schedule = sigmas_schedule(model_sigmas(None, "karras", 1), "euler")
        return ended(sample(toy(False), schedule, Noise((7,)), latent)).latent.samples[..., 1]

    soft, half, hard = found(0.0), found(0.5), found(1.0)
    assert torch.allclose(hard, KNOWN[..., 1], atol=1e-5), "in the first step only what is 1 is open"
    share = (half - hard) / (soft - hard)
    assert 0.2 < float(share.median()) < 0.8


def test_images_of_a_batch_are_those_made_alone() -> None:
    masks = Mask(torch.cat([mask_of(0, 1).values, mask_of(0, 0.5, 1).values]))
    both = noise_mask(Latent(torch.cat([KNOWN, -KNOWN])), masks)
    schedule = k_sampler(None, "dpmpp_2m", "karras", 5)
    together = ended(sample(toy(False), schedule, Noise((3, 4)), both)).latent.samples
    for row in (0, 1):
        alone = editing.pick_latent(both, row)
        one = ended(sample(toy(False), schedule, Noise((3 + row,)), alone)).latent.samples
        assert torch.equal(one[0], together[row])


def test_diffusers_schedulers_keep_what_is_masked_too(tiny: LatentDiffusion) -> None:
    known = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    latent = noise_mask(Latent(known), mask_of(0, 0, 0, 0, 1))
    found = ended(sample(guider(tiny), scheduler(tiny.schedule, "Euler ancestral", 6), Noise((0,)), latent)).latent
    assert torch.allclose(found.samples[..., :4], known[..., :4], atol=1e-4)
    assert not torch.allclose(found.samples[..., 4:], known[..., 4:], atol=0.1)


def test_too_many_masks_are_refused() -> None:
    latent = Latent(KNOWN, NoiseMask(torch.ones(3, 1, 8, 8)))
    with pytest.raises(NodeError, match="3 noise masks do not fit 1 latents; give one, or as many"):
        ended(sample(toy(False), k_sampler(None, "euler", "normal", 2), Noise((0,)), latent))


def test_the_mask_goes_where_its_latent_goes() -> None:
    latent = noise_mask(Latent(KNOWN), mask_of(0, 0, 1))
    values = mask_of(0, 0, 1).values

    def mask(found: Latent) -> Tensor:
        assert found.noise_mask is not None
        return found.noise_mask.values

    assert torch.equal(mask(editing.turn_latent(latent, "quarter right")), torch.rot90(values, -1, (2, 3)))
    assert torch.equal(mask(editing.crop_latent(latent, 1, 0, 3, 8)), values[..., 1:4])
    assert torch.equal(mask(editing.scale_latent(latent, 4, 8, crop="centre")), values[..., 2:6])
    assert torch.equal(mask(editing.scale_latent_by(latent, 2.0)), values)
    assert torch.equal(mask(editing.blend_latents(latent, Latent(KNOWN))), values)
    assert torch.equal(mask(editing.lay_latent_on(latent, Latent(KNOWN[..., :2, :2]))), values)
    both = editing.batch_latents(Latent(KNOWN), latent)
    assert torch.equal(mask(both), torch.cat([torch.ones_like(values), values]))
    assert torch.equal(mask(editing.pick_latent(both, 1)), values)
    assert torch.equal(mask(editing.repeat_latent(both, 2)), mask(both).repeat(2, 1, 1, 1))
    assert torch.equal(mask(editing.repeat_latent(latent, 2)), values)
    assert editing.batch_latents(Latent(KNOWN), Latent(KNOWN)).noise_mask is None
    assert noise_mask(latent).noise_mask is None


def test_a_mask_of_pixels_is_brought_to_cells() -> None:
    pixels = torch.zeros(1, 1, 16, 16)
    pixels[..., 1:4, 1:4] = 1
    area = noise_mask(Latent(KNOWN), Mask(pixels), method="area").noise_mask
    assert area is not None and area.values.shape == (1, 1, 8, 8)
    assert area.values[0, 0, :3, :3].tolist() == [[0.25, 0.5, 0], [0.5, 1, 0], [0, 0, 0]]


def test_grey_lies_below_a_mask_and_the_mask_grows() -> None:
    image = Image(torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)))
    values = torch.zeros(1, 1, 16, 16)
    values[..., 6:10, 8] = 1
    values[..., 0, 0] = 0.4
    found = vae_encode_for_inpainting(pixel_space(), image, Mask(values), grow=3)
    below = values.round().bool().expand(1, 3, 16, 16)
    assert torch.equal(found.samples[~below], PixelSpace.encode(pixel_space(), image).samples[~below])  # type: ignore[arg-type]
    assert (found.samples[below] == 0).all()
    assert found.noise_mask is not None
    grown = torch.zeros(1, 1, 16, 16)
    grown[..., 5:11, 7:10] = 1
    assert torch.equal(found.noise_mask.values, grown)
    even = vae_encode_for_inpainting(pixel_space(), image, Mask(values), grow=2).noise_mask
    assert even is not None and even.values.shape == (1, 1, 16, 16)
    assert even.values.nonzero()[:, 2:].aminmax(dim=0).min.tolist() == [6, 8], "a box of two reaches down and right"
    assert even.values.nonzero()[:, 2:].aminmax(dim=0).max.tolist() == [10, 9]


WIDE = Mask(torch.tensor([0.0, 1, 1, 0]).repeat_interleave(8).expand(1, 1, 16, 32))
"""Of twice the width of the latents here."""


@pytest.mark.parametrize(("fit", "marked"), [("stretch", 0.5), ("cover", 1.0)])
def test_a_mask_of_other_proportions_is_fitted_as_one_chooses(fit: Any, marked: float) -> None:
    square = Latent(torch.zeros(1, 4, 8, 8))
    found = noise_mask(square, WIDE, method="area", mask_fit=fit).noise_mask
    assert found is not None and float(found.values.mean()) == marked
    image = Image(torch.zeros(1, 3, 16, 16))
    found = vae_encode_for_inpainting(pixel_space(), image, WIDE, 0, fit).noise_mask
    assert found is not None and float(found.values.mean()) == marked


def test_a_mask_of_other_proportions_is_refused_where_nothing_is_chosen() -> None:
    with pytest.raises(NodeError, match="the mask is 32 x 16 and the image has other proportions"):
        noise_mask(Latent(torch.zeros(1, 4, 8, 8)), WIDE)
    with pytest.raises(NodeError, match="other proportions"):
        vae_encode_for_inpainting(pixel_space(), Image(torch.zeros(1, 3, 16, 16)), WIDE)
