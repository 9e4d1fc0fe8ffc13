"""GGUF files as ComfyUI-GGUF's converter and stable-diffusion.cpp write them, against the format's own package."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFEndian, GGUFWriter
from gguf.quants import dequantize, quantize
from safetensors.torch import load_file
from torch import Tensor
from transformers import CLIPTokenizer

from nodeflow.library.header_reader import read_header
from nodeflow.library.headers import HeaderError
from nodeflow.library.recognise import recognise
from nodeflow.node import NodeError
from nodes.conditioning.clip_space import load_clip
from nodes.denoisers.flow_transformers import load_flow_transformer
from nodes.loaders.load_models import load_latent_diffusion
from nodes.loaders.quantised.encoded import EncodedTensor
from nodes.loaders.quantised.layers import is_stored
from nodes.loaders.quantised.open_file import open_weights
from tests.nodes.flow_models import save_sd3
from tests.nodes.language_led_models import save_z_image
from tests.nodes.original_layout import write_original
from tests.nodes.original_transformers import original_weights
from tests.nodes.quantised_files import save
from tests.nodes.test_quantised_networks import SD3, assert_same_weights

Kind = GGMLQuantizationType
UNREAD = {"Q8_1", "Q8_K", "Q1_0"}
"""Types that the package itself cannot make numbers of."""


def write(
    path: Path, tensors: Mapping[str, tuple[np.ndarray, Kind]], keys: Mapping[str, list[int]] | None = None
) -> Path:
    """``keys``: None writes none at all, as stable-diffusion.cpp does."""
    writer = GGUFWriter(path, "sd1")
    if keys is None:
        writer.kv_data[0].clear()
    for key, value in (keys or {}).items():
        writer.add_array(key, value)
    for name, (raw, kind) in tensors.items():
        writer.add_tensor(name, raw, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def any_blocks(kind: Kind, rows: int, columns: int) -> np.ndarray:
    """Random bytes; blocks whose scales are no numbers are drawn again."""
    draw = np.random.default_rng(int(kind))
    numbers, size = GGML_QUANT_SIZES[kind]
    raw = draw.integers(0, 256, (rows * columns // numbers, size), dtype=np.uint8)
    with np.errstate(all="ignore"):
        while (bad := ~np.isfinite(dequantize(raw, kind)).all(-1)).any():
            raw[bad] = draw.integers(0, 0x3C, (int(bad.sum()), size), dtype=np.uint8)
    return raw.reshape(rows, -1)


@pytest.mark.parametrize("kind", [kind for kind in Kind if GGML_QUANT_SIZES[kind][0] > 1], ids=lambda kind: kind.name)
def test_each_type_is_what_the_formats_package_says(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "one.gguf"
    if kind.name in UNREAD:
        numbers, size = GGML_QUANT_SIZES[kind]
        write(path, {"a.weight": (np.zeros((8, 512 // numbers * size), np.uint8), kind)}, {})
        with pytest.raises(NodeError, match=rf"a\.weight is of the type {kind.name}, which is not read here"):
            open_weights(path)
        return
    raw = any_blocks(kind, 8, 512)
    found = open_weights(write(path, {"a.weight": (raw, kind)}, {}))["a.weight"]
    assert isinstance(found, EncodedTensor)
    wanted = torch.from_numpy(dequantize(raw, kind).copy())
    assert torch.equal(found.widened(), wanted)
    assert torch.equal(found[3:6].widened(), wanted[3:6])
    assert torch.equal(found.pieces[0].rows(torch.tensor([7, 2])), wanted[[7, 2]])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_plain_types_are_tensors(dtype: torch.dtype, tmp_path: Path) -> None:
    weight = torch.randn(6, 8).to(dtype)
    kind = {torch.float32: Kind.F32, torch.float16: Kind.F16, torch.bfloat16: Kind.BF16}[dtype]
    raw = weight.view(torch.uint8).numpy() if kind == Kind.BF16 else weight.numpy()
    found = open_weights(write(tmp_path / "one.gguf", {"a.weight": (raw, kind)}, {}))["a.weight"]
    assert isinstance(found, Tensor)
    assert torch.equal(found, weight)
    assert read_header(tmp_path / "one.gguf").tensors.keys() == {"a.weight"}


def in_blocks(
    weights: Mapping[str, Tensor], drop: bool
) -> tuple[dict[str, Any], dict[str, list[int]], dict[str, Tensor]]:
    """What a converter writes in Q8_0 where blocks fit, the shapes that it notes, and what the weights then are."""
    tensors, shapes, plain = {}, {}, {}
    for name, weight in weights.items():
        flat = weight.float().contiguous()
        if weight.ndim > 1 and weight.shape[-1] % 32 and weight.numel() % 256 == 0 and not drop:
            shapes[f"comfy.gguf.orig_shape.{name}"] = list(weight.shape)
            flat = flat.reshape(-1, 256)
        if flat.ndim > 1 and flat.shape[-1] % 32 == 0:
            raw = quantize(flat.numpy(), Kind.Q8_0)
            tensors[name] = (raw, Kind.Q8_0)
            plain[name] = torch.from_numpy(dequantize(raw, Kind.Q8_0).copy()).reshape(weight.shape)
        else:
            while drop and flat.ndim > 1 and flat.shape[0] == 1:
                flat = flat[0]
            tensors[name], plain[name] = (flat.numpy(), Kind.F32), weight.float()
    return tensors, shapes, plain


FLOWS: dict[str, Callable[[Path, CLIPTokenizer], Path]] = {
    "sd3": lambda path, words: save_sd3(path, words, **SD3),
    "z-image": lambda path, words: save_z_image(path),
}


@pytest.mark.parametrize("cpp", [False, True], ids=["ComfyUI-GGUF", "stable-diffusion.cpp"])
@pytest.mark.parametrize("name", FLOWS)
def test_a_transformer(name: str, cpp: bool, tmp_path: Path, words: CLIPTokenizer) -> None:
    """stable-diffusion.cpp keeps a prefix, writes no keys, and leaves out first axes of one."""
    folder = FLOWS[name](tmp_path / "folder", words)
    kind = type(load_flow_transformer(str(folder)).transformer.module).__name__
    weights = original_weights(kind, load_file(next((folder / "transformer").glob("*.safetensors"))))
    tensors, shapes, plain = in_blocks(weights, drop=cpp)
    prefix = "model.diffusion_model." if cpp else ""
    path = write(tmp_path / "one.gguf", {prefix + n: one for n, one in tensors.items()}, None if cpp else shapes)
    shutil.rmtree(folder / "transformer")
    found = load_flow_transformer(str(folder), transformer=str(path)).transformer.module
    plainly = save(plain, tmp_path / "plain.safetensors")
    wanted = load_flow_transformer(str(folder), transformer=str(plainly)).transformer.module
    assert_same_weights(found, wanted)
    assert any(map(is_stored, found.modules()))


def test_a_whole_stable_diffusion_with_kernels_in_blocks(tmp_path: Path) -> None:
    """Kernels of 3 x 3, whose rows no block divides, are stored in rows of 256."""
    write_original(tmp_path / "original.safetensors", False)
    tensors, shapes, plain = in_blocks(load_file(tmp_path / "original.safetensors"), drop=False)
    assert any(len(shape) == 4 for shape in shapes.values())
    found: Any = load_latent_diffusion(str(write(tmp_path / "one.gguf", tensors, shapes)))
    wanted: Any = load_latent_diffusion(str(save(plain, tmp_path / "plain.safetensors")))
    for part in ("unet", "vae", "text_encoder"):
        assert_same_weights(getattr(found, part).module, getattr(wanted, part).module)
    x, time, words = torch.randn(1, 4, 8, 8), torch.tensor(3), torch.randn(1, 77, 64)
    with torch.no_grad():
        ours, theirs = (model.unet.module(x, time, words).sample for model in (found, wanted))
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_rows_of_kernels_can_be_taken_apart(tmp_path: Path) -> None:
    weight = torch.randn(32, 8, 3, 3)
    tensors, shapes, plain = in_blocks({"a.weight": weight}, drop=False)
    found = open_weights(write(tmp_path / "one.gguf", tensors, shapes))["a.weight"]
    assert found.shape == weight.shape
    assert torch.equal(found[5:17].widened(), plain["a.weight"][5:17])
    assert torch.equal(found[5:17][3:7].widened(), plain["a.weight"][8:12])
    assert torch.equal(found.pieces[0].rows(torch.tensor([9])).reshape(8, 3, 3), plain["a.weight"][9])


def test_files_that_are_cut_or_lie_are_a_sentence(tmp_path: Path) -> None:
    tensors, _, _ = in_blocks({"a.weight": torch.randn(32, 64)}, drop=False)
    path = write(tmp_path / "one.gguf", tensors, {})
    whole = path.read_bytes()
    for end in (3, 10, 40, len(whole) // 2, len(whole) - 8):
        path.write_bytes(whole[:end])
        with pytest.raises(NodeError, match=r"one\.gguf is damaged or was cut short"):
            open_weights(path)
    path.write_bytes(b"PK" + whole[2:])
    with pytest.raises(NodeError, match=r"one\.gguf is damaged"):
        open_weights(path)
    for sides in ([32, 65], [-32, -64], [0, 64]):
        write(path, tensors, {"comfy.gguf.orig_shape.a.weight": sides})
        with pytest.raises(NodeError, match=r"a\.weight is said to have another shape than its numbers"):
            open_weights(path)


def test_another_order_of_bytes_is_named(tmp_path: Path) -> None:
    path = tmp_path / "one.gguf"
    writer = GGUFWriter(str(path), "flux", endianess=GGUFEndian.BIG)
    writer.add_tensor("a.weight", np.ones((4, 32), np.float32))
    for part in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_tensors_to_file, writer.close):
        part()
    with pytest.raises(NodeError, match=r"one\.gguf is for machines whose bytes stand the other way round"):
        open_weights(path)


def test_nodes_that_read_no_gguf_say_so(tmp_path: Path) -> None:
    tensors, _, _ = in_blocks({"a.weight": torch.randn(32, 64)}, drop=False)
    path = write(tmp_path / "one.gguf", tensors, {})
    with pytest.raises(NodeError, match=r"one\.gguf holds weights as GGUF, which Load CLIP does not read"):
        load_clip(str(path))


def test_a_name_that_stands_twice_and_a_list_without_end_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "one.gguf"
    weight = np.ones((4, 32), np.float32)
    whole = write(path, {"a.weight": (weight, Kind.F32), "b.weight": (weight, Kind.F32)}, {}).read_bytes()
    path.write_bytes(whole.replace(b"b.weight", b"a.weight"))
    with pytest.raises(HeaderError, match="names a tensor twice"):
        read_header(path)
    with pytest.raises(NodeError, match=r"one\.gguf is damaged"):
        open_weights(path)
    length = (7).to_bytes(8, "little")
    listed = write(path, {"a.weight": (weight, Kind.F32)}, {"a.list": [1] * 7}).read_bytes()
    assert listed.count(length) == 1
    path.write_bytes(listed.replace(length, (5_000_000).to_bytes(8, "little")) + bytes(40_000_000))
    with pytest.raises(HeaderError, match="a longer list than there can be"):
        read_header(path)


def test_tensors_that_lie_over_each_other_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "one.gguf"
    weight = np.ones((4, 32), np.float32)
    whole = write(path, {"a.weight": (weight, Kind.F32), "b.weight": (weight, Kind.F32)}, {}).read_bytes()
    second = weight.nbytes.to_bytes(8, "little")
    at = whole.rindex(second, 0, len(whole) - 2 * weight.nbytes)
    path.write_bytes(whole[:at] + (weight.nbytes // 2).to_bytes(8, "little") + whole[at + 8 :])
    with pytest.raises(HeaderError, match=r"b\.weight lies over the tensor before it"):
        read_header(path)
    assert recognise(path).kind == "damaged"  # which every loader refuses
