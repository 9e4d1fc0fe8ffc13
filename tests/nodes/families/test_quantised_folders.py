"""Folders whose weights are quantised: bitsandbytes' are read without its package, others refused by what to install.

Layout: as diffusers 0.42 and transformers 5.23 save a network that was quantised with bitsandbytes (quant_state's JSON,
absmax and quant_map beside each weight; SCB and weight_format for LLM.int8), with the quantization_config of a method.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import FluxTransformer2DModel
from safetensors.torch import load_file, save_file
from torch import Tensor

from nodeflow.node import NodeError
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.loaders.load_by_family import load_model
from tests.nodes.families.split_files import Split
from tests.nodes.quantised_files import Coded, coded, llm_int8
from tests.telling import each_once

BLOCK = 64
NF4 = [
    -1.0, -0.6962, -0.5251, -0.3949, -0.2844, -0.1848, -0.0911, 0.0,
    0.0796, 0.1609, 0.2461, 0.3379, 0.4407, 0.5626, 0.723, 1.0,
]  # fmt: skip
"""Quantiles of a normal distribution (Dettmers et al. 2023), rounded."""


def nf4(weight: Tensor) -> Coded:
    """In blocks of 64 of the flat weight, the first of two codes in the high half of a byte."""
    if weight.numel() % BLOCK or weight.shape[1] % BLOCK:
        return {"weight": weight}, weight
    blocks, table = weight.reshape(-1, BLOCK), torch.tensor(NF4)
    largest = blocks.abs().amax(1)
    codes = (blocks / largest[:, None]).unsqueeze(-1).sub(table).abs().argmin(-1)
    plain = (table[codes] * largest[:, None]).reshape(weight.shape)
    flat = codes.flatten().to(torch.uint8)
    state = {"quant_type": "nf4", "blocksize": BLOCK, "dtype": "float32", "shape": list(weight.shape)}
    return {
        "weight": (flat[::2] * 16 + flat[1::2])[:, None],
        "weight.absmax": largest,
        "weight.quant_map": table,
        "weight.quant_state.bitsandbytes__nf4": torch.tensor(list(json.dumps(state).encode()), dtype=torch.uint8),
    }, plain


def int8(weight: Tensor) -> Coded:
    parts, plain = llm_int8(weight)
    return {**parts, "weight_format": torch.tensor(0, dtype=torch.uint8)}, plain


@pytest.fixture(scope="module")
def flux(splits: Callable[[str], Split]) -> Split:
    return splits("FLUX.1")


def with_part(flux: Split, at: Path, part: str, weights: dict[str, Tensor], config: dict[str, Any] | None) -> Path:
    """The model's folder with other weights of one part, and what its configuration says of them."""
    folder = Path(shutil.copytree(flux.folder, at))
    save_file(
        {name: value.contiguous() for name, value in weights.items()}, next((folder / part).glob("*.safetensors"))
    )
    file = folder / part / "config.json"
    told = json.loads(file.read_text())
    file.write_text(json.dumps({**told, "quantization_config": config} if config else told))
    return folder


@pytest.mark.parametrize(("part", "code"), each_once(["transformer", "text_encoder_2"], [nf4, int8]))
@torch.no_grad()
def test_a_folder_of_bitsandbytes(code: Callable[[Tensor], Coded], part: str, flux: Split, tmp_path: Path) -> None:
    stored, plain = coded(load_file(next((flux.folder / part).glob("*.safetensors"))), code)
    config = {"quant_method": "bitsandbytes", "load_in_4bit": code is nf4, "load_in_8bit": code is int8}
    found = load_model(str(with_part(flux, tmp_path / "stored", part, stored, config)))
    wanted = load_model(str(with_part(flux, tmp_path / "plain", part, plain, None)))
    text = wanted.text_encoder.encode(["a red star"])
    torch.testing.assert_close(found.text_encoder.encode(["a red star"]).tokens, text.tokens, atol=1e-5, rtol=1e-5)
    x = torch.randn(1, 16, 4, 4, generator=torch.Generator().manual_seed(0))
    one, other = (network_denoiser(model.network).predict(x, torch.tensor(500.0), text) for model in (found, wanted))
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
    if part == "transformer":
        assert any(
            isinstance(layer, torch.nn.Module) and hasattr(layer, "stored") for layer in found.network.module.modules()
        )


@pytest.mark.parametrize(
    ("method", "says"),
    [
        ("quanto", r"transformer is quantised with quanto, whose package is not installed; pip install optimum-quanto"),
        ("torchao", r"is quantised with torchao, whose package is not installed; pip install torchao"),
        ("sdnq", r"is quantised with sdnq, whose package is not installed; pip install sdnq"),
        ("gptq", r"is quantised with gptq, which is not read from this folder; take it in half"),
    ],
)
def test_other_methods_are_refused_by_what_to_install(method: str, says: str, flux: Split, tmp_path: Path) -> None:
    weights = load_file(next((flux.folder / "transformer").glob("*.safetensors")))
    folder = with_part(flux, tmp_path / "model", "transformer", weights, {"quant_method": method})
    with pytest.raises(NodeError, match=says):
        load_model(str(folder))


def test_a_folder_that_lost_a_scale_is_refused_by_its_key(flux: Split, tmp_path: Path) -> None:
    stored, _ = coded(load_file(next((flux.folder / "transformer").glob("*.safetensors"))), int8)
    lost = next(name for name in sorted(stored) if name.endswith(".SCB"))
    stored.pop(lost)
    config = {"quant_method": "bitsandbytes", "load_in_8bit": True}
    with pytest.raises(NodeError, match="nothing in the file says how it is scaled"):
        load_model(str(with_part(flux, tmp_path / "model", "transformer", stored, config)))


def torchao() -> Any:
    from diffusers import TorchAoConfig
    from torchao.quantization import Int8WeightOnlyConfig

    return TorchAoConfig(Int8WeightOnlyConfig())


def quanto() -> Any:
    from diffusers import QuantoConfig

    return QuantoConfig(weights_dtype="int8")


def sdnq() -> Any:
    from sdnq import SDNQConfig

    return SDNQConfig(weights_dtype="int8")


@pytest.mark.parametrize(("module", "config"), [("torchao", torchao), ("optimum.quanto", quanto), ("sdnq", sdnq)])
@torch.no_grad()
def test_a_folder_that_its_own_package_reads(
    module: str, config: Callable[[], Any], flux: Split, tmp_path: Path
) -> None:
    pytest.importorskip(module)
    folder = Path(shutil.copytree(flux.folder, tmp_path / "model"))
    small = FluxTransformer2DModel.from_pretrained(
        folder / "transformer", quantization_config=config(), local_files_only=True
    )
    shutil.rmtree(folder / "transformer")
    small.save_pretrained(folder / "transformer")
    found, wanted = load_model(str(folder)), load_model(str(flux.folder))
    text = wanted.text_encoder.encode(["a red star"])
    x = torch.randn(1, 16, 4, 4, generator=torch.Generator().manual_seed(0))
    one, other = (network_denoiser(model.network).predict(x, torch.tensor(500.0), text) for model in (found, wanted))
    share = float((one - other).abs().max() / other.abs().max())
    assert 0 < share < 0.02, share
