"""Images (B, 3, H, W) from 0 to 1, from and to files and latents."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont, ImageOps
from torch.nn.functional import interpolate


def load_image(path):
    """An image of a file, upright as the camera held it."""
    return numbers_of(ImageOps.exif_transpose(Image.open(path)))[None]


def load_transparent(path, ground):
    """An image with transparent places, through which a ground shows (None: what the file has there), and where they
    are."""
    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    opacity = torch.from_numpy(np.asarray(picture.getchannel("A"), np.float32) / 255)
    pixels = numbers_of(picture)
    if ground is not None:
        pixels = torch.lerp(torch.full_like(pixels, ground), pixels, opacity)
    return pixels[None], 1 - opacity[None, None]


def numbers_of(picture):
    """An image of Pillow's as colours (3, H, W) from 0 to 1."""
    values = torch.from_numpy(np.asarray(picture.convert("RGB"), dtype=np.float32) / 255)
    return values.permute(2, 0, 1).contiguous()


def as_latents(images):
    """Images as a model on pixels takes them, from -1 to 1."""
    return 2 * images - 1


def as_pixels(latents):
    """Latents of a model on pixels, which are images from -1 to 1."""
    return (latents.float() / 2 + 0.5).clamp(0, 1)


def decode(vae, latents):
    """Latents as images, one by one."""
    latents = latents / vae.config.scaling_factor
    pixels = [vae.decode(latent, return_dict=False)[0].float() for latent in latents.split(1)]
    return (torch.cat(pixels) / 2 + 0.5).clamp(0, 1)


def decode_shifted(vae, latents):
    """Latents as images, one by one."""
    latents = latents / vae.config.scaling_factor + vae.config.shift_factor
    pixels = [vae.decode(latent, return_dict=False)[0].float() for latent in latents.split(1)]
    return (torch.cat(pixels) / 2 + 0.5).clamp(0, 1)


def encode_image(vae, images):
    """Images as latents, one by one."""
    found = [vae.encode(2 * image - 1).latent_dist.mode() for image in images.split(1)]
    return torch.cat(found) * vae.config.scaling_factor


def encode_image_shifted(vae, images):
    """Images as latents, one by one."""
    found = [vae.encode(2 * image - 1).latent_dist.mode() for image in images.split(1)]
    return (torch.cat(found) - vae.config.shift_factor) * vae.config.scaling_factor


def resize(images, width, height):
    """Images of another size; what sticks out of its proportions is cut off."""
    old_height, old_width = images.shape[-2:]
    ratio = min(old_width / width, old_height / height)
    cut_width, cut_height = max(round(width * ratio), 1), max(round(height * ratio), 1)
    left, top = (old_width - cut_width) // 2, (old_height - cut_height) // 2
    return stretch(images[..., top : top + cut_height, left : left + cut_width], width, height)


def stretch(images, width, height):
    """Images of another size."""
    return interpolate(images, (height, width), mode="bicubic", antialias=True).clamp(0, 1)


def centre(images, width, height):
    """The middle of images that has the proportions of a size."""
    old_height, old_width = images.shape[-2:]
    old, new = old_width / old_height, width / height
    x = round((old_width - old_width * (new / old)) / 2) if old > new else 0
    y = round((old_height - old_height * (old / new)) / 2) if old < new else 0
    x, y = min(x, (old_width - 1) // 2), min(y, (old_height - 1) // 2)
    return images[..., y : old_height - y, x : old_width - x]


def pillow(image):
    """An image (3, H, W) as Pillow's."""
    values = (image.float().clamp(0, 1) * 255).round().to(torch.uint8)
    return Image.fromarray(values.permute(1, 2, 0).numpy())


def save(images, name):
    """Write each image as a PNG file that was not there before."""
    for image in images:
        number = 1
        while Path(f"{name}-{number:05}.png").exists():
            number += 1
        pillow(image).save(f"{name}-{number:05}.png")


def item_name(name, **items):
    """The name of what is made of one item of a list: with the item in it."""
    fit = [re.sub(r"[^\w.+-]+", "-", str(item).removesuffix(".0")).strip("-")[:40] for item in items.values()]
    words = ",".join(f"{axis}={item}" for axis, item in zip(items, fit, strict=True))
    return f"{name}-{words.encode()[:120].decode(errors='ignore')}"


def contact_sheet(images, labels, columns):
    """Batches of images in rows and columns, with a label below each."""
    columns = columns or (len(images) if len(images) <= 6 else math.ceil(math.sqrt(len(images))))
    rows = [side_by_side([pillow(image) for image in batch]) for batch in images]
    font = ImageFont.load_default(15)
    width, height = max(row.width for row in rows), max(row.height for row in rows)
    scale = min(max(width, height, 160), 384, 8000 // max(columns, -(-len(rows) // columns))) / max(width, height)
    width, height = max(round(width * scale), 1), max(round(height * scale), 1)
    lines = [wrapped(str(label), font, width) for label in labels] if labels else [[]] * len(rows)
    down = height + max(map(len, lines)) * 19 + 10
    size = columns * (width + 10) + 30, -(-len(rows) // columns) * down + 30
    sheet = Image.new("RGB", size, "#ffffff")
    pen = ImageDraw.Draw(sheet)
    for index, (row, label) in enumerate(zip(rows, lines, strict=True)):
        y, x = index // columns * down + 20, index % columns * (width + 10) + 20
        scale = min(width / row.width, height / row.height)
        shown = row.resize(
            (max(round(row.width * scale), 1), max(round(row.height * scale), 1)), Image.Resampling.LANCZOS
        )
        sheet.paste(shown, (x + (width - shown.width) // 2, y + (height - shown.height) // 2))
        for number, line in enumerate(label):
            place = x + (width - font.getlength(line)) / 2, y + height + 2 + number * 19
            pen.text(place, line, "#1d2126", font)
    values = torch.from_numpy(np.asarray(sheet, dtype=np.float32) / 255)
    return values.permute(2, 0, 1).contiguous()[None]


def side_by_side(pictures):
    """Pictures in one row."""
    row = Image.new("RGB", (sum(one.width + 4 for one in pictures) - 4, max(one.height for one in pictures)), "#ffffff")
    x = 0
    for picture in pictures:
        row.paste(picture, (x, 0))
        x += picture.width + 4
    return row


def wrapped(text, font, width):
    """A text in at most four lines of a width, broken between words."""
    lines = [""]
    for word in text.split():
        if lines[-1] and font.getlength(f"{lines[-1]} {word}") > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > 4:
        last = lines[3]
        while last and font.getlength(f"{last}…") > width:
            last = last[:-1]
        lines[3:] = [f"{last}…"]
    return lines


def upscale(upscaler, images, tile, overlap):
    """Images made larger by a network of spandrel's, tile by tile, each seen with an edge that is cut off again."""
    factor, (height, width) = upscaler.scale, images.shape[-2:]
    made = images.new_empty((len(images), 3, factor * height, factor * width))
    for y in range(0, height, tile or height):
        for x in range(0, width, tile or width):
            above, left = max(y - overlap, 0), max(x - overlap, 0)
            bottom, right = min(y + (tile or height), height), min(x + (tile or width), width)
            seen = images[..., above : bottom + overlap, left : right + overlap]
            part = torch.cat([upscaler(one).float() for one in seen.split(1)])
            rows = slice(factor * (y - above), factor * (bottom - above))
            columns = slice(factor * (x - left), factor * (right - left))
            made[..., factor * y : factor * bottom, factor * x : factor * right] = part[..., rows, columns]
    return made


def lanczos(images, width, height):
    """Images of another size, by Pillow on 8-bit values."""
    found = []
    for image in images:
        values = (255 * image).clamp(0, 255).permute(1, 2, 0).numpy().astype(np.uint8)
        shown = Image.fromarray(values).resize((width, height), Image.Resampling.LANCZOS)
        found.append(torch.from_numpy(np.asarray(shown, dtype=np.float32) / 255).permute(2, 0, 1))
    return torch.stack(found).clamp(0, 1)
