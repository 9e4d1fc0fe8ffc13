"""Small networks that learn from points in the plane, and from small drawings, while a script runs."""

from __future__ import annotations

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.writer import Function, Made, Writer

SHAPES = {
    "swiss roll": "swiss_roll",
    "two moons": "two_moons",
    "eight islands": "eight_islands",
    "two rings": "two_rings",
}
FIELDS = {"score": "towards_score", "to the clean point": "towards_clean", "way of the ODE": "towards_points"}


def points(writer: Writer, name: str, output: str) -> Made:
    made = writer.shared((name, "points"), lambda: _points(writer, name))
    if output == "points":
        return made
    writer.use("BLUE")
    return Made(f"{writer.use('PlaneDrawing')}().points({made.code}, BLUE).image()")


def _points(writer: Writer, name: str) -> Made:
    shape = writer.use(SHAPES[writer.plain(name, "shape")])
    given = [writer.value(name, key) for key in ("count", "noise", "seed")]
    return Made(writer.assign(name, "", writer.use("plane_points"), shape, *given))


def compared(writer: Writer, name: str, output: str) -> Made:
    if output != "image":
        raise refused(name, output)
    given = [writer.input(name, key).code for key in ("points", "reference")]
    return Made(writer.assign(name, "image", writer.use("points_beside"), *given))


def trained(writer: Writer, name: str, output: str) -> Made:
    keys = "path", "steps", "learning_rate", "width", "seed"
    return one_of(writer, name, output, ("model", "film"), "trained_on_points", "points", *keys)


def walked(writer: Writer, name: str, output: str) -> Made:
    keys = "method", "steps", "level", "count", "seed"
    return one_of(writer, name, output, ("points", "image"), "plane_walk", "model", *keys)


def field(writer: Writer, name: str, output: str) -> Made:
    if output != "image":
        raise refused(name, output)
    reference = writer.input(name, "points").code if writer.is_wired(name, "points") else "None"
    given = writer.input(name, "model").code, reference, writer.value(name, "t")
    towards = writer.use(FIELDS[writer.plain(name, "field")])
    return Made(writer.assign(name, "image", writer.use("plane_field"), *given, towards))


def gan_game(writer: Writer, name: str, output: str) -> Made:
    keys = "steps", "learning_rate", "discriminator_steps", "penalty", "loss", "seed"
    return field_of(writer, name, output, ("points", "image", "film"), "gan_game", "points", *keys)


def normalising_flow(writer: Writer, name: str, output: str) -> Made:
    keys = "layers", "steps", "learning_rate", "seed"
    return field_of(writer, name, output, ("points", "image"), "normalising_flow", "points", *keys)


def small_drawings(writer: Writer, name: str, _: str) -> Made:
    given = [writer.value(name, key) for key in ("count", "seed")]
    return Made(writer.assign(name, "images", writer.use("small_drawings"), *given))


def autoencoder(writer: Writer, name: str, output: str) -> Made:
    outputs = "reconstruction", "map", "codes", "codes_image", "draws"
    keys = "kind", "kl_weight", "corruption", "steps", "learning_rate", "seed"
    return field_of(writer, name, output, outputs, "trained_autoencoder", "image", *keys)


def pixel_cnn(writer: Writer, name: str, output: str) -> Made:
    keys = "steps", "learning_rate", "seed"
    return field_of(writer, name, output, ("draws", "chances", "surprise"), "trained_pixel_cnn", "image", *keys)


def field_of(
    writer: Writer, name: str, output: str, outputs: tuple[str, ...], function: str, input: str, *keys: str
) -> Made:
    """An output of a node that is written as a function which gives them by name."""
    return Made(f"{_whole(writer, name, output, outputs, function, input, *keys)}.{output}")


def one_of(
    writer: Writer, name: str, output: str, outputs: tuple[str, ...], function: str, input: str, *keys: str
) -> Made:
    """An output of a node that is written as a function which gives them in a row."""
    return Made(f"{_whole(writer, name, output, outputs, function, input, *keys)}[{outputs.index(output)}]")


def _whole(
    writer: Writer, name: str, output: str, outputs: tuple[str, ...], function: str, input: str, *keys: str
) -> str:
    if output not in outputs:
        raise refused(name, output)

    def write() -> Made:
        given = [writer.value(name, key) for key in keys]
        return Made(writer.assign(name, "", writer.use(function), writer.input(name, input).code, *given))

    return writer.shared((name, "whole"), write).code


def refused(name: str, output: str) -> CannotExportError:
    """Why an output is not written: it is no image, or nothing that leads to one."""
    return CannotExportError(f"the {output} of {name} is not written")


PLANE: dict[str, Function] = {
    "plane_points": points,
    "compare_points": compared,
    "train_on_points": trained,
    "plane_walk": walked,
    "plane_field": field,
    "gan_game": gan_game,
    "normalising_flow": normalising_flow,
    "small_drawings": small_drawings,
    "train_autoencoder": autoencoder,
    "train_pixel_cnn": pixel_cnn,
}
