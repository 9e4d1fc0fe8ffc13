"""Codes of images looked at."""

from __future__ import annotations

from nodes.script.plane import refused
from nodes.script.writer import Function, Made, Writer


def codebook(writer: Writer, name: str, output: str) -> Made:
    vq = writer.input(name, "vq")
    if output == "sheet":
        return Made(writer.assign(name, "sheet", writer.use("codebook_sheet"), vq.code))
    if output != "image":
        raise refused(name, output)
    codes = [writer.input(name, "codes").code] if writer.is_wired(name, "codes") else []
    return Made(writer.assign(name, "image", writer.use("codebook_plane"), vq.code, *codes))


def distances(writer: Writer, name: str, output: str) -> Made:
    vq, image = writer.input(name, "vq"), writer.input(name, "image").code
    place = [writer.value(name, key) for key in ("x", "y")]
    if output == "place":
        framed = writer.use("framed_place")
        return Made(writer.assign(name, "place", framed, image, *place, str(vq.about.downscale)))
    if output != "nearest":
        raise refused(name, output)
    return Made(writer.assign(name, "nearest", writer.use("nearest_codes"), vq.code, image, *place))


def next_code(writer: Writer, name: str, output: str) -> Made:
    transformer, codes = writer.input(name, "transformer"), writer.input(name, "codes").code
    given = [transformer.code, transformer.about[0], codes, writer.text(name, False)]
    if output == "surprise":
        return Made(writer.assign(name, "surprise", writer.use("surprise_of_codes"), *given))
    if output != "likeliest":
        raise refused(name, output)
    more = [writer.input(name, "vq").code, *(writer.value(name, key) for key in ("x", "y"))]
    return Made(writer.assign(name, "likeliest", writer.use("likeliest_codes"), *given, *more))


CODEBOOKS: dict[str, Function] = {"codebook": codebook, "code_distances": distances, "next_code": next_code}
