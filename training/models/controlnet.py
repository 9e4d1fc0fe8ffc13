"""Trains ControlNets on the starter U-Net (Zhang et al. 2023, arXiv:2302.05543), one for each kind of control picture.

The scenes vary more than the U-Net's own: turned, shifted, smaller. Only the control picture says so.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from nodes.controls.control_images import drawn_by_hand, edge_lines
from nodes.controls.hint_images import cushion, slopes
from nodes.controls.pose_sticks import sticks
from training.data import captions
from training.data.scenes import SIZE, Scene, draw_all, random_scene
from training.loops.pipeline_export import without_origin
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import TrainingPlan, epoch_indices, fit
from training.models import vae
from training.models.latent_diffusion import with_filler
from training.models.part_shapes import new_scheduler

SEED, SCENE_SEED, BATCH, COUNT = 61, 62, 48, 2880
PLAN = TrainingPlan(steps=360, peak=1e-3, warm_up=50, hold=0.4, average=0.99, weight_decay=1e-4)
PLANS = {
    "pose": replace(PLAN, steps=150, warm_up=20),
    "soft-edges": replace(PLAN, steps=60, warm_up=10, hold=0.3, average=0.95),
    "depth": replace(PLAN, steps=60, warm_up=10, hold=0.3, average=0.95),
}
BEGUN_AS = {"soft-edges": "edges", "depth": "scribble", "pose": "scribble"}
"""Nets that begin with the weights of a finished one, and so need fewer and smaller steps."""
SMALL_BATCH = 24
EMBEDDING = (16, 32, 64)
"""Two halvings, from 64 pixels to 16 latent cells."""
VARIED_SHARE, SHIFT, TILT, RADII = 0.75, 4.0, 22.0, (13.0, 22.0)
CAPTION_DROP = 0.15

Control = Callable[[Sequence[Scene], Tensor, np.random.Generator], Tensor]
"""Control pictures (B, 1 or 3, 64, 64) in 0..1, from scenes and their pictures (B, 3, 64, 64) in 0..1."""


def edge_control(scenes: Sequence[Scene], pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Canny's edges with thresholds that vary."""
    high = rng.uniform(0.12, 0.3)
    return edge_lines(pictures, 0.5 * high, high, rng.uniform(0.8, 1.3))


def scribble_control(scenes: Sequence[Scene], pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Lines of varied thickness and tremble."""
    lines = edge_lines(pictures, 0.3, 0.6, rng.uniform(1.6, 2.3))
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    return drawn_by_hand(lines, int(rng.choice([1, 3, 3])), rng.uniform(0.2, 1.2), generator)


def soft_edge_control(scenes: Sequence[Scene], pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Slopes after a blur that varies."""
    return slopes(pictures, rng.uniform(0.7, 1.6))


def depth_control(scenes: Sequence[Scene], pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """The subject as a cushion before its background."""
    return cushion(pictures, rng.uniform(3.0, 5.0), 0.12)


def pose_control(scenes: Sequence[Scene], pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Sticks that tell place, size and turn, from what the scene says of itself."""
    return torch.stack([sticks((SIZE, SIZE), (s.x, s.y), s.radius, s.tilt) for s in scenes])


CONTROLS: dict[str, Control] = {
    "edges": edge_control,
    "scribble": scribble_control,
    "soft-edges": soft_edge_control,
    "depth": depth_control,
    "pose": pose_control,
}


def varied_scene(rng: np.random.Generator) -> Scene:
    """A scene whose subject is turned, shifted and scaled, or one as the U-Net knows them."""
    scene = random_scene(rng)
    if scene.place != "center" and rng.random() > VARIED_SHARE:
        return scene
    x, y = SIZE / 2 + rng.uniform(-SHIFT, SHIFT, 2)
    return replace(scene, place="center", x=x, y=y, radius=rng.uniform(*RADII), tilt=rng.uniform(-TILT, TILT))


def folder(name: str) -> Path:
    """Return where a net lies."""
    return ASSETS.parent / f"controlnet-{name}"


def new_controlnet(unet: UNet2DConditionModel) -> ControlNetModel:
    """The convolutions of the U-Net's way down, and others behind them that add nothing at first: 1.3 million
    parameters. It looks at the control picture alone: what the text says is the U-Net's part."""
    plain = ("DownBlock2D",) * len(unet.config.down_block_types)
    lighter = UNet2DConditionModel.from_config(unet.config, down_block_types=plain, mid_block_type="UNetMidBlock2D")
    lighter.load_state_dict(unet.state_dict(), strict=False)
    return ControlNetModel.from_unet(lighter, conditioning_embedding_out_channels=EMBEDDING)


@torch.no_grad()
def training_data(run: TrainingRun, control: Control, scenes: list[Scene]) -> tuple[Tensor, Tensor]:
    """Latents [N, 4, 16, 16], and control pictures [N, 1 or 3, 64, 64] in 0..255; kept in a file between runs."""
    path = run.folder / "data.pt"
    if not path.exists():
        autoencoder = AutoencoderKL.from_pretrained(ASSETS / "vae", torch_dtype=torch.float32).eval()
        latents, controls = [], []
        for start in range(0, len(scenes), 64):
            batch = scenes[start : start + 64]
            drawn = vae.to_tensor(draw_all(batch))
            with torch.autocast("cpu", torch.bfloat16):
                latents.append(autoencoder.encode(drawn).latent_dist.mean.float())
            shown = control(batch, (drawn + 1) / 2, np.random.default_rng([SCENE_SEED, start]))
            controls.append((shown * 255).round().to(torch.uint8))
        torch.save((torch.cat(latents), torch.cat(controls)), path)
    saved: tuple[Tensor, Tensor] = torch.load(path, weights_only=True)
    return saved


def train_edges() -> None:
    """Trains the ControlNet for edges and writes its folder."""
    _train("edges")


def train_scribble() -> None:
    """Trains the ControlNet for scribbles and writes its folder."""
    _train("scribble")


def train_soft_edges() -> None:
    """Trains the ControlNet for soft edges and writes its folder."""
    _train("soft-edges")


def train_depth() -> None:
    """Trains the ControlNet for depth and writes its folder."""
    _train("depth")


def train_pose() -> None:
    """Trains the ControlNet for a pose and writes its folder."""
    _train("pose")


def _train(name: str) -> None:
    run, scheduler, rng = TrainingRun(f"controlnet-{name}"), new_scheduler(), np.random.default_rng(SCENE_SEED)
    scenes = [varied_scene(rng) for _ in range(COUNT)]
    latents, controls = training_data(run, CONTROLS[name], scenes)
    words = CLIPTokenizer.from_pretrained(ASSETS / "tokenizer")
    text_encoder = CLIPTextModel.from_pretrained(ASSETS / "text_encoder", dtype=torch.float32).requires_grad_(False)
    unet = UNet2DConditionModel.from_pretrained(ASSETS / "unet", torch_dtype=torch.float32).requires_grad_(False)
    torch.manual_seed(SEED)
    other = BEGUN_AS.get(name)
    begun = ControlNetModel.from_pretrained(folder(other), torch_dtype=torch.float32) if other else new_controlnet(unet)

    batch = SMALL_BATCH if other else BATCH

    def losses_of(controlnet: ControlNetModel, step: int) -> dict[str, Tensor]:
        rng, seed = np.random.default_rng([SEED, step]), torch.Generator().manual_seed(SEED + step)
        chosen = epoch_indices(SEED, step, batch, COUNT)
        told = captions.write_all([scenes[index] for index in chosen], rng)
        texts = ["" if rng.random() < CAPTION_DROP else with_filler(caption.text, rng) for caption in told]
        tokens = words(texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]
        control, clean = controls[chosen].float().expand(-1, 3, -1, -1) / 255, latents[chosen]
        noise = torch.randn(clean.shape, generator=seed)
        timesteps = torch.randint(0, 1000, (batch,), generator=seed)
        noisy = scheduler.add_noise(clean, noise, timesteps)
        with torch.autocast("cpu", torch.bfloat16):
            text = text_encoder(tokens).last_hidden_state
            down, middle = controlnet(noisy, timesteps, text, control, return_dict=False)
            velocity = unet(
                noisy,
                timesteps,
                text,
                down_block_additional_residuals=down,
                mid_block_additional_residual=middle,
                return_dict=False,
            )[0]
        return {"velocity": (velocity.float() - scheduler.get_velocity(clean, noise, timesteps)).pow(2).mean()}

    export(name, fit(run, begun.train(), PLANS.get(name, PLAN), losses_of))


def export(name: str, controlnet: ControlNetModel) -> None:
    """Replaces the net's folder, in half precision."""
    place = folder(name)
    shutil.rmtree(place, ignore_errors=True)
    controlnet.half().save_pretrained(place)
    for path in place.glob("*.safetensors"):
        path.chmod(0o644)
    without_origin(place / "config.json")
