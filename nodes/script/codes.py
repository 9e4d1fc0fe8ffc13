"""Images as codes: VQ models, and what writes and fills in codes."""

from __future__ import annotations

from typing import NamedTuple

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.loaders import CLIP_TOKENIZER
from nodes.script.models import Folder, ScriptPart
from nodes.script.pieces import literal
from nodes.script.writer import Function, Made, Writer


class Vq(NamedTuple):
    """What is known of a VQ model: pixels of a code's place."""

    downscale: int


def vq_of(folder: Folder, subfolder: str) -> Made:
    config = folder.config(subfolder)
    code = folder.part(ScriptPart(subfolder, "diffusers", "VQModel"))
    return Made(code, Vq(2 ** (len(config["block_out_channels"]) - 1)))


def load_vq(writer: Writer, name: str, _: str) -> Made:
    folder = Folder(writer, name)
    inside = next((place for place in ("vqvae", "vq") if (folder.path / place).is_dir()), "")
    return vq_of(folder, inside)


def vq_encode(writer: Writer, name: str, _: str) -> Made:
    vq, image = writer.input(name, "vq"), writer.input(name, "image")
    return Made(writer.assign(name, "codes", writer.use("vq_encode"), vq.code, image.code))


def vq_decode(writer: Writer, name: str, _: str) -> Made:
    vq, codes = writer.input(name, "vq"), writer.input(name, "codes")
    return Made(writer.assign(name, "images", writer.use("vq_decode"), vq.code, codes.code))


def edit_codes(writer: Writer, name: str, _: str) -> Made:
    codes = writer.input(name, "codes")
    place = [writer.value(name, key) for key in ("x", "y", "width", "height")]
    others = writer.input(name, "other").code if writer.is_wired(name, "other") else writer.value(name, "code")
    return Made(writer.assign(name, "codes", writer.use("with_codes"), codes.code, *place, others))


def load_dalle(writer: Writer, name: str, _: str) -> Made:
    folder = Folder(writer, name)
    config = folder.config("transformer")
    code = folder.part(ScriptPart("transformer", "transformers", "GPT2LMHeadModel"))
    tokenizer = folder.part(ScriptPart("tokenizer", "transformers", "AutoTokenizer"))
    return Made(code, (tokenizer, int(config["image_side"])))


def load_masked_tokens(writer: Writer, name: str, output: str) -> Made:
    folder = Folder(writer, name)
    if output == "vq":
        return vq_of(folder, "vqvae" if (folder.path / "vqvae").is_dir() else "vq")
    if output == "text_encoder":
        encoder = folder.part(ScriptPart("text_encoder", "transformers", "CLIPTextModelWithProjection"))
        return Made(writer.use("encode_early"), (folder.part(CLIP_TOKENIZER), encoder))
    code = folder.part(ScriptPart("transformer", "diffusers", "UVit2DModel"))
    side = int(folder.config("transformer")["sample_size"])
    inside = "vqvae" if (folder.path / "vqvae").is_dir() else "vq"
    downscale = 2 ** (len(folder.config(inside)["block_out_channels"]) - 1)
    return Made(code, (folder.code, side, downscale))


def masked_sample(writer: Writer, name: str, output: str) -> Made:
    if output == "confidence":
        raise CannotExportError(f"the {output} of {name} is not written")
    filled = writer.shared((name, "filled"), lambda: _filled(writer, name))
    return Made(f"{filled.code}[{0 if output == 'codes' else 1}]")


def _filled(writer: Writer, name: str) -> Made:
    transformer = writer.input(name, "transformer")
    folder, side, downscale = transformer.about
    texts = [writer.input(name, "positive").code]
    guided = writer.is_wired(name, "negative") and writer.plain(name, "guidance") != 1
    if guided:
        texts.insert(0, writer.input(name, "negative").code)
    writer.imports.take("diffusers", "AmusedScheduler")
    masking = literal(writer.plain(name, "masking"))
    scheduler = writer.assign(
        name, "scheduler", "AmusedScheduler.from_pretrained", folder, 'subfolder="scheduler"', masking_schedule=masking
    )
    codes = _begun(writer, name, side)
    keys = "guidance", "temperature", "rounds", "seed"
    given = [writer.value(name, key) for key in keys]
    listed = f"[{', '.join(texts)}]"
    aesthetic = writer.value(name, "aesthetic")
    function = writer.use("fill_in")
    line = writer.assign(
        name, "filled", function, transformer.code, scheduler, listed, codes, *given, str(downscale), aesthetic
    )
    return Made(line)


def autoregressive(writer: Writer, name: str, _: str) -> Made:
    transformer = writer.input(name, "transformer")
    tokenizer, side = transformer.about
    codes = _begun(writer, name, side)
    keys = "temperature", "top_k", "guidance", "seed"
    given = [writer.value(name, key) for key in keys]
    text, function = writer.value(name, "text"), writer.use("write_codes")
    return Made(writer.assign(name, "codes", function, transformer.code, tokenizer, text, codes, *given))


def _begun(writer: Writer, name: str, side: int) -> str:
    """The code for what stands already."""
    count = writer.value(name, "pictures")
    if writer.is_wired(name, "codes"):
        return f"{writer.input(name, 'codes').code}.expand({count}, -1, -1)"
    return f"{writer.use('no_codes')}({count}, {side})"


CODES: dict[str, Function] = {
    "load_vq": load_vq,
    "vq_encode": vq_encode,
    "vq_decode": vq_decode,
    "edit_codes": edit_codes,
    "load_dalle": load_dalle,
    "load_masked_tokens": load_masked_tokens,
    "masked_sample": masked_sample,
    "autoregressive_sample": autoregressive,
}
