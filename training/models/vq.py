"""The picture tokenizer: diffusers' VQModel, 64 x 64 pixels to 8 x 8 codes (van den Oord et al. 2017, 1711.00937).

The outer layers begin as those of the starter VAE. First the inner ones learn to hand the VAE's features through the
codes, which is cheap since nothing is larger than 16 x 16; then the decoder learns pixels. The codebook begins at the
centres of k-means and follows moving averages (appendix A.1 of the paper); a code that nothing uses begins anew.
"""

import shutil

import numpy as np
import torch
from diffusers import AutoencoderKL, VQModel
from torch import Tensor, nn
from torch.nn.functional import mse_loss, one_hot

from training.data.scenes import SIZE, draw_all, random_scene
from training.loops.pipeline_export import without_origin
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import TrainingPlan, epoch_indices, fit
from training.models import vae

FOLDER = ASSETS.parent / "vq"
SEED, SCENE_SEED, COUNT = 41, 42, 8192
CODES, WIDTH = 512, 8
INNER_BATCH, WHOLE_BATCH = 64, 16
INNER = TrainingPlan(steps=1400, peak=2e-3, warm_up=60, hold=0.5, average=0.99)
WHOLE = TrainingPlan(steps=1500, peak=1e-3, warm_up=60, hold=0.2, average=0.995)
CODEBOOK_START, LAST_RESTART = 150, 1100
DECAY, DEAD = 0.98, 0.05
COMMITMENT, SLOPES = 0.25, 1.0


def new_model() -> VQModel:
    """Three halvings, 512 codes of 8 numbers: 1.2 million parameters."""
    return VQModel(
        block_out_channels=(32, 64, 64, 64),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=WIDTH,
        num_vq_embeddings=CODES,
        vq_embed_dim=WIDTH,
        norm_num_groups=8,
        sample_size=SIZE,
        mid_block_add_attention=False,
    )


def like_the_vae(model: VQModel, autoencoder: AutoencoderKL) -> None:
    """Gives the layers above 16 x 16 the weights of the VAE's; those of the encoder stay as they are."""
    encoder, decoder = autoencoder.encoder, autoencoder.decoder
    model.encoder.conv_in.load_state_dict(encoder.conv_in.state_dict())
    for mine, its in zip(model.encoder.down_blocks, encoder.down_blocks, strict=False):
        mine.resnets.load_state_dict(its.resnets.state_dict())
        if its.downsamplers:
            mine.downsamplers.load_state_dict(its.downsamplers.state_dict())
    for mine, its in zip(model.decoder.up_blocks[1:], decoder.up_blocks, strict=True):
        mine.load_state_dict(its.state_dict())
    for name in ("conv_norm_out", "conv_out"):
        getattr(model.decoder, name).load_state_dict(getattr(decoder, name).state_dict())


def unfreeze(model: VQModel) -> None:
    """All learn by gradients but the encoder's layers that are the VAE's, and the codebook."""
    model.requires_grad_(True)
    encoder = model.encoder
    for part in (encoder.conv_in, *encoder.down_blocks[:2], encoder.down_blocks[2].resnets, model.quantize):
        part.requires_grad_(False)


class Learner(nn.Module):
    """The model, and for each code how often it was meant of late and the sum of what it stood for."""

    counts: Tensor
    sums: Tensor

    def __init__(self, autoencoder: AutoencoderKL) -> None:
        super().__init__()
        self.model = new_model()
        like_the_vae(self.model, autoencoder)
        unfreeze(self.model)
        self.register_buffer("counts", torch.zeros(CODES))
        self.register_buffer("sums", torch.zeros(CODES, WIDTH))

    def latents(self, features: Tensor) -> Tensor:
        """Return what the encoder makes, before the codebook, of the VAE's features: [B, 64, 16, 16] to [B, 8, 8,
        8]."""
        encoder = self.model.encoder
        hidden = encoder.down_blocks[2].downsamplers[0](features)
        hidden = encoder.mid_block(encoder.down_blocks[3](hidden))
        hidden = encoder.conv_out(encoder.conv_act(encoder.conv_norm_out(hidden)))
        return self.model.quant_conv(hidden).float()

    def inner(self, latents: Tensor) -> Tensor:
        """The decoder's features at 16 x 16, [B, 64, 16, 16]."""
        decoder = self.model.decoder
        return decoder.up_blocks[0](decoder.mid_block(decoder.conv_in(self.model.post_quant_conv(latents))))

    def codes(self, latents: Tensor, step: int, seed: torch.Generator) -> Tensor:
        """The nearest code of each latent; before the codebook's start the latents themselves."""
        if step < CODEBOOK_START:
            return latents.detach()
        vectors = latents.detach().permute(0, 2, 3, 1)
        book = self.model.quantize.embedding.weight
        if step == CODEBOOK_START:
            book.copy_(centres(vectors.reshape(-1, WIDTH), CODES, seed))
        nearest = torch.cdist(vectors.reshape(-1, WIDTH), book).argmin(1)
        codes = book[nearest].view(vectors.shape).permute(0, 3, 1, 2)
        self._follow(vectors.reshape(-1, WIDTH), nearest, restart=step < LAST_RESTART, seed=seed)
        return codes

    def _follow(self, vectors: Tensor, nearest: Tensor, restart: bool, seed: torch.Generator) -> None:
        meant = one_hot(nearest, CODES).float()
        self.counts.lerp_(meant.sum(0), 1 - DECAY)
        self.sums.lerp_(meant.T @ vectors, 1 - DECAY)
        if restart and (dead := (self.counts < DEAD).nonzero()[:, 0]).numel():
            chosen = torch.randint(len(vectors), (len(dead),), generator=seed)
            self.counts[dead] = 1.0
            self.sums[dead] = vectors[chosen]
        used = self.counts > 1e-4
        self.model.quantize.embedding.weight[used] = self.sums[used] / self.counts[used, None]


def centres(vectors: Tensor, count: int, seed: torch.Generator, rounds: int = 10) -> Tensor:
    """Lloyd's k-means from vectors of the batch: [N, D] to [count, D]."""
    found = vectors[torch.randperm(len(vectors), generator=seed)[:count]].clone()
    for _ in range(rounds):
        meant = one_hot(torch.cdist(vectors, found).argmin(1), count).float()
        members = meant.sum(0)
        found[members > 0] = (meant.T @ vectors)[members > 0] / members[members > 0, None]
    return found


class Data:
    """Centred subjects, drawn once, and the VAE's features of them at 16 x 16 in half precision."""

    @torch.no_grad()
    def __init__(self, autoencoder: AutoencoderKL) -> None:
        rng = np.random.default_rng(SCENE_SEED)
        scenes = [random_scene(rng, centre_share=1.0) for _ in range(COUNT)]
        pictures, encoded, decoded = [], [], []
        for start in range(0, COUNT, 128):
            drawn = vae.to_tensor(draw_all(scenes[start : start + 128]))
            pictures.append(((drawn + 1) * 127.5).round().to(torch.uint8))
            with torch.autocast("cpu", torch.bfloat16):
                hidden = autoencoder.encoder.conv_in(drawn)
                for block in autoencoder.encoder.down_blocks:
                    hidden = block(hidden)
                latents = autoencoder.encode(drawn).latent_dist.mean
                target = autoencoder.decoder.mid_block(
                    autoencoder.decoder.conv_in(autoencoder.post_quant_conv(latents))
                )
            encoded.append(hidden.half())
            decoded.append(target.half())
        self.pictures, self.encoded, self.decoded = torch.cat(pictures), torch.cat(encoded), torch.cat(decoded)
        self.spread = self.decoded[:1024].float().std((0, 2, 3))[:, None, None]


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the model's folder."""
    autoencoder = AutoencoderKL.from_pretrained(ASSETS / "vae", torch_dtype=torch.float32).eval()
    data = Data(autoencoder)
    torch.manual_seed(SEED)

    def through(learner: Learner, features: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """The codes, whose gradient reaches the encoder as if it had made them, and how far they are from its own."""
        with torch.autocast("cpu", torch.bfloat16):
            latents = learner.latents(features.float())
        codes = learner.codes(latents, step, torch.Generator().manual_seed(SEED + step))
        return latents + (codes - latents).detach(), COMMITMENT * mse_loss(latents, codes)

    def inner_losses(learner: Learner, step: int) -> dict[str, Tensor]:
        chosen = epoch_indices(SEED, step, INNER_BATCH, COUNT)
        codes, commitment = through(learner, data.encoded[chosen], step)
        with torch.autocast("cpu", torch.bfloat16):
            features = learner.inner(codes)
        error = (features.float() - data.decoded[chosen].float()) / data.spread
        return {"features": error.pow(2).mean(), "commitment": commitment}

    def pixel_losses(learner: Learner, step: int) -> dict[str, Tensor]:
        chosen = epoch_indices(SEED + 1, step, WHOLE_BATCH, COUNT)
        codes, commitment = through(learner, data.encoded[chosen], INNER.steps + step)
        with torch.autocast("cpu", torch.bfloat16):
            decoded = learner.model.decoder(learner.model.post_quant_conv(codes))
        pictures = data.pictures[chosen].float() / 127.5 - 1
        return {**picture_losses(decoded.float(), pictures), "commitment": commitment}

    learner = fit(TrainingRun("vq-inner"), Learner(autoencoder), INNER, inner_losses)
    unfreeze(learner.model)
    export(fit(TrainingRun("vq"), learner, WHOLE, pixel_losses).model)


def picture_losses(decoded: Tensor, pictures: Tensor) -> dict[str, Tensor]:
    """Colours and slopes, the subject's pixels counted more; pictures [B, 3, 64, 64] in -1..1."""
    unlike = (pictures - pictures[:, :, :1, :1]).abs().amax(1, keepdim=True) > 0.35
    weight = 1 + 3 * unlike.float()
    weight = weight / weight.mean()
    error = decoded - pictures
    slopes = error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()
    return {
        "colours": (weight * error.abs()).mean() + 4 * (weight * error.pow(2)).mean(),
        "slopes": SLOPES * slopes,
    }


@torch.no_grad()
def from_0_to_1(model: VQModel) -> None:
    """Makes it take and give pictures from 0 to 1, as aMUSEd's VQ model does, by its first and last layer.

    Not quite the same at the picture's edge, where a convolution takes 0 for what lies outside.
    """
    first, last = model.encoder.conv_in, model.decoder.conv_out
    first.bias -= first.weight.sum((1, 2, 3))
    first.weight *= 2
    last.weight /= 2
    last.bias.copy_((last.bias + 1) / 2)
    model.register_to_config(lookup_from_codebook=True)


def export(model: VQModel) -> None:
    """Replaces the model's folder: a VQModel of diffusers in half precision."""
    from_0_to_1(model)
    shutil.rmtree(FOLDER, ignore_errors=True)
    model.eval().half().save_pretrained(FOLDER)
    for path in FOLDER.glob("*.safetensors"):
        path.chmod(0o644)
    for path in FOLDER.glob("*.json"):
        without_origin(path)
