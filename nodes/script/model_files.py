"""Nodes that load single files: where each part of the model lies, and the family that it is of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from nodeflow.library.family_parts import AUTO, WHOLE
from nodeflow.library.lost_blocks import NETWORK
from nodeflow.library.rules import TEXTS
from nodeflow.node import NodeError
from nodes.comfyui.export.exporter import CannotExportError
from nodes.loaders.families.autoencoders.vae_file import family_of_vae
from nodes.loaders.families.stable_diffusion.shapes import REFINER_KEY
from nodes.loaders.load_by_family import encoder_files, family_at
from nodes.loaders.models.known import families, family_called
from nodes.loaders.models.text import assigned, family_reading
from nodes.loaders.models.whole import NamedParts, encoders_of, parts_of_file
from nodes.loaders.read.locate import MODEL_PATTERNS, unless_blank
from nodes.loaders.read.right_kind import find_for
from nodes.script.families import written_family
from nodes.script.files import SAFETENSORS, ModelFiles
from nodes.script.headers import header_of
from nodes.script.loaders import vae_of
from nodes.script.models import model_place
from nodes.script.unets import clip_texts, unet_model
from nodes.script.writer import Made, Writer

UNETS = "Stable Diffusion 1", "Stable Diffusion 2", "Stable Diffusion XL"
BESIDE = "text_encoder", "text_encoder_2", "text_encoder_3", "text_encoder_4"
ENCODERS = "model", "model_2", "model_3", "model_4"


def part(writer: Writer, name: str, output: str) -> Made:
    """An output of a node that loads single files. Raises CannotExportError for what scripts do not load."""
    with _told(name):
        if name not in writer.models:
            writer.models[name] = FOUND[writer.about.kind(name)](writer, name)
        files: ModelFiles = writer.models[name]
        family = files.family.name
        if writer.about.kind(name) == "load_text_encoder":
            return clip_texts(files, name) if family in UNETS else written_family(family, name).text(files, {})
        if writer.about.kind(name) == "load_vae" and family in UNETS:
            return vae_of(files)
        if family in UNETS:
            return unet_model(files, name, {"network": "unet"}.get(output, output))
        return written_family(family, name).load(files, output)


def whole(writer: Writer, name: str) -> ModelFiles:
    """A model whose network lies in a file; what that lacks lies where a person says, or in the library."""
    path = model_place(str(writer.plain(name, "model")))
    if writer.plain(name, "storage") != "full":
        raise CannotExportError(f"{name} stores weights in 8 bits, which is not written")
    latent = writer.about.kind(name) == "load_latent_diffusion"
    if path.suffix == SAFETENSORS and any(key.startswith(REFINER_KEY) for key in header_of(path)):
        raise CannotExportError(f"{name} loads the refiner of Stable Diffusion XL, which is not written")
    family = family_at(path, AUTO if latent else str(writer.plain(name, "family")))
    beside = NamedParts() if latent else _named(writer, name)
    found, files = parts_of_file(family, path, beside), ModelFiles(writer, name, family)
    files.network, files.texts, files.tokenizer = path, found.texts, beside.tokenizer
    files.vae = found.vae if isinstance(found.vae, Path) else found.vae.path
    return files


def _named(writer: Writer, name: str) -> NamedParts:
    said = {key: str(writer.plain(name, key)) for key in (*BESIDE, "vae", "tokenizer")}
    texts = encoder_files("Load text encoder", *(said[key] for key in BESIDE))
    coder = find_for("Load VAE", said["vae"], "", MODEL_PATTERNS) if unless_blank(said["vae"]) else None
    return NamedParts(texts, coder, tokenizer=unless_blank(said["tokenizer"]))


def network(writer: Writer, name: str) -> ModelFiles:
    """A network by itself."""
    path = model_place(str(writer.plain(name, "model")))
    files = ModelFiles(writer, name, family_at(path, str(writer.plain(name, "family")), NETWORK))
    files.network = path
    return files


def texts(writer: Writer, name: str) -> ModelFiles:
    """Text encoders by themselves, or out of a file or folder with a whole model."""
    given = encoder_files("Load text encoder", *(str(writer.plain(name, key)) for key in ENCODERS))
    chosen = str(writer.plain(name, "family"))
    if len(given) == 1 and given[0].found.kind in WHOLE:
        family = family_at(given[0].path, chosen, TEXTS)
        found = encoders_of(family, given[0].path)
    else:
        family = family_reading(given) if chosen == AUTO else family_called(chosen)
        found = assigned(family, given)
    files = ModelFiles(writer, name, family)
    files.texts, files.tokenizer = found, unless_blank(str(writer.plain(name, "tokenizer")))
    return files


def vae(writer: Writer, name: str) -> ModelFiles:
    """An autoencoder by itself, or out of a file with a whole model."""
    path = model_place(str(writer.plain(name, "model")))
    files = ModelFiles(writer, name, families()[family_of_vae(path, str(writer.plain(name, "made_for")))])
    files.vae = path
    return files


FOUND: Mapping[str, Callable[[Writer, str], ModelFiles]] = {
    "load_model": whole,
    "load_latent_diffusion": whole,
    "load_diffusion_model": network,
    "load_text_encoder": texts,
    "load_vae": vae,
}


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Say in the words of scripts what loading says of a model."""
    try:
        yield
    except NodeError as error:
        raise CannotExportError(f"{name} loads a model that is not read: {error}") from None
