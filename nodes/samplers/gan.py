"""Images in one pass: a generator that was trained against a discriminator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import torch

from nodeflow.node import NodeError, Reads, Slider, Supplied, node
from nodeflow.wires import Attention, Conditioning, GeneratorNetwork, Image, Latent, Noise
from nodes.guidance.predictions.places import check_plain
from nodes.latents.noise import drawn_noise
from nodes.loaders.read.folder_files import read_json, read_weights
from nodes.loaders.read.parts import ready, torch_dtype
from nodes.loaders.read.right_kind import find_for
from nodes.networks.compute_dtype import device_of, dtype_of
from nodes.networks.finite import finite

WEIGHTS = "diffusion_pytorch_model"
JUDGE = "discriminator"
PATTERNS = ["config.json", f"{WEIGHTS}*.safetensors", f"{JUDGE}/config.json", f"{JUDGE}/{WEIGHTS}*.safetensors"]
"""What is fetched from the hub."""


class Generated(NamedTuple):
    """Images, and which words their places looked at."""

    image: Image
    attention: Attention


@node("Load GAN", version=2)
def load_gan(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "starter:text-gan",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> GeneratorNetwork:
    """Loads a generator that makes an image from words and noise in one pass.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:text-gan``
    - a folder with config.json (``_class_name`` WordGenerator and the shape) and diffusion_pytorch_model.safetensors,
      as a training exports it; a discriminator of the same form in its folder ``discriminator`` is loaded too, and is
      needed only to see how it judges
    - the id of such a model on the Hugging Face hub: taken from the hub's cache on this computer, or fetched when the
      environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag or commit of it, empty for main

    It comes without a text encoder: load that of the model whose words it was trained with.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Paper: Xu et al. 2018, AttnGAN (arXiv:1711.10485).
    """
    path = find_for("Load GAN", model, revision, PATTERNS)
    config = read_json(path / "config.json", "it needs a config.json that says it is a WordGenerator")
    if config.get("_class_name") != "WordGenerator":
        raise NodeError(f"{path.name} holds {config.get('_class_name')}; this node loads a WordGenerator")
    from nodes.networks.wordgan_network import WordGenerator

    module = read_weights(WordGenerator, path, WEIGHTS, {"torch_dtype": torch_dtype(dtype)})
    return GeneratorNetwork(ready(module), int(module.config.noise_dim), int(module.side), _judge(path / JUDGE, dtype))


def _judge(path: Path, dtype: str) -> torch.nn.Module | None:
    """The discriminator of a folder; None where there is none."""
    if not path.is_dir():
        return None
    config = read_json(path / "config.json", "it needs a config.json that says it is a WordDiscriminator")
    if config.get("_class_name") != "WordDiscriminator":
        raise NodeError(f"{path.name} holds {config.get('_class_name')}; this node loads a WordDiscriminator there")
    from nodes.networks.wordgan_discriminator import WordDiscriminator

    return ready(read_weights(WordDiscriminator, path, WEIGHTS, {"torch_dtype": torch_dtype(dtype)}))


@node("GAN noise")
def gan_noise(
    generator: GeneratorNetwork, noise: Noise, truncation: Annotated[float, Slider(0, 1, 0.05)] = 1.0
) -> Latent:
    """Draws the numbers that a generator makes an image of, to use them or to walk between two of them.

    Gives (B, Z, 1, 1), one row a seed. ``truncation`` brings them nearer to their mean: 1 leaves them as they are, 0
    makes the same, most usual image for every seed. Images become safer and less varied.

    Paper: truncation: Brock et al. 2019, Large Scale GAN Training for High Fidelity Natural Image Synthesis
    (arXiv:1809.11096), section 3.1, and as scaling Karras et al. 2019 (arXiv:1812.04948), appendix B.
    """
    return Latent(truncation * drawn_noise(noise, noise.generators(), (generator.noise, 1, 1)))


@node("GAN generate")
def gan_generate(generator: GeneratorNetwork, conditioning: Conditioning, noise: Latent) -> Generated:
    """Makes images from words and noise in one pass, without any steps.

    ``noise`` (B, Z, 1, 1) says what the words leave open; one text serves all rows. The image grows from 4 x 4 to its
    size, and on the way each place looks at the words it needs: ``attention`` tells which, for each size at which it
    looked.

    Fails for noise of another generator, and for the text of another model's encoder.
    Papers: Goodfellow et al. 2014 (arXiv:1406.2661); word attention: Xu et al. 2018, AttnGAN (arXiv:1711.10485).
    """
    check_plain(conditioning)
    module: Any = generator.module
    tokens, pooled = conditioning.tokens, conditioning.pooled
    wanted = module.config.text_dim, module.config.pooled_dim
    if tokens is None or pooled is None or (tokens.shape[-1], pooled.shape[-1]) != wanted:
        raise NodeError("this generator reads the words of another text encoder; wire that which it was trained with")
    if noise.samples.shape[1:] != (generator.noise, 1, 1):
        given = " x ".join(map(str, noise.samples.shape[1:]))
        raise NodeError(f"the noise is {given} and this generator takes {generator.noise} x 1 x 1; wire GAN noise")
    count = len(noise.samples)
    if len(tokens) not in (1, count):
        raise NodeError(f"{len(tokens)} texts do not fit {count} rows of noise; make them equal")
    at, kind = device_of(module), dtype_of(module)
    words, whole = (part.expand(count, *part.shape[1:]).to(at, kind) for part in (tokens, pooled))
    rows = noise.samples.flatten(1).to(at, kind)
    with torch.no_grad():  # each alone, so that a batch equals its singles
        made = [module(*one) for one in zip(rows.split(1), words.split(1), whole.split(1), strict=True)]
    pixels = torch.cat([pictures for pictures, _ in made]).float()
    maps = {name: torch.cat([seen[name] for _, seen in made]).to(torch.float16) for name in made[0][1]}
    return Generated(
        Image((finite(pixels, "the generator") / 2 + 0.5).clamp(0, 1)), Attention(conditioning.words, maps)
    )
