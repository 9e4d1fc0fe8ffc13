"""Step caches: the library's own numbers where the hooks are its own, and a run that goes on is a whole run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import FluxPipeline, QwenImagePipeline
from diffusers.hooks import FirstBlockCacheConfig, MagCacheConfig, TaylorSeerCacheConfig
from diffusers.hooks.mag_cache import FLUX_MAG_RATIOS

from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.execution.step_cache import StepStore
from nodeflow.node import NodeError, noting
from nodeflow.wires import Conditioning, Denoiser, Noise, TrainedSchedule
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.calls.flow_calls import packed
from nodes.denoisers.denoisers import unet_denoiser
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.denoisers.sea_cache import filtered, sea_cache
from nodes.denoisers.step_caches import easy_cache, first_block_cache, mag_cache, taylor_seer
from nodes.denoisers.step_memory import tell_skipped
from nodes.denoisers.tea_cache import PUBLISHED, tea_cache
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.guidance.normalised import normalise_guidance
from nodes.loaders.load_by_family import LoadedModel, load_model
from nodes.loaders.load_models import LatentDiffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION
from tests.nodes.families.model_folders import flux, qwen_image, sd3
from tests.nodes.families.parity import told
from tests.nodes.families.test_seeing_models import run
from tests.nodes.finishing import finish
from tests.nodes.test_flow import recorded
from tests.telling import telling

STEPS = 8
WAYS: dict[str, tuple[Any, Any]] = {
    "First block cache": (lambda one: first_block_cache(one, 0.5), FirstBlockCacheConfig(0.5)),
    "MagCache": (
        lambda one: mag_cache(one, 0.2, 2, 0.25),
        MagCacheConfig(0.2, 2, 0.25, STEPS, FLUX_MAG_RATIOS),
    ),
    "TaylorSeer": (
        lambda one: taylor_seer(one, 3, 2, 2),
        TaylorSeerCacheConfig(3, 2, None, 2, torch.float32),
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    flux(path := tmp_path_factory.mktemp("cached") / "flux")
    return path


@pytest.fixture(scope="module")
def model(folder: Path) -> LoadedModel:
    return load_model(str(folder))


@pytest.mark.parametrize("way", WAYS)
def test_each_step_is_that_of_the_library(folder: Path, model: LoadedModel, way: str) -> None:
    ours, config = WAYS[way]
    pipeline = FluxPipeline.from_pretrained(folder)
    pipeline.transformer.enable_cache(config)
    wanted, _ = recorded(
        pipeline,
        prompt="a red star",
        height=32,
        width=48,
        num_inference_steps=STEPS,
        guidance_scale=2.5,
        generator=torch.Generator().manual_seed(3),
    )
    text, plain = clip_text_encode(model.text_encoder, "a red star"), network_denoiser(model.network, 2.5)
    with noting() as notes:
        trajectory = run(model, no_guidance(ours(plain), text), (3,), 6, 48, 32, STEPS)[1]
    told("FLUX.1", way, map(packed, trajectory.x[1:]), wanted)
    assert any(note.startswith("the step cache left out") for _, note in notes)
    without = run(model, no_guidance(plain, text), (3,), 6, 48, 32, STEPS)[1]
    assert not torch.equal(trajectory.x[-1], without.x[-1])
    assert not model.network.module.is_cache_enabled
    assert not any(
        getattr(part, "_diffusers_hook", None) and part._diffusers_hook.hooks for part in model.network.module.modules()
    )


def test_two_texts_are_two_caches(tmp_path: Path) -> None:
    """Qwen-Image is asked for each text by itself, which the library keeps apart by a context."""
    torch.manual_seed(0)
    qwen_image(tmp_path / "qwen")
    pipeline = QwenImagePipeline.from_pretrained(tmp_path / "qwen")
    pipeline.transformer.enable_cache(FirstBlockCacheConfig(0.3))
    wanted, _ = recorded(
        pipeline,
        prompt="a red star",
        negative_prompt="blue",
        true_cfg_scale=3.0,
        height=32,
        width=48,
        num_inference_steps=5,
        generator=torch.Generator().manual_seed(3),
    )
    model = load_model(str(tmp_path / "qwen"))
    texts = [clip_text_encode(model.text_encoder, text) for text in ("a red star", "blue")]
    with pytest.raises(NodeError, match="the ratios of this model are not known here"):
        mag_cache(network_denoiser(model.network))
    led = first_block_cache(network_denoiser(model.network), 0.3)
    guider = normalise_guidance(classifier_free_guidance(led, *texts, 3.0))
    found = run(model, guider, (3,), 6, 48, 32, 5)[1]
    told("Qwen-Image", "First block cache", map(packed, found.x[1:]), wanted)


def test_steps_are_left_out_where_diffusers_says_so(model: LoadedModel) -> None:
    """By its filter and its gate, whatever blocks those stand around there."""
    from diffusers.hooks import sea_cache as theirs

    text, plain = clip_text_encode(model.text_encoder, "a red star"), network_denoiser(model.network, 2.5)
    with noting() as notes:
        trajectory = run(model, no_guidance(sea_cache(plain, 0.6, 2), text), (3,), 6, 48, 32, STEPS)[1]
    config, gate, state = theirs.SeaCacheConfig(0.6), theirs.SeaCacheSharedState(), theirs.SeaCacheContextState()
    skipped = []
    for index, (x, sigma) in enumerate(zip(trajectory.x, trajectory.sigmas[:-1].tolist(), strict=False)):
        seen = theirs._apply_sea_filter(x.movedim(1, -1), sigma, 2.0).movedim(-1, 1)
        torch.testing.assert_close(filtered(x, sigma), seen, atol=1e-5, rtol=1e-4)
        told_now = theirs._SeaCacheForwardMetadata(index, sigma, STEPS)
        skipped += [] if gate.resolve_gate(state, told_now, [seen], config) else [index]
    assert 1 < len(skipped) < STEPS - 2
    assert [note for _, note in notes] == [sentence for sentence in [_left_out(skipped)] if sentence]
    with pytest.raises(NodeError, match="use Easy cache"):
        sea_cache(replace(plain, prediction="v"))  # type: ignore[type-var]


def test_steps_are_left_out_where_the_first_block_takes_in_almost_the_same(model: LoadedModel) -> None:
    """By TeaCache's rule, worked out on the x of the run; a step left out adds what the last whole one did."""
    text, plain = clip_text_encode(model.text_encoder, "a red star"), network_denoiser(model.network, 2.5)
    module: Any = model.network.module
    kept: list[torch.Tensor] = []
    own = {block: vars(block).get("forward") for block in module.modules()}
    hook = module.norm_out.register_forward_pre_hook(lambda _, given: kept.append(given[0]))
    with noting() as notes:
        trajectory = run(model, no_guidance(tea_cache(plain, 0.9), text), (3,), 6, 48, 32, STEPS)[1]
    hook.remove()
    taken: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def keep(block: Any, given: Any, named: Any, output: Any) -> None:
        taken.append((named["hidden_states"], block.norm1(named["hidden_states"], emb=named["temb"])[0], output[1]))

    ends: list[torch.Tensor] = []
    hooks = [
        module.transformer_blocks[0].register_forward_hook(keep, with_kwargs=True),
        module.norm_out.register_forward_pre_hook(lambda _, given: ends.append(given[0])),
    ]
    for x, time in zip(trajectory.x, trajectory.timesteps, strict=False):
        plain.predict(x, time, text)
    for hook in hooks:
        hook.remove()
    skipped, moved, beyond = [], 0.0, ends[0] - taken[0][0]
    for index in range(1, STEPS):
        seen, before = taken[index][1], taken[index - 1][1]
        share = float((seen - before).abs().mean() / before.abs().mean())
        moved += sum(one * share**power for power, one in enumerate(reversed(PUBLISHED["FluxTransformer2DModel"])))
        if moved < 0.9 and index < STEPS - 1:
            skipped.append(index)
            torch.testing.assert_close(kept[index], taken[index][0] + beyond, atol=1e-5, rtol=1e-5)
        else:
            moved, beyond = 0.0, ends[index] - taken[index][0]
    assert 1 < len(skipped) < STEPS - 2
    assert [note for _, note in notes] == [_left_out(skipped)]
    assert all(vars(block).get("forward") is before for block, before in own.items()), "the network is as it was"


def _left_out(steps: list[int]) -> str:
    with noting() as said:
        tell_skipped(tuple(steps), STEPS)
    return said[0][1]


CACHES: dict[str, Any] = {
    "tea": lambda one: tea_cache(one, 0.9),
    "sea": lambda one: sea_cache(one, 0.6, 2),
    "easy": lambda one: easy_cache(one, 0.5, 0.0, 1.0),
    "first block": lambda one: first_block_cache(one, 0.5),
    "taylor": lambda one: taylor_seer(one, 3, 1, 2),
}


@pytest.mark.parametrize("way", telling(CACHES, ("tea", "easy", "taylor").__contains__))
def test_a_run_that_goes_on_is_a_whole_run(model: LoadedModel, way: str, tmp_path: Path) -> None:
    """From memory, and from the disk after a restart, which what TaylorSeer knows of all layers is too much for."""
    text = clip_text_encode(model.text_encoder, "a red star")
    guider = no_guidance(CACHES[way](network_denoiser(model.network, 2.5)), text)
    chosen = scheduler(TrainedSchedule({**model.schedule.config, "image_tokens": 4}), "Flow-match Euler", STEPS)

    def goes(store: StepStore, stop: int = 100) -> tuple[int, Any]:
        store.identities.learn(b"model", tuple(model))
        with store.begin("nodes.sample@1") as steps:
            running = sample(guider, chosen, Noise((3, 4), 32, 32), steps=steps)
            for count in range(stop):
                try:
                    next(running)
                except StopIteration as end:
                    return count, end.value
            running.close()
        return stop, None

    whole = goes(StepStore({"cpu": 2**30}))
    assert whole[0] == STEPS
    memory = StepStore({"cpu": 2**30})
    goes(memory, 5)
    goes(StepStore({"cpu": 2**30}, DiskStore(tmp_path / "results", 2**28, least_seconds=0), pace=0, last_pace=0), 5)
    again = StepStore({"cpu": 2**30}, DiskStore(tmp_path / "results", 2**28, least_seconds=0))
    for later, wanted in ((memory, STEPS - 5), (again, STEPS if way == "taylor" else STEPS - 5)):
        count, found = goes(later)
        assert count == wanted
        assert torch.equal(found.latent.samples, whole[1].latent.samples)


def sampled(tiny: LatentDiffusion, denoiser: Denoiser, seeds: tuple[int, ...] = (3,)) -> Any:
    texts = (clip_text_encode(tiny.text_encoder, text) for text in ("red star", ""))
    chosen = scheduler(TrainedSchedule(STABLE_DIFFUSION), "DDIM", 6)
    guider = classifier_free_guidance(denoiser, *texts, 4.0)
    return finish(sample(guider, chosen, Noise(seeds, 32, 32)))[0]


class Counted:
    """Counts how often a network is asked."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.count = 0
        self.hook = module.register_forward_hook(self._count)

    def _count(self, *_: object) -> None:
        self.count += 1


def test_easy_cache_asks_a_network_less_often(tiny: LatentDiffusion) -> None:
    plain = unet_denoiser(tiny.unet)
    wanted = sampled(tiny, plain).latent.samples
    assert torch.equal(sampled(tiny, easy_cache(plain, 0.0)).latent.samples, wanted)
    assert torch.equal(sampled(tiny, easy_cache(plain, 3.0, 0.5, 0.5)).latent.samples, wanted)
    counted = Counted(tiny.unet.module)
    with noting() as notes:
        found = sampled(tiny, easy_cache(plain, 3.0, 0.3, 0.9))
    counted.hook.remove()
    assert counted.count == 3
    assert [note for _, note in notes] == [
        "the step cache left out steps 3, 4, 5 of 6: the image is nearly that without it"
    ]
    x, outputs = found.trajectory.x, found.trajectory.conditional
    scale = 1.0  # DDIM asks for x as it is
    beyond = outputs[1] - scale * x[1]
    torch.testing.assert_close(outputs[2], x[2] + beyond, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(outputs[4], x[4] + beyond, atol=1e-5, rtol=1e-5)
    batch = sampled(tiny, easy_cache(plain, 1.0, 0.0, 1.0), (3, 4)).latent.samples
    for row, seed in enumerate((3, 4)):
        single = sampled(tiny, easy_cache(plain, 1.0, 0.0, 1.0), (seed,)).latent.samples
        assert torch.equal(batch[row : row + 1], single)


def test_what_cannot_be_cached_is_a_sentence(tiny: LatentDiffusion, model: LoadedModel, tmp_path: Path) -> None:
    plain = unet_denoiser(tiny.unet)
    for way in (first_block_cache, mag_cache, taylor_seer):
        with pytest.raises(NodeError, match="no blocks that could be left out so; use Easy cache"):
            way(plain)
    sd3(tmp_path / "sd3")
    three = network_denoiser(load_model(str(tmp_path / "sd3")).network)
    with pytest.raises(NodeError, match="no blocks that could be left out so"):
        first_block_cache(three)
    with pytest.raises(NodeError, match="ratios: these are no numbers above 0"):
        mag_cache(network_denoiser(model.network), ratios="1.0, none")
    with pytest.raises(NodeError, match=r"the cache ends at 0\.1, before it starts at 0\.5"):
        easy_cache(plain, 0.2, 0.5, 0.1)
    text = Conditioning(torch.zeros(1, 16, 32))
    x = torch.zeros(1, 4, 8, 8)
    with torch.no_grad():
        assert torch.equal(easy_cache(plain).predict(x, torch.tensor(5), text), plain.predict(x, torch.tensor(5), text))
