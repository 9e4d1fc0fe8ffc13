"""Noise by named streams: the numbers of other programs, bit by bit."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.parity import ended, toy
from nodeflow.node import NodeError
from nodeflow.wires import Latent, Noise
from nodeflow.wires.philox import PhiloxGenerator, philox, scrambled
from nodes.latents.noise import change_noise, drawn_noise, gaussian_noise, noise_stream, noise_variation, varied
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.sampler_schedules import k_sampler
from nodes.schedulers.schedulers import scheduler

SHAPE = 4, 64, 64
CUDA = [
    [-0.92466259, -0.42534415, -2.6438457, 0.14518388],
    [-0.12086647, -0.57972564, -0.62285122, -0.32838709],
    [-1.07454231, -0.36314407, -1.67105067, 2.26550497],
]
"""What A1111's own description gives for seed 0: what a card draws, which counts the transform in single precision."""
COMFYUI_SECOND = [-1.3046586513519287, 1.4507033824920654, 0.24427996575832367, -0.27988964319229126]
"""The second of three images of seed 42 in ComfyUI, 4 x 64 x 64: its first numbers."""


def drawn(noise: Noise, shape: tuple[int, ...] = SHAPE) -> torch.Tensor:
    return drawn_noise(noise, noise.generators(), shape)


def test_one_generator_draws_a_batch_at_once() -> None:
    whole = drawn(noise_stream(42, 3))
    assert whole[1].flatten()[:4].tolist() == COMFYUI_SECOND
    assert torch.equal(whole[:1], drawn(gaussian_noise(42)))
    assert not torch.equal(whole[1:2], drawn(gaussian_noise(43)))
    assert torch.equal(drawn(noise_stream(42, batch_index="2, 0")), whole[[2, 0]])
    odd = 4, 5, 7
    assert torch.equal(drawn(noise_stream(3, 2), odd), torch.randn(2, *odd, generator=torch.Generator().manual_seed(3)))


@pytest.mark.parametrize(
    ("counter", "key", "wanted"),
    [
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([2**32 - 1] * 4, [2**32 - 1] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_philox_gives_the_published_words(counter: list[int], key: list[int], wanted: list[int]) -> None:
    """The known answers that come with Random123 (Salmon et al. 2011), to the bit."""
    words = [[np.array([word], np.uint32) for word in part] for part in (counter, key)]
    assert [int(word[0]) for word in scrambled(*words)] == wanted


def test_philox_counts_images_by_the_third_word_and_turns_them_to_the_bit() -> None:
    """Each number is the sine of Box and Muller's transform, counted in double precision and rounded once."""
    seed = 2**40 + 12345
    first, second = philox(seed, 3, 5000)[:2]
    alone = scrambled(
        [np.array([word], np.uint32) for word in (3, 0, 4321, 0)],
        [np.array([word], np.uint32) for word in (12345, 2**8)],
    )
    assert (int(first[4321]), int(second[4321])) == (int(alone[0][0]), int(alone[1][0]))
    unit, turn = (float(np.float32(value)) for value in (2.3283064e-10, 2.3283064e-10 * 6.2831855))
    wanted = [
        math.sqrt(-2 * math.log(int(one) * unit + unit / 2)) * math.sin(int(two) * turn + turn / 2)
        for one, two in zip(first, second, strict=True)
    ]
    generator = PhiloxGenerator(seed)
    generator.set_state(torch.tensor([3]))
    assert torch.equal(generator.randn((5000,)), torch.tensor(wanted, dtype=torch.float64).float())


def test_philox_draws_what_a_card_draws() -> None:
    assert torch.allclose(PhiloxGenerator(0).randn((3, 4)), torch.tensor(CUDA), rtol=0, atol=1e-6)
    generator = PhiloxGenerator(5)
    first = generator.randn(SHAPE)
    state = generator.get_state()
    second = generator.randn(SHAPE)
    assert not torch.equal(first, second)
    generator.set_state(state)
    assert torch.equal(generator.randn(SHAPE), second)
    assert abs(float(second.mean())) < 0.03
    assert abs(float(second.std()) - 1) < 0.03
    both = drawn(noise_stream(5, 2, stream="NV Philox"))
    assert torch.equal(both[0], first)
    assert torch.equal(both[1], PhiloxGenerator(6).randn(SHAPE))


def test_seeds_have_64_bits() -> None:
    largest = noise_stream(large_seed=str(2**64 - 1), batch=2, stream="a seed an image")
    assert largest.seeds == (2**64 - 1, 0)
    assert not torch.equal(*drawn(largest).split(1))
    assert not torch.equal(PhiloxGenerator(2**40 + 1).randn((4,)), PhiloxGenerator(1).randn((4,)))


def test_what_draws_on_the_way_is_named() -> None:
    """The first noise of the way, as euler_ancestral draws it, from each stream."""
    made = {}
    for between in ("goes on", "the seed again", "seed + 1"):
        noise = noise_stream(7, between=between)  # type: ignore[arg-type]
        started = noise.generators()
        first = drawn_noise(noise, started, SHAPE)
        made[between] = noise.on_the_way(*noise.seeds_at(0), started).like(first)
    generator = torch.Generator().manual_seed(7)
    first, second = (torch.randn(1, *SHAPE, generator=generator) for _ in range(2))
    assert torch.equal(made["goes on"], second)
    assert torch.equal(made["the seed again"], first)
    assert torch.equal(made["seed + 1"], torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(8)))


def test_seeds_change_on_the_way_in_every_stream() -> None:
    for stream in ("a seed an image", "one for the batch", "NV Philox"):
        for between in ("goes on", "seed + 1"):
            before, after = (noise_stream(seed, 2, stream=stream, between=between) for seed in (3, 4))  # type: ignore[arg-type]
            schedule = k_sampler(None, "euler_ancestral", "karras", 6)
            changed, plain = (
                ended(sample(toy(False), schedule, noise, batch="together")).trajectory
                for noise in (change_noise(before, after, 3), before)
            )
            assert torch.equal(changed.x[3], plain.x[3])
            assert not torch.equal(changed.x[4], plain.x[4])


def test_variations_go_from_one_seed_to_another() -> None:
    one, other = gaussian_noise(3, 2), gaussian_noise(8, 2)
    assert torch.allclose(drawn(noise_variation(one, other, 0.0)), drawn(one), atol=1e-6)
    assert torch.allclose(drawn(noise_variation(one, other, 1.0)), drawn(other), atol=1e-6)
    middle = drawn(noise_variation(one, other, 0.5))
    assert abs(float(middle.std()) - 1) < 0.02
    turned = varied(torch.tensor([[[[3.0], [0.0]]]]), torch.tensor([[[[0.0], [3.0]]]]), 0.5)
    assert torch.allclose(turned.flatten(), torch.full((2,), 3 * 0.5**0.5))
    assert torch.allclose(drawn(noise_variation(one, one, 0.4)), drawn(one), atol=1e-5)
    flat = 4, 1, 9
    assert float(drawn(noise_variation(one, other, 0.4), flat).abs().max()) < 5
    with pytest.raises(NodeError, match="2 seeds and the other 1"):
        noise_variation(one, gaussian_noise(8))


@pytest.mark.parametrize("stream", ["a seed an image", "one for the batch", "NV Philox"])
def test_the_ends_of_a_variation_are_the_two_to_the_bit(stream: Any) -> None:
    one, other = noise_stream(2**53 - 1, stream=stream), noise_stream(4, stream=stream)
    assert torch.equal(drawn(noise_variation(one, other, 0.0)), drawn(one))
    assert torch.equal(drawn(noise_variation(one, other, 1.0)), drawn(other))


def in_the_middle(outer: torch.Tensor, inner: torch.Tensor) -> torch.Tensor:
    """A1111's rule for noise of another size (C, h, w), of which half of the difference lies on each side."""
    found = outer.clone()
    dy, dx = ((one - other) // 2 for one, other in zip(outer.shape[1:], inner.shape[1:], strict=True))
    height, width = inner.shape[1] + 2 * min(dy, 0), inner.shape[2] + 2 * min(dx, 0)
    part = inner[:, max(-dy, 0) : max(-dy, 0) + height, max(-dx, 0) : max(-dx, 0) + width]
    found[:, max(dy, 0) : max(dy, 0) + height, max(dx, 0) : max(dx, 0) + width] = part
    return found


@pytest.mark.parametrize("stream", ["a seed an image", "NV Philox"])
@pytest.mark.parametrize("other", [(40, 24), (200, 24), (40, 200), (168, 264), (88, 88), (96, 160)])
def test_noise_of_another_size_lies_in_the_middle(stream: Any, other: tuple[int, int]) -> None:
    """As A1111's resize seed: both sizes are drawn from the same seeds, and variations are those of the other size."""
    shape, inner = (4, 12, 20), (4, other[1] // 8, other[0] // 8)
    one, two = (noise_stream(seed, 2, stream=stream, from_width=other[0], from_height=other[1]) for seed in (7, 90))
    plain = [noise_stream(seed, 2, stream=stream) for seed in (7, 90)]
    for found, small in (
        (drawn(one, shape), drawn(plain[0], inner)),
        (drawn(noise_variation(one, two, 0.3), shape), varied(*(drawn(each, inner) for each in plain), 0.3)),
    ):
        for row, around in enumerate(drawn(plain[0], shape)):
            assert torch.equal(found[row], in_the_middle(around, small[row]))
    started, wanted = one.generators(), plain[0].generators()
    around = drawn_noise(one, started, shape), drawn_noise(plain[0], wanted, shape)
    noise = replace(one, between="goes on")
    assert torch.equal(*(noise.on_the_way(0, one.seeds, each).like(around[0]) for each in (started, wanted)))


@pytest.mark.parametrize("stream", ["a seed an image", "one for the batch", "NV Philox"])
def test_other_seeds_may_draw_from_the_first_step_on(stream: Any) -> None:
    """The image starts from one noise, and all that is added on the way comes from fresh generators of the other."""
    before, after = (noise_stream(seed, stream=stream, between="goes on") for seed in (3, 31340))
    changed, started = change_noise(before, after, 0), before.generators()
    first = drawn_noise(changed, started, SHAPE)
    assert torch.equal(first, drawn(before))
    found = changed.on_the_way(*changed.seeds_at(0), started).like(first)
    assert torch.equal(found, drawn(noise_stream(31340, stream=stream), SHAPE))


@pytest.mark.parametrize("stream", ["a seed an image", "one for the batch", "NV Philox"])
@pytest.mark.parametrize("between", ["goes on", "the seed again", "seed + 1"])
def test_the_last_seed_draws_on_the_way_too(stream: Any, between: Any) -> None:
    noise = noise_stream(batch=2, stream=stream, between=between, large_seed=str(2**64 - 1))
    for name in ("euler_ancestral", "dpmpp_2m_sde", "lcm"):
        found = ended(sample(toy(False), k_sampler(None, name, "karras", 4), noise)).latent.samples
        assert found.isfinite().all()


def test_noise_may_be_off() -> None:
    quiet = noise_stream(7, 2, add_noise=False)
    assert not drawn(quiet).any()
    latent = Latent(torch.randn(2, 4, 8, 8))
    schedule = k_sampler(None, "euler", "normal", 8, start_step=5)
    path = ended(sample(toy(False), schedule, quiet, latent)).trajectory
    assert torch.equal(path.x[0], latent.samples)


@pytest.mark.parametrize(
    ("told", "options"),
    [
        ("'minus one' is no seed; write a whole number", {"large_seed": "minus one"}),
        ("is no seed", {"large_seed": str(2**64)}),
        ("'0, -1' is not whole numbers from 0", {"batch_index": "0, -1"}),
        ("choose the stream one for the batch", {"batch_index": "0", "stream": "NV Philox"}),
        *([] if torch.cuda.is_available() else [("no NVIDIA card here", {"stream": "GPU"})]),
    ],
)
def test_what_is_no_stream_is_said(told: str, options: dict[str, str]) -> None:
    with pytest.raises(NodeError, match=told):
        noise_stream(**options)  # type: ignore[arg-type]


def test_methods_of_diffusers_draw_from_torch_alone() -> None:
    noise = noise_stream(7, stream="NV Philox")
    with pytest.raises(NodeError, match="choose a sampler along sigmas"):
        ended(sample(toy(False), scheduler(None, "DDIM", 4, eta=1.0), noise))
    assert ended(sample(toy(False), scheduler(None, "UniPC", 4), noise)).latent.samples.isfinite().all()
