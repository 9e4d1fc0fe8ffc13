"""Networks of nodeflow's own that are small enough to stand in a script."""

from __future__ import annotations

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.denoisers import Denoises
from nodes.script.models import Folder, ScriptNetwork, fixed
from nodes.script.noise import plain_noise
from nodes.script.writer import Function, Made, Writer


def load_own(folder: Folder, kind: str) -> str:
    """Load weights into a class that stands in the script."""
    writer = folder.writer
    if folder.config("").get("_class_name") != kind:
        raise CannotExportError(f"{folder.name} holds no {kind}")

    def load() -> Made:
        again = Folder(writer, folder.name)
        loading = f"{writer.use(kind)}.from_pretrained"
        writer.imports.add("torch")
        network = writer.assign(folder.name, "network", loading, again.code, "torch_dtype=torch.float32")
        return Made(fixed(writer, network))

    return writer.shared(("part", str(folder.path), ""), load).code


def load_classifier(writer: Writer, name: str, _: str) -> Made:
    return Made(load_own(Folder(writer, name), "NoisyClassifier"))


def load_uvit(writer: Writer, name: str, output: str) -> Made:
    folder = Folder(writer, name)
    trained = folder.trained()
    if output == "schedule":
        return Made("", trained)
    config = folder.config("")
    if not config.get("text_tokens") or config.get("num_classes"):
        raise CannotExportError(f"{name} loads a U-ViT that no text leads, which is not written")
    downscale = config.get("downscale", 8)
    network = ScriptNetwork(config, config["in_channels"], downscale, config["sample_size"], trained.prediction)
    return Made(load_own(folder, "UViT"), network)


def uvit_denoiser(writer: Writer, name: str, _: str) -> Made:
    network = writer.input(name, "transformer")
    line = writer.bound(name, "", "word_transformer", network.code)
    return Made(line, Denoises(network.about, network.code, network.about.prediction))


def load_gan(writer: Writer, name: str, _: str) -> Made:
    folder = Folder(writer, name)
    return Made(load_own(folder, "WordGenerator"), folder.config(""))


def gan_noise(writer: Writer, name: str, _: str) -> Made:
    generator, noise = writer.input(name, "generator"), plain_noise(writer, name)
    given = writer.use("drawn"), noise.code, f"({generator.about['noise_dim']}, 1, 1)"
    if (truncation := writer.value(name, "truncation")) in ("1", "1.0"):
        return Made(writer.assign(name, "noise", *given))
    return Made(f"({truncation} * {writer.assign(name, 'noise', *given)})")


def generate(writer: Writer, name: str, output: str) -> Made:
    if output != "image":
        raise CannotExportError(f"the {output} of {name} is not written")
    generator, noise = writer.input(name, "generator"), writer.input(name, "noise")
    link = writer.about.source(name, "conditioning")
    if link is None or writer.about.kind(link.source) != "clip_text_encode":
        raise CannotExportError(f"{name} reads another text than that of one encoder, which is not written")
    whole = writer.shared(("whole", link.source), lambda: _whole(writer, link.source))
    return Made(writer.assign(name, "images", writer.use("generate"), generator.code, whole.code, noise.code))


def _whole(writer: Writer, name: str) -> Made:
    """A text's tokens and the text as a whole, of a node that encodes one."""
    encoder = writer.input(name, "text_encoder")
    if encoder.code != "encode":
        raise CannotExportError(f"{name} reads by another text encoder than CLIP's, which is not written")
    return Made(writer.assign(name, "condition", writer.use("encode_whole"), writer.text(name, True), *encoder.about))


OWN_NETWORKS: dict[str, Function] = {
    "load_noisy_classifier": load_classifier,
    "load_uvit": load_uvit,
    "uvit_denoiser": uvit_denoiser,
    "load_gan": load_gan,
    "gan_noise": gan_noise,
    "gan_generate": generate,
}
