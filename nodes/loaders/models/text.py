"""A family's text encoder, put together from where its parts lie: a folder, files of one each, a file of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodeflow.library import family_parts
from nodeflow.library.family_parts import Part
from nodeflow.library.recognised import Recognised
from nodeflow.library.tokenizer_files import PIPELINE
from nodeflow.node import NodeError
from nodeflow.wires import TextEncoder
from nodes.loaders.models.family import Encoding, Family, TextPart
from nodes.loaders.models.known import families, judged, rules_of
from nodes.loaders.models.precision import ComputePrecision
from nodes.loaders.models.weights_file import WeightsFile
from nodes.loaders.read.folder_files import named
from nodes.loaders.read.parts import ready
from nodes.loaders.text_encoders.read_for import reads_for
from nodes.loaders.text_encoders.tables import check_tables
from nodes.loaders.text_encoders.tokenizers import further_tokenizer, tokenizer_for


@dataclass(frozen=True)
class EncoderFile:
    """One text encoder's file or folder, and what it was told as; a part of a file that holds several has none."""

    path: Path
    found: Recognised
    whole: WeightsFile | None = None

    @property
    def part(self) -> Part:
        """The same as rules judge it."""
        return Part(named(self.path), self.found)

    def load(self, part: TextPart, precision: ComputePrecision, tokenizer: str) -> Encoding:
        """The encoder and its tokenizer. Raises NodeError."""
        encoder, path = part.encoder, self.path
        dtype = precision.dtype(encoder.architecture.precisions)
        if path.is_dir():
            module = encoder.architecture.from_folder(path, dtype)
            beside = path.parent / part.tokenizer
            if not tokenizer and (beside.is_dir() or (path.parent / PIPELINE).is_file()):
                return self._checked(encoder.tokenizing.of_folder(beside), module)
        else:
            file = self.whole or WeightsFile(path)
            weights = file.part(encoder.name) or file.alone()
            module = encoder.architecture.from_file(path, weights, encoder.name, dtype)
        most = module.get_input_embeddings().num_embeddings if tokenizer or encoder.tokenizing.own is None else 0
        return self._checked(tokenizer_for(encoder.tokenizing, path, encoder.name, tokenizer, most), module)

    def _checked(self, tokenizer: Any, module: Any) -> Encoding:
        check_tables(named(self.path), tokenizer, module, self.path.is_file())
        return Encoding(tokenizer, ready(module))

    def further(self, part: TextPart) -> dict[str, Encoding]:
        """Tokenizers that the text is read by besides. Raises NodeError where one is missing."""
        found = {}
        for name, spec in part.encoder.further.items():
            beside = self.path.parent / name
            own = self.path.is_dir() and beside.is_dir()
            found[name] = Encoding(spec.of_folder(beside) if own else further_tokenizer(spec, self.path, name), None)
        return found


Given = Mapping[str, EncoderFile]
"""Where a family's text encoders lie, by the name of their folder in a pipeline."""


def assigned(family: Family, given: Sequence[EncoderFile]) -> Given:
    """The given files, each as the part of the family that it is. Raises NodeError for one that is none of them."""
    with judged():
        numbers = family_parts.assigned(rules_of(family), [file.part for file in given])
    return {family.text.parts[number].place: file for number, file in zip(numbers, given, strict=True)}


def family_reading(given: Sequence[EncoderFile]) -> Family:
    """The one family that reads texts by these; one that has nothing besides before others. Raises NodeError."""
    with judged():
        return families()[family_parts.family_reading([file.part for file in given]).name]


def read_alike(one: str, other: str) -> bool:
    """Return whether two families, by their names, read texts alike: by the same encoders, where one is a kind of the
    other or puts texts to them in the same way. Families that are not known here do."""
    known = families()
    if one == other or one not in known or other not in known:
        return True
    first, second = known[one].text, known[other].text
    encoders = [[part.encoder.name for part in text.parts] for text in (first, second)]
    kin = one.startswith(other) or other.startswith(one) or one.partition("-")[0] == other.partition("-")[0]
    return encoders[0] == encoders[1] and (kin or first.make is second.make)


def load_text(
    family: Family, given: Given, precision: ComputePrecision, config: Mapping[str, Any], tokenizer: str = ""
) -> TextEncoder:
    """The text encoder; ``config`` of the network as far as it is known. Raises NodeError where a part is missing."""
    numbers = [number for number, part in enumerate(family.text.parts) if part.place in given]
    wrong = family_parts.not_given(rules_of(family), numbers) or family_parts.one_tokenizer(tokenizer, len(given))
    if wrong:
        raise NodeError(wrong)
    loaded: dict[str, Encoding] = {}
    for part in family.text.parts:
        if part.place in given:
            loaded[part.place] = given[part.place].load(part, precision, tokenizer)
            loaded |= given[part.place].further(part)
    text = family.text.make(loaded, config)
    reads_for(text, family.name)
    return text
