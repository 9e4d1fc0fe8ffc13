"""UltimateSDUpscale: a large image painted anew tile by tile, as the nodes that do so here."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import ImportedConditioning, ImportedLatent, Value, Wire
from nodes.comfyui.pack_images import enlarged, sizes
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.sampling import k_sampler

TOGETHER = "all tiles are painted from the same enlarged image and flow together where they overlap; there one by one"
SEAMS = "seams are not painted once more"
CELL = 64
"""The sides of tiles are multiples of it where they are to be of one size."""


@translates("UltimateSDUpscale", "UltimateSDUpscaleNoUpscale", "UltimateSDUpscaleCustomSample")
def upscale(given: Given, build: Builder) -> Outputs:
    """The image enlarged, cut, encoded, sampled, decoded and joined; ControlNets are shown the same tiles."""
    large = _large(given, build)
    given.approximate(TOGETHER)
    if given.text("seam_fix_mode", "None") != "None":
        given.approximate(SEAMS)
    about = _tiling(given)
    tiles = build.node("cut_into_tiles", "tiles", image=large, **about)
    vae = given.wire("vae")
    count = Value(build.node("image_size", "tile_count", image=tiles).other("images"))
    latent = ImportedLatent(build.node("vae_encode", "encode", vae=vae, image=tiles), batch=count, image=tiles, vae=vae)
    inputs: dict[str, Any] = {**given.inputs, "latent_image": latent}
    for side in ("positive", "negative"):
        inputs[side] = _shown_tiles(build, given.need(ImportedConditioning, side), large, about)
    inner = Given(given.id, "KSampler", inputs, given.title)
    sampled = k_sampler(inner, build)
    given.notes += [note for note in inner.notes if note not in given.notes]
    painted = build.node("vae_decode", "decode", vae=vae, latent=sampled)
    return (build.node("join_tiles", "joined", image=large, tiles=painted, overlap=about["overlap"]),)


def _large(given: Given, build: Builder) -> Wire:
    """The image at the size that is wanted, by a network that enlarges where there is one."""
    if given.type == "UltimateSDUpscaleNoUpscale":
        return given.wire("upscaled_image")
    image, factor = given.wire("image"), given.number("upscale_by", 2.0)
    network = given.maybe_wire("upscale_model")
    if network is None:
        return build.node("scale_image_by", "scale", image=image, factor=factor, method="lanczos")
    return enlarged(build, image, network, factor, "lanczos")


def _tiling(given: Given) -> dict[str, int]:
    """The size of tiles with what they see around, and by how much they overlap."""
    padding = given.whole("tile_padding", 32)
    sides = {side: given.whole(f"tile_{side}", 512) for side in ("width", "height")}
    seen = {side: -(-max(length + padding, 16) // CELL) * CELL for side, length in sides.items()}
    overlap = min(max(seen[side] - sides[side], 0) for side in sides)
    return {**seen, "overlap": min(overlap, *(length - 16 for length in seen.values()))}


def _shown_tiles(
    build: Builder, text: ImportedConditioning, large: Wire, about: dict[str, int]
) -> ImportedConditioning:
    """A text whose ControlNets are shown their image cut as the one that is painted."""
    if not text.controls:
        return text
    width, height = sizes(build, large)
    controls = []
    for one in text.controls:
        fitted = build.shared("scale_image", "hint", image=one.image, width=width, height=height, crop="centre")
        controls.append(one._replace(image=build.shared("cut_into_tiles", "hint_tiles", image=fitted, **about)))
    return replace(text, controls=tuple(controls))
