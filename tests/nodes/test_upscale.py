"""Networks of spandrel: found out from a safetensors file, run whole and in tiles."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from spandrel.architectures.Compact import Compact
from spandrel.architectures.ESRGAN import ESRGAN
from spandrel.architectures.SwinIR import SwinIR

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.images.upscale import load_upscaler, upscale_image

PICTURE = Image(torch.rand(2, 3, 20, 14, generator=torch.Generator().manual_seed(3)))


def test_the_network_is_found_out_from_its_weights(tmp_path: Path) -> None:
    torch.manual_seed(0)
    for name, network in (
        ("compact", Compact(num_in_ch=3, num_out_ch=3, num_feat=8, num_conv=2, upscale=4)),
        ("esrgan", ESRGAN(num_filters=8, num_blocks=1, scale=2)),
    ):
        path = tmp_path / f"{name}.safetensors"
        save_file(dict(network.state_dict()), path)
        upscaler = load_upscaler(str(path))
        with torch.no_grad():
            wanted = torch.cat([network.eval()(one) for one in PICTURE.pixels.split(1)]).clamp(0, 1)
        found = upscale_image(upscaler, PICTURE, 0).pixels
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
        assert found.shape == (2, 3, 20 * upscaler.scale, 14 * upscaler.scale)


@pytest.mark.parametrize("tile", [5, 8, 64])
def test_tiles_leave_no_trace(tiny_upscaler: Path, tile: int) -> None:
    upscaler = load_upscaler(str(tiny_upscaler))
    whole = upscale_image(upscaler, PICTURE, 0).pixels
    torch.testing.assert_close(upscale_image(upscaler, PICTURE, tile, 4).pixels, whole, atol=1e-5, rtol=1e-5)
    if tile < 14:
        assert (upscale_image(upscaler, PICTURE, tile, 0).pixels - whole).abs().max() > 1e-3


def test_a_weight_without_a_place_is_named(tiny_upscaler: Path, tmp_path: Path) -> None:
    path = tmp_path / "more.safetensors"
    save_file({**load_file(tiny_upscaler / "model.safetensors"), "extra.weight": torch.zeros(1)}, path)
    with pytest.raises(NodeError, match=r"more\.safetensors holds extra\.weight, which the network"):
        load_upscaler(str(path))


def test_whole_numbers_without_a_scale_are_refused_by_name(tmp_path: Path) -> None:
    """Also under a name that no other network has."""
    network = SwinIR(img_size=8, window_size=8, depths=[1], embed_dim=4, num_heads=[1], upscale=2)
    weights, name = network.state_dict(), "layers.0.residual_group.blocks.0.attn.relative_position_bias_table"
    save_file({**weights, name: weights[name].to(torch.int64)}, tmp_path / "up.safetensors")
    with pytest.raises(NodeError, match=rf"its {name} is int64, and nothing in the file says"):
        load_upscaler(str(tmp_path / "up.safetensors"))


def test_what_cannot_be_loaded_is_a_sentence(tiny_upscaler: Path, tmp_path: Path) -> None:
    whole = load_file(tiny_upscaler / "model.safetensors")
    unknown, damaged, unsafe = tmp_path / "a.safetensors", tmp_path / "b.safetensors", tmp_path / "c.pth"
    save_file({"weight": torch.zeros(2)}, unknown)
    damaged.write_bytes((tiny_upscaler / "model.safetensors").read_bytes()[:200])
    torch.save(whole, unsafe)
    with pytest.raises(NodeError, match="is no network that spandrel knows"):
        load_upscaler(str(unknown))
    with pytest.raises(NodeError, match="damaged or was cut short"):
        load_upscaler(str(damaged))
    with pytest.raises(NodeError, match="a file that can hold programs, which is never opened"):
        load_upscaler(str(unsafe))
    with pytest.raises(NodeError, match=r"has 2 \.safetensors files; name the one"):
        load_upscaler(str(tmp_path))
    (tmp_path / "only").mkdir()
    unsafe.rename(tmp_path / "only" / "c.pth")
    with pytest.raises(NodeError, match="only in files that can hold programs"):
        load_upscaler(str(tmp_path / "only"))
    grey = tmp_path / "grey.safetensors"
    save_file(dict(Compact(num_in_ch=1, num_out_ch=1, num_feat=8, num_conv=2, upscale=4).state_dict()), grey)
    with pytest.raises(NodeError, match="does not go from colours to colours"):
        load_upscaler(str(grey))
