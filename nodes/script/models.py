"""Models that a script loads: folders in diffusers' layout, read here as far as their configurations tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from nodeflow import resources
from nodeflow.library.named import AmbiguousNameError, library_path
from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.headers import ChangeableLayers
from nodes.script.pieces import literal
from nodes.script.writer import Made, Writer

STARTER = "starter:"
DTYPE = {"diffusers": "torch_dtype=torch.float32", "transformers": "dtype=torch.float32"}
"""How a library is told the precision to load in."""


INDICES = ("model_index.json", "modular_model_index.json", "config.json")
"""What tells that a folder is a model in diffusers' layout."""
ANY = "*"
"""For a class that takes what others of its library saved."""


@dataclass(frozen=True)
class ScriptPart:
    """A part of a model: its folder inside the model's (empty: the model's own), and its class."""

    subfolder: str
    module: str
    kind: str
    named: str = ""
    """What the configuration calls it, where that is not the class itself."""
    library: str = ""
    """The library that its class is of, where that is another than it lies in."""
    told: str = ""
    """What else its class is given to load it, as code with ``{folder}`` in it."""


@dataclass(frozen=True)
class ScriptNetwork:
    """A network, the space that it works in and what it predicts."""

    config: Mapping[str, Any]
    channels: int
    downscale: int
    side: int
    prediction: str = "epsilon"
    family: str = ""
    adapted: bool = False
    """Whether its code stands for it with a LoRA on it."""
    layers: ChangeableLayers | None = None
    """Where a LoRA can be put on it."""


@dataclass(frozen=True)
class Trained:
    """The noise levels of a model: the scheduler's configuration, the code of its folder, and what was changed."""

    config: Mapping[str, Any]
    folder: str = ""
    subfolder: str = "scheduler"
    usual: Mapping[str, Any] = field(default_factory=dict)
    """What a family adds to its folder's: how noise levels are spaced for the size of an image, where they are."""
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def whole(self) -> dict[str, Any]:
        return {**self.config, **self.changes}

    def changed(self, changes: Mapping[str, Any]) -> Trained:
        """The same with other values in the configuration."""
        return replace(self, changes={**self.changes, **changes})

    @property
    def prediction(self) -> str:
        """What a network that was trained with it predicts."""
        if "FlowMatch" in str(self.config.get("_class_name", "")):
            return "flow"
        said = str(self.whole.get("prediction_type") or "epsilon")
        return {"v_prediction": "v"}.get(said, said)


class ScriptModel(Protocol):
    """A model as code in a script, whichever way its parts lie on the disk."""

    writer: Writer
    name: str

    def holds(self, place: str) -> bool: ...
    def config(self, part: str) -> Mapping[str, Any]: ...
    def said(self, what: str, usual: Any) -> Any: ...
    def layers(self, place: str) -> ChangeableLayers: ...
    def part(self, part: ScriptPart) -> str: ...
    def trained(self) -> Trained: ...


class Folder:
    """A model's folder: on disk, and as code in the script."""

    def __init__(self, writer: Writer, name: str, param: str = "model") -> None:
        self._begin(writer, name, model_folder(str(writer.plain(name, param)), name))

    @classmethod
    def at(cls, writer: Writer, name: str, path: Path) -> Folder:
        """One whose place is known, and what it is called in the script."""
        found = cls.__new__(cls)
        found._begin(writer, name, path.absolute())
        return found

    def _begin(self, writer: Writer, name: str, path: Path) -> None:
        self.writer, self.name, self.path = writer, name, path
        self.code = writer.shared(("folder", str(path)), self._written).code

    def _written(self) -> Made:
        return Made(self.writer.called(self.name, ("folder", str(self.path)), str(self.path)))

    def config(self, part: str) -> dict[str, Any]:
        """The configuration of a part. Raises CannotExportError where it cannot be read."""
        return read_json(self.path / part / "config.json")

    def holds(self, place: str) -> bool:
        """Whether the model has a part."""
        return (self.path / place).is_dir()

    def said(self, what: str, usual: Any) -> Any:
        """What the model as a whole says; what is usual where it does not."""
        return read_json(self.path / "model_index.json").get(what, usual)

    def layers(self, place: str) -> ChangeableLayers:
        """Those of a network, for LoRAs."""
        return ChangeableLayers.of_folder(self.path / place)

    def part(self, part: ScriptPart) -> str:
        """The name of a part, which is loaded once."""
        made = self.writer.shared(("part", str(self.path), part.subfolder), lambda: self._loaded(part))
        return made.code

    def _loaded(self, part: ScriptPart) -> Made:
        folder = Folder.at(self.writer, self.name, self.path).code
        network = not part.kind.endswith(("Tokenizer", "Processor"))
        options = []
        if network:
            config = self.config(part.subfolder)
            said = config.get("_class_name", (config.get("architectures") or [part.kind])[0])
            if part.named != ANY and said not in (part.named or part.kind, part.kind):
                raise CannotExportError(f"{self.name} holds {said}, which scripts do not load")
            options = [DTYPE[part.library or part.module.partition(".")[0]]]
        if part.told:
            options.append(part.told.format(folder=folder))
        if part.subfolder:
            options.insert(0, f"subfolder={literal(part.subfolder)}")
        self.writer.imports.take(part.module, part.kind)
        self.writer.imports.add("torch")
        given = part.subfolder or "network", f"{part.kind}.from_pretrained", folder, *options
        variable = self.writer.assign(self.name, *given)
        return Made(fixed(self.writer, variable) if network else variable)

    def trained(self, subfolder: str = "scheduler") -> Trained:
        """The noise levels that the model was trained with."""
        return Trained(read_json(self.path / subfolder / "scheduler_config.json"), self.code, subfolder)

    def classes(self) -> Mapping[str, str]:
        """The names of its classes by their numbers, where it is led by these."""
        index = self.path / "model_index.json"
        return read_json(index).get("id2label", {}) if index.is_file() else {}


def fixed(writer: Writer, network: str) -> str:
    """Say that a network learns nothing: torch multiplies by weights that could in another order; its name."""
    writer.line(f"{network}.requires_grad_(False)")
    return network


def model_folder(model: str, name: str) -> Path:
    """The folder of a model. Raises CannotExportError where there is none on this computer."""
    if model.startswith(STARTER):
        return resources.folder("assets") / "models" / model[len(STARTER) :]
    found = model_place(model)
    if not model or not any((found / file).is_file() for file in INDICES):
        raise CannotExportError(f"{name} loads {model or 'nothing'}, which is no folder in diffusers' layout here")
    return found.absolute()


def model_place(model: str) -> Path:
    """Where a model lies, by its name in a library or by its path. Raises CannotExportError for a name of several."""
    try:
        return library_path(model) or Path(model)
    except AmbiguousNameError as error:
        raise CannotExportError(str(error)) from None


def is_file(model: str) -> bool:
    """Whether a model is a single file on this computer."""
    return not model.startswith(STARTER) and bool(model) and model_place(model).is_file()


def model_file(model: str, name: str) -> Path:
    """A model's single file. Raises CannotExportError where there is none on this computer."""
    found = model_place(model)
    if not model or found.suffix != ".safetensors" or not found.is_file():
        raise CannotExportError(f"{name} loads {model or 'nothing'}, which is no .safetensors file here")
    return found.absolute()


def read_json(path: Path) -> dict[str, Any]:
    """A configuration. Raises CannotExportError for a file that is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise CannotExportError(f"{path} cannot be read") from None
    return found if isinstance(found, dict) else {}
