"""Images and latents: from and to files, and into one another."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageOps

from nodeflow.node import NodeError
from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.family import SHIFTED, Vae
from nodes.script.models import model_folder
from nodes.script.pieces import literal
from nodes.script.writer import Function, Made, Writer

GROUNDS = {"white": "1.0", "grey": "0.5", "black": "0.0", "none": "None"}
"""What shows through transparent places."""


def load_image(writer: Writer, name: str, output: str) -> Made:
    path = Path(str(writer.plain(name, "path")))
    place = path if path.is_absolute() else (writer.folder / path).resolve()
    if not path.name:
        raise CannotExportError(f"{name} has no image to load")
    transparent = _is_transparent(place, name)
    ground = GROUNDS[str(writer.plain(name, "ground"))]
    given = [literal(str(place)), *([ground] if transparent else [])]
    function = "load_transparent" if transparent else "load_image"
    made = writer.shared(
        (name, "loaded"), lambda: Made(writer.assign(name, "image", writer.use(function), *given), _size(place))
    )
    if transparent:
        return made._replace(code=f"{made.code}[{0 if output == 'image' else 1}]")
    writer.imports.add("torch")
    return made if output == "image" else Made(f"torch.zeros_like({made.code}[:, :1])")


def _is_transparent(path: Path, name: str) -> bool:
    """Whether an image has transparent places. Raises CannotExportError where scripts would read other colours."""
    import numpy as np  # takes long to load, for those who write no script

    from nodes.images.picture_decoder import decode

    try:
        colours, opacity = decode(path)
        with Image.open(path) as image:
            shown = ImageOps.exif_transpose(image)
            seen = shown if opacity is None else shown.convert("RGBA")
            alike = [np.array_equal(colours, np.asarray(seen.convert("RGB"), np.float32) / 255)]
            if opacity is not None:
                alike.append(np.array_equal(opacity, np.asarray(seen.getchannel("A"), np.float32) / 255))
    except (NodeError, OSError, ValueError, SyntaxError):
        return False
    if not all(alike):
        raise CannotExportError(f"{name} reads an image by its colour profile or its depth, which is not written")
    return opacity is not None


def _size(path: Path) -> tuple[int, int] | None:
    """Height and width of an image's file; None where it cannot be read."""
    try:
        with Image.open(path) as image:
            return image.height, image.width
    except (OSError, ValueError):
        return None


def vae_decode(writer: Writer, name: str, _: str) -> Made:
    vae, latent = writer.input(name, "vae"), writer.input(name, "latent")
    if vae.code == "":
        return Made(writer.assign(name, "images", writer.use("as_pixels"), latent.code))
    function = writer.use(decoding(vae))
    return Made(writer.assign(name, "images", function, vae.code, latent.code))


def vae_encode(writer: Writer, name: str, _: str) -> Made:
    vae, image = writer.input(name, "vae"), writer.input(name, "image")
    if writer.plain(name, "sample"):
        raise CannotExportError(f"{name} draws from the posterior, which is not written")
    if vae.code == "":
        return Made(writer.assign(name, "latents", writer.use("as_latents"), image.code))
    function = encoding(vae)
    if not function:
        raise CannotExportError(f"{name} encodes images for a model that is shown none")
    function = writer.use(function)
    return Made(writer.assign(name, "latents", function, vae.code, image.code))


def encoding(vae: Made) -> str:
    """The function by which images become latents of a VAE; none where its model is shown none."""
    return _functions(vae)[0]


def decoding(vae: Made) -> str:
    """The function by which latents of a VAE become images."""
    return _functions(vae)[1]


def _functions(vae: Made) -> tuple[str, str]:
    """How images are encoded and latents decoded."""
    if isinstance(vae.about, Vae):
        return vae.about.encode, vae.about.decode
    if vae.about.get("shift_factor"):
        return SHIFTED.encode, SHIFTED.decode
    return "encode_image", "decode"


def pixel_space(_: Writer, __: str, ___: str) -> Made:
    return Made("", {})


def resize_image(writer: Writer, name: str, _: str) -> Made:
    image = writer.input(name, "image")
    function = writer.use("resize" if writer.plain(name, "fit") == "cover" else "stretch")
    return Made(
        writer.assign(name, "images", function, image.code, writer.value(name, "width"), writer.value(name, "height"))
    )


def batch_images(writer: Writer, name: str, _: str) -> Made:
    """One batch of what is wired, of a list of all that is in it."""
    parts = [writer.whole(name, "images", slot).code for slot in writer.slots(name, "images")]
    listed = ", ".join(part[1:-1] if part.startswith("[") else f"*{part}" for part in parts)
    writer.imports.add("torch")
    return Made(writer.assign(name, "images", "torch.cat", f"[{listed}]"))


def contact_sheet(writer: Writer, name: str, _: str) -> Made:
    images = writer.whole(name, "images")
    labels = writer.whole(name, "labels").code if writer.is_wired(name, "labels") else "None"
    known = (value for axis in writer.axes.values() if axis.items == labels for value in axis.values)
    if not all(str(value).isascii() for value in known):
        raise CannotExportError(f"the labels of {name} are written in a font of this machine, which is not written")
    columns = writer.value(name, "columns")
    return Made(writer.assign(name, "", writer.use("contact_sheet"), images.code, labels, columns))


def save_image(writer: Writer, name: str, _: str) -> Made:
    image = writer.input(name, "image")
    file, folder = str(writer.plain(name, "name")), Path(str(writer.plain(name, "folder")))
    if "{" in file or "{" in str(folder):
        raise CannotExportError(f"the name of {name} has values in it, which is not written")
    if writer.plain(name, "format") != "PNG":
        raise CannotExportError(f"{name} writes another format than PNG, which is not written")
    place = literal((folder / file).as_posix())
    if image.axes:
        items = (f"{axis}={writer.axes[axis].item}" for axis in image.axes)
        place = f"{writer.use('item_name')}({', '.join([place, *items])})"
    writer.line(f"{writer.use('save')}({image.code}, {place})")
    return Made("")


def upscale(writer: Writer, name: str, _: str) -> Made:
    upscaler, image = writer.input(name, "upscaler").code, writer.input(name, "image").code
    given = upscaler, image, writer.value(name, "tile"), writer.value(name, "overlap")
    return Made(writer.assign(name, "images", writer.use("upscale"), *given))


def load_upscaler(writer: Writer, name: str, _: str) -> Made:
    place = model_folder(str(writer.plain(name, "model")), name)
    files = sorted(place.glob("*.safetensors")) if place.is_dir() else [place]
    if len(files) != 1 or files[0].suffix != ".safetensors":
        raise CannotExportError(f"{name} loads no single .safetensors file")
    writer.imports.take("spandrel", "ModelLoader")
    loaded = f"ModelLoader().load_from_file({literal(str(files[0]))})"
    variable = writer.name(name, (name, "upscaler"))
    writer.line(f"{variable} = {loaded}")
    writer.line(f"{variable}.model.float()")
    return Made(variable)


def scale_image(writer: Writer, name: str, _: str) -> Made:
    image, method = writer.input(name, "image"), str(writer.plain(name, "method"))
    width, height, multiple = (int(writer.plain(name, key)) for key in ("width", "height", "multiple_of"))
    if not width or not height:
        raise CannotExportError(f"{name} scales in proportions, which is not written")
    width, height = (max(round(side / multiple), 1) * multiple for side in (width, height))
    shown = image.code
    if writer.plain(name, "crop") == "centre":
        shown = f"{writer.use('centre')}({shown}, {width}, {height})"
    if method == "lanczos":
        return Made(writer.assign(name, "images", writer.use("lanczos"), shown, str(width), str(height)))
    writer.imports.take("torch.nn.functional", "interpolate")
    smooth = "True" if method == "bicubic, smooth" else None
    mode = literal(method.removesuffix(", smooth"))
    return Made(
        writer.assign(name, "images", "interpolate", shown, f"({height}, {width})", mode=mode, antialias=smooth)
    )


def edges(writer: Writer, name: str, _: str) -> Made:
    image = writer.input(name, "image").code
    given = (writer.value(name, key) for key in ("low", "high", "smoothing"))
    return Made(writer.assign(name, "lines", writer.use("edges"), image, *given))


def scribble(writer: Writer, name: str, _: str) -> Made:
    image = writer.input(name, "image").code
    given = (writer.value(name, key) for key in ("thickness", "tremble", "smoothing", "seed"))
    return Made(writer.assign(name, "lines", writer.use("scribble"), image, *given))


def shape_mask(writer: Writer, name: str, _: str) -> Made:
    image = writer.input(name, "image").code
    given = (writer.value(name, key) for key in ("shape", "left", "right", "top", "bottom"))
    mask = writer.assign(name, "mask", writer.use("shape_mask"), image, *given)
    return Made(f"(1 - {mask})" if writer.plain(name, "inverted") else mask)


def composite(writer: Writer, name: str, _: str) -> Made:
    given = [writer.input(name, key).code for key in ("background", "foreground", "mask")]
    if writer.plain(name, "mask_fit") == "cover":
        raise CannotExportError(f"{name} cuts its mask to the image's shape, which is not written")
    return Made(writer.assign(name, "images", writer.use("composite"), *given))


def pad(writer: Writer, name: str, output: str) -> Made:
    made = writer.shared((name, "padded"), lambda: _padded(writer, name))
    return Made(f"{made.code}[{0 if output == 'image' else 1}]")


def _padded(writer: Writer, name: str) -> Made:
    image = writer.input(name, "image").code
    given = (writer.value(name, key) for key in ("left", "top", "right", "bottom", "feather"))
    return Made(writer.assign(name, "padded", writer.use("padded"), image, *given))


IMAGES: dict[str, Function] = {
    "load_image": load_image,
    "vae_decode": vae_decode,
    "vae_encode": vae_encode,
    "pixel_space": pixel_space,
    "resize_image": resize_image,
    "batch_images": batch_images,
    "contact_sheet": contact_sheet,
    "load_upscaler": load_upscaler,
    "upscale_image": upscale,
    "scale_image": scale_image,
    "edges": edges,
    "scribble": scribble,
    "shape_mask": shape_mask,
    "composite": composite,
    "pad_for_outpainting": pad,
    "save_image": save_image,
}
