"""A whole model out of a folder or file, with what it lacks taken from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from nodeflow.library.family_parts import Part, encoders_in_library, lacks_encoder, other_vae, vae_in_library
from nodeflow.library.recognised import Recognised
from nodeflow.node import NodeError, warn
from nodeflow.wires import VAE, DiffusionNetwork, LatentFormat, TextEncoder, TrainedSchedule
from nodes.loaders.models.family import Family
from nodes.loaders.models.known import judged, rules_of
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
    file, given, coder = parts_of_file(family, path, beside)  # what is missing is told before anything large is read
    network = network_from_file(family, file, precision)
    text = load_text(family, given, precision, network.config, beside.tokenizer)
    vae = _vae_at(family, coder, precision)
    file.close()
    return _together(family, text, network, vae, precision)


class PartPlaces(NamedTuple):
    """Where the parts of a model lie: the file of its network, its text encoders, and its VAE's file or folder."""

    network: WeightsFile
    texts: Given
    vae: WeightsFile | Path


def parts_of_file(family: Family, path: Path, beside: NamedParts) -> PartPlaces:
    """The parts of a model whose network lies in a file: there, where a person says, or in the library. Raises
    NodeError where one is missing, or another family's."""
    file = WeightsFile(path)
    given = {**encoders_of_file(family, file), **assigned(family, beside.texts)}
    given = _wanted({**given, **_from_library(family, given, beside)}, beside)
    return PartPlaces(file, given, _vae(family, file, beside))


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
        given = {**encoders_of(family, path), **assigned(family, beside.texts)}
        text = load_text(family, given, precision, config, beside.tokenizer)
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


def _vae(family: Family, file: WeightsFile, beside: NamedParts) -> WeightsFile | Path:
    """The VAE that a person named, that is in the file, or in the library. Raises NodeError without one."""
    if beside.vae is not None:
        _check_vae(family, beside.vae)
        return beside.vae if beside.vae.is_dir() else WeightsFile(beside.vae)
    if file.holds(VAE_PART) or not family.latent.files:
        return file
    with judged():
        found = vae_in_library(named(file.path), rules_of(family))
    return WeightsFile(_told([found], VAE_PART))


def _vae_at(family: Family, place: WeightsFile | Path, precision: ComputePrecision) -> VAE:
    """The VAE of a file or folder. Raises NodeError for another family's."""
    if isinstance(place, WeightsFile):
        return vae_from_file(family, place, precision)
    return _named_vae(family, place, precision)


def _check_vae(family: Family, path: Path) -> None:
    """Raise NodeError for a file that a person named and that is another family's VAE, or none."""
    found = recognise(path, VAE_PART)
    if path.is_file() and (why := other_vae(Part(named(path), found), rules_of(family))):
        raise NodeError(why)


def _named_vae(family: Family, path: Path, precision: ComputePrecision) -> VAE:
    """The VAE of a file or folder that a person named. Raises NodeError for another family's."""
    _check_vae(family, path)
    if path.is_dir():
        latent = family.latent
        place = path / latent.place if (path / latent.place).is_dir() else path
        dtype = precision.dtype(latent.autoencoder.architecture.precisions)
        coder = latent.autoencoder.from_folder(place, dtype, latent.format({}).side)
        _check_space(family, place, coder)
        return coder
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
    rules = rules_of(family)
    for part, rule in zip(family.text.parts, rules.texts, strict=True):
        if part.place in given or part.place in beside.left_out:
            continue
        if files := encoders_in_library(rule):
            path = _told(files, part.encoder.name)
            found[part.place] = EncoderFile(path, recognise(path))
        elif why := lacks_encoder(rules, rule):
            raise NodeError(why)
    return found


def _told(files: Sequence[tuple[str, Path]], what: str) -> Path:
    """The first of those that fit, which the node says."""
    name, path = files[0]
    more = f", the first of {len(files)} that fit" if len(files) > 1 else ""
    warn(f"{what}: {name}, from your model library{more}")
    return path


def _has(index: Mapping[str, Any], part: str) -> bool:
    entry = index.get(part)
    return isinstance(entry, list) and len(entry) in (2, 3) and entry[1] is not None
