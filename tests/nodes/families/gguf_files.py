"""Weights written as GGUF, beside what they stand for."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGMLQuantizationType as Kind
from gguf import GGUFWriter
from gguf.quants import dequantize, quantize
from torch import Tensor


def write_gguf(path: Path, architecture: str, weights: dict[str, Tensor], keys: dict[str, Any]) -> dict[str, Tensor]:
    """As llama.cpp's converter: matrices in Q8_0, the rest in float32. Returns what the file stands for."""
    writer, meant = GGUFWriter(path, architecture), {}
    for key, value in keys.items():
        (writer.add_array if isinstance(value, list) else writer.add_string)(key, value)
    for name, weight in weights.items():
        numbers = weight.float().numpy()
        kind = Kind.Q8_0 if weight.ndim == 2 and weight.shape[1] % 32 == 0 else Kind.F32
        raw = quantize(numbers, kind)
        meant[name] = torch.from_numpy(np.array(dequantize(raw, kind))).reshape(weight.shape)
        writer.add_tensor(name, raw, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return meant
