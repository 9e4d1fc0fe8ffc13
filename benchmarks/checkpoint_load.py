"""Time and memory of loading a whole Stable Diffusion XL in one file, beside diffusers' ``from_single_file``.

``python -m benchmarks.checkpoint_load`` writes a file of the true size (random numbers in float16, 6.9 GB) and loads it
in processes of their own, in turns, in bfloat16 and in full precision. The peak is that of memory which is no mapped
file, sampled: pages of a file can be dropped whenever memory is needed. Linux only. Needs 16 GB free in full precision.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.loading import measured_apart, memory

ANONYMOUS = "RssAnon"
EVERY = 0.005
"""Seconds between two looks at the memory."""


def true_parts() -> tuple[Any, Any, Any, Any]:
    """U-Net, VAE and both text encoders at their true size, without storage."""
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    from tests.nodes.original_xl import TRUE_BASE, text_shape, xl_vae

    with torch.device("meta"):
        first = CLIPTextModel(text_shape(768, 12, "quick_gelu"))
        second = CLIPTextModelWithProjection(text_shape(1280, 32, "gelu"))
        return UNet2DConditionModel(**TRUE_BASE), xl_vae(128, 256, 512, 512), first, second


def write(path: Path) -> None:
    """Made without storage, and written part by part, so that the file's numbers are never held."""
    from tests.nodes.original_xl import original

    torch.manual_seed(0)
    with torch.device("meta"):
        shapes = {name: weight.shape for name, weight in original(*true_parts()).items()}
    header, end = dict[str, Any](), 0
    for name, shape in shapes.items():
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [end, end + 2 * shape.numel()]}
        end += 2 * shape.numel()
    told = json.dumps(header).encode()
    told += b" " * (-len(told) % 8)
    numbers = torch.randn(1 << 22).mul_(0.02).half().numpy().tobytes()
    with path.open("wb") as file:
        file.write(len(told).to_bytes(8, "little") + told)
        for start in range(0, end, len(numbers)):
            file.write(numbers[: end - start])


def load_ours(path: Path, dtype: torch.dtype) -> Any:
    from nodes.loaders.load_by_family import load_model

    model: Any = load_model(str(path), precision=str(dtype).removeprefix("torch."))
    texts = [reader.module for reader in model.text_encoder.readers]
    return [model.network.module, model.vae.module, *texts]


def load_diffusers(path: Path, dtype: torch.dtype) -> Any:
    from diffusers import StableDiffusionXLPipeline

    config = path.parent / "config"
    pipeline = StableDiffusionXLPipeline.from_single_file(
        str(path), config=str(config), torch_dtype=dtype, local_files_only=True
    )
    return [pipeline.unet, pipeline.vae, pipeline.text_encoder, pipeline.text_encoder_2]


def write_config(folder: Path) -> None:
    """What diffusers asks the hub for: a pipeline's folder without weights."""
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

    from nodes.loaders.text_encoders.clip_vocabulary import clip_tokenizer
    from tests.nodes.original_xl import SCHEDULE

    unet, vae, first, second = true_parts()
    whole = StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=first,
        text_encoder_2=second,
        tokenizer=clip_tokenizer(False),
        tokenizer_2=clip_tokenizer(True),
        unet=unet,
        scheduler=EulerDiscreteScheduler.from_config(SCHEDULE),
    )
    whole.save_config(folder)
    for name, part in {"unet": unet, "vae": vae, "scheduler": whole.scheduler}.items():
        part.save_config(folder / name)
    for name, part in {"text_encoder": first, "text_encoder_2": second}.items():
        part.config.save_pretrained(folder / name)
    for name in ("tokenizer", "tokenizer_2"):
        getattr(whole, name).save_pretrained(folder / name)


LOADERS: dict[str, Callable[[Path, torch.dtype], Any]] = {"nodeflow": load_ours, "diffusers": load_diffusers}


def measure(path: Path, who: str, dtype: torch.dtype) -> dict[str, float]:
    """In this process: seconds of loading, of the clock and of the processor, and the peak beside the weights' size."""
    import diffusers  # noqa: F401
    import transformers  # noqa: F401

    if who == "nodeflow":
        import nodes.loaders.load_by_family  # noqa: F401
    torch.randn(64, 64) @ torch.randn(64, 64)
    before, peak, done = memory(ANONYMOUS), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(EVERY):
            peak = max(peak, memory(ANONYMOUS))

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun, worked = time.perf_counter(), time.process_time()
    modules = LOADERS[who](path, dtype)
    took, worked = time.perf_counter() - begun, time.process_time() - worked
    done.set()
    watcher.join()
    size = sum(weight.nbytes for module in modules for weight in module.parameters())
    return {"s": took, "cpu_s": worked, "peak": peak - before, "size": size}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--measure", choices=LOADERS, help="in this process: the program that reads --file")
    asked.add_argument("--file", type=Path)
    asked.add_argument("--dtype", default="", help="bfloat16 or float32 alone")
    asked.add_argument("--rounds", type=int, default=2)
    asked.add_argument("--folder", type=Path, help="where the file is kept; else it is written anew")
    given = asked.parse_args()
    if given.measure:
        print(json.dumps(measure(given.file, given.measure, getattr(torch, given.dtype))))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        folder.mkdir(exist_ok=True)
        path = folder / "xl.safetensors"
        if not path.is_file():
            write(path)
            write_config(folder / "config")
        for dtype in [given.dtype] if given.dtype else ["bfloat16", "float32"]:
            for _ in range(given.rounds):
                for who in LOADERS:
                    told = measured_apart("benchmarks.checkpoint_load", who, path, dtype)
                    print(
                        f"{dtype:10}{who:10}{told['s']:8.2f} s{told['cpu_s']:8.2f} s of the processor, "
                        f"peak {told['peak'] / told['size']:.2f} of {told['size'] / 1e9:.1f} GB of weights",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
