"""Images taken apart into layers that lie upon each other."""

from __future__ import annotations

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.family import OPAQUE, Vae
from nodes.script.noise import NoiseUse, seeds
from nodes.script.writer import Function, Made, Writer


def layered_noise(writer: Writer, name: str, _: str) -> Made:
    """Noise for layers one below the other, and for the whole image above them."""
    shown, count = writer.input(name, "reference").about, int(writer.plain(name, "layers")) + 1
    return Made(seeds(writer, name, 1, 0), NoiseUse(0, 0, cells=(shown.rows * count, shown.columns)))


def decode_layers(writer: Writer, name: str, output: str) -> Made:
    vae, latent, reference = (writer.input(name, key) for key in ("vae", "latent", "reference"))
    if not isinstance(vae.about, Vae) or vae.about.encode != OPAQUE.encode:
        raise CannotExportError(f"{name} decodes layers by a VAE whose images are opaque")
    given = writer.use("decode_layers"), vae.code, latent.code, str(reference.about.rows)
    made = writer.shared((name, "layers"), lambda: Made(writer.assign(name, "layers", *given)))
    return Made(f"{made.code}[{0 if output == 'image' else 1}]")


LAYERS: dict[str, Function] = {"layered_noise": layered_noise, "decode_layers": decode_layers}
