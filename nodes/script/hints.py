"""Control images that are made of an image or of numbers."""

from __future__ import annotations

from nodes.script.writer import Function, Made, Writer


def hint(function: str, *params: str, image: bool = True) -> Function:
    """A function of an image, where it takes one, and of some parameters."""

    def write(writer: Writer, name: str, _: str) -> Made:
        shown = [writer.input(name, "image").code] if image else []
        given = [writer.value(name, param) for param in params]
        return Made(writer.assign(name, "hint", writer.use(function), *shown, *given))

    return write


HINTS: dict[str, Function] = {
    "soft_edges": hint("soft_edges", "smoothing"),
    "drawing_depth": hint("drawing_depth", "roundness", "apart"),
    "pose_sticks": hint("pose_sticks", "x", "y", "size", "turn", "width", "height", image=False),
}
