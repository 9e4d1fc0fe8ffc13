"""Where, when and how strongly a text leads."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from nodeflow.node import DrawnNumber, Range, Rule, Slider, node
from nodeflow.wires import Area, Conditioning, Mask, Region
from nodes.guidance.predictions.places import apart
from nodes.masks.masks import Fit

ORDER = Rule("end >= start", "the text leads until {end}, before it begins at {start}; make end the larger one")

EXTENT = Rule(
    "min(width, height) > 0", "an area of {width} by {height} of the image holds nothing; make both more than 0"
)
PLACE = Rule(
    "max(left, top) < 1",
    "an area that begins at {left} from the left and {top} from the top lies outside of the image; make both less than "
    "1",
)


@node("Conditioning area")
def conditioning_area(
    conditioning: Conditioning,
    width: Annotated[int, Range(8, 16384, 8), DrawnNumber("width")] = 512,
    height: Annotated[int, Range(8, 16384, 8), DrawnNumber("height")] = 512,
    left: Annotated[int, Range(0, 16384, 8), DrawnNumber("left")] = 0,
    top: Annotated[int, Range(0, 16384, 8), DrawnNumber("top")] = 0,
    strength: Annotated[float, Slider(0, 10, 0.01)] = 1.0,
) -> Conditioning:
    """Lets a text lead in a rectangle of the image alone, which is all that the denoiser sees of it.

    Sides and place are in pixels, rounded down to cells of the latent (8 pixels for most models). Combine it with a
    text that leads everywhere, or with others whose areas cover the rest. Where several lead, their predictions are
    averaged by ``strength``, which falls off over 8 cells at the edges that lie inside the image. What sticks out of
    the image is cut off.

    It can be drawn on an image: press D on the node.

    Fails, when sampling begins, for an area outside of the image, and where no text leads in a place.
    """
    return _with_region(conditioning, area=Area(height, width, top, left), strength=strength)


@node("Conditioning area by share", rules=(EXTENT, PLACE))
def conditioning_area_by_share(
    conditioning: Conditioning,
    width: Annotated[float, Slider(0, 1, 0.01), DrawnNumber("width")] = 1.0,
    height: Annotated[float, Slider(0, 1, 0.01), DrawnNumber("height")] = 1.0,
    left: Annotated[float, Slider(0, 1, 0.01), DrawnNumber("left")] = 0.0,
    top: Annotated[float, Slider(0, 1, 0.01), DrawnNumber("top")] = 0.0,
    strength: Annotated[float, Slider(0, 10, 0.01)] = 1.0,
) -> Conditioning:
    """Lets a text lead in a rectangle of the image alone, given as shares of its width and height.

    As Conditioning area does, for images of any size: 0.5 wide is half of the image, rounded to cells, at least one.

    It can be drawn on an image: press D on the node.

    Fails for an area that holds nothing or lies outside of the image, and, when sampling begins, where no text leads in
    a place.
    """
    return _with_region(conditioning, area=Area(height, width, top, left, shares=True), strength=strength)


@node("Conditioning mask")
def conditioning_mask(
    conditioning: Conditioning,
    mask: Mask,
    strength: Annotated[float, Slider(0, 10, 0.01)] = 1.0,
    sees: Literal["whole image", "mask bounds"] = "whole image",
    mask_fit: Fit = "refuse",
) -> Conditioning:
    """Lets a text lead where a mask is, as much as its values say.

    The mask (B, 1, H, W) is brought to the size of the latent; where several texts lead, their predictions are averaged
    by mask and ``strength``. The denoiser ``sees`` the whole image, or only the rectangle around what the mask
    marks. Combine it with a text that leads everywhere, or with others whose masks cover the rest.

    A mask of other proportions than the image is refused, unless ``mask_fit`` says to stretch it, or to cover the
    image with it and cut off what sticks out.

    Fails, when sampling begins, where no text leads in a place, for a mask that marks nothing whose bounds are wanted,
    and when there are other numbers of masks and images.
    """
    values = mask.values * strength
    return _with_region(conditioning, mask=values, bounded=sees == "mask bounds", fit=mask_fit)


@node("Conditioning strength")
def conditioning_strength(
    conditioning: Conditioning, strength: Annotated[float, Slider(0, 10, 0.01)] = 1.0
) -> Conditioning:
    """Says how much a text counts among those that lead beside it.

    Predictions are averaged by their strengths: 2 beside 1 has two thirds of the say. A text that leads alone leads the
    same at any strength above 0; for weights of words use Weighted text encode, for more of the text the scale of
    guidance.
    """
    return _with_region(conditioning, strength=strength)


@node("Conditioning steps", rules=(ORDER,))
def conditioning_steps(
    conditioning: Conditioning,
    start: Annotated[float, Slider(0, 1, 0.001)] = 0.0,
    end: Annotated[float, Slider(0, 1, 0.001)] = 1.0,
    counted: Literal["steps", "trained timesteps"] = "steps",
) -> Conditioning:
    """Lets a text lead in a part of the steps alone.

    It leads from the share ``start`` to ``end``. Counted in ``steps``, those are shares of all steps, 0.25 of 20 is
    from the sixth on; counted in ``trained timesteps``, of the 1000 that the model was trained with, from the noisiest
    on, whichever the schedule visits, as ComfyUI has it. Combine it with texts that lead in the other steps.

    Fails when it ends before it starts, and, when sampling begins, for a step without any text.
    """
    return _with_region(conditioning, start=start, end=end, trained=counted == "trained timesteps")


@node("Each text alone")
def each_text_alone(conditioning: Conditioning) -> list[Conditioning]:
    """Gives the texts that lead together one by one, each on the whole image and at all steps.

    A list: what comes behind it runs once for each. Wired to the guidance in place of the combined texts it makes the
    image that each region's text gives alone, from the same noise, beside the one that all make together.
    """
    return [replace(text, region=None) for text in apart(conditioning)]


def _with_region(conditioning: Conditioning, **changes: Any) -> Conditioning:
    """A text, and all that lead beside it, with changes of where they do."""
    found = [replace(one, region=replace(one.region or Region(), **changes)) for one in apart(conditioning)]
    return replace(found[0], beside=tuple(found[1:]))
