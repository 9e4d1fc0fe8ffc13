"""Animations of a value's steps: what a form shows at each of them, one after the other."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from PIL import Image as Pillow

from nodeflow.node import NodeError
from nodeflow.views import Picture, ValueView, ViewRequest

STEP_MS, LAST_MS = 80, 1200
"""Milliseconds for which a step is shown, and the last one."""
SMALLEST = 256
"""Pixels that the longer side of a frame has at least: cells of a latent are shown as squares."""


def step_images(value: Any, form: ValueView, asked: ViewRequest) -> list[Pillow.Image]:
    """What a form shows at each step, all of one size. Raises NodeError for a form without steps or images.

    A step that has nothing to show is left out.
    """
    time = next((option for option in form.options(value) if option.time), None)
    if time is None:
        raise NodeError("only what has steps can be an animation; choose the form Steps")
    frames, fault = [], ""
    for step in range(time.minimum, time.maximum + 1):
        try:
            shown = form.make(value, replace(asked, options={**asked.options, time.name: step}))
        except NodeError as error:
            fault = str(error)
            continue
        if isinstance(shown, Picture):
            frames.append(_pillow(shown))
    if not frames:
        raise NodeError(fault or "this form has no images")
    return frames


def _pillow(shown: Picture) -> Pillow.Image:
    image = Pillow.frombytes("RGB", (shown.width, shown.height), shown.pixels)
    times = max(1, -(-SMALLEST // max(image.size)))
    return image.resize((image.width * times, image.height * times), Pillow.Resampling.NEAREST)


def _pillow_animation(kind: str, **more: Any) -> Callable[[list[Pillow.Image]], bytes]:
    def encode(frames: list[Pillow.Image]) -> bytes:
        data = io.BytesIO()
        times = [*[STEP_MS] * (len(frames) - 1), LAST_MS]
        frames[0].save(data, kind, save_all=True, append_images=frames[1:], duration=times, loop=0, **more)
        return data.getvalue()

    return encode


def _mp4(frames: list[Pillow.Image]) -> bytes:
    """H.264 in the colours that every player knows, whose sides are even."""
    import av

    video: Any = av.VideoFrame
    data = io.BytesIO()
    width, height = (side + side % 2 for side in frames[0].size)
    with av.open(data, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(1000, STEP_MS), options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for image in _held(frames):
            frame = video.from_image(image.resize((width, height), Pillow.Resampling.NEAREST))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return data.getvalue()


def _held(frames: list[Pillow.Image]) -> Iterator[Pillow.Image]:
    yield from frames
    yield from [frames[-1]] * (LAST_MS // STEP_MS - 1)


ENCODERS: dict[str, Callable[[list[Pillow.Image]], bytes]] = {
    ".gif": _pillow_animation("GIF", optimize=False),
    ".webp": _pillow_animation("WEBP", lossless=True),
    ".mp4": _mp4,
}
"""By the file's ending."""
