"""Networks looked at, as images of the numbers in them."""

from __future__ import annotations

from nodeflow.prompt_text import as_clip_reads
from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.denoisers import Denoises
from nodes.script.noise import plain_noise
from nodes.script.pieces import literal
from nodes.script.plane import refused
from nodes.script.sigmas import trained_levels
from nodes.script.texts import CLIP_ALONE
from nodes.script.writer import Function, Made, Writer

READERS = ("encode", "encode_t5")
"""Functions of scripts that read a text by one encoder, several texts at once too."""


def training_step(writer: Writer, name: str, output: str) -> Made:
    if output not in ("noised", "noise", "predicted", "original"):
        raise refused(name, output)
    return Made(f"{writer.shared((name, 'step'), lambda: _training_step(writer, name)).code}.{output}")


def _training_step(writer: Writer, name: str) -> Made:
    denoiser, condition = writer.input(name, "denoiser"), writer.input(name, "conditioning").code
    latent, noise, levels = (
        writer.input(name, "latent").code,
        plain_noise(writer, name),
        trained_levels(writer, name)[0],
    )
    found: Denoises = denoiser.about
    predict = f"{_partial(writer)}({writer.use('unguided')}, {denoiser.code}, {condition})"
    drawn = noise.about.drawn(writer, noise.code, f"{latent}.shape[1:]")
    given = predict, literal(found.prediction), levels, latent, drawn, writer.value(name, "t")
    return Made(writer.assign(name, "", writer.use("training_step"), *given))


def time_embedding(writer: Writer, name: str, output: str) -> Made:
    if output not in ("vectors", "similarity"):
        raise refused(name, output)
    network = writer.input(name, "network") if writer.is_wired(name, "network") else None
    if network and (network.about is None or network.about.adapted or not network.code.isidentifier()):
        raise CannotExportError(f"{name} looks at a network that is changed on the way, which is not written")

    def write() -> Made:
        keys = ("times",) if network else ("times", "width", "longest_period")
        given = [*([network.code] if network else []), *(writer.value(name, key) for key in keys)]
        function = writer.use("learned_times" if network else "waves_of_times")
        return Made(writer.assign(name, "vectors", function, *given))

    vectors = writer.shared((name, "of times"), write).code
    if output == "vectors":
        return Made(f"{writer.use('coloured')}({vectors} / {vectors}.abs().amax().clamp(min=1e-9))")
    middle = f", {vectors}.mean(0)" if network else ""
    return Made(f"{writer.use('likeness_of_times')}({vectors}{middle})")


def compare_texts(writer: Writer, name: str, output: str) -> Made:
    if output != "image":
        raise refused(name, output)
    encoder = _reader(writer, name)
    lines = [line.strip() for line in str(writer.plain(name, "texts")).splitlines() if line.strip()]
    texts = [as_clip_reads(line) if encoder.code in CLIP_ALONE else line for line in lines]
    listed = f"list({writer.grouped(name, 'texts', *map(literal, texts))})"
    said = writer.assign(name, "tokens", encoder.code, listed, *encoder.about)
    return Made(writer.assign(name, "image", writer.use("texts_apart"), f"{said}[0]"))


def text_attention(writer: Writer, name: str, output: str) -> Made:
    if output not in ("image", "heads") or writer.plain(name, "encoder") != 1:
        raise refused(name, output)

    def write() -> Made:
        encoder = _reader(writer, name)
        text = writer.text(name, encoder.code in CLIP_ALONE)
        given = encoder.code, text, *encoder.about, writer.value(name, "layer")
        return Made(writer.assign(name, "weights", writer.use("text_attention"), *given))

    weights = writer.shared((name, "weights"), write).code
    picture = writer.use("attention_picture" if output == "image" else "heads_picture")
    return Made(f"{picture}({weights})")


def contrastive_loss(writer: Writer, name: str, output: str) -> Made:
    if output not in ("image_to_text", "text_to_image"):
        raise refused(name, output)

    def write() -> Made:
        vectors = [writer.input(name, key).code for key in ("images", "texts")]
        return Made(writer.assign(name, "cosines", writer.use("cosines"), *vectors))

    alike = writer.shared((name, "alike"), write).code
    axis = "1" if output == "image_to_text" else "0"
    return Made(f"{writer.use('likely_pairs')}({alike}, {writer.value(name, 'temperature')}, {axis})")


def zero_shot(writer: Writer, name: str, output: str) -> Made:
    if output != "image":
        raise refused(name, output)
    clip, image = writer.input(name, "clip").code, writer.input(name, "image").code
    template = str(writer.plain(name, "template"))
    names = [line.strip() for line in str(writer.plain(name, "classes")).splitlines() if line.strip()]
    texts = writer.grouped(name, "texts", *(literal(template.replace("{}", one)) for one in names))
    vectors = f"{clip}.embed_images({image})", f"{clip}.embed_texts(list({texts}))"
    alike = writer.assign(name, "cosines", writer.use("cosines"), *vectors)
    return Made(f"{writer.use('likely_pairs')}({alike}, {writer.value(name, 'temperature')}, 1)")


def classifier_gradient(writer: Writer, name: str, output: str) -> Made:
    if output not in ("seen", "gradient", "moved"):
        raise refused(name, output)

    def write() -> Made:
        classifier, latent, label = (writer.input(name, key).code for key in ("classifier", "latent", "label"))
        told = [writer.value(name, key) for key in ("t", "strength", "seed")]
        given = classifier, trained_levels(writer, name)[0], latent, f"{label}[0]", *told
        return Made(writer.assign(name, "", writer.use("classifier_gradient"), *given))

    return Made(f"{writer.shared((name, 'whole'), write).code}.{output}")


def control_residuals(writer: Writer, name: str, output: str) -> Made:
    if output != "maps" or writer.plain(name, "zero_convolutions") != "as trained":
        raise refused(name, output)
    denoiser: Denoises = writer.input(name, "denoiser").about
    if denoiser.function != "controlled_unet" or denoiser.network.adapted:
        raise CannotExportError(f"{name} looks at another control than of a text-led U-Net, which is not written")
    condition, latent = (writer.input(name, key).code for key in ("conditioning", "latent"))
    given = denoiser.controls[-1], latent, f"{condition}[0]", writer.value(name, "t")
    return Made(writer.assign(name, "maps", writer.use("control_maps"), *given))


def network_blocks(writer: Writer, name: str, output: str) -> Made:
    if output not in ("image", "maps"):
        raise refused(name, output)

    def write() -> Made:
        denoiser, condition = writer.input(name, "denoiser"), writer.input(name, "conditioning").code
        found: Denoises = denoiser.about
        if not found.code.isidentifier() or found.network.adapted:
            raise CannotExportError(f"{name} looks at a network that is changed on the way, which is not written")
        predict = f"{_partial(writer)}({writer.use('unguided')}, {denoiser.code}, {condition})"
        given = found.code, predict, writer.input(name, "latent").code, writer.value(name, "t")
        return Made(writer.assign(name, "blocks", writer.use("seen_blocks"), *given))

    blocks = writer.shared((name, "blocks"), write).code
    return Made(f"{writer.use('drawn_network' if output == 'image' else 'block_maps')}({blocks})")


def _reader(writer: Writer, name: str) -> Made:
    encoder = writer.input(name, "text_encoder")
    if encoder.code not in READERS:
        raise CannotExportError(f"{name} looks at several text encoders at once, which is not written")
    return encoder


def _partial(writer: Writer) -> str:
    writer.imports.take("functools", "partial")
    return "partial"


LOOKING: dict[str, Function] = {
    "training_step": training_step,
    "time_embedding": time_embedding,
    "compare_texts": compare_texts,
    "text_attention": text_attention,
    "contrastive_loss": contrastive_loss,
    "zero_shot": zero_shot,
    "classifier_gradient": classifier_gradient,
    "control_residuals": control_residuals,
    "network_blocks": network_blocks,
}
