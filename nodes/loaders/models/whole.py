"""A whole model out of a folder or file, with what it lacks taken from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from nodeflow.library.named import files_of
from nodeflow.library.recognised import Recognised
from nodeflow.node import NodeError, warn
from nodeflow.wires import VAE, DiffusionNetwork, LatentFormat, TextEncoder, TrainedSchedule
from nodes.loaders.models.family import Family, TextPart
from nodes.loaders.models.precision import ComputePrecision
from nodes.loaders.models.text import EncoderFile, Given, assigned, load_text
from nodes.loaders.models.weights_file import MODEL, WeightsFile
from nodes.loaders.read.folder_files import named, read_json
from nodes.loaders.read.parts import LoadTarget, Parts, denoiser, prediction_of
from nodes.loaders.read.recognise import recognise
from nodes.loaders.read.schedule_file import read_schedule
from nodes.loaders.text_encoders.read_for import reads_for

INDEX, MODULAR = "model_index.json", "modular_model_index.json"
"""What says which parts a pipeline's folder has, and that of one of diffusers' modular pipelines."""
VAE_PART = "VAE"
"""What ``parts.toml`` calls it."""


class ModelParts(NamedTuple):
    """The parts of a model."""

    text_encoder: TextEncoder
    network: DiffusionNetwork
    vae: VAE
    schedule: TrainedSchedule


@dataclass(frozen=True)
class NamedParts:
    """What a person named beside the model: files with text encoders, with a VAE, with the network; a tokenizer."""

    texts: Sequence[EncoderFile] = ()
    vae: Path | None = None
    network: Path | None = None
    tokenizer: str = ""
    left_out: frozenset[str] = field(default_factory=frozenset)
    """Text encoders that are not wanted, by their folders' names."""


class NetworkAndSchedule(NamedTuple):
    """A network that was loaded, its configuration, and its trained schedule where the family or a folder tells it."""

    module: Any
    config: Mapping[str, Any]
    schedule: TrainedSchedule


def load_whole(family: Family, path: Path, precision: ComputePrecision, beside: NamedParts) -> ModelParts:
    """All parts of a model. Raises NodeError where one is missing, damaged, or of another family."""
    if family.whole is not None and beside.network is None and (path.is_dir() or _is_whole(path)):
        return _by_its_own(family, family.whole, path, precision, beside)
    if path.is_dir():
        return _from_pipeline(family, path, precision, beside)
    file = WeightsFile(path)
    network = network_from_file(family, file, precision)
    inside = encoders_of_file(family, file)
    given = {**inside, **assigned(family, beside.texts)}
    given = _wanted({**given, **_from_library(family, given, beside)}, beside)
    text = load_text(family, given, precision, network.config, beside.tokenizer)
    vae = _vae(family, file, precision, beside)
    file.close()
    return _together(family, text, network, vae, precision)


def _is_whole(path: Path) -> bool:
    """Return whether a file has all parts of its model."""
    found = recognise(path)
    return found.kind == "checkpoint" and not found.missing


def _by_its_own(
    family: Family,
    whole: Callable[[Path, LoadTarget], Parts],
    path: Path,
    precision: ComputePrecision,
    beside: NamedParts,
) -> ModelParts:
    """A model that its family loads as a whole, with the parts in place that a person named. Raises NodeError."""
    text, network, vae, schedule = whole(path, precision.target(family.network.architecture.precisions))
    reads_for(text, family.name)
    if beside.texts:
        config: Any = network.module.config
        text = load_text(family, assigned(family, beside.texts), precision, config, beside.tokenizer)
    if beside.vae is not None:
        vae = _named_vae(family, beside.vae, precision)
    return ModelParts(text, replace(network, family=family.name), vae, schedule)


def _from_pipeline(family: Family, path: Path, precision: ComputePrecision, beside: NamedParts) -> ModelParts:
    if beside.network is not None:
        network = network_from_file(family, WeightsFile(beside.network), precision)
        network = network._replace(schedule=_schedule_of(family, path, network.config))
    else:
        network = network_from_folder(family, path, precision)
    inside = encoders_of_folder(family, path)
    lost = [part.place for part in family.text.parts if part.needed and part.place not in inside]
    if lost and not beside.texts:
        raise NodeError(f"{path.name} has no {lost[0]}; this node needs it")
    given = _wanted({**inside, **assigned(family, beside.texts)}, beside)
    text = load_text(family, given, precision, network.config, beside.tokenizer)
    latent = family.latent
    if beside.vae is not None:
        vae = _named_vae(family, beside.vae, precision)
    else:
        side = latent.format(network.config).side
        dtype = precision.dtype(latent.autoencoder.architecture.precisions)
        vae = latent.autoencoder.from_folder(path / latent.place, dtype, side)
    return _together(family, text, network, vae, precision)


def encoders_of(family: Family, path: Path) -> Given:
    """The text encoders of a file or folder with a whole model. Raises NodeError."""
    return encoders_of_folder(family, path) if path.is_dir() else encoders_of_file(family, WeightsFile(path))


def encoders_of_file(family: Family, file: WeightsFile) -> Given:
    """The text encoders that a file with a whole model holds."""
    return {
        part.place: EncoderFile(file.path, Recognised(family=part.encoder.name), file)
        for part in family.text.parts
        if file.holds(part.encoder.name)
    }


def encoders_of_folder(family: Family, path: Path) -> Given:
    """The text encoders that a pipeline's folder has. Raises NodeError where it is none."""
    modular = (path / MODULAR).is_file()
    index = read_json(path / (MODULAR if modular else INDEX), "it needs a model_index.json as diffusers saves it")
    return {
        part.place: EncoderFile(path / part.place, Recognised(family=part.encoder.name))
        for part in family.text.parts
        if _has(index, part.place) and (path / part.place).is_dir()
    }


def _wanted(given: Mapping[str, EncoderFile], beside: NamedParts) -> dict[str, EncoderFile]:
    return {place: file for place, file in given.items() if place not in beside.left_out}


def _together(
    family: Family, text: TextEncoder, network: NetworkAndSchedule, vae: VAE, precision: ComputePrecision
) -> ModelParts:
    side = family.latent.format(network.config).side
    format = replace(vae.format, side=side)
    return ModelParts(text, _wired(family, network, format, precision), vae, network.schedule)


def _wired(
    family: Family, network: NetworkAndSchedule, format: LatentFormat, precision: ComputePrecision
) -> DiffusionNetwork:
    target = precision.target(family.network.architecture.precisions)
    prediction = prediction_of(network.schedule)
    return DiffusionNetwork(denoiser(network.module, target), format, prediction, family=family.name)


def load_network(family: Family, path: Path, precision: ComputePrecision) -> tuple[DiffusionNetwork, TrainedSchedule]:
    """A network by itself: from a file, from a folder of it alone, or out of a pipeline's folder. Raises NodeError."""
    if path.is_file():
        file = WeightsFile(path)
        network = network_from_file(family, file, precision)
        file.close()
    else:
        network = network_from_folder(family, path, precision)
    return _wired(family, network, family.latent.format(network.config), precision), network.schedule


def network_from_file(family: Family, file: WeightsFile, precision: ComputePrecision) -> NetworkAndSchedule:
    """A family's network out of a file. Raises NodeError for another family's, and for missing weights."""
    architecture = family.network.architecture
    dtype = precision.dtype(architecture.precisions)
    names = family.marks.names if family.marks is not None else ()
    module = architecture.from_file(file.path, file.network(names), family.name, dtype)
    schedule, marks = _learned(family, module), file.called(names)
    if marks and family.marks is not None:
        velocity = schedule.config.get("prediction_type") == "v_prediction"
        schedule = family.marks.schedule(file.path, marks, module, velocity)
    return NetworkAndSchedule(module, module.config, schedule)


def network_from_folder(family: Family, path: Path, precision: ComputePrecision) -> NetworkAndSchedule:
    """A family's network out of the folder of a pipeline, or of the network alone. Raises NodeError."""
    architecture = family.network.architecture
    alone = not any((path / index).is_file() for index in (INDEX, MODULAR))
    place = path if alone else path / family.network.place
    module = architecture.from_folder(place, precision.dtype(architecture.precisions))
    schedule = _learned(family, module) if alone else _schedule_of(family, path, module.config)
    return NetworkAndSchedule(module, module.config, schedule)


def _learned(family: Family, module: Any) -> TrainedSchedule:
    """The schedule of a network by itself, as its configuration and its weights tell it."""
    return TrainedSchedule({**family.schedule(module.config), **family.learned(module)})


def _schedule_of(family: Family, path: Path, config: Mapping[str, Any]) -> TrainedSchedule:
    if (path / MODULAR).is_file() and not (path / "scheduler").is_dir():
        return TrainedSchedule(family.schedule(config))
    return TrainedSchedule({**read_schedule(path / "scheduler").config, **family.usual})


def vae_from_file(family: Family, file: WeightsFile, precision: ComputePrecision) -> VAE:
    """A family's VAE out of a file of its own, or of one that holds more. Raises NodeError."""
    latent = family.latent
    dtype = precision.dtype(latent.autoencoder.architecture.precisions)
    weights = file.part(VAE_PART) or file.alone(MODEL)
    side = latent.format({}).side
    return latent.autoencoder.from_file(file.path, weights, f"VAE of {family.name}", dtype, side, latent.settings)


def _vae(family: Family, file: WeightsFile, precision: ComputePrecision, beside: NamedParts) -> VAE:
    """The VAE that a person named, that is in the file, or in the library."""
    if beside.vae is not None:
        return _named_vae(family, beside.vae, precision)
    if file.holds(VAE_PART) or not family.latent.files:
        return vae_from_file(family, file, precision)
    path = _in_library(family, file.path, "vae", family.latent.files, "VAE", "vae")
    return vae_from_file(family, WeightsFile(path), precision)


def _named_vae(family: Family, path: Path, precision: ComputePrecision) -> VAE:
    """The VAE of a file that a person named. Raises NodeError for another family's."""
    found = recognise(path, VAE_PART)
    if path.is_dir():
        latent = family.latent
        place = path / latent.place if (path / latent.place).is_dir() else path
        dtype = precision.dtype(latent.autoencoder.architecture.precisions)
        coder = latent.autoencoder.from_folder(place, dtype, latent.format({}).side)
        _check_space(family, place, coder)
        return coder
    inside = found.kind == "checkpoint" and family.is_told(found.family)
    if not family.latent.files:
        raise NodeError(f"{family.name} takes no VAE; leave vae empty")
    if found.known and not inside and not (found.kind == "vae" and found.family in family.latent.files):
        raise NodeError(f"{named(path)} holds {found.what}, and {family.name} needs another VAE")
    return vae_from_file(family, WeightsFile(path), precision)


def _check_space(family: Family, folder: Path, coder: VAE) -> None:
    """Raise NodeError where a VAE's folder says that its latents are others than the family's."""
    wanted = family.latent.format({}).channels
    if coder.format.channels != wanted:
        raise NodeError(
            f"{named(folder)} makes latents of {coder.format.channels} channels, and those of {family.name} have "
            f"{wanted}; name another VAE"
        )
    told: Any = getattr(getattr(coder, "module", None), "config", {})
    for name, value in family.latent.settings.items():
        if isinstance(value, tuple):
            if tuple(told.get(name) or ()) != value:
                raise NodeError(
                    f"{named(folder)} is the VAE of another model: its {name} is another than that of {family.name}; "
                    "name another VAE"
                )
        elif (told.get(name) or 0.0) != value:
            raise NodeError(
                f"{named(folder)} is the VAE of another model: its {name} is {told.get(name) or 0:g}, and that of "
                f"{family.name} {value:g}; name another VAE"
            )


def _from_library(family: Family, given: Mapping[str, EncoderFile], beside: NamedParts) -> dict[str, EncoderFile]:
    """The text encoders that nobody named, out of the library; those that may be missing only where it has them."""
    found: dict[str, EncoderFile] = {}
    for part in family.text.parts:
        if part.place in given or part.place in beside.left_out:
            continue
        path = _encoder_in_library(family, part)
        if path is not None:
            found[part.place] = EncoderFile(path, recognise(path))
    return found


def _encoder_in_library(family: Family, part: TextPart) -> Path | None:
    encoder = part.encoder
    files = files_of(encoder.filed, encoder.told[:1]) or files_of(encoder.filed, encoder.told)
    if files:
        return _told(files, encoder.name)
    if not part.needed:
        return None
    raise NodeError(
        f"{family.name} reads texts by {encoder.name}, which is neither in the file nor in your model library; name "
        f"its file at text_encoder"
    )


def _in_library(family: Family, path: Path, kind: str, told: Sequence[str], what: str, param: str) -> Path:
    files = files_of(kind, told)
    if not files:
        raise NodeError(
            f"{named(path)} holds no {what}, and your model library has none for {family.name}; name its file at "
            f"{param}"
        )
    if len(files) > 1:
        listed = ", ".join(name for name, _ in files[:4])
        raise NodeError(
            f"several files of your model library may be the {what} of {family.name}: {listed}; name one at {param}"
        )
    return _told(files, what)


def _told(files: Sequence[tuple[str, Path]], what: str) -> Path:
    """The first of those that fit, which the node says."""
    name, path = files[0]
    more = f", the first of {len(files)} that fit" if len(files) > 1 else ""
    warn(f"{what}: {name}, from your model library{more}")
    return path


def _has(index: Mapping[str, Any], part: str) -> bool:
    entry = index.get(part)
    return isinstance(entry, list) and len(entry) in (2, 3) and entry[1] is not None
