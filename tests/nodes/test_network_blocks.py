"""Networks drawn as they are: blocks in the order in which they compute, what they give, how large they are."""

import pytest
import torch

from nodeflow.engine.inspect.network_map_views import FORMS
from nodeflow.node import NodeError
from nodeflow.views import Picture, ViewRequest
from nodeflow.wires import Conditioning, Latent, LatentFormat, NetworkMap
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.denoisers.network_blocks import as_channels, as_map, network_blocks
from nodes.denoisers.network_drawing import DrawnBlock, draw_network, skips
from nodes.loaders.load_models import LatentDiffusion


def test_a_unet_is_drawn_block_by_block(tiny: LatentDiffusion) -> None:
    text, latent = clip_text_encode(tiny.text_encoder, "a star"), Latent(torch.randn(1, 4, 16, 16))
    denoiser = unet_denoiser(tiny.unet)
    found = network_blocks(denoiser, text, latent, 300)
    names = [line.partition(":")[0] for line in found.table.splitlines()[1:]]
    assert names[-1] == "conv_out" and names.index("down_blocks 0") < names.index("mid_block") < names.index(
        "up_blocks 0"
    )
    assert len(found.maps.pixels) == len(names) == len(found.parameters.y) == len(found.time.y)
    module = tiny.unet.module
    assert f"{sum(weight.numel() for weight in module.parameters()):,} parameters" in found.table
    assert float(found.parameters.y.sum()) == pytest.approx(1) and float(found.time.y.sum()) == pytest.approx(1)
    mid = next(line for line in found.table.splitlines() if line.startswith("mid_block"))
    assert "takes text + time" in mid
    with torch.no_grad():  # nothing is left behind
        assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


class Halving:
    """A denoiser that is no network."""

    format, prediction, learned_variance = LatentFormat(4, 1, 8), "epsilon", False
    device, dtype = torch.device("cpu"), torch.float32

    def predict(self, x: torch.Tensor, timestep: torch.Tensor, conditioning: Conditioning) -> torch.Tensor:
        return x / 2


def test_what_is_no_network_is_said() -> None:
    with pytest.raises(NodeError, match="no single network"):
        network_blocks(Halving(), Conditioning(), Latent(torch.zeros(1, 4, 8, 8)))  # type: ignore[arg-type]


def test_maps_are_found_in_images_and_in_tokens() -> None:
    assert as_map(torch.ones(1, 5, 4, 6), (4, 6)).shape == (4, 6)
    tokens = torch.zeros(1, 3 + 16, 8)
    tokens[0, 3] = 2.0
    found = as_map(tokens, (8, 8))
    assert found.shape == (4, 4) and found[0, 0] == 2 and found[1:].sum() == 0
    assert as_map(torch.ones(1, 7), (8, 8)).shape == (1, 1)


def test_skips_join_boxes_of_one_level() -> None:
    assert skips([0, 0, 1, 2, 2, 1, 0]) == [(1, 6), (2, 5)] and skips([0, 0, 0]) == []
    boxes = [DrawnBlock(str(side), torch.rand(side, side), "") for side in (16, 8, 4, 8, 16)]
    shown = draw_network(boxes).pixels
    assert shown.shape[0] == 1 and shown.shape[3] > shown.shape[2] > 3 * 40


def test_a_place_of_the_drawing_tells_the_channels_of_its_block(tiny: LatentDiffusion) -> None:
    text, latent = clip_text_encode(tiny.text_encoder, "a star"), Latent(torch.randn(1, 4, 16, 16))
    found = network_blocks(unet_denoiser(tiny.unet), text, latent, 300)
    network = found.network
    assert len(network.boxes) == len(network.features) == len(found.parameters.y)
    assert torch.equal(network.image, found.image.pixels)
    views = {view.name: view for view in FORMS[NetworkMap.__name__]}
    last = len(network.boxes) - 1
    left, top, side = network.boxes[last]
    asked = ViewRequest(surroundings=None, options={"x": left + side // 2, "y": top + side // 2})  # type: ignore[arg-type]
    seen = views["block"].make(network, asked)
    assert isinstance(seen, Picture) and seen.caption.startswith("conv_out: 4 x 16 x 16")
    assert seen.columns * seen.rows == 4 == len(network.features[last])
    elsewhere = ViewRequest(surroundings=None, options={"x": 0, "y": 0})  # type: ignore[arg-type]
    with pytest.raises(NodeError, match="no block is drawn at this place"):
        views["block"].make(network, elsewhere)


def test_many_channels_are_kept_in_part() -> None:
    assert as_channels(torch.ones(2, 100, 4, 6), (4, 6)).shape == (16, 4, 6)
    assert as_channels(torch.ones(1, 3, 128, 130), (128, 130)).shape == (3, 64, 64)
    assert as_channels(torch.ones(1, 3 + 16, 8), (4, 4)).shape == (8, 4, 4)
