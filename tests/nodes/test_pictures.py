"""Images between files, tensors and latents."""

import json
import multiprocessing
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from PIL import ImageCms
from PIL.PngImagePlugin import PngInfo

from nodeflow.engine.client import worker_process
from nodeflow.node import NodeError, noting
from nodeflow.wires import Image, Latent, LatentFormat, Mask
from nodes.images.file_formats import SUFFIXES
from nodes.images.image_files import load_image, resize_image, save_image
from nodes.latents.vae import DiffusersVAE, vae_decode, vae_encode
from nodes.loaders.load_models import LatentDiffusion
from nodes.masks.masks import composite, fitted


def picture(batch: int = 1, height: int = 8, width: int = 12) -> Image:
    return Image(torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(0)))


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    image = picture(2)
    files = save_image(image, "round", tmp_path)
    assert [path.name for path in files.paths] == ["round-00001.png", "round-00002.png"]
    for path, pixels in zip(files.paths, image.pixels, strict=True):
        loaded = load_image(path).image.pixels
        assert loaded.dtype == torch.float32
        assert (loaded[0] - pixels).abs().max() <= 0.5 / 255 + 1e-6
    for form in SUFFIXES:
        path = save_image(picture(), "any", tmp_path, format=form).paths[0]
        assert load_image(path).image.pixels.shape == (1, 3, 8, 12)


def test_numbers_go_on_and_nothing_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "sun-00007.png").write_bytes(b"mine")
    (tmp_path / "sun-moon-00099.png").write_bytes(b"other")
    first = save_image(picture(), "sun", tmp_path)
    second = save_image(picture(), "sun", tmp_path)
    assert [path.name for path in (*first.paths, *second.paths)] == ["sun-00008.png", "sun-00009.png"]
    assert (tmp_path / "sun-00007.png").read_bytes() == b"mine"
    stat = first.paths[0].stat()
    assert first.stamps == ((stat.st_size, stat.st_mtime_ns),)
    assert not list(tmp_path.glob(".*"))


def write_often(value: float, folder: Path) -> None:
    for _ in range(20):
        save_image(Image(torch.full((2, 3, 4, 4), value)), "p", folder)


def test_writers_at_the_same_time_never_share_a_number(tmp_path: Path) -> None:
    processes = multiprocessing.get_context(worker_process.START_METHOD)
    writers = [processes.Process(target=write_often, args=(value, tmp_path)) for value in (0.0, 1.0)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(list(tmp_path.glob("p-*.png"))) == 80
    assert sum(int(load_image(path).image.pixels.mean()) for path in tmp_path.glob("p-*.png")) == 40


def test_the_workflow_is_inside(tmp_path: Path) -> None:
    workflow = json.dumps({"nodeflow": 1, "nodes": {}, "title": "Grüße 星"}, ensure_ascii=False)
    path = save_image(picture(), "with", tmp_path, workflow=workflow).paths[0]
    with Pillow.open(path) as file:
        assert file.text["nodeflow"] == workflow  # type: ignore[attr-defined]


def test_folders_are_made(tmp_path: Path) -> None:
    assert save_image(picture(), "deep", tmp_path / "a" / "b").paths[0].is_file()


@pytest.mark.parametrize("name", ["", " ", "../up", "a/b", "a\\b", ".hidden", "a\x00b", "x" * 300, "what?"])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NodeError, match="cannot be the name of a file"):
        save_image(picture(), name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nodeflow")):
        with pytest.raises(NodeError, match="cannot write images into"):
            save_image(picture(), "p", folder)


def test_pictures_stand_upright_and_without_transparency(tmp_path: Path) -> None:
    photo = Pillow.new("RGB", (4, 2), "red")
    exif = photo.getexif()
    exif[0x0112] = 6  # turned by 90 degrees
    photo.save(tmp_path / "turned.jpg", exif=exif)
    assert load_image(tmp_path / "turned.jpg").image.pixels.shape == (1, 3, 4, 2)
    Pillow.new("RGBA", (2, 2), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (load_image(tmp_path / "clear.png").image.pixels == 1).all()
    Pillow.new("P", (2, 2), 0).save(tmp_path / "palette.gif")
    assert load_image(tmp_path / "palette.gif").image.pixels.shape == (1, 3, 2, 2)
    Pillow.fromarray(np.full((2, 3), 65535, np.uint16)).save(tmp_path / "deep.png")
    assert (load_image(tmp_path / "deep.png").image.pixels == 1).all()


def test_what_is_no_picture_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="choose an image"):
        load_image()
    with pytest.raises(NodeError, match="there is no such file"):
        load_image(tmp_path / "missing.png")
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(NodeError, match="no image that can be read"):
        load_image(tmp_path / "text.png")
    with pytest.raises(NodeError, match="this is a folder"):
        load_image(tmp_path)
    with pytest.raises(NodeError, match="is a device or a pipe, which may never end"):
        load_image(Path("/dev/zero"))
    (tmp_path / "loop.png").symlink_to("loop.png")
    with pytest.raises(NodeError, match=r"as an image \(Too many levels of symbolic links\)"):
        load_image(tmp_path / "loop.png")
    path = save_image(picture(1, 64, 64), "cut", tmp_path).paths[0]
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(NodeError, match="may be damaged"):
        load_image(path)


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = save_image(picture(), "huge", tmp_path).paths[0]
    data, side = bytearray(path.read_bytes()), 2_000_000
    data[16:24] = side.to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    path.write_bytes(bytes(data))
    with pytest.raises(NodeError, match=r"4,000,000 million pixels takes .* GiB of memory, and .* GiB are free"):
        load_image(path)


def test_transparency_is_a_mask_and_shows_the_ground(tmp_path: Path) -> None:
    alpha = np.array([[0, 255], [51, 102]], np.uint8)
    pixels = np.dstack([np.full((2, 2, 3), 100, np.uint8), alpha])
    Pillow.fromarray(pixels).save(tmp_path / "a.png")
    opaque = torch.tensor(alpha / 255, dtype=torch.float32)
    for ground, shade in (("white", 1.0), ("grey", 0.5), ("black", 0.0)):
        loaded = load_image(tmp_path / "a.png", ground)  # type: ignore[arg-type]
        assert torch.allclose(loaded.mask.values[0, 0], 1 - opaque)
        assert torch.allclose(loaded.image.pixels[0, 0], 100 / 255 * opaque + shade * (1 - opaque), atol=1e-6)
    assert torch.allclose(load_image(tmp_path / "a.png", "none").image.pixels, torch.tensor(100 / 255))
    Pillow.new("RGB", (2, 2)).save(tmp_path / "b.png")
    assert (load_image(tmp_path / "b.png").mask.values == 0).all()


DEEP = np.linspace(0, 65535, 12).reshape(3, 4).round()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (DEEP.astype(np.uint16), DEEP / 65535),
        (DEEP.astype(np.int32), DEEP / 65535),
        ((DEEP / 65535 * (2**31 - 1)).astype(np.int32), DEEP / 65535),
        ((DEEP // 257).astype(np.int32), (DEEP // 257) / 255),
        ((DEEP / 65535 * (2**32 - 1)).astype(np.uint32), DEEP / 65535),
        ((DEEP > 30000).astype(np.int32), DEEP > 30000),
        ((DEEP / 65535).astype(np.float32), DEEP / 65535),
        ((DEEP / 65535 * 1.5).astype(np.float32), (DEEP / 65535 * 1.5).clip(0, 1)),
        ((DEEP // 257).astype(np.float32), DEEP // 257 / 255),
        (DEEP.astype(np.float32), DEEP / 65535),
        ((DEEP / 65535 - 0.25).astype(np.float32), (DEEP / 65535 - 0.25).clip(0, 1)),
    ],
)
def test_deep_grey_is_read_by_its_range(tmp_path: Path, values: np.ndarray, expected: np.ndarray) -> None:
    cv2.imwrite(str(tmp_path / "deep.tiff"), values)
    found = load_image(tmp_path / "deep.tiff").image.pixels[0, 0].numpy()
    assert np.abs(found - expected).max() < 1e-4


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.array([[1, -5]], np.int32), "below 0, down to -5"),
        (np.array([[0.5, np.nan]], np.float32), "no numbers"),
        (np.array([[0.5, np.inf]], np.float32), "no numbers"),
    ],
)
def test_grey_without_a_range_is_refused(tmp_path: Path, values: np.ndarray, words: str) -> None:
    Pillow.fromarray(values).save(tmp_path / "deep.tiff")
    with pytest.raises(NodeError, match=words):
        load_image(tmp_path / "deep.tiff")


def test_a_transparent_grey_of_sixteen_bits_is_found(tmp_path: Path) -> None:
    deep = DEEP.astype(np.uint16)
    Pillow.fromarray(deep).save(tmp_path / "a.png", transparency=int(deep[1, 1]))
    loaded = load_image(tmp_path / "a.png")
    assert loaded.mask.values.sum() == 1 and loaded.mask.values[0, 0, 1, 1] == 1
    assert (loaded.image.pixels[0, :, 1, 1] == 1).all()


def chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def raw_png(depth: int, kind: int, width: int, row: bytes, more: bytes = b"") -> bytes:
    """A PNG of one row; ``kind`` 0 is grey, 2 colours."""
    head = width.to_bytes(4, "big") + (1).to_bytes(4, "big") + bytes([depth, kind, 0, 0, 0])
    body = chunk(b"IHDR", head) + more + chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("depth", "kind", "row", "clear", "masked"),
    [
        (1, 0, b"\xa0", [1], [1, 0, 1]),
        (2, 0, b"\x1c", [1], [0, 1, 0]),
        (4, 0, b"\x5a\x50", [5], [1, 0, 1]),
        (8, 0, b"\x05\x06\x05", [5], [1, 0, 1]),
        (16, 2, np.array([1000, 9, 9, 1001, 9, 9, 1000, 9, 9], ">u2").tobytes(), [1000, 9, 9], [1, 0, 1]),
    ],
)
def test_a_transparent_colour_is_found_at_every_depth(
    tmp_path: Path, depth: int, kind: int, row: bytes, clear: list[int], masked: list[int]
) -> None:
    told = chunk(b"tRNS", np.array(clear, ">u2").tobytes())
    (tmp_path / "a.png").write_bytes(raw_png(depth, kind, 3, row, told))
    assert load_image(tmp_path / "a.png").mask.values.flatten().tolist() == masked


def test_brightness_in_another_power_is_told(tmp_path: Path) -> None:
    for power, told in ((45455, 0), (100000, 1)):
        (tmp_path / "a.png").write_bytes(raw_png(8, 0, 1, b"\x80", chunk(b"gAMA", power.to_bytes(4, "big"))))
        with noting() as said:
            load_image(tmp_path / "a.png")
        assert len(said) == told


def test_a_tiff_of_signed_bytes_is_no_bright_one(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.tiff"), np.array([[1, -5]], np.int8))
    with pytest.raises(NodeError, match="below 0, down to -5"):
        load_image(tmp_path / "a.tiff")


def test_colours_come_in_srgb_by_their_profile(tmp_path: Path) -> None:
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    lab = Pillow.new("RGB", (1, 1), (90, 120, 150)).convert("RGB")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    seen = ImageCms.profileToProfile(lab, srgb, linear, outputMode="LAB")
    assert seen is not None
    seen.save(tmp_path / "lab.tiff", icc_profile=linear.tobytes())
    found = load_image(tmp_path / "lab.tiff").image.pixels.flatten() * 255
    assert (found - torch.tensor([90.0, 120, 150])).abs().max() <= 3
    lab.save(tmp_path / "srgb.png", icc_profile=srgb.tobytes())
    assert (load_image(tmp_path / "srgb.png").image.pixels.flatten() * 255).round().tolist() == [90, 120, 150]
    lab.save(tmp_path / "broken.png", icc_profile=b"no profile" * 20)
    with noting() as said:
        assert (load_image(tmp_path / "broken.png").image.pixels.flatten() * 255).round().tolist() == [90, 120, 150]
    assert "colour profile does not fit" in said[0][1]


@pytest.mark.parametrize("zipped", [True, False])
def test_a_picture_with_a_long_text_is_read(tmp_path: Path, zipped: bool) -> None:
    texts = PngInfo()
    texts.add_itxt("comment", "word " * 500_000, zip=zipped)
    Pillow.new("RGB", (2, 2), "red").save(tmp_path / "a.png", pnginfo=texts)
    assert load_image(tmp_path / "a.png").image.pixels[0, 0].min() == 1


def test_a_mask_of_other_proportions_is_refused_or_fitted_as_said() -> None:
    one, other = Image(torch.zeros(1, 3, 4, 8)), Image(torch.ones(1, 3, 4, 8))
    square = torch.zeros(1, 1, 8, 8)
    square[..., 4:] = 1
    square[:, :, :2] = 0.5
    with pytest.raises(NodeError, match="mask_fit"):
        composite(one, other, Mask(square))
    stretched = composite(one, other, Mask(square), "stretch").pixels[0, 0]
    assert stretched[0].tolist() == [0.5] * 8
    covered = composite(one, other, Mask(square), "cover").pixels[0, 0]
    assert covered[0].tolist() == [0] * 4 + [1] * 4
    near = Mask(torch.ones(1, 1, 67, 100))
    assert fitted(near, torch.zeros(1, 4, 8, 12)).shape == (1, 1, 8, 12)


def test_resizing_covers_or_stretches() -> None:
    image = Image(torch.linspace(0, 1, 12).expand(1, 3, 8, 12))
    assert resize_image(image, 6, 6).pixels.shape == (1, 3, 6, 6)
    stretched, covered = (resize_image(image, 8, 8, fit).pixels for fit in ("stretch", "cover"))  # type: ignore[arg-type]
    torch.testing.assert_close(covered, image.pixels[..., 2:10])
    assert stretched[0, 0, 0, 0] < 0.1 < covered[0, 0, 0, 0]
    assert resize_image(picture(), 30, 20).pixels.min() >= 0


def test_round_trip_keeps_range_size_and_batch(tiny: LatentDiffusion) -> None:
    image = picture(2, 16, 32)
    latent = vae_encode(tiny.vae, image)
    assert latent.samples.shape == (2, 4, 4, 8)
    decoded = vae_decode(tiny.vae, latent).pixels
    assert decoded.shape == image.pixels.shape
    assert decoded.dtype == torch.float32
    assert 0 <= decoded.min() <= decoded.max() <= 1


def test_scale_and_shift_are_those_of_the_configuration(tiny: LatentDiffusion) -> None:
    assert isinstance(tiny.vae, DiffusersVAE)
    module: object = tiny.vae.module
    plain = DiffusersVAE(tiny.vae.module, LatentFormat(4, 4, 8), 1.0)
    moved = DiffusersVAE(tiny.vae.module, LatentFormat(4, 4, 8), 0.5, 0.1)
    image = picture(1, 16, 16)
    mean = vae_encode(plain, image).samples
    with torch.no_grad():
        posterior = module.encode(2 * image.pixels - 1).latent_dist  # type: ignore[attr-defined]
    torch.testing.assert_close(mean, posterior.mean)
    torch.testing.assert_close(vae_encode(moved, image).samples, (mean - 0.1) * 0.5)
    torch.testing.assert_close(
        vae_decode(moved, vae_encode(moved, image)).pixels, vae_decode(plain, Latent(mean)).pixels
    )
    assert tiny.vae.scaling == 0.5


def test_a_sample_of_the_posterior_follows_its_seed(tiny: LatentDiffusion) -> None:
    image = picture(2, 16, 16)
    drawn = vae_encode(tiny.vae, image, True, 4).samples
    assert torch.equal(drawn, vae_encode(tiny.vae, image, True, 4).samples)
    assert not torch.equal(drawn, vae_encode(tiny.vae, image, True, 5).samples)
    assert torch.equal(drawn[1:], vae_encode(tiny.vae, Image(image.pixels[1:]), True, 5).samples)
    assert not torch.equal(drawn, vae_encode(tiny.vae, image).samples)


def test_sizes_and_channels_that_do_not_fit_are_sentences(tiny: LatentDiffusion) -> None:
    with pytest.raises(NodeError, match="18 x 16 is no multiple of 4"):
        vae_encode(tiny.vae, picture(1, 16, 18))
    with pytest.raises(NodeError, match="has 3 channels and the VAE takes 4"):
        vae_decode(tiny.vae, Latent(torch.zeros(1, 3, 4, 4)))


def test_a_picture_of_numbers_with_a_point_says_what_is_beyond_white(tmp_path: Path) -> None:
    Pillow.fromarray(np.array([[0.5, 125.6]], np.float32)).save(tmp_path / "bright.tiff")
    with noting() as said:
        load_image(tmp_path / "bright.tiff")
    assert said == [(0, "the image's values go up to 125.6; 1 is taken for white, and what is beyond is cut")]
    Pillow.fromarray(np.array([[0.5, -3]], np.float32)).save(tmp_path / "dark.tiff")
    with noting() as said:
        load_image(tmp_path / "dark.tiff")
    assert said == [(0, "the image's values go down to -3; what is below 0 is cut")]
