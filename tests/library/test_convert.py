"""Pickled weights become safetensors: in a process of their own, tensors alone, and refused in one sentence."""

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from nodeflow.convert import child
from nodeflow.convert.child import ConversionRefusedError, flattened
from nodeflow.convert.client import SOURCE_HASH, ConvertError, convert
from nodeflow.library.library import file_sha256


def test_a_checkpoint_is_written_beside_itself(tmp_path: Path) -> None:
    weights = {"a.weight": torch.randn(3, 4), "b": torch.randn(2).half(), "n": torch.tensor(5)}
    torch.save({"state_dict": weights, "global_step": 7}, tmp_path / "m.ckpt")
    done = convert(tmp_path / "m.ckpt")
    assert (Path(done.path), done.tensors, done.already) == (tmp_path / "m.safetensors", 3, False)
    found = load_file(done.path)
    assert found.keys() == weights.keys()
    for name, value in weights.items():
        assert torch.equal(found[name], value) and found[name].dtype == value.dtype
    with safe_open(done.path, framework="pt") as file:
        assert file.metadata()[SOURCE_HASH] == file_sha256(tmp_path / "m.ckpt")
    assert convert(tmp_path / "m.ckpt").already
    torch.save(weights, tmp_path / "m.ckpt")
    with pytest.raises(ConvertError, match=r"m\.safetensors is there already, and was made of another file; move it"):
        convert(tmp_path / "m.ckpt")


SHARED = torch.randn(4, 4)
KINDS: dict[str, tuple[Any, dict[str, torch.Tensor]]] = {
    "upscaler": ({"params_ema": {"conv_first.weight": SHARED}, "params": {}}, {"conv_first.weight": SHARED}),
    "embedding": ({"string_to_param": {"*": SHARED}, "name": "cat", "step": 3}, {"emb_params": SHARED}),
    "ip adapter": (
        {"image_proj": {"a": SHARED}, "ip_adapter": {"1.to_k_ip.weight": SHARED.T}},
        {"image_proj.a": SHARED, "ip_adapter.1.to_k_ip.weight": SHARED.T},
    ),
    "hypernetwork": (
        {320: [{"linear.0.weight": SHARED}], "activation_func": "relu"},
        {"320.0.linear.0.weight": SHARED},
    ),
    "plain": ({"x": torch.nn.Parameter(SHARED), "y": SHARED}, {"x": SHARED, "y": SHARED}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_the_names_that_its_readers_know(kind: str) -> None:
    saved, wanted = KINDS[kind]
    found, notes = flattened(saved)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert torch.equal(found[name], value)
    assert notes == ({"activation_func": "relu"} if kind == "hypernetwork" else {})


def test_files_before_torch_1_6_and_weights_that_share_memory(tmp_path: Path) -> None:
    torch.save({"a": SHARED, "b": SHARED[:2], "c": SHARED.T}, tmp_path / "m.pth", _use_new_zipfile_serialization=False)
    with torch.serialization.safe_globals([]):  # what is allowed here is so no longer afterwards
        assert child.main(tmp_path / "m.pth", tmp_path / "m.safetensors", "") == 3
    found = load_file(tmp_path / "m.safetensors")
    assert torch.equal(found["a"], SHARED) and torch.equal(found["b"], SHARED[:2]) and torch.equal(found["c"], SHARED.T)


def test_what_trainers_leave_beside_the_weights_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "pytorch_lightning.callbacks.model_checkpoint"
    for part in ("pytorch_lightning", "pytorch_lightning.callbacks", name):
        monkeypatch.setitem(sys.modules, part, ModuleType(part))
    kind = type("ModelCheckpoint", (), {"__module__": name})
    sys.modules[name].ModelCheckpoint = kind  # type: ignore[attr-defined]
    saved = {"state_dict": {"a": SHARED}, "callbacks": {kind: {"best": np.float64(3.0)}}}
    torch.save(saved, tmp_path / "m.ckpt")
    with torch.serialization.safe_globals([]):
        child.main(tmp_path / "m.ckpt", tmp_path / "m.safetensors", "")
    assert list(load_file(tmp_path / "m.safetensors")) == ["a"]


class Harmless:
    """Reads as a call of os.path.join, as another file's would as a call of something else."""

    def __reduce__(self) -> Any:
        return os.path.join, ("a", "b")


def test_what_is_more_than_tensors_is_refused(tmp_path: Path) -> None:
    def refused(said: str, name: str = "m.pt") -> None:
        with pytest.raises(ConvertError, match=said) as caught:
            convert(tmp_path / name)
        assert len(str(caught.value)) < 300 and "\n" not in str(caught.value)
        assert not (tmp_path / name).with_suffix(".safetensors").exists()

    torch.save({"w": SHARED, "other": Harmless()}, tmp_path / "m.pt")
    refused(r"m\.pt is not converted: it holds more than tensors \(\w+\.join\), which could run a program")
    with pytest.raises(ConversionRefusedError, match="of a kind that safetensors cannot hold"):
        flattened({"w": SHARED.to_sparse()})
    data = (tmp_path / "m.pt").read_bytes()
    (tmp_path / "m.pt").write_bytes(data[: len(data) // 2])
    refused("it holds a file of torch that was cut short")  # told before any process is started
    (tmp_path / "m.txt").write_text("words")
    refused("it holds no model", "m.txt")
    refused("there is no such file", "none.pt")


def test_the_process_reaches_no_network_and_no_program(tmp_path: Path) -> None:
    """The barrier itself, in a process of its own: each attempt is an error there."""
    import subprocess

    code = f"""
import os, socket, subprocess, sys
from pathlib import Path
from nodeflow.convert.confine import confine
confine(Path({str(tmp_path)!r}))
attempts = [socket.socket, lambda: subprocess.run(["true"]), lambda: os.system("true"), lambda: open("/tmp/x", "w")]
for attempt in attempts:
    try:
        attempt()
    except PermissionError:
        continue
    sys.exit("it went through")
open({str(tmp_path / "inside")!r}, "w").close()
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "inside").exists()
