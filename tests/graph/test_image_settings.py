"""The settings that programs write into images: from every container, in each program's words."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from nodeflow.graph.io.comfyui.containers import NotReadableError
from nodeflow.graph.io.image_settings.image_texts import commented, texts_of, xmp_value
from nodeflow.graph.io.image_settings.infotext import parse
from nodeflow.graph.io.image_settings.reading import settings_in
from nodeflow.graph.io.image_settings.settings import AdapterSetting, ImageSettings
from nodeflow.graph.io.image_settings.web_ui import settings_of as settings_of_web_ui

PAIRS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 512x768, Model hash: 6ce0161689, Model: tiny"
TEXT = f"a fox, 狐狸\nin snow\nNegative prompt: blurry\nNegative prompt: twice\n{PAIRS}"


def png(image: Image.Image | None = None, **texts: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    for key, value in texts.items():
        info.add_text(key.replace("__", "-"), value)
    data = io.BytesIO()
    (image or Image.new("RGB", (16, 24))).save(data, "PNG", pnginfo=info)
    return data.getvalue()


def commented_image(form: str, comment: bytes | str, tag: int = 0x9286, inner: bool = True) -> bytes:
    exif = Image.Exif()
    (exif.get_ifd(0x8769) if inner else exif)[tag] = comment
    data = io.BytesIO()
    Image.new("RGB", (16, 24)).save(data, form, exif=exif.tobytes())
    return data.getvalue()


def hidden(text: str, packed: bool = True) -> bytes:
    """A text in the lowest bits of the alpha channel, column by column."""
    body = gzip.compress(text.encode()) if packed else text.encode()
    mark = b"stealth_pngcomp" if packed else b"stealth_pnginfo"
    data = mark + (8 * len(body)).to_bytes(4, "big") + body
    bits = [byte >> (7 - place) & 1 for byte in data for place in range(8)]
    height = 64
    image = Image.new("RGBA", (len(bits) // height + 1, height), (9, 9, 9, 254))
    for number, bit in enumerate(bits):
        image.putpixel((number // height, number % height), (9, 9, 9, 254 | bit))
    return png(image)


def found(data: bytes) -> ImageSettings:
    settings = settings_in(data)
    assert settings is not None
    return settings


def test_a_prompt_of_several_lines_and_a_line_of_settings() -> None:
    info = parse(TEXT)
    assert info.prompt == "a fox, 狐狸\nin snow"
    assert info.negative == "blurry\ntwice"
    assert info.pairs["Sampler"] == "Euler a" and info.pairs["Model"] == "tiny"


def test_values_are_quoted_or_raw_json() -> None:
    line = (
        'Steps: 20, Lora hashes: "a: 0123456789ab, b: ff", Civitai resources: [{"type":"lora","weight":0.5,'
        '"modelName":"x, y: z"}], ControlNet 0: "Module: canny, Model: \\"q\\" [1]", Hashes: {"a":"b"}, Seed: 3'
    )
    pairs = parse(f"p\n{line}").pairs
    assert pairs["Lora hashes"] == "a: 0123456789ab, b: ff"
    assert json.loads(pairs["Civitai resources"])[0]["modelName"] == "x, y: z"
    assert pairs["ControlNet 0"] == 'Module: canny, Model: "q" [1]'
    assert pairs["Seed"] == "3" and pairs["Hashes"] == '{"a":"b"}'


@pytest.mark.parametrize(
    "data",
    [
        png(parameters=TEXT),
        png(parameters=TEXT.replace("狐狸", "renard é")),
        commented_image("JPEG", b"UNICODE\0" + TEXT.encode("utf-16-be")),
        commented_image("JPEG", b"UNICODE\0" + TEXT.encode("utf-16-le")),
        commented_image("WEBP", b"ASCII\0\0\0" + TEXT.encode()),
        commented_image("WEBP", bytes(8) + TEXT.encode()),
        commented_image("AVIF", b"UNICODE\0" + TEXT.encode("utf-16-be")),
        hidden(TEXT),
        hidden(TEXT, packed=False),
        TEXT.encode(),
        TEXT.replace("\n", "\r\n").encode(),
    ],
    ids=[
        "iTXt",
        "tEXt",
        "jpeg-be",
        "jpeg-le",
        "webp-ascii",
        "webp-nul",
        "avif",
        "alpha",
        "alpha-plain",
        "text",
        "crlf",
    ],
)
def test_every_container_gives_the_same(data: bytes) -> None:
    settings = found(data)
    assert settings.prompt.splitlines()[0].startswith("a fox, ") and settings.prompt.endswith("in snow")
    assert (settings.seed, settings.steps, settings.width, settings.height) == (42, 20, 512, 768)
    assert settings.program == "Stable Diffusion web UI" and settings.noise == "GPU"


def test_utf8_in_a_latin_chunk_and_a_swapped_comment_are_repaired() -> None:
    data = png(parameters=TEXT.replace("狐狸", "x"))
    raw = TEXT.encode()
    chunk = b"tEXt" + b"parameters\0" + raw
    import zlib

    piece = (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    bare = png()
    at = bare.index(b"IDAT") - 4
    assert found(bare[:at] + piece + bare[at:]).prompt.startswith("a fox, 狐狸")
    swapped = bytes(8) + PAIRS.encode("utf-16-le").decode("utf-16-be").encode()
    assert commented(swapped) == PAIRS
    assert found(data).seed == 42


def test_hires_lora_tags_and_what_nothing_here_does() -> None:
    settings = found(
        b"a <lora:one:0.5> b <lora:two:0.4:0.8> <lora:three:te=0.1:unet=0.9>\n"
        b"Negative prompt: c\n"
        b"Steps: 30, Sampler: DPM++ 2M SDE Karras, CFG scale: 5, Seed: 1, Size: 64x64, Clip skip: 2, "
        b"Denoising strength: 0.55, Hires upscale: 1.5, Hires steps: 12, Hires upscaler: Latent, "
        b'Lora hashes: "one: 0123456789ab", ADetailer model: face.pt, '
        b"ENSD: 31337, Eta: 0.5, RNG: CPU, Version: v1.9.4"
    )
    assert settings.prompt == "a  b"
    assert settings.adapters == [
        AdapterSetting("one", 0.5, hash="0123456789ab"),
        AdapterSetting("two", 0.8, 0.4),
        AdapterSetting("three", 0.9, 0.1),
    ]
    second = settings.second
    assert second is not None and (second.strength, second.scale, second.steps, second.upscaler) == (
        0.55,
        1.5,
        12,
        "Latent",
    )
    assert settings.strength is None and settings.clip_skip == 2 and settings.seed_delta == 31337
    assert settings.noise == "CPU" and any("ADetailer" in words for words in settings.left_out)


PROGRAMS: dict[str, tuple[bytes, dict[str, Any]]] = {
    "Forge": (f"p\n{PAIRS}, Distilled CFG Scale: 3.5, Version: f2.0.1v1.10.1".encode(), {"distilled_guidance": 3.5}),
    "reForge": (f"p\n{PAIRS}, Version: f1.0.0v2-v1.10.1RC".encode(), {}),
    "SD.Next": (f"p\nNegative prompt: \n{PAIRS}, App: SD.Next, Version: 1a2b3c4".encode(), {"noise": "CPU"}),
    "stable-diffusion.cpp": (
        f"p\n{PAIRS}, Hires upscale: Latent, Hires scale: 2.0, Version: stable-diffusion.cpp".encode(),
        {},
    ),
    "Krita AI": ("p\n" + PAIRS.replace("6ce0161689", "unknown"), {"model_hash": ""}),  # type: ignore[dict-item]
    "Civitai": (
        f'p\n{PAIRS}, Civitai resources: [{{"type":"lora","weight":0.5,"modelName":"x"}}]'.encode(),
        {"adapters": [AdapterSetting("x", 0.5)]},
    ),
    "InvokeAI": (
        png(
            invokeai_metadata=json.dumps(
                {
                    "positive_prompt": "a fox",
                    "negative_prompt": "n",
                    "seed": 42,
                    "steps": 20,
                    "cfg_scale": 7,
                    "scheduler": "euler_a",
                    "width": 512,
                    "height": 768,
                    "model": {"name": "tiny", "hash": "blake3:a"},
                    "loras": [{"model": {"name": "l"}, "weight": 0.3}],
                    "rand_device": "cpu",
                }
            )
        ),
        {"adapters": [AdapterSetting("l", 0.3)], "noise": "CPU", "model": "tiny"},
    ),
    "SwarmUI": (
        commented_image(
            "JPEG",
            b"UNICODE\0"
            + json.dumps(
                {
                    "sui_image_params": {
                        "prompt": "a fox",
                        "negativeprompt": "n",
                        "seed": "42",
                        "steps": "20",
                        "cfgscale": 7,
                        "width": 512,
                        "height": 768,
                        "model": "tiny",
                        "sampler": "euler_ancestral",
                        "loras": "l",
                        "loraweights": "0.3",
                    }
                }
            ).encode("utf-16-le"),
        ),
        {"adapters": [AdapterSetting("l", 0.3)], "noise": "batch"},
    ),
    "NovelAI": (
        png(
            Software="NovelAI",
            Source="Stable Diffusion XL 7BCCAA2C",
            Comment=json.dumps(
                {
                    "prompt": "a {fox}",
                    "uc": "n",
                    "seed": 42,
                    "steps": 20,
                    "scale": 7,
                    "sampler": "k_euler_ancestral",
                    "width": 512,
                    "height": 768,
                    "noise_schedule": "native",
                }
            ),
        ),
        {"clip_skip": 2, "dialect": "NovelAI"},
    ),
    "Fooocus": (
        png(
            fooocus_scheme="fooocus",
            parameters=json.dumps(
                {
                    "prompt": "a fox",
                    "negative_prompt": "n",
                    "seed": "42",
                    "steps": 20,
                    "guidance_scale": 7,
                    "resolution": "(512, 768)",
                    "sampler": "dpmpp_2m_sde_gpu",
                    "scheduler": "karras",
                    "base_model": "tiny",
                    "base_model_hash": "abc",
                    "loras": [["l", 0.3, "ff"]],
                    "full_prompt": ["a fox", "sharp"],
                }
            ),
        ),
        {"prompt": "a fox, sharp", "adapters": [AdapterSetting("l", 0.3, hash="ff")]},
    ),
    "Draw Things": (
        commented_image(
            "JPEG",
            json.dumps(
                {
                    "c": "a fox",
                    "uc": "n",
                    "seed": 42,
                    "steps": 20,
                    "scale": 7,
                    "size": "512x768",
                    "sampler": "DPM++ 2M Karras",
                    "model": "tiny",
                    "strength": 1,
                    "seed_mode": "NVIDIA GPU Compatible",
                    "lora": [{"model": "l", "weight": 0.3}],
                }
            ).encode(),
        ),
        {"noise": "NV", "strength": None},
    ),
    "Easy Diffusion": (
        png(
            prompt="a fox",
            negative_prompt="n",
            seed="42",
            num_inference_steps="20",
            guidance_scale="7",
            width="512",
            height="768",
            sampler_name="euler_a",
            use_stable_diffusion_model="tiny",
        ),
        {"model": "tiny"},
    ),
}


@pytest.mark.parametrize("program", list(PROGRAMS))
def test_each_program_is_read_in_its_words(program: str) -> None:
    data, wanted = PROGRAMS[program]
    settings = found(data if isinstance(data, bytes) else data.encode())  # type: ignore[unreachable]
    assert settings.program == program
    assert (settings.seed, settings.steps, settings.guidance) == (42, 20, 7.0)
    assert (settings.width, settings.height) == (512, 768) and settings.complete
    for name, value in wanted.items():
        assert getattr(settings, name) == value, name


def test_novelai_is_read_out_of_the_alpha_channel() -> None:
    comment = json.dumps({"prompt": "a fox", "uc": "n", "seed": 42, "steps": 28, "scale": 5, "sampler": "k_euler"})
    settings = found(hidden(json.dumps({"Software": "NovelAI", "Source": "x", "Comment": comment})))
    assert settings.program == "NovelAI" and settings.seed == 42 and settings.steps == 28


def test_draw_things_stands_in_xmp_too() -> None:
    packet = (
        "<exif:UserComment><rdf:Alt><rdf:li xml:lang='x-default'>{&quot;c&quot;: &quot;a&quot;}</rdf:li>"
        "</rdf:Alt></exif:UserComment>"
    )
    assert json.loads(xmp_value(packet, "exif:UserComment")) == {"c": "a"}


def test_old_invoke_pictures_are_read() -> None:
    dream = '"a fox [ugly]" -s 20 -S 42 -W 512 -H 768 -C 7.0 -A k_lms'
    settings = found(png(Dream=dream))
    assert (settings.prompt, settings.negative, settings.sampler) == ("a fox", "ugly", "k_lms")


@pytest.mark.parametrize(
    "data",
    [
        png(),
        png(Title="Created with GIMP"),
        b"",
        b"hello",
        b"{}",
        png(parameters="{"),
        png(prompt="a fox"),
        b"\xff" * 99,
    ],
)
def test_what_holds_no_settings_gives_none(data: bytes) -> None:
    assert settings_in(data) is None


def test_a_damaged_image_is_refused_in_a_sentence() -> None:
    with pytest.raises(NotReadableError, match="this image is damaged"):
        settings_in(png()[:40])


def test_odd_values_never_raise() -> None:
    odd = ["", "x", "-1", "1e999", "99999999999999999999999999", "[]", "{", '"', "NaN", "(1,2,3)", "\0"]
    for value in odd:
        for pair in PAIRS.split(", "):
            key = pair.partition(":")[0]
            settings_in(f"p\nSteps: 20, {key}: {value}, Hires upscale: {value}, Lora hashes: {value}".encode())
        for program in ("sui_image_params", "positive_prompt"):
            settings_in(png(parameters=json.dumps({program: {"seed": value, "loras": value, "width": value}})))
            settings_in(png(invokeai_metadata=json.dumps({"seed": value, "loras": value, "model": value})))


def test_hidden_text_does_not_trust_its_length() -> None:
    image = Image.new("RGBA", (200, 10), (0, 0, 0, 254))
    bits = [byte >> (7 - place) & 1 for byte in b"stealth_pngcomp" + b"\xff\xff\xff\xf8" for place in range(8)]
    for number, bit in enumerate(bits):
        image.putpixel((number // 10, number % 10), (0, 0, 0, 254 | bit))
    assert texts_of(png(image)).hidden == ""


def test_all_on_one_line() -> None:
    info = parse("a fox in snow Negative prompt: blurry, dark Steps: 9, Sampler: Euler, Seed: 5, Size: 64x96")
    assert (info.prompt, info.negative, info.pairs["Seed"]) == ("a fox in snow", "blurry, dark", "5")
    assert parse("a fox Negative prompt: Steps: 9, Sampler: Euler, Seed: 5").prompt == "a fox"


def test_scripts_that_write_their_options() -> None:
    size = {"original__width": "16", "original__height": "24"}
    options = {"prompt": "a fox", "negative__prompt": "None", "seed": "9", "sampler": "euler_a", "steps": "20"}
    kohya = found(png(**options, scale="7.5", **size))
    assert (kohya.program, kohya.prompt, kohya.negative, kohya.seed) == ("sd-scripts", "a fox", "", 9)
    assert (kohya.steps, kohya.guidance, kohya.width, kohya.height) == (20, 7.5, 16, 24)
    said = {"prompt": "a fox", "negative_prompt": "dark", "guidance_scale": 7, "num_inference_steps": 28}
    space = found(png(parameters=json.dumps({**said, "resolution": "832 x 1216", "seed": 9, "sampler": "Euler a"})))
    assert (space.program, space.negative, space.steps, space.width) == ("Hugging Face space", "dark", 28, 832)


def test_what_stands_behind_the_settings_is_none_of_them() -> None:
    settings = settings_of_web_ui(
        "a cat\0, [x]\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, Seed: 1, Guidance: 3.5, Model: x\n"
        "Template: {cat|dog}, Steps: 5, Seed: 7\nSampler: none\nNegative Template: bad, worse: really"
    )
    assert (settings.prompt, settings.negative) == ("a cat, [x]", "dog")
    assert (settings.steps, settings.seed, settings.sampler) == (20, 1, "Euler a")
    assert settings.distilled_guidance == 3.5 and settings.left_out == []


@pytest.mark.parametrize("encoding", ["iso2022_jp", "cp932"])
def test_a_comment_in_japanese_letters_is_read(encoding: str) -> None:
    text = "猫, よる\nSteps: 20, Sampler: Euler a, Seed: 1"
    assert commented(b"JIS\0\0\0\0\0" + text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_text_may_begin_with_a_mark_of_its_letters(encoding: str) -> None:
    assert found("猫\nSteps: 20, Sampler: Euler a, Seed: 1".encode(encoding)).prompt == "猫"
