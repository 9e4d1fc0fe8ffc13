"""Values as files: numbers, and animations of their steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from safetensors.torch import save
from torch import Tensor

from nodeflow.engine.inspect.animation import ENCODERS, step_images
from nodeflow.engine.inspect.tensor_facts import named_tensors
from nodeflow.node import NodeError
from nodeflow.views import ValueView, ViewRequest

NO_TENSORS = "there is no tensor in this value; it can be looked at, but not written as numbers"


@dataclass(frozen=True)
class ExportForm:
    """A value that is to be written: all of it, its tensor of a name, or as a form shows it."""

    value: Any
    tensor: str = ""
    form: ValueView | None = None
    asked: ViewRequest | None = None


def file_of(written: ExportForm, suffix: str) -> bytes:
    """The bytes of a file by its ending: ``.npy`` one tensor, ``.safetensors`` all, animations every step of a form.

    Raises NodeError for another ending, and where there is nothing of the kind in the value.
    """
    if suffix not in WRITERS:
        raise NodeError(f"values are written as {' or '.join(WRITERS)}, not as {suffix or 'a file without ending'}")
    return WRITERS[suffix](written)


def _npy(written: ExportForm) -> bytes:
    data = BytesIO()
    tensor = _shown(written)
    try:
        array = tensor.numpy()
    except TypeError:  # numpy has no bfloat16
        array = tensor.float().numpy()
    np.save(data, array, allow_pickle=False)
    return data.getvalue()


def _shown(written: ExportForm) -> Tensor:
    """The tensor that is meant: the one of a name, the one behind what is seen, else the first."""
    tensors = _tensors(written.value)
    if written.tensor and written.tensor not in tensors:
        raise NodeError(f"there is no tensor {written.tensor!r} in this value")
    if written.tensor or written.form is None or written.form.numbers is None or written.asked is None:
        return tensors[written.tensor or next(iter(tensors))]
    found: Tensor = written.form.numbers(written.value, written.asked)
    return found.detach().cpu().contiguous()


def _safetensors(written: ExportForm) -> bytes:
    return save({name: tensor.clone() for name, tensor in _tensors(written.value).items()})


def _tensors(value: Any) -> dict[str, Tensor]:
    tensors = {name: found.detach().cpu().contiguous() for name, found in named_tensors(value)}
    if not tensors:
        raise NodeError(NO_TENSORS)
    return tensors


def _animation(suffix: str) -> Callable[[ExportForm], bytes]:
    def write(written: ExportForm) -> bytes:
        if written.form is None or written.asked is None:
            raise NodeError("this value has no steps that could be shown one after the other")
        return ENCODERS[suffix](step_images(written.value, written.form, written.asked))

    return write


WRITERS: dict[str, Callable[[ExportForm], bytes]] = {
    ".npy": _npy,
    ".safetensors": _safetensors,
    **{suffix: _animation(suffix) for suffix in ENCODERS},
}
