"""Quantised weights as read here beside comfy-kitchen's eager functions, in float32, and the time of a rotated layer.

``python -m benchmarks.dequantisation`` needs comfy-kitchen, which is no dependency: put it on the path for this alone
(``pip install --no-deps --target FOLDER comfy-kitchen``, then ``PYTHONPATH=.:FOLDER``).
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from nodes.loaders.quantised.layers import store
from nodes.loaders.quantised.open_file import open_weights

Case = tuple[str, dict[str, Tensor], dict[str, Any], Tensor]
"""What it is, a layer's parts, its settings, and the weight that comfy-kitchen makes of them."""
TRUE = (192, 1024)
LAYER = (12288, 3072)
"""The largest of FLUX."""
TOKENS = 320


def float8(weight: Tensor, kitchen: Any) -> Iterator[Case]:
    for kind in (torch.float8_e4m3fn, torch.float8_e5m2):
        scale = weight.abs().max() / 448
        codes = (weight / scale).to(kind)
        name = str(kind).removeprefix("torch.")
        true = kitchen.quantization.dequantize_per_tensor_fp8(codes, scale, torch.float32)
        yield name, {"weight": codes, "weight_scale": scale}, {"format": name}, true


def int8(weight: Tensor, kitchen: Any) -> Iterator[Case]:
    eager = kitchen.quantization
    codes, scale = eager.quantize_int8_rowwise(weight)
    parts = {"weight": codes, "weight_scale": scale}
    yield "int8_tensorwise", parts, {"format": "int8_tensorwise"}, eager.dequantize_int8_simple(codes, scale)
    for side in (4, 16, 64, 256, 1024):
        codes, scale = eager.quantize_int8_convrot_weight(weight, side)
        settings = {"format": "int8_tensorwise", "convrot": True, "convrot_groupsize": side}
        true = eager.dequantize_int8_convrot_weight(codes, scale, side)
        yield f"int8_tensorwise, convrot {side}", {"weight": codes, "weight_scale": scale}, settings, true


def blocks(weight: Tensor, kitchen: Any) -> Iterator[Case]:
    eager = kitchen.quantization
    whole = weight.abs().max() / (448 * 6)
    codes, scale = eager.quantize_nvfp4(weight, whole, pad_16x=True)
    parts = {"weight": codes, "weight_scale": scale, "weight_scale_2": whole}
    yield "nvfp4", parts, {"format": "nvfp4"}, eager.dequantize_nvfp4(codes, whole, scale, torch.float32)
    codes, scale = eager.quantize_mxfp8(weight, pad_32x=True)
    parts = {"weight": codes, "weight_scale": scale}
    yield "mxfp8", parts, {"format": "mxfp8"}, eager.dequantize_mxfp8(codes, scale, torch.float32)


def four_bits(weight: Tensor, kitchen: Any) -> Iterator[Case]:
    for side in (64, 256):
        codes, scale = kitchen.convrot_w4a4.quantize_convrot_w4a4_weight(weight, side)
        settings = {"format": "convrot_w4a4", "convrot_groupsize": side}
        true = kitchen.convrot_w4a4.dequantize_convrot_w4a4_weight(codes, scale, side)
        yield f"convrot_w4a4, {side}", {"weight": codes, "weight_scale": scale}, settings, true
    for bits, symmetric, book in ((4, True, True), (4, True, False), (4, False, False), (6, True, False)):
        made = kitchen.w4a8_int8.quantize_w4a8_int8_weight(weight, symmetric=symmetric, codebook=book, bits=bits)
        codes, relative, channel, correction, table = made
        given = {"weight_codebook": table, "weight_correction": correction}
        parts = {"weight": codes, "weight_s_rel": relative, "weight_s_channel": channel}
        parts |= {name: part for name, part in given.items() if part is not None}
        true = kitchen.w4a8_int8.dequantize_w4a8_int8_weight(
            codes, relative, channel, table, correction, 16, 256, torch.float32
        )
        name = f"asym_w4a8_int8, {bits} bit, {'symmetric' if symmetric else 'corrected'}{', codebook' if book else ''}"
        yield name, parts, {"format": "asym_w4a8_int8"}, true


def awq(weight: Tensor, kitchen: Any) -> Iterator[Case]:
    from comfy_kitchen.tensor.awq_w4a16 import TensorCoreAWQW4A16Layout as Layout

    height, width = weight.shape
    codes = torch.randint(-128, 128, (height, width // 2), dtype=torch.int8)
    scales, zeros = torch.rand(width // 64, height).half(), torch.randn(width // 64, height).half()
    params = Layout.Params(scale=scales, orig_dtype=torch.float32, orig_shape=(height, width), zeros=zeros)
    parts = {"weight": codes, "weight_scale": scales, "weight_zeros": zeros}
    yield "awq_w4a16", parts, {"format": "awq_w4a16"}, Layout.dequantize(codes, params)


def read(parts: dict[str, Tensor], settings: dict[str, Any]) -> Any:
    """The same layer from a file."""
    mark = torch.tensor(list(json.dumps(settings).encode()), dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layer.safetensors"
        save_file({f"layer.{name}": part.contiguous() for name, part in (parts | {"comfy_quant": mark}).items()}, path)
        return open_weights(path)["layer.weight"]


def fastest(compute: Callable[[], Any]) -> float:
    """The processor's seconds of the fastest of three."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        compute()
        times.append(time.process_time() - begun)
    return min(times)


@torch.no_grad()
def rotated_layer(kitchen: Any) -> None:
    """Ours keeps the input as it is; ``int8_linear`` rounds it to eight bits, which is faster and less exact."""
    height, width = LAYER
    codes, scale = torch.randint(-127, 128, LAYER, dtype=torch.int8), torch.rand(height, 1) / width
    encoded = read({"weight": codes, "weight_scale": scale}, {"format": "int8_tensorwise", "convrot": True})
    for dtype in (torch.float32, torch.bfloat16):
        layer = nn.Linear(width, height, bias=False, device="meta")
        store(layer, {"weight": encoded}, dtype)
        x, plain = torch.randn(TOKENS, width).to(dtype), encoded.widened().to(dtype)
        true = x.float() @ encoded.widened().T
        ways: dict[str, Callable[[], Tensor]] = {
            "ours": partial(layer, x),
            "int8_linear": partial(kitchen.quantization.int8_linear, x, codes, scale, None, dtype, True, 256),
            "widened before": partial(nn.functional.linear, x, plain),
        }
        for name, compute in ways.items():
            off = float((compute().float() - true).abs().max() / true.abs().max())
            print(f"{dtype!s:16}{name:16}{fastest(compute):.3f} s, off by {off:.1e} of the largest")


def main() -> None:
    try:
        from comfy_kitchen.backends import eager as kitchen
    except ImportError:
        print(__doc__)
        return
    torch.manual_seed(0)
    weight = torch.randn(TRUE)
    for make in (float8, int8, blocks, four_bits, awq):
        for name, parts, settings, true in make(weight, kitchen):
            off = (read(parts, settings).widened() - true).abs().max() / true.abs().max()
            print(f"{name:44} off by {float(off):.1e} of the largest")
    rotated_layer(kitchen)


if __name__ == "__main__":
    main()
