"""True values as files of numbers."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
from safetensors.torch import save
from torch import Tensor

from nodeflow.engine.inspect.tensor_facts import named_tensors
from nodeflow.node import NodeError

NO_TENSORS = "there is no tensor in this value; it can be looked at, but not written as numbers"


def file_of(value: Any, suffix: str, name: str = "") -> bytes:
    """The bytes of a file with a value's tensors: ``.npy`` the one of that name, or the first, ``.safetensors`` all.

    Raises NodeError for another ending, and where there is no such tensor.
    """
    if suffix not in WRITERS:
        raise NodeError(f"values are written as {' or '.join(WRITERS)}, not as {suffix or 'a file without ending'}")
    tensors = {name: found.detach().cpu().contiguous() for name, found in named_tensors(value)}
    if not tensors:
        raise NodeError(NO_TENSORS)
    return WRITERS[suffix](tensors, name)


def _npy(tensors: dict[str, Tensor], name: str) -> bytes:
    if name and name not in tensors:
        raise NodeError(f"there is no tensor {name!r} in this value")
    tensor = tensors[name or next(iter(tensors))]
    data = BytesIO()
    try:
        array = tensor.numpy()
    except TypeError:  # numpy has no bfloat16
        array = tensor.float().numpy()
    np.save(data, array, allow_pickle=False)
    return data.getvalue()


def _safetensors(tensors: dict[str, Tensor], _: str) -> bytes:
    return save({name: tensor.clone() for name, tensor in tensors.items()})


WRITERS: dict[str, Callable[[dict[str, Tensor], str], bytes]] = {".npy": _npy, ".safetensors": _safetensors}
