"""Tiny models with random weights, in the layouts that diffusers and transformers save."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    DiTPipeline,
    DiTTransformer2DModel,
    StableDiffusionPipeline,
    UNet2DConditionModel,
    UNet2DModel,
)
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from nodes.loaders.families.pixel_diffusion.noisy_classifier import NoisyClassifier
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion
from tests.made_once import made_once
from tests.nodes import deepfloyd_models
from tests.nodes.flow_models import tiny_flux, tiny_gan, tiny_sd3, tiny_uvit
from tests.nodes.light_network import LightNetwork
from tests.nodes.original_xl import write_xl
from tests.nodes.tiny_tokens import TinyTokens, save_all
from tests.nodes.unclip_models import TINY_DECODER, TINY_PRIOR, save_unclip

__all__ = ["tiny_flux", "tiny_gan", "tiny_sd3", "tiny_uvit"]

MERGES = [
    ("r", "e"),
    ("re", "d</w>"),
    ("s", "t"),
    ("a", "r</w>"),
    ("st", "ar</w>"),
    ("b", "l"),
    ("u", "e</w>"),
    ("bl", "ue</w>"),
]


DIT_XL = {
    "num_attention_heads": 16,
    "attention_head_dim": 72,
    "in_channels": 4,
    "out_channels": 8,
    "sample_size": 32,
    "patch_size": 2,
    "num_embeds_ada_norm": 1000,
}
"""facebook/DiT-XL-2-256, but for its 28 layers."""
NAMES = {0: "tench, Tinca tinca", 1: "goldfish", 2: "star"}


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    """Whatever a test draws by chance is the same each time, alone and among others."""
    torch.manual_seed(0)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other are slow where another program computes too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tiny_tokenizer() -> CLIPTokenizer:
    letters = [chr(code) for code in [*range(33, 127), *range(161, 173), *range(174, 256), *range(256, 324)]]
    tokens = [*letters, *(letter + "</w>" for letter in letters), *map("".join, MERGES)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    numbers = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=numbers, merges=MERGES, model_max_length=16)


@pytest.fixture(scope="session")
def words() -> CLIPTokenizer:
    return tiny_tokenizer()


def tiny_unet(**changes: object) -> UNet2DConditionModel:
    options: dict[str, object] = {
        "sample_size": 8,
        "block_out_channels": (16, 32),
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "attention_head_dim": 4,
        "cross_attention_dim": 32,
    }
    return UNet2DConditionModel(**{**options, **changes})


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny model; read it, never change it."""
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer()
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        projection_dim=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=16,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1,
        norm_num_groups=8,
        sample_size=32,
        scaling_factor=0.5,
    )
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        steps_offset=1,
        clip_sample=False,
        set_alpha_to_one=False,
    )
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(text),
        tokenizer=tokenizer,
        unet=tiny_unet(),
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    folder = tmp_path_factory.mktemp("models") / "tiny"
    pipeline.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> LatentDiffusion:
    """The tiny model, loaded."""
    return load_latent_diffusion(str(tiny_folder))


@pytest.fixture(scope="session")
def light(tiny: LatentDiffusion) -> LatentDiffusion:
    """The tiny model with a network that costs next to nothing: for tests of what is done around it."""
    torch.manual_seed(0)
    return tiny._replace(unet=replace(tiny.unet, module=LightNetwork().eval()))


@pytest.fixture
def tiny_copy(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model's folder, to damage."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "copy"))


@pytest.fixture(scope="session")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP with random weights as transformers saves it."""
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer()
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = shape | {
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 16,
        "eos_token_id": tokenizer.eos_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = shape | {"image_size": 32, "patch_size": 8}
    path = tmp_path_factory.mktemp("clip") / "random"
    CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=24)).save_pretrained(path)
    tokenizer.save_pretrained(path)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(path)
    return path


def save_dit(folder: Path, levels: int, **shape: Any) -> Path:
    """A model with random weights in the layout that diffusers saves."""
    torch.manual_seed(0)
    transformer = DiTTransformer2DModel(**shape)
    vae = AutoencoderKL(
        block_out_channels=(8,) * levels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        layers_per_block=1,
        norm_num_groups=8,
        mid_block_add_attention=False,
    )
    pipeline = DiTPipeline(transformer, vae, DDIMScheduler(clip_sample=False))
    pipeline.register_to_config(id2label=NAMES)  # as in the model_index.json of facebook/DiT-XL-2-256
    pipeline.to(dtype=torch.float16).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_dit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A diffusion transformer over three classes."""
    small = DIT_XL | {"num_attention_heads": 2, "attention_head_dim": 16, "sample_size": 8, "num_layers": 2}
    return save_dit(tmp_path_factory.mktemp("dit") / "random", 3, **small)


def new_pixel_unet(**options: Any) -> UNet2DModel:
    torch.manual_seed(0)
    return UNet2DModel(
        sample_size=16,
        block_out_channels=(8, 16),
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        norm_num_groups=4,
        **options,
    )


@pytest.fixture(scope="session")
def tiny_ddpm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A diffusion model on pixels."""
    path = tmp_path_factory.mktemp("ddpm") / "random"
    DDPMPipeline(new_pixel_unet(), DDPMScheduler(variance_type="fixed_large")).save_pretrained(path)
    return path


@pytest.fixture(scope="session")
def tiny_upscaler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of the ESRGAN kind that makes images four times larger, and looks four pixels far."""
    from spandrel.architectures.Compact import Compact

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("upscaler") / "random"
    path.mkdir()
    save_file(
        dict(Compact(num_in_ch=3, num_out_ch=3, num_feat=8, num_conv=2, upscale=4).state_dict()),
        path / "model.safetensors",
    )
    return path


@pytest.fixture(scope="session")
def tiny_classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of noisy images, over three classes."""
    torch.manual_seed(0)
    path, names = tmp_path_factory.mktemp("classifier") / "random", {str(n): name for n, name in NAMES.items()}
    blocks = ("DownBlock2D", "AttnDownBlock2D")
    NoisyClassifier(names, 16, 3, (8, 16), blocks, 1, 8, 4).save_pretrained(path)
    return path


@pytest.fixture(scope="session")
def tiny_upsampler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A diffusion model that makes images larger, trained with noise on the small ones."""
    path = tmp_path_factory.mktemp("upsampler") / "random"
    network = new_pixel_unet(in_channels=6, class_embed_type="timestep")
    DDPMPipeline(network, DDPMScheduler(clip_sample=False)).save_pretrained(path)
    return path


@pytest.fixture(scope="session")
def tiny_unclip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unCLIP with random weights."""
    return save_unclip(tmp_path_factory.mktemp("unclip") / "random", tiny_tokenizer(), TINY_PRIOR, TINY_DECODER)


@pytest.fixture(scope="session")
def small_xl(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Stable Diffusion XL as a folder and as one file, with CLIP's vocabulary."""
    place = made_once(tmp_path_factory, "small-xl", write_xl)
    return place / "folder", place / "model.safetensors"


@pytest.fixture(scope="session")
def tiny_tokens(tmp_path_factory: pytest.TempPathFactory) -> TinyTokens:
    """Models of image tokens: VQ, masked, and text and image as one sequence."""
    return save_all(tmp_path_factory.mktemp("tokens"), tiny_tokenizer())


@pytest.fixture(scope="session")
def tiny_if(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base of a text-led cascade on pixels."""
    return deepfloyd_models.save_base(tmp_path_factory.mktemp("if") / "base", **deepfloyd_models.SMALL)


@pytest.fixture(scope="session")
def tiny_if_large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second stage of a text-led cascade on pixels."""
    return deepfloyd_models.save_super_resolution(tmp_path_factory.mktemp("if") / "large", **deepfloyd_models.SMALL)
