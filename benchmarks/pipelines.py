"""Our loop against diffusers' own pipelines: joint attention, a language model as text encoder, an edit model.

Run ``python -m benchmarks.pipelines``. Both take turns in one process, step by step, and every pair in the other order
than the one before; the first step, in which a pipeline prepares, is left out. Memory is the most that tensors take at
once during a whole run, texts and references included, beyond the networks, as torch's profiler counts it.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
from collections.abc import Callable, Generator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from diffusers import QwenImageEditPlusPipeline, StableDiffusion3Pipeline, ZImagePipeline
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus
from torch.profiler import ProfilerActivity, profile

from benchmarks.sampling import Watch, ratio
from nodeflow.wires import Guider, Image, Noise
from nodes.conditioning.reference_images import edit_conditioning, reference_image
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.guidance.normalised import normalise_guidance
from nodes.loaders.load_by_family import LoadedModel, load_model
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.families import model_folders, test_qwen_edit
from tests.nodes.families.test_seeing_models import as_file

TEXT, OTHER, SCALE = "a red star", "blue", 4.0
Steps = Generator[None, None, torch.Tensor]


class Case(NamedTuple):
    """A model's folder, the pipeline of it, and what both are asked for."""

    what: str
    folder: Path
    pipeline: Any
    asked: dict[str, Any]
    guider: Callable[[LoadedModel], Guider]


def larger(module: Any, **shape: Any) -> Any:
    """A network of the same class with random weights, of another shape where that is given."""
    torch.manual_seed(0)
    return type(module).from_config({**module.config, **shape}).eval().requires_grad_(False)


def guided(model: LoadedModel) -> Guider:
    text, other = (clip_text_encode(model.text_encoder, one) for one in (TEXT, OTHER))
    return classifier_free_guidance(network_denoiser(model.network), text, other, SCALE)


def edited(image: Image, side: int, model: LoadedModel) -> Guider:
    reference = reference_image(image, model.vae, model.network, side)
    text, other = (edit_conditioning(model.text_encoder, reference, text=one) for one in (TEXT, OTHER))
    return normalise_guidance(classifier_free_guidance(network_denoiser(model.network), text, other, SCALE))


def cases(top: Path, width: int, layers: int, side: int) -> list[Case]:
    """With transformers of so many layers and numbers a token; what an edit is shown is as large as what is painted."""
    for size in ("VAE_IMAGE_SIZE", "CONDITION_IMAGE_SIZE"):
        setattr(pipeline_qwenimage_edit_plus, size, side**2)
    model_folders.sd3(top / "sd3")
    model_folders.z_image(top / "z-image")
    edit = test_qwen_edit.save_edit(top / "qwen", False)
    first, second, third = (
        kind.from_pretrained(folder)
        for kind, folder in (
            (StableDiffusion3Pipeline, top / "sd3"),
            (ZImagePipeline, top / "z-image"),
            (QwenImageEditPlusPipeline, edit),
        )
    )
    test_qwen_edit.tell_positions(third.text_encoder)
    first.transformer = larger(
        first.transformer, num_layers=layers, num_attention_heads=width // 64, caption_projection_dim=width
    )
    heads = width // 32
    second.transformer = larger(second.transformer, n_layers=layers, dim=width, n_heads=heads, n_kv_heads=heads)
    third.transformer = larger(third.transformer, num_layers=layers, num_attention_heads=heads)
    image = Image(torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(1)))
    shown = as_file(image)
    texts = {"prompt": TEXT, "negative_prompt": OTHER}
    return [
        Case("joint attention (SD 3)", top / "sd3", first, {**texts, "guidance_scale": SCALE}, guided),
        Case("a language model (Z-Image)", top / "z-image", second, {**texts, "guidance_scale": SCALE - 1}, guided),
        Case(
            "an edit (Qwen-Image-Edit 2509)",
            edit,
            third,
            {**texts, "true_cfg_scale": SCALE, "image": [shown]},
            partial(edited, image, side),
        ),
    ]


class Runs:
    """Both loops of a case: as steps one by one, and as a whole with something done after each step."""

    def __init__(self, case: Case, steps: int, side: int) -> None:
        self.case, self.steps, self.side = case, steps, side
        model = load_model(str(case.folder))
        self.model = model._replace(network=replace(model.network, module=case.pipeline.transformer))
        tokens = (side // 16) ** 2
        trained = type(model.schedule)({**model.schedule.config, "image_tokens": tokens})
        sized = trained if "image_tokens" in model.schedule.config else model.schedule
        self.schedule = scheduler(sized, "Flow-match Euler", steps)
        case.pipeline.set_progress_bar_config(disable=True)

    def bare(self, after: Callable[[], None]) -> torch.Tensor:
        def told(pipeline: Any, index: int, timestep: Any, kept: dict[str, Any]) -> dict[str, Any]:
            after()
            return kept

        found: torch.Tensor = self.case.pipeline(
            height=self.side,
            width=self.side,
            num_inference_steps=self.steps,
            generator=torch.Generator().manual_seed(3),
            output_type="latent",
            callback_on_step_end=told,
            **self.case.asked,
        ).images
        return found

    def ours(self, after: Callable[[], None]) -> torch.Tensor:
        loop = sample(self.case.guider(self.model), self.schedule, Noise((3,), self.side, self.side), record="nothing")
        while True:
            try:
                next(loop)
            except StopIteration as end:
                return end.value.latent.samples  # type: ignore[no-any-return]
            after()

    def one_by_one(self, run: Callable[[Callable[[], None]], torch.Tensor]) -> Steps:
        """A run in a thread of its own, which goes on when it is asked to."""
        go, stood = threading.Semaphore(0), threading.Semaphore(0)
        result: list[torch.Tensor] = []

        def pause() -> None:
            stood.release()
            go.acquire()

        def whole() -> None:
            with torch.no_grad():
                go.acquire()
                result.append(run(pause))
                stood.release()

        thread = threading.Thread(target=whole, daemon=True)
        thread.start()
        for _ in range(self.steps):
            go.release()
            stood.acquire()
            yield
        go.release()
        thread.join()
        return result[0]

    def times(self, repeats: int) -> tuple[float, float, float]:
        """The median of the bare steps in seconds, and of ours to theirs on the wall and on the processor."""
        wall: tuple[list[float], list[float]] = ([], [])
        cpu: tuple[list[float], list[float]] = ([], [])
        for turn in range(repeats):
            pair = [Watch(self.one_by_one(run)) for run in (self.bare, self.ours)]
            for step in range(self.steps):
                for watch in pair if (turn + step) % 2 else reversed(pair):
                    watch.step()
            for place, watch in enumerate(pair):
                watch.finish()
                wall[place].extend(watch.wall[1:])
                cpu[place].extend(watch.cpu[1:])
        return statistics.median(wall[0]), ratio(wall[1], wall[0]), ratio(cpu[1], cpu[0])


def peak(run: Callable[[Callable[[], None]], torch.Tensor]) -> int:
    """The most bytes that tensors take at once during a run."""
    with torch.no_grad(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        run(lambda: None)
    events = [one for one in seen.profiler.kineto_results.events() if one.name() == "[memory]"]  # type: ignore[union-attr]
    held = most = 0
    for event in sorted(events, key=lambda one: one.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--width", type=int, default=512, help="numbers a token in the transformers")
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--side", type=int, default=256, help="of the image in pixels")
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pairs = options.repeats * (options.steps - 1)
    print(f"{pairs} pairs of steps, images of {options.side} pixels, guidance {SCALE}; medians\n")
    print(f"{'':32} {'bare step':>11} {'ratio':>8} {'CPU':>8} {'bare peak':>11} {'ratio':>8}")
    with tempfile.TemporaryDirectory() as top:
        for case in cases(Path(top), options.width, options.layers, options.side):
            runs = Runs(case, options.steps, options.side)
            seconds, wall, cpu = runs.times(options.repeats)
            bare, ours = peak(runs.bare), peak(runs.ours)
            print(
                f"{case.what:32} {seconds:9.3f} s {wall:8.4f} {cpu:8.4f} {bare / 2**20:7.1f} MiB {ours / bare:8.4f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
