"""Small models in the true layouts of the field's files, each with the node that loads it and what is asked of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from diffusers import T2IAdapter, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from nodeflow.wires import Image
from nodes.adapters.ip_adapter import apply_ip_adapter, load_ip_adapter
from nodes.conditioning.weighted_text import weighted_text_encode
from nodes.controls.controlnet import load_controlnet
from nodes.denoisers.denoisers import unet_denoiser
from nodes.loaders.load_by_family import load_diffusion_model, load_model
from nodes.loaders.load_models import load_latent_diffusion, load_vae
from tests.nodes.adapters.test_ip_adapter import as_file, halves, save_sight
from tests.nodes.families.small.cascade import stage_b, stage_c
from tests.nodes.families.split_files import split
from tests.nodes.families.test_stable_cascade import original as cascade_names
from tests.nodes.original_layout import (
    original_weights,
    unet_weights,
    write_original,
)
from tests.nodes.original_xl import CONTEXT, SMALL_BASE, SMALL_REFINER, original, text_shape, write_xl, xl_vae
from tests.nodes.test_accounting import union
from tests.nodes.test_one_file_parts import new_controlnet, original_controlnet

Weights = dict[str, Tensor]
Load = Callable[[Path], Any]
NETWORK = "diffusion_pytorch_model.safetensors"
"""What diffusers calls a network's file."""


class Layout(NamedTuple):
    """A model's file, or a folder with ``file`` in it, whose weights are to be changed, and how it is loaded.

    ``refused``: whether no node takes it, however it is; ``any_length``: whether more or fewer rows, or one tensor of
    several, are another such file.
    """

    path: Path
    load: Load
    file: str = ""
    refused: bool = False
    any_length: bool = False

    def weights(self) -> Weights:
        return load_file(self.path / self.file if self.file else self.path)


def layouts(below: Path) -> Mapping[str, Layout]:
    """All of them, saved below a folder."""
    torch.manual_seed(0)
    found: dict[str, Layout] = {}
    for make in (_first_and_second, _xl, _third, _cascade, _controls, _image_prompts, _embeddings):
        place = below / make.__name__.strip("_")
        place.mkdir(parents=True)
        found |= make(place)
    return found


def _save(path: Path, weights: Mapping[str, Tensor]) -> Path:
    save_file({name: value.contiguous().clone() for name, value in weights.items()}, path)
    return path


def _diffusion(path: Path) -> Any:
    return load_latent_diffusion(str(path))


def _second(at: Path, name: str, channels: int, more: Mapping[str, Tensor] = {}) -> Path:
    """Stable Diffusion 2 with a U-Net that sees so many channels."""
    torch.manual_seed(1)
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=channels,
        block_out_channels=(64, 128),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=64,
        attention_head_dim=[1, 2],
        use_linear_projection=True,
    )
    text = CLIPTextModel(text_shape(64, 2, "gelu"))
    weights = original_weights(unet, xl_vae(32, 32, 64), text, True)
    return _save(at / f"{name}.safetensors", {**weights, **more})


def _first_and_second(at: Path) -> dict[str, Layout]:
    write_original(at / "first.safetensors", False)
    ends = {"model_ema.decay": torch.tensor(0.999), "v_pred": torch.tensor([])}
    noise = {"noise_augmentor.data_mean": torch.zeros(1, 8), "embedder.model.visual.proj": torch.zeros(8, 8)}
    label = {"model.diffusion_model.label_emb.0.0.weight": torch.randn(256, 128)}
    low = {"low_scale_model.betas": torch.zeros(1000), "model.diffusion_model.label_emb.weight": torch.randn(1000, 256)}
    return {
        "SD1": Layout(at / "first.safetensors", _diffusion),
        "SD1 by family": Layout(at / "first.safetensors", lambda path: load_model(str(path))),
        "SD2 base": Layout(_second(at, "base", 4), _diffusion),
        "SD2 v": Layout(_second(at, "v", 4, ends), _diffusion),
        "SD2 inpainting": Layout(_second(at, "inpainting", 9), _diffusion),
        "SD2 depth": Layout(_second(at, "depth", 5), _diffusion),
        "SD2 unCLIP": Layout(_second(at, "unclip", 4, noise | label), _diffusion, refused=True),
        "x4 upscaler's folder": Layout(_enlarging(at / "folder"), _diffusion, f"unet/{NETWORK}", refused=True),
        "x4 upscaler": Layout(_second(at, "x4", 7, low), _diffusion, refused=True),
    }


def _enlarging(folder: Path) -> Path:
    """The x4 upscaler as diffusers saves it, as far as that tells it from others."""
    kinds = {"unet": "UNet2DConditionModel", "vae": "AutoencoderKL", "low_res_scheduler": "DDPMScheduler"}
    index = {"_class_name": "StableDiffusionUpscalePipeline"} | {
        name: ["diffusers", kind] for name, kind in kinds.items()
    }
    unet = UNet2DConditionModel(
        sample_size=8, in_channels=7, block_out_channels=(32, 64), norm_num_groups=8, num_class_embeds=1000,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=64, attention_head_dim=8,
    )  # fmt: skip
    unet.save_pretrained(folder / "unet")
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def _xl(at: Path) -> dict[str, Layout]:
    torch.manual_seed(2)
    first = CLIPTextModel(text_shape(CONTEXT["clip"], 2, "quick_gelu"))
    second = CLIPTextModelWithProjection(text_shape(CONTEXT["open_clip"], 3, "gelu"))
    found: dict[str, Layout] = {}
    for name, shape, opened in (
        ("XL base", SMALL_BASE, first),
        ("XL refiner", SMALL_REFINER, None),
        ("XL inpainting", SMALL_BASE | {"in_channels": 9}, first),
    ):
        unet = UNet2DConditionModel(**shape)
        weights = original(unet, xl_vae(32, 32, 32, 64), opened, second)
        found[name] = Layout(_save(at / f"{name}.safetensors", weights), _diffusion)
        if name == "XL base":
            bare = {
                one.removeprefix("model.diffusion_model."): value
                for one, value in unet_weights(unet.state_dict()).items()
            }
            found["XL U-Net alone"] = Layout(
                _save(at / "unet.safetensors", bare), lambda path: load_diffusion_model(str(path))
            )
    (at / "saved").mkdir()
    write_xl(at / "saved")
    folder = at / "saved" / "folder"
    found["XL's folder, U-Net"] = Layout(folder, _diffusion, f"unet/{NETWORK}")
    found["XL's folder, second text encoder"] = Layout(folder, _diffusion, "text_encoder_2/model.safetensors")
    found["XL's folder by family, VAE"] = Layout(folder, lambda path: load_model(str(path)), f"vae/{NETWORK}")
    found["XL base by family"] = Layout(at / "XL base.safetensors", lambda path: load_model(str(path)))
    return found


def _third(at: Path) -> dict[str, Layout]:
    parts = split("Stable Diffusion 3", at / "sd3")
    assert parts.whole is not None
    beside = at / "tokenizer"
    shutil.copytree(at / "sd3" / "tokenizer", beside)
    texts = [str(one) for one in parts.texts]

    def with_parts(path: Path) -> Any:
        return load_model(str(path), text_encoder=texts[0], text_encoder_2=texts[1], text_encoder_3=texts[2],
                          vae=str(parts.vae))  # fmt: skip

    return {
        "SD3 whole": Layout(parts.whole, lambda path: load_model(str(path))),
        "SD3 network": Layout(parts.network, with_parts),
        "SD3 VAE": Layout(parts.vae, lambda path: load_vae(str(path), made_for="Stable Diffusion 3")),
    }


def _cascade(at: Path) -> dict[str, Layout]:
    found: dict[str, Layout] = {}
    for name, save, place in (("Cascade C", stage_c, "prior"), ("Cascade B", stage_b, "decoder")):
        save(at / name)
        weights = cascade_names(load_file(next((at / name / place).glob("*.safetensors"))))
        found[name] = Layout(_save(at / f"{name}.safetensors", weights), lambda path: load_diffusion_model(str(path)))
        found[f"{name}'s folder"] = Layout(at / name, lambda path: load_model(str(path)), f"{place}/{NETWORK}")
    weights = load_file(next((at / "Cascade B" / "vqgan").glob("*.safetensors")))
    weights["vquantizer.codebook.weight"] = weights.pop("vquantizer.embedding.weight")
    found["Cascade A"] = Layout(_save(at / "a.safetensors", weights), lambda path: load_vae(str(path)))
    return found


def _control(path: Path) -> Any:
    return load_controlnet(str(path))


def _controls(at: Path) -> dict[str, Layout]:
    first, second, xl = (new_controlnet(version) for version in ("1", "2", "xl"))
    first.save_pretrained(at / "net")
    found = {
        "ControlNet": Layout(_save(at / "c1.safetensors", original_controlnet(first.state_dict())), _control),
        "ControlNet of SD2": Layout(_save(at / "c2.safetensors", original_controlnet(second.state_dict())), _control),
        "ControlNet union": Layout(_save(at / "union.safetensors", dict(union().state_dict())), _control),
        "ControlNet of XL": Layout(_save(at / "cxl.safetensors", dict(xl.state_dict())), _control),
        "ControlNet's folder": Layout(at / "net", _control, NETWORK),
    }
    for kind, count in (("full_adapter", 2), ("full_adapter_xl", 2)):
        net = T2IAdapter(
            channels=[16, 32, 32, 32], num_res_blocks=count, adapter_type=kind,
            downscale_factor=16 if kind.endswith("xl") else 8,
        )  # fmt: skip
        net.save_pretrained(at / kind)
        named = {}
        for name, value in net.state_dict().items():
            parts = name.removeprefix("adapter.").split(".")
            if parts[0] == "body":
                place = int(parts[3]) if parts[2] == "resnets" else 0
                inner = parts[4:] if parts[2] == "resnets" else parts[2:]
                parts = ["body", str(2 * int(parts[1]) + place), *inner]
            named[".".join(parts)] = value
        found[f"T2I-Adapter, {kind}"] = Layout(_save(at / f"{kind}.safetensors", named), _control)
        found[f"T2I-Adapter's folder, {kind}"] = Layout(at / kind, _control, "diffusion_pytorch_model.safetensors")
    return found


def _image_prompts(at: Path) -> dict[str, Layout]:
    """Of which only the network that they lead tells whether they have all layers."""
    write_original(at / "first.safetensors", False)
    led = load_latent_diffusion(str(at / "first.safetensors")).unet
    module: Any = led
    save_sight(at / "image_encoder")
    plain, shown = unet_denoiser(led), Image(torch.rand(1, 3, 16, 16))

    def load(path: Path) -> Any:
        adapter = load_ip_adapter(str(path), image_encoder=str(at / "image_encoder"))
        apply_ip_adapter(plain, adapter, shown)
        return adapter

    return {
        f"IP-Adapter, {kind}": Layout(Path(as_file(at / f"{kind}.safetensors", halves(kind, module.module))), load)
        for kind in ("plain", "plus", "full")
    }


def _embeddings(at: Path) -> dict[str, Layout]:
    torch.manual_seed(4)
    first = CLIPTextModel(text_shape(CONTEXT["clip"], 2, "quick_gelu"))
    second = CLIPTextModelWithProjection(text_shape(CONTEXT["open_clip"], 3, "gelu"))
    weights = original(UNet2DConditionModel(**SMALL_BASE), xl_vae(32, 32, 32, 64), first, second)
    xl = load_latent_diffusion(str(_save(at / "xl.safetensors", weights))).text_encoder
    write_original(at / "first.safetensors", False)
    sd1 = load_latent_diffusion(str(at / "first.safetensors")).text_encoder
    narrow, wide = torch.randn(3, 64), torch.randn(3, 128)

    def said(reader: Any) -> Load:
        return lambda path: weighted_text_encode(reader, f"a red embedding:{path}, star")

    return {
        "embedding of A1111": Layout(
            _save(at / "emb_params.safetensors", {"emb_params": narrow}), said(sd1), any_length=True
        ),
        "embedding of a pickle": Layout(
            _save(at / "star.safetensors", {"string_to_param.*": narrow}), said(sd1), any_length=True
        ),
        "embedding of diffusers": Layout(
            _save(at / "learned.safetensors", {"<star>": narrow[0]}), said(sd1), any_length=True
        ),
        "embedding of XL": Layout(
            _save(at / "two.safetensors", {"clip_l": narrow, "clip_g": wide}), said(xl), any_length=True
        ),
    }
