"""Tests of what is held back while diffusers and transformers are imported, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

START = """
import sys, nodes; nodes.start_worker()
import torch
from transformers import CLIPTextModel
from diffusers import UNet2DConditionModel
"""


def run(code: str) -> str:
    """What code prints after a worker's start and the import of two networks, in the order of a loader."""
    return subprocess.run([sys.executable, "-c", START + code], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def brought() -> set[str]:
    """The modules that the networks bring."""
    return set(run("print(*sys.modules)").split())


def test_networks_bring_no_compiler_no_peft_and_no_statistics(brought: set[str]) -> None:
    assert {"transformers.models.clip.modeling_clip", "diffusers.models.unets.unet_2d_condition"} <= brought
    heavy = {"torch._dynamo.eval_frame", "torch._inductor", "peft", "scipy.optimize._optimize", "scipy.stats._stats_py"}
    assert not heavy & brought


def test_what_was_held_back_is_there_when_it_is_used() -> None:
    code = """
import importlib.util, scipy, torch.compiler
from diffusers import EulerDiscreteScheduler
from scipy.optimize import linear_sum_assignment
print(linear_sum_assignment([[2, 1], [1, 2]])[1].tolist(), sys.modules["scipy.optimize"].__file__ is not None)
print(EulerDiscreteScheduler(use_beta_sigmas=True).sigmas.shape[0] > 0, importlib.util.find_spec("peft") is not None)
scheduler = EulerDiscreteScheduler(use_beta_sigmas=True)
scheduler.set_timesteps(4)
print(len(scheduler.sigmas), scipy.stats is sys.modules["scipy.stats"])
"""
    assert run(code).split() == ["[1,", "0]", "True", "True", "True", "5", "True"]


def test_the_compiler_comes_whole_and_once() -> None:
    code = """
import torch._dynamo.config
import torch._dynamo.utils
real = sys.modules["torch._dynamo"]
print(type(real).__name__, torch._dynamo is real, torch._dynamo.config is sys.modules["torch._dynamo.config"])
print(torch._dynamo.utils is sys.modules["torch._dynamo.utils"], type(torch._dynamo.utils).__name__)
print(torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1)).item())
"""
    assert run(code).split() == ["module", "True", "True", "True", "module", "2.0"]
