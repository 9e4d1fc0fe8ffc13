"""Files with more in them than one network or one embedding: what counts is taken, the rest is named."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from nodeflow.node import NodeError
from nodes.conditioning.prompt_language.embedding_file import embedding_vectors
from nodes.images.upscale import load_upscaler


def under(name: str, weights: dict[str, Tensor], factor: float = 1.0) -> dict[str, Tensor]:
    return {f"{name}.{key}": factor * value for key, value in weights.items()}


def loaded(weights: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    save_file({name: value.clone() for name, value in weights.items()}, path)
    found: dict[str, Tensor] = load_upscaler(str(path)).module.state_dict()  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("around", [("params",), ("params_ema",), ("params_ema", "params")])
def test_what_training_saves_around_an_upscaler(around: tuple[str, ...], tiny_upscaler: Path, tmp_path: Path) -> None:
    weights = load_file(tiny_upscaler / "model.safetensors")
    wrapped = {key: value for at, name in enumerate(around) for key, value in under(name, weights, 1 - 2 * at).items()}
    found = loaded({**wrapped, "iter": torch.tensor(3)}, tmp_path / "up.safetensors")
    assert all(torch.equal(found[name], value) for name, value in weights.items())


def test_a_weight_beside_a_wrapped_upscaler_is_named(tiny_upscaler: Path, tmp_path: Path) -> None:
    weights = under("params", load_file(tiny_upscaler / "model.safetensors"))
    with pytest.raises(NodeError, match=r"up\.safetensors holds other\.weight, which the network"):
        loaded({**weights, "other.weight": torch.ones(3)}, tmp_path / "up.safetensors")


def test_an_upscaler_that_is_not_whole_says_what_it_lacks(tiny_upscaler: Path, tmp_path: Path) -> None:
    weights = load_file(tiny_upscaler / "model.safetensors")
    lost = max(name for name in weights if name.endswith("bias"))
    del weights[lost]
    with pytest.raises(NodeError, match=rf"up\.safetensors lacks {lost}; it was not saved whole"):
        loaded(weights, tmp_path / "up.safetensors")


def test_an_upscaler_with_a_weight_that_does_not_fit_names_it(tiny_upscaler: Path, tmp_path: Path) -> None:
    weights = load_file(tiny_upscaler / "model.safetensors")
    name = next(name for name, weight in weights.items() if weight.ndim == 1 and name != max(weights))
    more = torch.cat([weights[name], weights[name][:1]])
    with pytest.raises(NodeError, match=rf"up\.safetensors: its {name} is of another shape than the rest says"):
        loaded({**weights, name: more}, tmp_path / "up.safetensors")


class Reader:
    """What is asked of a text encoder: how many numbers its tokens have, and what files call it."""

    width, part = 8, "clip_l"


@pytest.mark.parametrize(
    ("names", "left"),
    [
        (("emb_params",), ""),
        (("clip_l", "clip_g"), ""),
        (("<cat>",), ""),
        (("one", "two"), "two"),
        (("emb_params", "other"), "other"),
    ],
)
def test_an_embeddings_file_holds_one(names: tuple[str, ...], left: str, tmp_path: Path) -> None:
    path = tmp_path / "cat.safetensors"
    vectors = {name: torch.full((2, 8), 1.0 + number) for number, name in enumerate(names)}
    save_file({**vectors, "step": torch.tensor(5)}, path)
    if left:
        with pytest.raises(NodeError, match=f"holds {left} too, which nothing reads; take a file of one embedding"):
            embedding_vectors(str(path), (Reader(),))  # type: ignore[arg-type]
    else:
        (found,) = embedding_vectors(str(path), (Reader(),))  # type: ignore[arg-type]
        assert found is not None and torch.equal(found, vectors[names[0]])


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"clip_l": torch.ones(8, 2)}, "holds 8 x 2 numbers as clip_l, and that encoder's vectors have 8"),
        ({"clip_l": torch.ones(2, 16), "clip_g": torch.ones(2, 8)}, "holds 2 x 16 numbers as clip_l"),
        ({"emb_params": torch.ones(2, 8), "emb_params.zeros": torch.tensor(1.0)}, "holds emb_params.zeros too"),
    ],
)
def test_vectors_that_are_not_what_their_name_says_are_refused(
    weights: dict[str, torch.Tensor], said: str, tmp_path: Path
) -> None:
    save_file(weights, tmp_path / "cat.safetensors")
    with pytest.raises(NodeError, match=said):
        embedding_vectors(str(tmp_path / "cat.safetensors"), (Reader(),))  # type: ignore[arg-type]
