"""Images and texts in one space, and what can be told from where they lie."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from torch.nn.functional import normalize

from nodeflow.node import Multiline, NodeError, Range, Reads, Slider, Supplied, node
from nodeflow.wires import CLIP, Embedding, Image, Scores
from nodes.latents.interpolation import paired, slerp
from nodes.loaders.families.clip.clip_pair import PATTERNS, load_clip_folder, load_open_clip_file
from nodes.loaders.read.parts import LoadTarget, torch_dtype
from nodes.loaders.read.right_kind import find_for


@node("Load CLIP")
def load_clip(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "starter:clip",
    revision: str = "",
    architecture: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> CLIP:
    """Loads a CLIP: an encoder of images and one of texts, trained to agree.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:clip``
    - a folder as transformers' CLIPModel or as open_clip saves it
    - the id of such a model on the Hugging Face hub, such as ``openai/clip-vit-large-patch14`` or
      ``laion/CLIP-ViT-H-14-laion2B-s32B-b79K``: taken from the hub's cache on this computer, or fetched when the
      environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag or commit of it
    - a folder or id of an unCLIP's prior that brings both encoders, such as ``kandinsky-community/kandinsky-2-2-prior``
    - one .safetensors file of open_clip; ``architecture`` is then its name there, such as ``ViT-B-32``

    Weights are read from safetensors files only.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Papers: Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision
    (arXiv:2103.00020); OpenCLIP: Cherti et al. 2023 (arXiv:2212.07143).
    """
    target = LoadTarget(torch_dtype(dtype))
    path = find_for("Load CLIP", model, revision, PATTERNS)
    return load_clip_folder(path, target) if path.is_dir() else load_open_clip_file(path, architecture, target)


@node("CLIP image embedding")
def clip_image_embedding(clip: CLIP, image: Image) -> Embedding:
    """Turns each image into one vector that says what it shows.

    Images (B, 3, H, W) become vectors (B, D). The shorter side is brought to the size that the model takes, and the
    middle is cut out.

    Paper: Radford et al. 2021 (arXiv:2103.00020).
    """
    return clip.embed_images(image)


@node("CLIP text embedding", version=3)
def clip_text_embedding(clip: CLIP, text: Annotated[str, Multiline()] = "") -> Embedding:
    """Turns each line of a text into one vector, in the space of the images.

    Lines become vectors (lines, D); empty lines are passed over, but a text without any words counts as one. A line
    that is longer than the model can read is cut off, and what is left out is said.

    Paper: Radford et al. 2021 (arXiv:2103.00020).
    """
    return clip.embed_texts(_lines(text))


class Similar(NamedTuple):
    """Scores, and the same for people."""

    scores: Scores
    table: str


@node("CLIP similarity")
def clip_similarity(images: Embedding, texts: Embedding) -> Similar:
    """Compares every image with every text: the cosine of the angle between their vectors.

    ``scores`` (images, texts) go from -1 to 1; ``table`` has a line for each text, with one number an image.

    Fails when the two come from different models.
    """
    values = cosines(images, texts)
    names = texts.labels or tuple(f"text {number + 1}" for number in range(values.shape[1]))
    lines = (
        f"{name}: {'  '.join(f'{value:.3f}' for value in row)}"
        for name, row in zip(names, values.T.tolist(), strict=True)
    )
    return Similar(Scores(values, names), "\n".join(lines))


class Ranked(NamedTuple):
    """The chosen images, the best first, and how all of them fit the text."""

    image: Image
    scores: Scores
    ranking: str


@node("CLIP rerank", version=3)
def clip_rerank(
    clip: CLIP, image: Image, text: Annotated[str, Multiline()] = "", best: Annotated[int, Range(1, 64)] = 1
) -> Ranked:
    """Keeps the images of a batch that fit a text best.

    Images (B, 3, H, W) are compared with the text by the cosine of their CLIP vectors; the ``best`` of them come out,
    the best first. ``scores`` (B, 1) are of all images in their old order, and so is ``ranking``, for people.

    Fails when there are fewer images than are to be kept.
    Paper: Ramesh et al. 2021, Zero-Shot Text-to-Image Generation (arXiv:2102.12092), section 2.6.
    """
    if best > len(image.pixels):
        raise NodeError(f"the best {best} of {len(image.pixels)} images are wanted; make more images or keep fewer")
    words = " ".join(_lines(text))
    scores = cosines(clip.embed_images(image), clip.embed_texts([words]))
    order = scores[:, 0].argsort(descending=True, stable=True)
    ranking = "\n".join(f"image {number + 1}: {score:.3f}" for number, score in enumerate(scores[:, 0].tolist()))
    return Ranked(Image(image.pixels[order[:best].to(image.pixels.device)]), Scores(scores, (words,)), ranking)


@node("Text difference")
def text_difference(
    image: Embedding,
    source: Embedding,
    target: Embedding,
    amount: Annotated[float, Slider(0, 1, 0.01)] = 0.35,
) -> Embedding:
    """Moves an image's vector from what one text says towards what another says.

    The direction is that from ``source`` to ``target``; ``amount`` is how far the vector turns to it, from 0 (the
    image) to 1 (the direction alone); 0.25 to 0.5 is usual. The vector's length stays. All are (B, D); one row serves
    all images.

    Fails when the three come from different models, or when both texts say the same.
    Paper: Ramesh et al. 2022, Hierarchical Text-Conditional Image Generation with CLIP Latents (arXiv:2204.06125),
    section 3.3.
    """
    start, _ = paired(image.values, source.values)
    _check_width(image, source, target)
    direction = normalize(target.values, dim=-1) - normalize(source.values, dim=-1)
    length = direction.norm(dim=-1, keepdim=True)
    if (length < 1e-6).any():
        raise NodeError("source and target say the same; there is no direction between them")
    start, direction = paired(image.values, direction / length)
    norm = start.norm(dim=-1, keepdim=True)
    return Embedding(normalize(slerp(start, direction * norm, amount), dim=-1) * norm)


def cosines(images: Embedding, texts: Embedding) -> torch.Tensor:
    """(images, texts)."""
    _check_width(images, texts)
    return normalize(images.values, dim=-1) @ normalize(texts.values, dim=-1).T


def _check_width(*embeddings: Embedding) -> None:
    widths = {embedding.values.shape[-1] for embedding in embeddings}
    if len(widths) > 1:
        raise NodeError(
            f"these vectors come from different models (of {' and '.join(map(str, sorted(widths)))} numbers); "
            "use one CLIP for all of them"
        )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()] or [""]
