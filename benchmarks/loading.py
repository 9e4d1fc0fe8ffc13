"""Cost of a quantised transformer: the peak of memory while it loads and computes once, and the time of a step.

``python -m benchmarks.loading`` writes files of FLUX's true width and names, with few layers and random codes, and
measures each in a process of its own, side by side with what diffusers makes of the same GGUF file. Linux only: the
peak is the kernel's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

WIDTH, HEADS, HEAD = 3072, 24, 128
DOUBLE, SINGLE = 2, 4
"""Blocks; FLUX.1 has 19 and 38."""
PICTURE, TEXT = 256, 64
"""Tokens of a step."""
PLAIN_ENDS = ("img_in.", "txt_in.", "time_in.", "vector_in.", "final_layer.")
"""What writers of quantised files leave as it is begins so."""


def flux_shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """The weights of a FLUX.1 schnell with few layers under their original names."""
    w = WIDTH
    linear = {
        "img_in": (w, 64),
        "txt_in": (w, 4096),
        "time_in.in_layer": (w, 256),
        "time_in.out_layer": (w, w),
        "vector_in.in_layer": (w, 768),
        "vector_in.out_layer": (w, w),
        "final_layer.linear": (64, w),
        "final_layer.adaLN_modulation.1": (2 * w, w),
    }
    scales: dict[str, int] = {}
    for block in range(DOUBLE):
        for side in ("img", "txt"):
            at = f"double_blocks.{block}.{side}_"
            linear |= {f"{at}mod.lin": (6 * w, w), f"{at}attn.qkv": (3 * w, w), f"{at}attn.proj": (w, w)}
            linear |= {f"{at}mlp.0": (4 * w, w), f"{at}mlp.2": (w, 4 * w)}
            scales |= {f"{at}attn.norm.{one}_norm.scale": HEAD for one in ("query", "key")}
    for block in range(SINGLE):
        at = f"single_blocks.{block}."
        linear |= {f"{at}linear1": (7 * w, w), f"{at}linear2": (w, 5 * w), f"{at}modulation.lin": (3 * w, w)}
        scales |= {f"{at}norm.{one}_norm.scale": HEAD for one in ("query", "key")}
    for name, shape in linear.items():
        yield f"{name}.weight", shape
        yield f"{name}.bias", shape[:1]
    yield from ((name, (size,)) for name, size in scales.items())


def _plain(name: str, shape: tuple[int, ...]) -> Tensor:
    made = torch.ones(shape) if name.endswith(".scale") else torch.randn(shape) * shape[-1] ** -0.5
    return made.bfloat16()


def _is_coded(name: str, shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 and not name.startswith(PLAIN_ENDS)


def write_safetensors(path: Path, coded: Callable[[str, tuple[int, ...]], dict[str, Tensor]]) -> None:
    from safetensors.torch import save_file

    found: dict[str, Tensor] = {}
    for name, shape in flux_shapes():
        found |= coded(name, shape) if _is_coded(name, shape) else {name: _plain(name, shape)}
    save_file(found, path)


def fp8(name: str, shape: tuple[int, ...]) -> dict[str, Tensor]:
    layer = name.removesuffix("weight")
    codes = torch.randn(shape).to(torch.float8_e4m3fn)
    return {
        name: codes,
        f"{layer}weight_scale": torch.tensor(shape[1] ** -0.5),
        f"{layer}comfy_quant": said("float8_e4m3fn"),
    }


def int8_convrot(name: str, shape: tuple[int, ...]) -> dict[str, Tensor]:
    layer = name.removesuffix("weight")
    codes = torch.randint(-127, 128, shape, dtype=torch.int8)
    scale = torch.full((shape[0], 1), shape[1] ** -0.5 / 73)
    marked = said("int8_tensorwise", convrot=True, convrot_groupsize=256)
    return {name: codes, f"{layer}weight_scale": scale, f"{layer}comfy_quant": marked}


def said(format: str, **more: Any) -> Tensor:
    return torch.tensor(list(json.dumps({"format": format, **more}).encode()), dtype=torch.uint8)


def write_gguf(path: Path, kind: str) -> None:
    """Random codes; the package cannot make all types itself, so the halves that scale a block are small numbers."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFWriter

    type_ = GGMLQuantizationType[kind]
    numbers, size = GGML_QUANT_SIZES[type_]
    writer = GGUFWriter(path, "flux", use_temp_file=True)
    draw = np.random.default_rng(0)
    for name, shape in flux_shapes():
        if not _is_coded(name, shape):
            add_plain(writer, name, _plain(name, shape))
            continue
        blocks = draw.integers(0, 256, (shape[0], shape[1] // numbers, size), dtype=np.uint8)
        halves = 1 if kind == "Q8_0" else 2
        step = np.float16(shape[1] ** -0.5 / (73 if kind == "Q8_0" else 600))
        blocks[:, :, : 2 * halves] = np.array([step] * halves).view(np.uint8)
        writer.add_tensor(name, blocks.reshape(shape[0], -1), raw_dtype=type_)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_plain(writer: Any, name: str, weight: Tensor) -> None:
    """Vectors in full precision, matrices in half, as ComfyUI-GGUF's converter writes them."""
    from gguf import GGMLQuantizationType

    if weight.ndim == 1:
        writer.add_tensor(name, weight.float().numpy())
    else:
        writer.add_tensor(name, weight.view(torch.uint8).numpy(), raw_dtype=GGMLQuantizationType.BF16)


FILES: dict[str, Callable[[Path], None]] = {
    "fp8.safetensors": lambda path: write_safetensors(path, fp8),
    "int8_convrot.safetensors": lambda path: write_safetensors(path, int8_convrot),
    "Q8_0.gguf": lambda path: write_gguf(path, "Q8_0"),
    "Q4_K.gguf": lambda path: write_gguf(path, "Q4_K"),
}


def load_ours(path: Path, dtype: torch.dtype) -> Any:
    from nodes.loaders.load_by_family import load_diffusion_model

    return load_diffusion_model(str(path), precision=str(dtype).removeprefix("torch.")).network.module


def load_diffusers(path: Path, dtype: torch.dtype) -> Any:
    from diffusers import FluxTransformer2DModel, GGUFQuantizationConfig

    config = path.parent / "config"
    with torch.device("meta"):
        FluxTransformer2DModel(num_layers=DOUBLE, num_single_layers=SINGLE).save_config(config)
    quantised = GGUFQuantizationConfig(compute_dtype=dtype)
    return FluxTransformer2DModel.from_single_file(
        str(path), config=str(config), quantization_config=quantised, torch_dtype=dtype
    ).eval()


LOADERS = {"nodeflow": load_ours, "diffusers": load_diffusers}


@torch.no_grad()
def step(network: Any, dtype: torch.dtype) -> Tensor:
    draw = torch.Generator().manual_seed(0)
    side = int(PICTURE**0.5)
    places = torch.zeros(side, side, 3)
    places[..., 1], places[..., 2] = torch.arange(side)[:, None], torch.arange(side)[None]
    found = network(
        hidden_states=torch.randn(1, PICTURE, 64, generator=draw).to(dtype),
        encoder_hidden_states=torch.randn(1, TEXT, 4096, generator=draw).to(dtype),
        pooled_projections=torch.randn(1, 768, generator=draw).to(dtype),
        timestep=torch.tensor([0.5], dtype=dtype),
        img_ids=places.reshape(-1, 3),
        txt_ids=torch.zeros(TEXT, 3),
    ).sample
    return found.float()


def memory(field: str) -> int:
    """Bytes of this process by a field of the kernel's."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def measure(path: Path, who: str, dtype: torch.dtype) -> dict[str, float]:
    """In this process: what loading takes, the peak until the first step is done, and the time of the next steps."""
    import diffusers.loaders.single_file_utils
    import diffusers.quantizers.gguf.utils

    _ = diffusers.FluxTransformer2DModel  # what is imported later would count as memory of the network
    load = LOADERS[who]
    if who == "nodeflow":
        import nodes.loaders.load_by_family  # noqa: F401
    torch.randn(64, 64) @ torch.randn(64, 64)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before, begun = memory("VmRSS"), time.perf_counter()
    network = load(path, dtype)
    loaded = time.perf_counter() - begun
    found = step(network, dtype)
    peak = memory("VmHWM") - before
    times = []
    for _ in range(2):
        begun = time.process_time()
        step(network, dtype)
        times.append(time.process_time() - begun)
    return {"load_s": loaded, "peak": peak, "step_s": min(times), "mean": float(found.abs().mean())}


def measured_apart(module: str, who: str, path: Path, dtype: str) -> dict[str, float]:
    """What a benchmark measures of one program that reads a file, in a process of its own."""
    line = [sys.executable, "-m", module, "--measure", who, "--file", str(path), "--dtype", dtype]
    told: dict[str, float] = json.loads(
        subprocess.run(line, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    )
    return told


def rows(folder: Path, dtype: str, only: str) -> None:
    """One line for each file and each program that reads it."""
    print(
        f"{'file':26}{'read by':11}{'MB':>7}{'load s':>9}{'peak MB':>9}{'peak/file':>11}{'step s':>9}{'mean |x|':>10}"
    )
    for name, write in FILES.items():
        if only not in name:
            continue
        path = folder / name
        if not path.is_file():
            write(path)
        size = path.stat().st_size
        for who in LOADERS if path.suffix == ".gguf" else ("nodeflow",):
            told = measured_apart("benchmarks.loading", who, path, dtype)
            print(
                f"{name:26}{who:11}{size / 1e6:7.0f}{told['load_s']:9.2f}{told['peak'] / 1e6:9.0f}"
                f"{told['peak'] / size:11.2f}{told['step_s']:9.2f}{told['mean']:10.5f}",
                flush=True,
            )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--measure", choices=LOADERS, help="in this process: the program that reads --file")
    asked.add_argument("--file", type=Path)
    asked.add_argument("--dtype", default="float32")
    asked.add_argument("--only", default="", help="part of a file's name")
    asked.add_argument("--folder", type=Path, help="where the files are kept; else they are written anew")
    given = asked.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads())))
    if given.measure:
        print(json.dumps(measure(given.file, given.measure, getattr(torch, given.dtype))))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        folder.mkdir(exist_ok=True)
        rows(folder, given.dtype, given.only)


if __name__ == "__main__":
    main()
