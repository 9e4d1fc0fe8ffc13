"""Each algebra of adapters: a network that computes with it gives what one with merged weights gives, to 1e-5."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from nodeflow.node import NodeError, noting
from nodes.loaders.adapters.algebra.low_rank import LowRank
from nodes.loaders.adapters.algebra.rows import Placed
from tests.nodes.adapters.tiny_networks import adapter, assert_same, drawn, layers, merged, outputs, write

Made = tuple[dict[str, Tensor], dict[str, Tensor]]
"""The tensors of a file, and what they change of parameters."""
SHAPES = {"lin": (8, 12), "conv": (8, 6, 3, 3), "point": (8, 6, 1, 1)}


def _weight(name: str) -> Tensor:
    return layers().get_submodule(name).weight  # type: ignore[return-value]


def lora(name: str, alpha: float | None = 2.0) -> Made:
    shape = SHAPES[name]
    a, b = drawn(4, *shape[1:]), drawn(8, 4, *(1,) * (len(shape) - 2))
    file = {f"lora_unet_{name}.lora_down.weight": a, f"lora_unet_{name}.lora_up.weight": b}
    if alpha is not None:
        file[f"lora_unet_{name}.alpha"] = torch.tensor(alpha)
    return file, {f"{name}.weight": (1.0 if alpha is None else alpha / 4) * b.flatten(1) @ a.flatten(1)}


def tucker(_: str) -> Made:
    a, mid, b = drawn(4, 6, 1, 1), drawn(4, 4, 3, 3), drawn(8, 4, 1, 1)
    file = {"conv.lora_down.weight": a, "conv.lora_mid.weight": mid, "conv.lora_up.weight": b}
    change = 0.5 * torch.einsum("oa,abkl,bi->oikl", b[..., 0, 0], mid, a[..., 0, 0])
    return {f"lora_unet_{key}": value for key, value in file.items()} | {"lora_unet_conv.alpha": torch.tensor([2.0])}, {
        "conv.weight": change
    }


def loha(name: str) -> Made:
    columns = torch.Size(SHAPES[name][1:]).numel()
    parts = {"hada_w1_a": drawn(8, 4), "hada_w1_b": drawn(4, columns), "hada_w2_a": drawn(8, 4, seed=1)}
    parts["hada_w2_b"] = drawn(4, columns, seed=1)
    change = 0.5 * (parts["hada_w1_a"] @ parts["hada_w1_b"]) * (parts["hada_w2_a"] @ parts["hada_w2_b"])
    file = {f"lora_unet_{name}.{key}": value for key, value in parts.items()}
    return file | {f"lora_unet_{name}.alpha": torch.tensor(2.0)}, {f"{name}.weight": change}


def loha_tucker(_: str) -> Made:
    halves, file = [], {"lora_unet_conv.alpha": torch.tensor(2.0)}
    for number in (1, 2):
        core, a, b = drawn(4, 4, 3, 3, seed=number), drawn(4, 8, seed=number), drawn(4, 6, seed=number)
        file |= {f"lora_unet_conv.hada_t{number}": core, f"lora_unet_conv.hada_w{number}_a": a}
        file[f"lora_unet_conv.hada_w{number}_b"] = b
        halves.append(torch.einsum("ijkl,ip,jq->pqkl", core, a, b))
    return file, {"conv.weight": 0.5 * halves[0] * halves[1]}


def lokr(name: str, first: str = "w1", second: str = "w2") -> Made:
    shape = SHAPES[name]
    rest = shape[2:]
    w1a, w1b = drawn(2, 3), drawn(3, 2)
    w2a, w2b = drawn(4, 3), drawn(3, shape[1] // 2 * torch.Size(rest).numel())
    w1, w2 = w1a @ w1b, (w2a @ w2b).reshape(4, shape[1] // 2, *rest)
    file = {"lokr_w1": w1} if first == "w1" else {"lokr_w1_a": w1a, "lokr_w1_b": w1b}
    file |= {"lokr_w2": w2} if second == "w2" else {"lokr_w2_a": w2a, "lokr_w2_b": w2b}
    if second == "t2":
        core, left, right = drawn(3, 3, 3, 3), drawn(3, 4), drawn(3, shape[1] // 2)
        file |= {"lokr_t2": core, "lokr_w2_a": left, "lokr_w2_b": right}
        w2 = torch.einsum("abxy,ak,bn->knxy", core, left, right)
    whole = (first, second) == ("w1", "w2")
    alpha = float("inf") if whole else 1.5
    change = (1.0 if whole else 0.5) * torch.kron(w1.reshape(*w1.shape, *(1,) * len(rest)), w2.contiguous())
    file = {f"lycoris_{name}.{key}": value for key, value in file.items()}
    return file | {f"lycoris_{name}.alpha": torch.tensor(alpha, dtype=torch.float16)}, {f"{name}.weight": change}


def dora(name: str, made: Made, by_rows: bool = True, key: str = "dora_scale") -> Made:
    """On top of any of those above."""
    weight = _weight(name)
    merged_weight = weight + made[1][f"{name}.weight"].reshape(weight.shape)
    axes = tuple(axis for axis in range(weight.ndim) if axis != (0 if by_rows else 1))
    length = torch.linalg.vector_norm(merged_weight, dim=axes, keepdim=True)
    scale = length * (1 + drawn(*length.shape))
    stem = next(iter(made[0])).split(".")[0]
    given = scale.flatten() if key == "lora_magnitude_vector" else scale
    return made[0] | {f"{stem}.{key}": given}, {f"{name}.weight": scale / length * merged_weight - weight}


def _cayley(skew: Tensor) -> Tensor:
    one = torch.eye(skew.shape[-1])
    return (one + skew) @ torch.linalg.inv(one - skew)


def oft(name: str, rescale: bool = False, alpha: float = 0.0) -> Made:
    weight, x = _weight(name), drawn(2, 4, 4)
    skew = x - x.transpose(1, 2)
    if alpha and float(skew.norm()) > alpha * 8:
        skew = skew * alpha * 8 / skew.norm()
    turned = torch.einsum("knm,kni->kmi", _cayley(skew), weight.reshape(2, 4, -1)).reshape(weight.shape)
    file = {f"lora_unet_{name}.oft_blocks": x, f"lora_unet_{name}.alpha": torch.tensor(alpha)}
    if rescale:
        file[f"lora_unet_{name}.rescale"] = 1 + drawn(8, *(1,) * (weight.ndim - 1))
        turned = turned * file[f"lora_unet_{name}.rescale"]
    return file, {f"{name}.weight": turned - weight}


def boft(name: str) -> Made:
    weight, x = _weight(name), drawn(2, 2, 4, 4)
    rows = weight.flatten(1)
    for stage, rotation in enumerate(_cayley(x - x.transpose(2, 3))):
        step = 2**stage * 2
        order = torch.arange(8).reshape(-1, 2, step).transpose(1, 2).flatten()
        turned = torch.einsum("kij,kjc->kic", rotation, rows[order].reshape(2, 4, -1)).reshape(8, -1)
        rows = turned[order.argsort()]
    file = {f"lora_unet_{name}.oft_blocks": x, f"lora_unet_{name}.alpha": torch.tensor(0.0)}
    return file, {f"{name}.weight": rows.reshape(weight.shape) - weight}


def glora(name: str, old: bool = False) -> Made:
    weight = _weight(name)
    a1, a2 = drawn(weight.shape[1], 3), drawn(3, weight.shape[1])
    b1, b2 = drawn(8, 3), drawn(3, weight[0].numel())
    change = 0.5 * (torch.einsum("oi...,ij->oj...", weight, a1 @ a2) + (b1 @ b2).reshape(weight.shape))
    names = ("a2", "a1", "b2", "b1") if old else ("a1", "a2", "b1", "b2")
    file = {f"lora_unet_{name}.{key}.weight": value for key, value in zip(names, (a1, a2, b1, b2), strict=True)}
    return file | {f"lora_unet_{name}.alpha": torch.tensor(1.5)}, {f"{name}.weight": change}


def ia3(name: str, on_input: bool) -> Made:
    weight = _weight(name)
    factors = drawn(weight.shape[1 if on_input else 0])
    shape = (1, -1, *(1,) * (weight.ndim - 2)) if on_input else (-1, *(1,) * (weight.ndim - 1))
    file = {f"lora_unet_{name}.weight": factors, f"lora_unet_{name}.on_input": torch.tensor(on_input)}
    return file, {f"{name}.weight": weight * factors.reshape(shape)}


def full(name: str) -> Made:
    weight, bias = drawn(*SHAPES[name]), drawn(8)
    file = {f"lora_unet_{name}.diff": weight, f"lora_unet_{name}.diff_b": bias}
    return file, {f"{name}.weight": weight, f"{name}.bias": bias}


def norms(_: str) -> Made:
    weight, bias = drawn(8), drawn(8, seed=1)
    return {"lora_unet_norm.w_norm": weight, "lora_unet_norm.b_norm": bias}, {"norm.weight": weight, "norm.bias": bias}


def replaced(name: str) -> Made:
    value = drawn(*SHAPES[name])
    return {f"diffusion_model.{name}.set_weight": value}, {f"{name}.weight": value - _weight(name)}


def lora_with_bias(name: str) -> Made:
    file, change = lora(name)
    bias = drawn(8)
    file = {key.replace("_down", "_A").replace("_up", "_B"): value for key, value in file.items()}
    return file | {f"lora_unet_{name}.lora_B.bias": bias}, change | {f"{name}.bias": 0.5 * bias}


MADE: dict[str, Callable[[], Made]] = {
    **{f"lora {name}": lambda name=name: lora(name) for name in SHAPES},
    "lora without alpha": lambda: lora("lin", None),
    "lora with alpha 0": lambda: (lora("lin", 0.0)[0], lora("lin", None)[1]),
    "lora with a bias": lambda: lora_with_bias("conv"),
    "tucker": lambda: tucker("conv"),
    **{f"loha {name}": lambda name=name: loha(name) for name in SHAPES},
    "loha tucker": lambda: loha_tucker("conv"),
    **{f"lokr {name}": lambda name=name: lokr(name) for name in SHAPES},
    "lokr second factored": lambda: lokr("lin", "w1", "w2_a"),
    "lokr first factored": lambda: lokr("conv", "w1_a", "w2"),
    "lokr both factored": lambda: lokr("conv", "w1_a", "w2_a"),
    "lokr tucker": lambda: lokr("conv", "w1", "t2"),
    **{f"dora rows {name}": lambda name=name: dora(name, lora(name)) for name in SHAPES},
    **{f"dora columns {name}": lambda name=name: dora(name, lora(name), False) for name in SHAPES},
    "dora of peft": lambda: dora("lin", lora("lin"), True, "lora_magnitude_vector"),
    "dora of loha": lambda: dora("conv", loha("conv")),
    "dora of lokr": lambda: dora("lin", lokr("lin", "w1", "w2_a"), False),
    **{f"oft {name}": lambda name=name: oft(name) for name in SHAPES},
    "oft rescaled": lambda: oft("conv", True),
    "oft constrained": lambda: oft("lin", False, 0.05),
    **{f"boft {name}": lambda name=name: boft(name) for name in SHAPES},
    **{f"glora {name}": lambda name=name: glora(name) for name in SHAPES},
    "glora of old": lambda: glora("lin", True),
    **{f"ia3 {name}": lambda name=name: ia3(name, False) for name in SHAPES},
    **{f"ia3 on input {name}": lambda name=name: ia3(name, True) for name in SHAPES},
    "full lin": lambda: full("lin"),
    "full conv": lambda: full("conv"),
    "norms": lambda: norms("norm"),
    "replaced": lambda: replaced("conv"),
}


@pytest.mark.parametrize("kind", MADE)
def test_a_network_computes_as_with_merged_weights(kind: str, tmp_path: Path) -> None:
    file, changes = MADE[kind]()
    network, path = layers(), write(tmp_path, file)
    plain = outputs(network)
    for weight in (1.0, 0.4, -0.7, 1.6):
        assert_same(outputs(network, adapter(path, network, weight)), outputs(merged(network, changes, weight)))
    assert_same(plain, outputs(network))
    off = outputs(network, adapter(path, network, 0.0))
    assert all(torch.equal(off[name], value) for name, value in plain.items()), "0 is none, to the last bit"
    assert any(
        not torch.allclose(value, outputs(network, adapter(path, network))[name]) for name, value in plain.items()
    )


def test_any_number_add_up(tmp_path: Path) -> None:
    network, adapters, wanted = layers(), [], layers()
    for number, (kind, weight) in enumerate(
        {"lora lin": 0.5, "dora rows lin": 1.0, "loha lin": -0.8, "oft lin": 1.2}.items()
    ):
        file, changes = MADE[kind]()
        adapters.append(adapter(write(tmp_path, file, f"{number}.safetensors"), network, weight))
        wanted = merged(wanted, changes, weight)
    assert_same(outputs(network, *adapters), outputs(wanted))
    assert_same(outputs(network, *reversed(adapters)), outputs(wanted))


def test_lengths_of_a_dora_are_computed_once_and_again_for_changed_weights(tmp_path: Path) -> None:
    network = layers()
    led = adapter(write(tmp_path, MADE["dora rows lin"]()[0]), network)
    update = led.layers["lin"].updates[0]
    outputs(network, led)
    known = update._known["factors"]  # type: ignore[attr-defined]
    outputs(network, led)
    assert update._known["factors"] is known  # type: ignore[attr-defined]
    network.lin.weight.data.mul_(2)
    network.lin.weight.add_(0)
    before = network.lin.weight.clone()
    found = outputs(network, led)["lin"]
    network.lin.weight.copy_(before + update.change(before))
    torch.testing.assert_close(found, outputs(network)["lin"], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (
            {"lora_unet_lin.lora_down.weight": (4, 12)},
            "is not whole: its lora_unet_lin.lora_down.weight lacks its other part",
        ),
        ({"lora_unet_lin.lokr_w1": (3, 5), "lora_unet_lin.lokr_w2": (4, 6)}, "does not fit"),
        ({"lora_unet_lin.hada_w1_a": (8, 4)}, "is not whole"),
        ({"lora_unet_lin.oft_blocks": (3, 4, 4)}, "does not fit"),
        ({"lora_unet_lin.a1.weight": (12, 3)}, "is not whole"),
        ({"lora_unet_lin.diff": (9, 12)}, "does not fit"),
        ({"lora_unet_lin.dora_scale": (8, 1)}, "holds lora_unet_lin.dora_scale, which goes with nothing"),
        ({"lora_unet_lin.weight": (8, 12)}, "is not whole"),
        ({"lora_unet_lin.oft_R.weight": (3, 6)}, "an OFT of peft"),
        ({"lora_unet_lin.q_layer": (8, 12)}, "holds lora_unet_lin.q_layer, which is no part of an adapter"),
        ({"lora_unet_lin.lora_A": (4,), "lora_unet_lin.lora_B": (8,)}, "does not fit"),
        ({"lora_unet_lin.diff": (12, 8)}, "lora_unet_lin.diff does not fit"),
        ({"lora_unet_conv.set_weight": (8, 3, 3, 6)}, "lora_unet_conv.set_weight does not fit"),
        ({"lora_unet_conv.lora_down.weight": (4, 3, 3, 6), "lora_unet_conv.lora_up.weight": (8, 4)}, "does not fit"),
        ({"lora_unet_lin.lokr_w1": (4, 2), "lora_unet_lin.lokr_w2": (4, 3)}, "does not fit"),
        ({"lora_unet_lin.lokr_w1": (2, 2), "lora_unet_lin.lokr_w2": (6, 4)}, "does not fit"),
        (
            {"lora_unet_lin.lokr_w1": (2, 2), "lora_unet_lin.lokr_w1_a": (2, 1), "lora_unet_lin.lokr_w2": (4, 6)},
            "holds lora_unet_lin.lokr_w1_a, which goes with nothing",
        ),
        ({"lora_unet_lin.oft_blocks": (2, 4, 4), "lora_unet_lin.rescale": (1, 1)}, "does not fit"),
        ({"lora_unet_lin.diff": (8, 12), "lora_unet_lin.diff_b": (2, 4)}, "does not fit"),
    ],
)
def test_what_does_not_make_up_a_change_is_a_sentence(
    file: dict[str, tuple[int, ...]], said: str, tmp_path: Path
) -> None:
    with pytest.raises(NodeError, match=said):
        adapter(write(tmp_path, {key: drawn(*shape) for key, shape in file.items()}), layers())


def test_numbers_that_are_none_are_a_sentence(tmp_path: Path) -> None:
    file = lora("lin")[0]
    for alpha in (torch.tensor(float("nan")), torch.tensor([1.0, 2.0]), torch.tensor(float("inf"))):
        with pytest.raises(NodeError, match=r"lora_unet_lin.alpha is no number"):
            adapter(write(tmp_path, {**file, "lora_unet_lin.alpha": alpha}), layers())
    whole = {key: value.to(torch.int8) if "down" in key else value for key, value in file.items()}
    coded = {key: (value * 448).to(torch.float8_e4m3fn) if "down" in key else value for key, value in file.items()}
    with pytest.raises(NodeError, match=r"stores lora_unet_lin.lora_down.weight in float8 without the scale"):
        adapter(write(tmp_path, coded), layers())
    with pytest.raises(NodeError, match="as int8; take one in half precision"):
        adapter(write(tmp_path, whole), layers())
    twice = {**file, "lora_unet_lin.lora_A.weight": file["lora_unet_lin.lora_down.weight"]}
    with pytest.raises(NodeError, match="holds the same factor twice"):
        adapter(write(tmp_path, twice), layers())


def test_a_bias_for_what_adds_none_is_a_sentence(tmp_path: Path) -> None:
    network = torch.nn.Sequential(torch.nn.RMSNorm(8))
    path = write(tmp_path, {"lora_unet_0.w_norm": drawn(8), "lora_unet_0.b_norm": drawn(8)})
    with pytest.raises(NodeError, match=r"its layer lora_unet_0.b_norm does not fit"):
        adapter(path, network)


@pytest.mark.parametrize(
    ("lost", "said"), [("alpha", "says the strength of some"), ("dora", "has magnitudes (DoRA) for some")]
)
def test_layers_that_lack_what_others_have_are_told(lost: str, said: str, tmp_path: Path) -> None:
    file = dora("lin", lora("lin"))[0] | dora("conv", lora("conv"))[0]
    key = next(key for key in file if lost in key)
    with noting() as told:
        adapter(write(tmp_path, {name: value for name, value in file.items() if name != key}), layers())
    assert len(told) == 1 and said in told[0][1] and key.split(".")[0] in told[0][1]


@pytest.mark.parametrize(("start", "stop"), [(0, 12), (0, 5), (3, 7), (5, 6), (8, 12), (0, 2)])
def test_a_placed_update_is_cut_as_the_whole_of_it(start: int, stop: int) -> None:
    """Rows 4 to 8 of 12 are changed; a part of all rows holds just those of them that lie in it."""
    generator = torch.Generator().manual_seed(0)
    up, down = torch.randn(4, 2, generator=generator), torch.randn(2, 6, generator=generator)
    placed, weight = Placed(LowRank(down, up, 1.0), 4, 8), torch.randn(12, 6, generator=generator)
    whole = placed.change(weight)
    assert whole[4:8].abs().min() > 0 and whole[:4].eq(0).all() and whole[8:].eq(0).all()
    assert torch.equal(placed.rows(start, stop).change(weight[start:stop]), whole[start:stop])
