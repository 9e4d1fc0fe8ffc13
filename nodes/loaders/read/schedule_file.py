"""The noise schedule of a model's folder: a scheduler's configuration as diffusers saves it, checked field by field."""

from __future__ import annotations

from pathlib import Path

from nodeflow.library.folder_json import FolderError
from nodeflow.library.schedule_fields import check_schedule
from nodeflow.node import NodeError
from nodeflow.wires import TrainedSchedule
from nodes.loaders.read.folder_files import check_folder, named, read_json

FILE = "scheduler_config.json"


def read_schedule(folder: Path, otherwise: str = "it lacks its scheduler") -> TrainedSchedule:
    """The schedule in a folder. Raises NodeError for values that none has, and ``otherwise`` where there is none."""
    path = folder / FILE
    check_folder(folder)
    config = read_json(path, otherwise)
    try:
        check_schedule(config, named(path))
    except FolderError as error:
        raise NodeError(str(error)) from None
    return TrainedSchedule(config)
