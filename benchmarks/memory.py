"""Memory of networks: loading and sharing them, and on a GPU each way of fitting them into a budget.

``python -m benchmarks.memory`` prints what loading a model takes, once and again, and what two workflows share.
Where there is a GPU it goes on with a U-Net of Stable Diffusion XL's size (2.5 thousand million parameters, random,
without the size conditioning of its text): our loop against the bare diffusers loop, plain and compiled, and each
mode of offloading with its peak against its budget. Where there is none it says so.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import psutil
import torch
from diffusers import EulerDiscreteScheduler, UNet2DConditionModel

from nodeflow.engine.memory.model_memory import ModelMemory
from nodeflow.engine.memory.offload_modes import footprint
from nodeflow.engine.planning.cost_estimates import Cost
from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.packs import load_packs
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load
from nodeflow.resources import folder
from nodeflow.wires import Conditioning, DiffusionNetwork, Guider, LatentFormat, Noise
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.loaders.load_models import load_latent_diffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION

GIB = 2**30
SCALE = 7.5
WORDS = 77
WIDTH = 2048
"""Of the text's vectors in Stable Diffusion XL."""


def resident() -> float:
    """GiB of the host's memory that this process holds; where the system tells, what is mapped twice counts once."""
    held = psutil.Process().memory_full_info()
    return float(getattr(held, "pss", 0) or held.rss) / GIB


def filled(unet: Any, device: str, dtype: torch.dtype) -> Any:
    """A network that was made without storage, with small random weights."""
    unet = torch.nn.Module.to(unet, dtype=dtype).to_empty(device=device)
    with torch.no_grad():
        for weight in unet.parameters():
            weight.normal_(0, 0.02)
    return unet.eval().requires_grad_(False)


# --- loading, on any machine


def large_model(into: Path, width: int) -> Path:
    """The starter model's folder with a larger U-Net, of random weights in float32."""
    starter = folder("assets") / "models" / "latent-diffusion"
    model = into / "model"
    shutil.copytree(starter, model, ignore=shutil.ignore_patterns("unet"))
    config = UNet2DConditionModel.load_config(starter / "unet")
    with torch.device("meta"):
        unet = UNet2DConditionModel(
            block_out_channels=(width, 2 * width, 4 * width, 4 * width),
            cross_attention_dim=config["cross_attention_dim"],
            in_channels=config["in_channels"],
            out_channels=config["out_channels"],
            sample_size=config["sample_size"],
        )
    filled(unet, "cpu", torch.float32).save_pretrained(model / "unet")
    return model


def loading(width: int) -> None:
    """Print what loading takes, and what two workflows share."""
    with tempfile.TemporaryDirectory() as name:
        model = large_model(Path(name), width)
        size = sum(file.stat().st_size for file in model.rglob("*.safetensors")) / GIB
        load_latent_diffusion()  # the libraries, which are no part of this
        print(f"loading a model of {size:.2f} GiB (its files are in the system's cache; weights are mapped)")
        kept = []
        for turn in ("first", "second"):
            before, begin = resident(), time.perf_counter()
            kept.append(load_latent_diffusion(str(model)))
            print(
                f"  {turn} load   {time.perf_counter() - begin:6.2f} s   resident memory {resident() - before:+.2f} GiB"
            )
        for turn, loaded in zip(("first", "second"), kept, strict=True):
            before = resident()
            for weight in loaded.unet.module.parameters():
                weight.sum()
            print(f"  {turn} one read through   resident memory {resident() - before:+.2f} GiB")
        del kept, loaded
        _two_workflows(model, Path(name))


def _two_workflows(model: Path, output: Path) -> None:
    session, loads, found = WorkflowRunner(load_packs()), 0, []
    before = resident()
    for text in ("a red star", "a blue cup"):
        workflow = load(folder("workflows") / "latent-diffusion.json")
        SetParam("model", "model", str(model)).apply(workflow)
        SetParam("prompt", "text", text).apply(workflow)
        events = list(session.run(RunRequest.of(workflow, output, output, ("guidance",), device="cpu")))
        loads += sum(isinstance(event, tell.NodeStarted) and event.node == "model" for event in events)
        found.append(session.executor.value("model", "unet").module)
    same = "the same object" if found[0] is found[1] else "two objects"
    print(f"  two workflows: {loads} load, {same}, resident memory {resident() - before:+.2f} GiB\n")


# --- on a GPU


def large_unet() -> Any:
    """A U-Net of Stable Diffusion XL's size, in half precision on the host."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(
            sample_size=128,
            block_out_channels=(320, 640, 1280),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=[1, 2, 10],
            attention_head_dim=[5, 10, 20],
            cross_attention_dim=WIDTH,
            use_linear_projection=True,
        )
    return filled(unet, "cpu", torch.float16)


Loop = Generator[Any, None, Any]


def bare(unet: Any, steps: int, side: int, tokens: torch.Tensor) -> Loop:
    """The denoising loop of diffusers' pipelines, without anything around it."""
    loop: Any = EulerDiscreteScheduler.from_config(dict(STABLE_DIFFUSION))
    loop.set_timesteps(steps, device=tokens.device)
    x = torch.randn((1, 4, side, side), generator=torch.Generator().manual_seed(0)).to(tokens) * loop.init_noise_sigma
    for timestep in loop.timesteps:
        with torch.no_grad():
            both = loop.scale_model_input(torch.cat([x] * 2), timestep)
            without, with_text = unet(both, timestep, encoder_hidden_states=tokens, return_dict=False)[0].chunk(2)
            x = loop.step(without + SCALE * (with_text - without), timestep, x, return_dict=False)[0]
        yield
    return x


def guider(unet: Any, side: int, tokens: torch.Tensor) -> Guider:
    """Our parts around that network."""
    denoiser = unet_denoiser(DiffusionNetwork(unet, LatentFormat(4, 8, side), "epsilon"))
    return classifier_free_guidance(denoiser, Conditioning(tokens[1:]), Conditioning(tokens[:1]), SCALE)


def ours(unet: Any, steps: int, side: int, tokens: torch.Tensor) -> Loop:
    """The same through the nodes, streaming and recording every step."""
    return sample(guider(unet, side, tokens), scheduler(None, "Euler", steps), Noise((0,)))  # type: ignore[arg-type]


def timed(start: Callable[[], Loop]) -> tuple[float, float]:
    """Seconds of a step after the first one, and GiB at the peak of a run."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    times: list[float] = []
    begin = time.perf_counter()
    for _ in start():
        torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
        begin = time.perf_counter()
    return sum(times[1:]) / max(len(times) - 1, 1), torch.cuda.max_memory_allocated() / GIB


def on_a_gpu(steps: int, side: int) -> None:
    """Print both loops, plain and compiled, and each mode of offloading with its peak against its budget."""
    unet = large_unet()
    tokens = torch.randn(2, WORDS, WIDTH, generator=torch.Generator().manual_seed(1)).half().cuda()
    needs = footprint(unet)
    print(
        f"{torch.cuda.get_device_name(0)}; U-Net of {needs.whole / GIB:.2f} GiB, latent {side} x {side}, {steps} steps"
    )
    print(f"{'':26} {'a step':>10} {'peak':>10} {'budget':>10}")
    unet.cuda()
    compiled = torch.compile(unet)
    plain_peak = 0.0
    for kind, network in (("plain", unet), ("compiled", compiled)):
        for name, loop in (("bare diffusers", bare), ("ours", ours)):
            for _ in loop(network, 2, side, tokens):
                pass
            seconds, peak = timed(lambda loop=loop, network=network: loop(network, steps, side, tokens))  # type: ignore[misc]
            plain_peak = plain_peak or peak
            print(f"{name + ', ' + kind:26} {seconds:8.3f} s {peak:6.2f} GiB")
    unet.cpu()
    beside = max(int(plain_peak * GIB) - needs.whole, 0)
    blocks = needs.blocks or needs.leaves
    sampler = load_packs().catalogue.nodes["nodes.sample"]
    for budget in (needs.whole + beside, blocks + beside, needs.leaves + beside):
        memory = ModelMemory(lambda device, budget=budget: budget)  # type: ignore[misc]

        def run(memory: ModelMemory = memory) -> Loop:
            with memory.ready(sampler, guider(unet, side, tokens), "cuda", Cost(0.0, beside)) as given:
                yield from ours(unet, steps, side, tokens)
            return given

        seconds, peak = timed(run)
        with memory.ready(sampler, guider(unet, side, tokens), "cuda", Cost(0.0, beside)) as given:
            mode = given.note or "whole"
        held = "held" if peak * GIB <= budget else "EXCEEDED"
        print(f"{mode.removeprefix('a network '):26} {seconds:8.3f} s {peak:6.2f} GiB {budget / GIB:6.2f} GiB  {held}")
        memory.empty("cuda", [])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--width", type=int, default=192, help="width of the U-Net that is loaded; 320 is 3.2 GiB")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--side", type=int, default=128, help="side of the latent on the GPU; 128 is 1,024 pixels")
    options = parser.parse_args()
    loading(options.width)
    if torch.cuda.is_available():
        on_a_gpu(options.steps, options.side)
    else:
        print("there is no GPU here: what runs on one was not measured")


if __name__ == "__main__":
    main()
