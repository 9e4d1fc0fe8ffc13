"""Networks that learn a little more while a script runs."""

from __future__ import annotations

from dataclasses import replace

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.denoisers import Denoises
from nodes.script.images import decoding
from nodes.script.pieces import literal
from nodes.script.schedulers import made_scheduler
from nodes.script.writer import Function, Made, Writer

OFF = {"the place": "off_the_place", "the direction": "off_the_direction"}
READS_TEXT = ("attn2.to_k.", "attn2.to_v."), 1
LEARNS = {
    "as much as it needs": (READS_TEXT, (("attn2.",), 1 / 2), (("",), 1 / 20)),
    "how it reads the text": (READS_TEXT,),
    "everything": ((("",), 1),),
}
LESSON = "rounds", "rate", "keep", "share", "views", "seed"


def diffusion_clip(writer: Writer, name: str, output: str) -> Made:
    if output != "denoiser":
        raise CannotExportError(f"the {output} of {name} is not written")
    denoiser = writer.input(name, "denoiser")
    found: Denoises = denoiser.about
    schedule, kind = made_scheduler(writer, name, "schedule", found.prediction)
    if found.function != "text_unet" or found.learned or kind != "DDIM" or found.network.adapted:
        raise CannotExportError(f"{name} teaches another than a text-led U-Net along DDIM, which is not written")
    condition, noise, image, vae, clip = (
        writer.input(name, key) for key in ("conditioning", "noise", "image", "vae", "clip")
    )
    texts = f"({', '.join(writer.input(name, key).code for key in ('source', 'target'))})"
    writer.imports.take("functools", "partial")
    paint = f"partial({writer.use(decoding(vae))}, {vae.code})"
    off, freedoms = writer.use(OFF[writer.plain(name, "aim")]), literal(LEARNS[writer.plain(name, "learns")])
    lesson = f"({', '.join(writer.value(name, key) for key in LESSON)})"
    given = [found.code, writer.use("text_unet"), condition.code, schedule, noise.code, image.code, paint, clip.code]
    said = None if found.prediction == "epsilon" else literal(found.prediction)
    network = writer.assign(name, "network", writer.use("taught"), *given, texts, off, freedoms, lesson, kind=said)
    return Made(writer.bound(name, "", "text_unet", network), replace(found, code=network))


TEACHING: dict[str, Function] = {"diffusion_clip": diffusion_clip}
