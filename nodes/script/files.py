"""Models in single files as scripts load them: each part out of its file, made with what is told from that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nodes.comfyui.export.exporter import CannotExportError
from nodes.loaders.families.stable_diffusion.marks import trained_by_file
from nodes.loaders.models.family import Family, TextPart
from nodes.loaders.models.text import EncoderFile, Given
from nodes.loaders.models.weights_file import MODEL, WeightsFile
from nodes.loaders.models.whole import VAE_PART
from nodes.loaders.read.accounting import FileWeights
from nodes.loaders.read.folder_files import named
from nodes.loaders.text_encoders.tokenizers import further_tokenizer, tokenizer_for
from nodes.script.file_parts import FilePart, check_plain, encoder_in, network_in, open_clip_begins, open_clip_in
from nodes.script.headers import ChangeableLayers
from nodes.script.models import Folder, ScriptPart, Trained
from nodes.script.pieces import broken, literal
from nodes.script.writer import Made, Writer

TOKENIZERS = "Tokenizer", "TokenizerFast", "Processor"
TAKES_WEIGHTS = "from_file", "with_weights"
"""Functions of scripts that are given weights where names begin in another way than a file has them."""
SAFETENSORS = ".safetensors"
SIZED, SIZES = "label_emb.0.0.weight", 6
"""What XL's U-Net reads the text as a whole and so many sizes by."""


class ModelFiles:
    """A model of a family whose parts lie in single files, as `ScriptModel`."""

    def __init__(self, writer: Writer, name: str, family: Family) -> None:
        self.writer, self.name = writer, name
        self.family = family
        self.network: Path | None = None
        self.texts: Given = {}
        self.vae: Path | None = None
        self.tokenizer = ""
        self._opened: dict[Path, WeightsFile] = {}
        self._told: dict[str, FilePart] = {}

    def holds(self, place: str) -> bool:
        """Whether the model has a part."""
        return place in self.texts or (place == self.family.latent.place and self.vae is not None)

    def said(self, _: str, usual: Any) -> Any:
        """What the model as a whole says: files say nothing."""
        return usual

    def config(self, part: str) -> Mapping[str, Any]:
        """The configuration of a part. Raises CannotExportError where scripts do not load it."""
        place = self._path(part)
        if place.is_dir():
            return self._folder(place).config("")
        return self._found(part).config

    def layers(self, place: str) -> ChangeableLayers:
        """Those of a network, for LoRAs."""
        return ChangeableLayers(place, lambda: self._found(place).weights)

    def trained(self) -> Trained:
        """The noise levels that the model was trained with."""
        config = self.config(self.family.network.place)
        if self.family.marks is not None:
            assert self.network is not None
            plain = config["in_channels"] == config["out_channels"]
            return Trained(trained_by_file(self.network, self.family.schedule(config), plain).config)
        said = self.family.schedule(config)
        return Trained({key: value for key, value in said.items() if key not in self.family.usual})

    def part(self, part: ScriptPart) -> str:
        """The name of a part, which is loaded once. Raises CannotExportError for one that scripts do not load."""
        if part.kind.endswith(TOKENIZERS):
            text, file = self._reader(part.subfolder)
            key = ("tokenizer", str(file.path), part.subfolder)
            return self.writer.shared(key, lambda: self._tokenizer(part.subfolder, text, file)).code
        place = self._path(part.subfolder)
        key = ("part", str(place), part.subfolder)
        return self.writer.shared(key, lambda: self._loaded(part, place)).code

    def _loaded(self, part: ScriptPart, place: Path) -> Made:
        if place.is_dir():
            return Made(self._folder(place).part(replace(part, subfolder="")))
        found = self._found(part.subfolder)
        if part.told or part.library or part.kind != found.kind:
            raise CannotExportError(f"{self.name} loads {named(place)}, a {found.kind}, which scripts do not load")
        writer = self.writer
        writer.imports.take(part.module, found.kind)
        file = self._file(place, part.subfolder)
        given = [found.kind, file]
        if found.names and found.function in TAKES_WEIGHTS:
            given[1] = f"{writer.use('weights_in')}({file}, {literal(found.names)})"
        elif found.names:
            given.append(literal(found.names))
        told = {key: broken(value, 4, len(key) + 2) for key, value in found.made_with.items()}
        return Made(writer.assign(self.name, part.subfolder, writer.use(found.function), *given, **told))

    def _file(self, place: Path, part: str) -> str:
        """The name of a file, which is said once."""
        called = f"{self.name}_file" if place == self.network else f"{self.name}_{part}_file"
        key = ("file", str(place))
        return self.writer.shared(key, lambda: Made(self.writer.called(called, key, str(place)))).code

    def _folder(self, place: Path) -> Folder:
        return Folder.at(self.writer, self.name, place)

    def _path(self, part: str) -> Path:
        """Where a part lies. Raises CannotExportError where the node has none."""
        if part == self.family.latent.place:
            found = self.vae
        else:
            found = self.network if part == self.family.network.place else self._text_path(part)
        if found is None:
            raise CannotExportError(f"{self.name} has no {part} that scripts load")
        return found

    def _text_path(self, place: str) -> Path | None:
        return self.texts[place].path if place in self.texts else None

    def _shapes(self, path: Path) -> WeightsFile:
        """A file's weights without their numbers. Raises CannotExportError for one that scripts do not load."""
        if path not in self._opened:
            if path.suffix != SAFETENSORS:
                raise CannotExportError(f"{self.name} loads {named(path)}, and scripts load .safetensors alone")
            self._opened[path] = WeightsFile.of_shapes(path)
            check_plain(self._opened[path], self.name)
        return self._opened[path]

    def _found(self, part: str) -> FilePart:
        if part not in self._told:
            self._told[part] = self._looked(part, self._shapes(self._path(part)))
        return self._told[part]

    def _looked(self, part: str, file: WeightsFile) -> FilePart:
        family, marks = self.family, self.family.marks
        if part == family.network.place:
            if family.network.architecture.held:
                raise CannotExportError(
                    f"{self.name} loads {named(file.path)}, which holds two networks; take its folder"
                )
            weights = file.network(marks.names if marks else ())
            return network_in(family.network.architecture, file, weights, self._sizes(file, weights), self.name)
        if part == family.latent.place:
            weights = file.part(VAE_PART) or file.alone(MODEL)
            latent = family.latent
            return network_in(latent.autoencoder.architecture, file, weights, latent.settings, self.name)
        encoder = next(one.encoder for one in family.text.parts if one.place == part)
        weights = file.part(encoder.name) or file.alone()
        if (begins := open_clip_begins(weights, file)) is not None:
            return open_clip_in(encoder.architecture.kind, file, begins)
        return encoder_in(encoder.architecture, file, weights, self.name)

    def _sizes(self, file: WeightsFile, weights: FileWeights) -> dict[str, Any]:
        """By how many numbers a U-Net is told a size whose file says it by the text encoder beside it, as XL's does."""
        second = "text_encoder_2"
        inside = second in self.texts and self.texts[second].path == file.path
        if not inside or SIZED not in weights:
            return {}
        wide = weights[SIZED].shape[1] - self.config(second)["projection_dim"]
        return {"addition_time_embed_dim": int(wide) // SIZES}

    def _reader(self, place: str) -> tuple[TextPart, EncoderFile]:
        """The text encoder that a tokenizer goes with, and its file. Raises CannotExportError where there is none."""
        parts = [one for one in self.family.text.parts if one.place in self.texts]
        told = [one for one in parts if place in (one.tokenizer, *one.encoder.further)] or parts[: len(parts) == 1]
        if not told:
            raise CannotExportError(f"{self.name} reads texts by a {place}, which scripts do not find")
        return told[0], self.texts[told[0].place]

    def _tokenizer(self, place: str, text: TextPart, file: EncoderFile) -> Made:
        spec, further = text.encoder.tokenizing, text.encoder.further.get(place)
        if further is not None:
            spec, found = further, further_tokenizer(further, file.path, place)
        elif file.path.is_dir():
            found = spec.of_folder(file.path.parent / text.tokenizer)
        else:
            found = tokenizer_for(spec, file.path, text.encoder.name, self.tokenizer)
        writer, kind = self.writer, type(found).__name__
        folder = Path(found.name_or_path) if found.name_or_path else None
        if folder is not None and folder.is_dir():
            writer.imports.take("transformers", kind)
            code = literal(str(folder.absolute()))
            return Made(writer.assign(self.name, place, f"{kind}.from_pretrained", code))
        if kind.startswith("CLIP"):
            return Made(writer.assign(self.name, place, writer.use("clip_tokenizer"), literal(found.pad_token)))
        if kind == "ByT5Tokenizer":
            writer.imports.take("transformers", kind)
            return Made(writer.assign(self.name, place, kind))
        raise CannotExportError(
            f"{self.name} loads {named(file.path)}, which brings its tokenizer along, and scripts read them of folders "
            "alone: name one at tokenizer"
        )
