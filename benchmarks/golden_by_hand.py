"""ComfyUI's numbers beside workflows that were built here by hand, with no importer: samplers, texts, regions, pairs,
inpainting.

``python -m benchmarks.golden_by_hand GRAPHS WEIGHTS [NAME...]``: both as for `benchmarks.golden_graphs`. Differences
are shares of the result's deviation; within 0.0005 counts as the same.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from benchmarks.golden_graphs import LIMITS, difference
from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.wires import Latent

Nodes = dict[str, tuple[str, dict[str, Any]]]
"""By name the type of a node and what it is given: values, and ``@node.output`` for a wire."""
MODEL = "gold_sd15.safetensors"
GOOD, BAD, FIELD = "a red star over a quiet sea, masterpiece", "blurry, low quality", "a green field"
TOWER = "an old tower, evening light"


def wired(nodes: Nodes) -> Workflow:
    """Return the workflow of some nodes."""
    workflow = Workflow()
    for name, (kind, given) in nodes.items():
        is_wire = {key: isinstance(value, str) and value.startswith("@") for key, value in given.items()}
        params = {key: value for key, value in given.items() if not is_wire[key]}
        workflow.nodes[name] = Node(f"nodes.{kind}", None, params)
        for key, value in given.items():
            if is_wire[key]:
                source, _, output = value[1:].partition(".")
                link = Link(source, output, name, key)
                workflow.links[link.socket] = link
    return workflow


def led(positive: str = "@good.conditioning", negative: str = "@bad.conditioning", scale: float = 7.0) -> Nodes:
    """The model, two texts, and what leads by them."""
    texts = {"positive": positive, "negative": negative}
    return {
        "model": ("load_latent_diffusion", {"model": MODEL}),
        "good": ("weighted_text_encode", {"text_encoder": "@model.text_encoder", "text": GOOD}),
        "bad": ("weighted_text_encode", {"text_encoder": "@model.text_encoder", "text": BAD}),
        "denoiser": ("unet_denoiser", {"unet": "@model.unet"}),
        "guidance": ("classifier_free_guidance", {"denoiser": "@denoiser.denoiser", **texts, "scale": scale}),
    }


def walked(latent: str = "", seed: int = 42, size: tuple[int, int] = (64, 64), **about: Any) -> Nodes:
    """A sampler, its schedule and its noise; it starts from a latent where one is named."""
    schedule = {"trained": "@model.schedule", "sampler": "euler", "spacing": "normal", "steps": 6, **about}
    given = {"guider": "@guidance.guider", "schedule": "@schedule.schedule", "noise": "@noise.noise"}
    wanted = {} if latent else {"width": size[0], "height": size[1]}
    return {
        "schedule": ("k_sampler", schedule),
        "noise": ("noise_stream", {"seed": seed, **wanted}),
        "sampler": ("sample", {**given, **({"latent": latent} if latent else {})}),
    }


def sampled(sampler: str, spacing: str, scale: float = 7.0) -> Callable[[], Nodes]:
    return lambda: {**led(scale=scale), **walked(sampler=sampler, spacing=spacing)}


def tower(sampler: str, spacing: str, seed: int) -> Callable[[], Nodes]:
    """Another text, eight steps and less guidance."""
    text: Nodes = {"good": ("weighted_text_encode", {"text_encoder": "@model.text_encoder", "text": TOWER})}
    about: dict[str, Any] = {"sampler": sampler, "spacing": spacing, "steps": 8}
    return lambda: {**led(scale=5.5), **text, **walked(seed=seed, **about)}


def beside(kind: str, given: dict[str, Any], size: tuple[int, int] = (64, 64), seed: int = 42) -> Callable[[], Nodes]:
    """A second text beside the first, by the node that puts them together or limits the second."""
    field: Nodes = {"field": ("weighted_text_encode", {"text_encoder": "@model.text_encoder", "text": FIELD})}
    both: Nodes = {"both": (kind, given)}
    if "first" not in given and "behind" not in given:
        both = {
            "limited": (kind, {"conditioning": "@field.conditioning", **given}),
            "both": ("combine_conditioning", {"first": "@good.conditioning", "second": "@limited.conditioning"}),
        }
    return lambda: {**led("@both.conditioning"), **field, **both, **walked(size=size, seed=seed)}


def in_steps() -> Nodes:
    limited: Nodes = {
        "field": ("weighted_text_encode", {"text_encoder": "@model.text_encoder", "text": FIELD}),
        "early": (
            "conditioning_steps",
            {"conditioning": "@good.conditioning", "end": 0.4, "counted": "trained timesteps"},
        ),
        "late": (
            "conditioning_steps",
            {"conditioning": "@field.conditioning", "start": 0.4, "counted": "trained timesteps"},
        ),
        "both": ("combine_conditioning", {"first": "@early.conditioning", "second": "@late.conditioning"}),
    }
    return {**led("@both.conditioning"), **limited, **walked()}


def zeroed() -> Nodes:
    zero: Nodes = {"zero": ("zero_conditioning", {"conditioning": "@good.conditioning"})}
    return {**led(negative="@zero.conditioning"), **zero, **walked()}


def weighed() -> Nodes:
    said = "a (red:1.3) star over a (quiet) sea, ((masterpiece)), (calm:0.6)", "(blurry:1.5), low quality"
    texts: Nodes = {
        name: ("weighted_text_encode", {"text_encoder": "@model.text_encoder", "text": text})
        for name, text in zip(("good", "bad"), said, strict=True)
    }
    return {**led(), **texts, **walked()}


def pair(first: dict[str, Any], second: dict[str, Any], renoised: bool) -> Callable[[], Nodes]:
    """Two samplers, each for a part of the steps."""

    def nodes() -> Nodes:
        schedule = {"trained": "@model.schedule", "steps": 8, **second}
        given = {"guider": "@guidance.guider", "schedule": "@schedule_2.schedule", "noise": "@noise_2.noise"}
        return {
            **led(),
            **walked(steps=8, **first),
            "schedule_2": ("k_sampler", schedule),
            "noise_2": ("noise_stream", {"seed": 43 if renoised else 42, "add_noise": renoised}),
            "sampler_2": ("sample", {**given, "latent": "@sampler.latent"}),
        }

    return nodes


def painted(picture: str, given: dict[str, Any], **about: Any) -> Callable[[], Nodes]:
    """Inpainting where a picture is clear."""
    shown: Nodes = {
        "picture": ("load_image", {"path": picture, "ground": "none"}),
        "encoded": ("vae_encode", {"vae": "@model.vae", "image": "@picture.image"}),
        "masked": ("noise_mask", {"latent": "@encoded.latent", "mask": "@picture.mask", **given}),
    }
    return lambda: {**led(), **shown, **walked("@masked.latent", **about)}


def encoded_grey() -> Nodes:
    vae = {"vae": "@model.vae", "image": "@picture.image", "mask": "@picture.mask", "grow": 6}
    shown: Nodes = {
        "picture": ("load_image", {"path": "gold_hole64.png", "ground": "none"}),
        "encoded": ("vae_encode_for_inpainting", vae),
    }
    return {**led(), **shown, **walked("@encoded.latent", sampler="dpmpp_2m", spacing="karras")}


MULTISTEP = {"sampler": "dpmpp_2m", "spacing": "karras"}
COMBINED = {"first": "@good.conditioning", "second": "@field.conditioning"}
CASES: dict[str, Callable[[], Nodes]] = {
    "cfg_one": sampled("euler", "normal", scale=1.0),
    "txt2img_ddim_ddim_uniform": sampled("ddim", "ddim_uniform"),
    "txt2img_dpm_2_ancestral_karras": sampled("dpm_2_ancestral", "karras"),
    "txt2img_dpm_2_normal": sampled("dpm_2", "normal"),
    "txt2img_dpmpp_2m_karras": sampled("dpmpp_2m", "karras"),
    "txt2img_dpmpp_2m_sde_exponential": sampled("dpmpp_2m_sde", "exponential"),
    "txt2img_dpmpp_2s_ancestral_karras": tower("dpmpp_2s_ancestral", "karras", 1000),
    "txt2img_dpmpp_3m_sde_exponential": sampled("dpmpp_3m_sde", "exponential"),
    "txt2img_dpmpp_sde_karras": sampled("dpmpp_sde", "karras"),
    "txt2img_er_sde_simple": tower("er_sde", "simple", 1008),
    "txt2img_euler_ancestral_simple": sampled("euler_ancestral", "simple"),
    "txt2img_euler_normal": sampled("euler", "normal"),
    "txt2img_heun_normal": sampled("heun", "normal"),
    "txt2img_heunpp2_beta": tower("heunpp2", "beta", 1005),
    "txt2img_lcm_beta": sampled("lcm", "beta"),
    "txt2img_lms_karras": sampled("lms", "karras"),
    "txt2img_res_multistep_simple": sampled("res_multistep", "simple"),
    "txt2img_uni_pc_sgm_uniform": sampled("uni_pc", "sgm_uniform"),
    "cond_area_percent": beside(
        "conditioning_area_by_share", {"width": 0.5, "height": 1.0, "left": 0.5, "strength": 0.6}, (96, 64), 13
    ),
    "cond_average": beside("average_conditioning", {**COMBINED, "share": 0.7}),
    "cond_combine": beside("combine_conditioning", COMBINED),
    "cond_concat": beside(
        "concatenate_conditioning", {"conditioning": "@good.conditioning", "behind": "@field.conditioning"}
    ),
    "cond_set_area": beside(
        "conditioning_area", {"width": 64, "height": 64, "left": 64, "top": 0, "strength": 0.8}, (128, 64)
    ),
    "cond_timestep_range": in_steps,
    "cond_zero_out": zeroed,
    "text_weights": weighed,
    "advanced_pair_leftover": pair({"end_step": 6, "leftover_noise": True}, {"start_step": 6}, False),
    "advanced_pair_renoised": pair({**MULTISTEP, "end_step": 5}, {**MULTISTEP, "start_step": 6, "end_step": 10}, True),
    "inpaint_encode_dpmpp_2m": encoded_grey,
    "inpaint_set_mask_ddim": painted("gold_hole64.png", {"noise": "seed + 1"}, sampler="ddim", spacing="ddim_uniform"),
    "inpaint_set_mask_euler": painted("gold_hole64.png", {}),
    "inpaint_set_soft_mask_euler_ancestral": painted(
        "gold_soft64.png", {}, sampler="euler_ancestral", spacing="karras", denoise=0.8
    ),
}


def compare(runner: WorkflowRunner, name: str, expected: Path, base: Path, output: Path) -> float | str:
    """Run a workflow; how far its last latent is from ComfyUI's, or in a sentence why there is none."""
    nodes = CASES[name]()
    for event in runner.run(RunRequest.of(wired(nodes), base.resolve(), output, (), device="cpu")):
        if isinstance(event, tell.NodeFailed):
            return f"{event.node}: {event.error}"
    given: Any = runner.executor.value(next(key for key in reversed(nodes) if nodes[key][0] == "sample"), "latent")
    vae: Any = runner.executor.value("model", "vae")
    if not isinstance(given, Latent):
        return "there is no latent"
    with safe_open(expected / f"{name}.safetensors", "pt") as file:
        wanted: Tensor = file.get_tensor(file.metadata()["result"])
    return difference(given.samples.float() / vae.scaling + vae.shift, wanted) / float(wanted.std())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0].replace("\n", " ") if __doc__ else None)
    parser.add_argument("graphs", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("names", nargs="*", help="names of graphs, or parts of them; all where none is given")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    os.environ["NODEFLOW_MODELS"] = str((options.weights / "models").resolve())
    chosen = [name for name in CASES if any(part in name for part in options.names or [""])]
    held = 0
    with tempfile.TemporaryDirectory() as output:
        runner = WorkflowRunner()
        for name in chosen:
            began = time.perf_counter()
            off = compare(runner, name, options.graphs / "expected", options.weights / "input", Path(output))
            held += isinstance(off, float) and off <= LIMITS["latent"]
            told = off if isinstance(off, str) else f"{off:.1e}"
            print(f"{name:40} {told:>10} {time.perf_counter() - began:5.0f} s", flush=True)
    print(f"{held} of {len(chosen)} within {LIMITS['latent']:g}")


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
