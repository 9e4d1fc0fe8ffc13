"""Images from and to files."""

from __future__ import annotations

import os
import re
import struct
import zlib
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import torch
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from nodeflow.graph.io.foreign import kind_of_bytes
from nodeflow.node import NodeError, Range, Reads, Slider, Supplied, Writes, WrittenForm, node, warn
from nodeflow.reports.contact_sheet import Cell, grid
from nodeflow.reports.sign_font import missing_signs
from nodeflow.text_forms import FILE_NAME, UNSEEN
from nodeflow.unfinished_files import unfinished
from nodeflow.wires import Files, Image, Mask
from nodes.images.file_formats import SETTINGS, SUFFIXES, Format, encoded, picture
from nodes.images.file_names import filled
from nodes.images.picture_decoder import decode
from nodes.images.tiff_kind import tiff_kind, unread


class LoadedImage(NamedTuple):
    """An image, and where it was transparent."""

    image: Image
    mask: Mask


OF_PROGRAMS = re.compile(r"\w\.[A-Z_]|\bobject\b|\w_\w")
"""What only programmers read."""
GROUNDS = {"white": 1.0, "grey": 0.5, "black": 0.0}

Metadata = Literal["workflow", "workflow and settings", "nothing"]


@node("Load image", version=6)
def load_image(
    path: Annotated[Path, Reads("file", needed=True, holds="image")] = Path(),
    ground: Literal["white", "grey", "black", "none"] = "white",
) -> LoadedImage:
    """Reads an image from a file: PNG, JPEG, WebP, AVIF, BMP, GIF (its first frame) or TIFF.

    Gives RGB (1, 3, H, W) from 0 to 1, upright as the camera held it. ``mask`` (1, 1, H, W) is 1 where the image is
    transparent and 0 where it is opaque: wire it to ``inpaint`` to paint what was erased. ``ground`` is what shows
    through transparent places; ``none`` leaves the colours that the file has there.

    Colours come by the file's colour profile in sRGB. Grey of 16 and 32 bits, and of numbers with a point (TIFF), keeps
    its depth; white is the most that its range holds: 1, 255, 65535 or all 32 bits. So do colours of 16 bits in a PNG
    without a profile.

    Fails when there is no such file, when it holds no image or a damaged one, when its values are no numbers, or when
    there is not enough memory for it.
    """
    if path == Path():
        raise NodeError("choose an image to load")
    try:
        colours, opacity = decode(path)
    except FileNotFoundError:
        raise NodeError(f"{path}: there is no such file; choose another image") from None
    except UnidentifiedImageError:
        data = path.read_bytes()
        if (kind := tiff_kind(data)) is not None:
            raise unread(path, kind) from None
        if what := kind_of_bytes(data):
            raise NodeError(f"{path}: this is {what}, which is not read here; save it as a PNG") from None
        if not data:
            raise NodeError(f"{path}: this file is empty; choose another image") from None
        raise NodeError(f"{path}: this is no image that can be read; choose a PNG, JPEG or WebP file") from None
    except IsADirectoryError:
        raise NodeError(f"{path}: this is a folder; choose an image in it") from None
    except PermissionError:
        raise NodeError(f"{path}: this file may not be read; change who may, or choose another image") from None
    except (OSError, SyntaxError, ValueError, KeyError, IndexError, TypeError, struct.error, zlib.error) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        told = f" ({reason})" if len(reason) < 80 and not OF_PROGRAMS.search(reason) else ""
        raise NodeError(f"{path}: cannot be read as an image{told}; it may be damaged") from None
    pixels = torch.from_numpy(np.ascontiguousarray(colours)).permute(2, 0, 1).contiguous()
    shown = torch.ones(pixels.shape[1:]) if opacity is None else torch.from_numpy(opacity)
    if opacity is not None and ground != "none":
        pixels = torch.lerp(torch.full_like(pixels, GROUNDS[ground]), pixels, shown)
    return LoadedImage(Image(pixels[None]), Mask(1 - shown[None, None]))


@node("Save image", version=3)
def save_image(
    image: Image,
    name: Annotated[str, WrittenForm("file name")] = "picture",
    folder: Annotated[Path, Writes(), WrittenForm("folder name")] = Path(),
    metadata: Metadata = "workflow",
    format: Format = "PNG",
    quality: Annotated[int, Slider(1, 100, 1)] = 95,
    workflow: Annotated[str, Supplied("workflow")] = "",
    seeds: Annotated[str, Supplied("seeds")] = "",
    item: Annotated[str, Supplied("item")] = "",
) -> Files:
    """Saves images as files named name-00001.png, name-00002.png, ... and never replaces one.

    Values may stand in ``name`` and ``folder``: {date}, {time}, {seed}, {width}, {height}, or any parameter that is set
    in the workflow, such as {guidance.scale}.

    In a sweep or behind a list the names say for which values: name-guidance.scale=5-00001.png, and the workflow in
    the file is the one that makes just this image.

    Each file holds the workflow that made it: drop it on the window to open that workflow again. It also holds the
    seeds that were in force; the second image of a batch has the seed after those, and so on. ``metadata`` says so:
    beside the workflow the settings as the text that other programs read (prompt, steps, sampler, seed, model), or
    nothing at all, no prompt either. ``folder`` lies below
    the output folder of the run and is made when it is missing. Each file appears whole or not at all.

    PNG loses nothing of 8 bits a colour, or of 16, which programs for photographs work on. JPEG, WebP and AVIF lose
    what ``quality`` from 1 to 100 allows. All hold the workflow and the settings; a JPEG has room for 64 KiB of them,
    and says where that is too little.

    Fails when the name cannot be that of a file, when a value in it is none, or when the folder cannot be written.
    """
    size = image.pixels.shape[-1], image.pixels.shape[-2]
    name = filled(name, size, seeds, workflow)
    folder = Path(filled(str(folder), size, seeds, workflow))
    if not name.strip() or name.startswith(".") or not FILE_NAME.fullmatch(name) or UNSEEN.search(name):
        raise NodeError(f"{name!r} cannot be the name of a file; use letters, digits, spaces, - and _")
    name = f"{name}-{item}" if item else name
    paths: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        suffix = SUFFIXES[format]
        number = _next_number(folder, name, suffix)
        count, texts = len(image.pixels), _texts(metadata, workflow, seeds)
        for index, pixels in enumerate(image.pixels, 1):
            known = texts | ({"picture": f"{index} of {count}"} if texts else {})
            path, number = _place(encoded(_colours(pixels), format, quality, known), folder, name, number, suffix)
            paths.append(path)
        stamps = tuple((stat.st_size, stat.st_mtime_ns) for stat in map(os.stat, paths))
    except OSError as error:
        raise NodeError(f"cannot write images into {folder}: {error.strerror or error}; choose another") from None
    return Files(tuple(paths), stamps)


@node("Resize image")
def resize_image(
    image: Image,
    width: Annotated[int, Range(1, 8192)] = 512,
    height: Annotated[int, Range(1, 8192)] = 512,
    fit: Literal["stretch", "cover"] = "cover",
) -> Image:
    """Makes images larger or smaller, to a width and height in pixels.

    ``cover`` keeps the proportions and cuts off what sticks out, equally on both sides; ``stretch`` keeps everything.
    Images (B, 3, H, W) become (B, 3, height, width), by bicubic interpolation without moire.
    """
    pixels = image.pixels
    if fit == "cover":
        old_height, old_width = pixels.shape[-2:]
        ratio = min(old_width / width, old_height / height)
        cut_width, cut_height = max(round(width * ratio), 1), max(round(height * ratio), 1)
        left, top = (old_width - cut_width) // 2, (old_height - cut_height) // 2
        pixels = pixels[..., top : top + cut_height, left : left + cut_width]
    resized = torch.nn.functional.interpolate(pixels, (height, width), mode="bicubic", antialias=True)
    return Image(resized.clamp(0, 1))


@node("Batch images")
def batch_images(*images: Image) -> Image:
    """Puts images into one batch, in the order of the wires.

    (B1, 3, H, W) and (B2, 3, H, W) become (B1 + B2, 3, H, W). A list at the input gives all its images.

    Fails when there are none, or when they differ in size.
    """
    if not images:
        raise NodeError("there are no images to put into a batch; wire some to it")
    sizes = dict.fromkeys(tuple(image.pixels.shape[-2:]) for image in images)
    if len(sizes) > 1:
        told = ", ".join(f"{width} x {height}" for height, width in sizes)
        raise NodeError(f"images of one batch have one size, these have {told}; resize them before")
    return Image(torch.cat([image.pixels for image in images]))


@node("Split batch")
def split_batch(image: Image) -> list[Image]:
    """The images of a batch as a list: what comes after runs once for each.

    (B, 3, H, W) become B images (1, 3, H, W).
    """
    return [Image(pixels) for pixels in image.pixels.split(1)]


@node("Contact sheet", version=2)
def contact_sheet(
    images: list[Image], labels: list[Any] | None = None, columns: Annotated[int, Range(0, 100)] = 0
) -> Image:
    """All images of a list on one sheet, in rows, each with its label below.

    Images of any size (B, 3, H, W) become one of (1, 3, h, w); those of a batch stand side by side. ``labels`` is a
    list with as many texts or numbers as there are images: wire what made the images, such as the list of texts.
    ``columns`` 0 takes as many as make the sheet about square. Images are shown with up to 384 pixels a side. Signs
    that are no Latin letters are written in a font of this machine; where it has none for them, that is said.

    Fails when there are no images, or when the labels are not as many as the images.
    """
    if not images:
        raise NodeError("there are no images to show; wire a list of images to it")
    if labels is not None and len(labels) != len(images):
        raise NodeError(f"there are {len(labels)} labels for {len(images)} images; wire a list that goes with them")
    cells = [Cell(tuple(map(_picture, image.pixels))) for image in images]
    if labels is not None:
        cells = [cell._replace(caption=str(label)) for cell, label in zip(cells, labels, strict=True)]
        if missing := missing_signs(map(str, labels)):
            warn(f"no font on this machine has the signs {missing[:40]}; install one that has, such as Noto Sans CJK")
    return Image(_tensor(grid(cells, columns))[None])


def _tensor(picture: Pillow.Image) -> torch.Tensor:
    """(3, H, W), float32, 0 to 1."""
    values = np.asarray(picture.convert("RGB"), dtype=np.float32) / 255
    return torch.from_numpy(values).permute(2, 0, 1).contiguous()


def _colours(pixels: torch.Tensor) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(H, W, 3) of an image (3, H, W), 0 to 1."""
    found: np.ndarray[Any, np.dtype[np.float32]] = pixels.detach().float().cpu().clamp(0, 1).permute(1, 2, 0).numpy()
    return found


def _picture(pixels: torch.Tensor) -> Pillow.Image:
    """An image of eight bits, from (3, H, W)."""
    return picture(_colours(pixels))


def _texts(metadata: Metadata, workflow: str, seeds: str) -> dict[str, str]:
    """The texts that go into a file, by name."""
    if metadata == "nothing":
        return {}
    texts = {"nodeflow": workflow, "seeds": seeds}
    if metadata == "workflow and settings" and workflow:
        from nodes.image_settings.writing import settings_in_image  # what reads workflows is loaded for this alone

        texts[SETTINGS] = settings_in_image(workflow)
    return texts


def _next_number(folder: Path, name: str, suffix: str) -> int:
    pattern = re.compile(re.escape(name) + r"-(\d{5,})" + re.escape(suffix))
    return max((int(found[1]) for entry in folder.iterdir() if (found := pattern.fullmatch(entry.name))), default=0) + 1


def _place(data: bytes, folder: Path, name: str, number: int, suffix: str) -> tuple[Path, int]:
    """Write a file under the first free number: whole or not at all, and never over another. Also the number after."""
    with unfinished(folder, data) as temporary:
        temporary.chmod(0o644)
        while True:
            path = folder / f"{name}-{number:05}{suffix}"
            number += 1
            try:
                os.link(temporary, path)
            except FileExistsError:
                continue
            except OSError:  # a file system without links
                if path.exists():
                    continue
                temporary.replace(path)
            return path, number
