"""Tests of what is held back while diffusers and transformers are imported, in a process as a worker starts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

USED = """
import importlib.util, scipy, torch.compiler
from diffusers import EulerDiscreteScheduler
from scipy.optimize import linear_sum_assignment
print(linear_sum_assignment([[2, 1], [1, 2]])[1].tolist(), sys.modules["scipy.optimize"].__file__ is not None)
print(EulerDiscreteScheduler(use_beta_sigmas=True).sigmas.shape[0] > 0, importlib.util.find_spec("peft") is not None)
scheduler = EulerDiscreteScheduler(use_beta_sigmas=True)
scheduler.set_timesteps(4)
print(len(scheduler.sigmas), scipy.stats is sys.modules["scipy.stats"])
from diffusers import FluxTransformer2DModel
import diffusers.models.transformers as transformers, torch.nn.attention.flex_attention as flex
print(transformers.FluxTransformer2DModel is FluxTransformer2DModel, hasattr(transformers, "SD3Transformer2DModel"))
from transformers.image_transforms import center_to_corners_format, resize
print(center_to_corners_format(torch.tensor([[2.0, 2.0, 2.0, 2.0]])).tolist(), callable(resize))
print(flex.create_block_mask(lambda b, h, q, k: q >= k, None, None, 8, 8, device="cpu").shape)
"""
COMPILED = """
import torch._dynamo.config
import torch._dynamo.utils
real = sys.modules["torch._dynamo"]
print(type(real).__name__, torch._dynamo is real, torch._dynamo.config is sys.modules["torch._dynamo.config"])
print(torch._dynamo.utils is sys.modules["torch._dynamo.utils"], type(torch._dynamo.utils).__name__)
print(torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1)).item())
"""
PACK = """
import sys, nodes
from nodeflow.engine.worker.packs import Packs
nodes.start_worker()
Packs().add(nodes, "test")
print(*sys.modules)
"""
NETWORKS = """
import torch
from transformers import CLIPTextModel
from diffusers import UNet2DConditionModel
print(*sys.modules)
"""
LOADED = """
from nodes.loaders.load_models import load_latent_diffusion
load_latent_diffusion({folder!r})
"""
PARTS = {"pack": PACK, "networks": NETWORKS, "loaded": LOADED, "used": USED, "compiled": COMPILED}


@pytest.fixture(scope="module")
def said(tiny_folder: Path) -> Mapping[str, list[str]]:
    """What each part prints, and all of them as errors, in a process that starts as a worker does.

    One process does all, each part after those that bring less: a start takes longer than the parts.
    """
    code = "".join(f'{part}\nprint("---")\n' for part in PARTS.values()).format(folder=str(tiny_folder))
    line = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    return {"errors": done.stderr.split()} | dict(
        zip(PARTS, (words.split() for words in done.stdout.split("---\n")), strict=False)
    )


def test_importing_the_pack_needs_torch_alone(said: Mapping[str, list[str]]) -> None:
    assert "nodes.samplers.sampling_loop" in said["pack"]
    assert not {"diffusers", "transformers", "open_clip", "huggingface_hub", "PySide6"} & set(said["pack"])


def test_loading_writes_nothing_on_the_terminal(said: Mapping[str, list[str]]) -> None:
    assert said["loaded"] + said["errors"] == []


def test_networks_bring_no_compiler_no_peft_no_statistics_and_no_others(said: Mapping[str, list[str]]) -> None:
    brought = set(said["networks"])
    assert {"transformers.models.clip.modeling_clip", "diffusers.models.unets.unet_2d_condition"} <= brought
    heavy = {"torch._dynamo.eval_frame", "torch._inductor", "peft", "scipy.optimize._optimize", "scipy.stats._stats_py"}
    heavy |= {"torch.distributed.tensor", "sympy", "diffusers.models.transformers.transformer_flux"}
    assert not heavy & brought


def test_what_was_held_back_is_there_when_it_is_used(said: Mapping[str, list[str]]) -> None:
    assert said["used"] == [
        *("[1,", "0]", "True", "True", "True", "5", "True"),
        *("True", "True", "[[1.0,", "1.0,", "3.0,", "3.0]]", "True", "(1,", "1,", "8,", "8)"),
    ]


def test_the_compiler_comes_whole_and_once(said: Mapping[str, list[str]]) -> None:
    assert said["compiled"] == ["module", "True", "True", "True", "module", "2.0"]
