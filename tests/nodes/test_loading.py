"""Models from folders, the hub's cache and single files, and everything that can be wrong with them."""

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from original_layout import original_weights, true_networks, write_original
from safetensors.torch import load_file, save_file
from transformers import CLIPTokenizer

from nodeflow.node import NodeError
from nodes.conditioning.text_encode import clip_text_encode
from nodes.latents.vae import DiffusersVAE
from nodes.loaders.families.stable_diffusion.shapes import (
    CLIP_KEY,
    FIRST,
    OPEN_CLIP_KEY,
    SECOND,
    clip_config,
    open_clip_config,
    unet_config,
    vae_config,
)
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion
from nodes.loaders.read.folder_files import read_tokenizer
from nodes.loaders.read.parts import CLIPText


def test_a_folder_gives_all_parts(tiny: LatentDiffusion) -> None:
    assert tiny.unet.format == tiny.vae.format
    assert (tiny.unet.format.channels, tiny.unet.format.downscale, tiny.unet.format.side) == (4, 4, 8)
    assert tiny.unet.prediction == "epsilon"
    assert tiny.schedule.config["_class_name"] == "DDIMScheduler"
    assert not tiny.unet.module.training
    assert not any(parameter.requires_grad for parameter in tiny.unet.module.parameters())


def test_precision_is_as_told(tiny_folder: Path) -> None:
    model = load_latent_diffusion(str(tiny_folder), dtype="bfloat16")
    assert isinstance(model.vae, DiffusersVAE)
    assert isinstance(model.text_encoder, CLIPText)
    for module in (model.unet.module, model.vae.module, model.text_encoder.module):
        assert {parameter.dtype for parameter in module.parameters()} == {torch.bfloat16}
    with pytest.raises(NodeError, match="int8 is no precision"):
        load_latent_diffusion(str(tiny_folder), dtype="int8")


def test_a_tokenizer_of_the_same_files_is_read_once(tiny_folder: Path, tiny_copy: Path) -> None:
    wanted = read_tokenizer(CLIPTokenizer, tiny_folder / "tokenizer")
    assert read_tokenizer(CLIPTokenizer, tiny_copy / "tokenizer") is wanted
    settings = tiny_copy / "tokenizer" / "tokenizer_config.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "model_max_length": 9}))
    assert read_tokenizer(CLIPTokenizer, tiny_copy / "tokenizer").model_max_length == 9
    assert wanted.model_max_length == 16


def test_a_text_is_cut_at_the_models_length(tiny: LatentDiffusion) -> None:
    found = clip_text_encode(tiny.text_encoder, "red star " * 20)
    assert found.tokens.shape == (1, 16, 32)
    assert found.words[:3] == ("<|startoftext|>", "red", "star")
    assert found.words[-1] == "<|endoftext|>"
    assert found.pooled is not None
    assert found.pooled.shape == (1, 32)


def test_folder_with_weights_in_half_precision_files(tiny_copy: Path) -> None:
    for path in list(tiny_copy.rglob("*.safetensors")):
        path.rename(path.with_suffix(".fp16.safetensors"))
    assert load_latent_diffusion(str(tiny_copy)).unet.format.channels == 4


def test_folder_as_older_libraries_saved_it(tiny_copy: Path, tiny: LatentDiffusion) -> None:
    """Stable Diffusion 1.5's own: a vocabulary in two files, and text weights named text_model.*."""
    tokenizer = tiny_copy / "tokenizer"
    model = json.loads((tokenizer / "tokenizer.json").read_text())["model"]
    (tokenizer / "tokenizer.json").unlink()
    (tokenizer / "vocab.json").write_text(json.dumps(model["vocab"]))
    merges = [" ".join(merge) for merge in model["merges"]]
    (tokenizer / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
    path = tiny_copy / "text_encoder" / "model.safetensors"
    weights = {f"text_model.{name}": value.clone() for name, value in load_file(path).items()}
    weights["text_model.embeddings.position_ids"] = torch.arange(16)[None]
    save_file(weights, path, metadata={"format": "pt"})
    old = load_latent_diffusion(str(tiny_copy))
    for text in ("", "a red star", "Hello, World! Ünï <3 42"):
        found, wanted = (clip_text_encode(model.text_encoder, text) for model in (old, tiny))
        assert found.words == wanted.words
        assert torch.equal(found.tokens, wanted.tokens)


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="there is no model"):
        load_latent_diffusion(str(tmp_path / "nothing"))
    with pytest.raises(NodeError, match="starter:nothing: there is no model"):
        load_latent_diffusion("starter:nothing")
    with pytest.raises(NodeError, match="there is no model"):
        load_latent_diffusion("")


def test_a_folder_that_is_no_model_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="holds nothing: check the path"):
        load_latent_diffusion(str(tmp_path))


def test_another_kind_of_model_is_named(tiny_copy: Path) -> None:
    index = json.loads((tiny_copy / "model_index.json").read_text())
    index.update(_class_name="FluxPipeline", unet=[None, None])
    (tiny_copy / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(NodeError, match=r"holds FLUX\.1, which the node Load model or Load FLUX"):
        load_latent_diffusion(str(tiny_copy))


def test_classes_from_the_files_own_code_are_refused(tiny_copy: Path) -> None:
    index = json.loads((tiny_copy / "model_index.json").read_text())
    index["unet"] = ["my_code", "MyUNet"]
    (tiny_copy / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(NodeError, match="MyUNet and not UNet2DConditionModel"):
        load_latent_diffusion(str(tiny_copy))


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_weights_cut_short_are_a_sentence(tiny_copy: Path, part: str) -> None:
    path = next((tiny_copy / part).glob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(NodeError, match=rf"{part}/.* is damaged or was cut short"):
        load_latent_diffusion(str(tiny_copy))


@pytest.mark.parametrize("dtype", [torch.int8, torch.int32])
@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_a_folder_with_whole_numbers_for_weights_is_refused(tiny_copy: Path, part: str, dtype: torch.dtype) -> None:
    path = next((tiny_copy / part).glob("*.safetensors"))
    weights = {name: value.to(dtype) if value.ndim > 1 else value.clone() for name, value in load_file(path).items()}
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(NodeError, match=f"{part}/.* is quantised .* nothing says how they are scaled"):
        load_latent_diffusion(str(tiny_copy))


def test_a_schedule_longer_than_memory_is_a_sentence(tiny_copy: Path) -> None:
    path = tiny_copy / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "num_train_timesteps": 10**9}))
    with pytest.raises(NodeError, match="says a number for num_train_timesteps that no model has"):
        load_latent_diffusion(str(tiny_copy))


def test_a_folder_with_scales_is_told_as_quantised(tiny_copy: Path) -> None:
    path = next((tiny_copy / "unet").glob("*.safetensors"))
    weights = {name: value.clone() for name, value in load_file(path).items()}
    save_file(weights | {"conv_in.weight_scale": torch.ones(1)}, path, metadata={"format": "pt"})
    with pytest.raises(NodeError, match=r"is quantised \(it holds conv_in.weight_scale\)"):
        load_latent_diffusion(str(tiny_copy))


def test_a_folder_that_says_how_it_is_quantised_is_refused_by_it(tiny_copy: Path) -> None:
    path = tiny_copy / "unet" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "quantization_config": {"quant_method": "gptq"}}))
    with pytest.raises(NodeError, match="unet is quantised with gptq, which is not read from this folder"):
        load_latent_diffusion(str(tiny_copy))


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_weights_that_are_missing_are_named(tiny_copy: Path, part: str) -> None:
    path = next((tiny_copy / part).glob("*.safetensors"))
    weights = {name: value.clone() for name, value in load_file(path).items()}
    weights.pop(sorted(weights)[5])
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(NodeError, match=rf"{part} (lacks 1 weights|cannot be loaded)"):
        load_latent_diffusion(str(tiny_copy))


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_configuration_that_is_damaged_is_a_sentence(tiny_copy: Path, part: str) -> None:
    (tiny_copy / part / "config.json").write_text("{")
    with pytest.raises(NodeError, match=rf"{part}/config\.json cannot be read"):
        load_latent_diffusion(str(tiny_copy))


@pytest.mark.parametrize("part", ["scheduler", "tokenizer"])
def test_a_missing_part_is_a_sentence(tiny_copy: Path, part: str) -> None:
    shutil.rmtree(tiny_copy / part)
    with pytest.raises(NodeError, match=part):
        load_latent_diffusion(str(tiny_copy))


class Trap:
    """Unpickling this makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["model.ckpt", "model.pt", "model.pth", "model.bin", "model.CKPT"])
def test_a_pickle_is_never_opened(tmp_path: Path, name: str) -> None:
    proof = tmp_path / "executed"
    (tmp_path / name).write_bytes(pickle.dumps(Trap(proof)))
    with pytest.raises(NodeError, match="never opened; convert it with: nodeflow convert model"):
        load_latent_diffusion(str(tmp_path / name))
    assert not proof.exists()


def test_a_pickle_named_safetensors_is_not_executed(tmp_path: Path) -> None:
    proof = tmp_path / "executed"
    (tmp_path / "model.safetensors").write_bytes(pickle.dumps(Trap(proof)))
    with pytest.raises(NodeError, match="never opened: convert it with"):
        load_latent_diffusion(str(tmp_path / "model.safetensors"))
    assert not proof.exists()


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_a_folder_with_pickles_only_is_refused(tiny_copy: Path, tmp_path: Path, part: str) -> None:
    proof = tmp_path / "executed"
    for path in list((tiny_copy / part).glob("*.safetensors")):
        name = "pytorch_model.bin" if part == "text_encoder" else "diffusion_pytorch_model.bin"
        path.with_name(name).write_bytes(pickle.dumps(Trap(proof)))
        path.unlink()
    with pytest.raises(NodeError, match=f"{part} has its weights only in files that can hold programs"):
        load_latent_diffusion(str(tiny_copy))
    assert not proof.exists()


def test_other_files_are_no_models(tmp_path: Path) -> None:
    (tmp_path / "model.txt").write_text("hello")
    with pytest.raises(NodeError, match="holds no model; choose"):
        load_latent_diffusion(str(tmp_path / "model.txt"))


@pytest.mark.parametrize(
    ("name", "head", "form"),
    [
        ("model.gguf", b"\x02\0\0\0\0\0\0\0{}", ".safetensors"),
        ("model.ckpt", b"\x02\0\0\0\0\0\0\0{}", ".safetensors"),
        ("model.sft", b"\x02\0\0\0\0\0\0\0{}", ".safetensors"),
        ("model.safetensors", b"GGUF", ".gguf"),
        ("model.bin", b"GGUF", ".gguf"),
    ],
)
def test_weights_under_another_suffix_are_told_their_own(name: str, head: bytes, form: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(head + bytes(20))
    with pytest.raises(NodeError, match=f"{form[1:]} under another name; call it {form}$"):
        load_latent_diffusion(str(tmp_path / name))


@pytest.fixture
def hub_cache(tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub cache that holds the tiny model as someone/tiny, at main and at v1."""
    commit = "0" * 40
    model = tmp_path / "hub" / "models--someone--tiny"
    shutil.copytree(tiny_folder, model / "snapshots" / commit)
    (model / "refs").mkdir()
    for name in ("main", "v1"):
        (model / "refs" / name).write_text(commit)
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.delenv("NODEFLOW_DOWNLOAD", raising=False)
    return tmp_path / "hub"


def test_a_hub_id_comes_from_the_cache_on_this_computer(hub_cache: Path, tiny: LatentDiffusion) -> None:
    for revision in ("", "v1", "0" * 40):
        model = load_latent_diffusion("someone/tiny", revision)
        wanted = tiny.unet.module.state_dict()
        assert all(torch.equal(weight, wanted[name]) for name, weight in model.unet.module.state_dict().items())


def test_a_hub_id_that_is_not_in_the_cache_is_a_sentence(hub_cache: Path) -> None:
    with pytest.raises(NodeError, match=r"someone/other: .*cache on this computer does not hold it; download it"):
        load_latent_diffusion("someone/other")
    with pytest.raises(NodeError, match=r"someone/tiny at revision v2: .*does not hold it"):
        load_latent_diffusion("someone/tiny", "v2")


def test_a_download_that_fails_is_a_sentence(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setenv("NODEFLOW_DOWNLOAD", "1")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(NodeError, match="someone/other: cannot be fetched from the hub"):
        load_latent_diffusion("someone/other")


def test_a_name_that_is_neither_path_nor_id_is_a_sentence(hub_cache: Path) -> None:
    for name in ("no model", "a/b/c", "some--one/x..y"):
        with pytest.raises(NodeError, match="there is no"):
            load_latent_diffusion(name)


@pytest.mark.parametrize("second", [False, True])
def test_a_single_file_in_the_original_layout(tmp_path: Path, second: bool) -> None:
    path = tmp_path / "model.safetensors"
    unet, vae, text = write_original(path, second)
    model = load_latent_diffusion(str(path))
    assert isinstance(model.vae, DiffusersVAE)
    assert isinstance(model.text_encoder, CLIPText)
    for ours, wanted in ((model.unet.module, unet), (model.vae.module, vae), (model.text_encoder.module, text)):
        weights = ours.state_dict()
        assert weights.keys() == wanted.state_dict().keys()
        for name, weight in wanted.state_dict().items():
            assert torch.equal(weights[name], weight), name
    assert model.unet.prediction == ("v" if second else "epsilon")
    assert model.unet.format.side == (96 if second else 64)
    x, time, words = torch.randn(1, 4, 8, 8), torch.tensor(3), torch.randn(1, 77, 64)
    ids = torch.randint(0, 49000, (1, 77))
    with torch.no_grad():
        for found, wanted in (
            (model.unet.module(x, time, words).sample, unet(x, time, words).sample),
            (model.vae.module.decode(x).sample, vae.decode(x).sample),
            (model.text_encoder.module(ids).last_hidden_state, text(ids).last_hidden_state),
        ):
            torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
    encoded = clip_text_encode(model.text_encoder, "A photograph of an astronaut, riding a horse")
    assert encoded.words[1:9] == ("a", "photograph", "of", "an", "astronaut", ",", "riding", "a")
    assert encoded.words[-1] == ("!" if second else "<|endoftext|>")
    assert len(encoded.words) == 77


def test_a_single_file_as_older_programs_merged_it(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    _, _, text = write_original(path, False)
    old = {name.replace("transformer.text_model.", "transformer."): value for name, value in load_file(path).items()}
    save_file(old, path)
    model: Any = load_latent_diffusion(str(path))
    found = model.text_encoder.module.state_dict()
    for name, weight in text.state_dict().items():
        assert torch.equal(found[name], weight), name


@pytest.mark.parametrize("second", [False, True])
def test_the_shapes_of_stable_diffusion_are_told_from_its_weights(second: bool) -> None:
    """Version 1.5 and 2.1 in full size, without storage."""
    with torch.device("meta"):
        unet, vae, text = true_networks(second)
        weights = original_weights(unet, vae, text, second)
    version = SECOND if second else FIRST
    assert unet_config(weights, version).items() <= _lists(unet.config).items()
    assert vae_config(weights, version).items() <= _lists(vae.config).items()
    found = open_clip_config(weights, OPEN_CLIP_KEY, 1) if second else clip_config(weights, CLIP_KEY)
    config = text.config
    assert {name: getattr(config, name) for name in found if name != "projection_dim"}.items() <= found.items()


def _lists(config: Any) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in config.items()}


def test_the_vocabulary_is_clips(tmp_path: Path) -> None:
    import open_clip

    from nodes.loaders.text_encoders.clip_vocabulary import clip_tokenizer

    tokenizer = clip_tokenizer(False)
    assert len(tokenizer) == 49408
    for text in ("a photo of a cat", "Ünïcode 42 naïve — don't!", "supercalifragilistic  \n 3.14 🙂", ""):
        wanted = open_clip.tokenize(text)[0]
        ids = tokenizer(text, padding="max_length", max_length=77, truncation=True).input_ids
        length = int(wanted.argmax()) + 1
        assert ids[:length] == wanted[:length].tolist()


def test_a_single_file_that_is_damaged_or_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write_original(path, False)
    weights = {name: value.clone() for name, value in load_file(path).items()}
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(NodeError, match=r"model\.safetensors is damaged or was cut short"):
        load_latent_diffusion(str(path))
    path.write_bytes(b"")
    with pytest.raises(NodeError, match="holds nothing: it has no bytes"):
        load_latent_diffusion(str(path))
    save_file({name: value for name, value in weights.items() if "middle_block.0.in_layers" not in name}, path)
    with pytest.raises(NodeError, match=r"lacks the weight mid_block\.resnets\.0\.conv1\.bias and 3 more"):
        load_latent_diffusion(str(path))
    save_file(
        {name.replace("cond_stage_model", "cond_stage_model.other"): part for name, part in weights.items()}, path
    )
    with pytest.raises(NodeError, match="in one file without its CLIP-L, which the node Load diffusion model"):
        load_latent_diffusion(str(path))
    save_file({**weights, "edm_mean": torch.zeros(1)}, path)
    with pytest.raises(NodeError, match="4 finite numbers in edm_mean"):
        load_latent_diffusion(str(path))
    save_file({"lora.weight": torch.zeros(1)}, path)
    with pytest.raises(NodeError, match="has no weights named"):
        load_latent_diffusion(str(path))
