"""A model on its way from the panel of models to a node or a field."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QByteArray, QMimeData, QUrl

MODEL = "application/x-nodeflow-model"


class DraggedModel(msgspec.Struct, frozen=True):
    """Hold what is dragged: where it lies, and what a workflow calls it."""

    path: str
    value: str


def mime_of(model: DraggedModel) -> QMimeData:
    """Return a model as data that is dragged; other programs see its file."""
    data = QMimeData()
    data.setData(MODEL, QByteArray(msgspec.json.encode(model)))
    data.setUrls([QUrl.fromLocalFile(model.path)])
    return data


def dragged_model(data: QMimeData) -> DraggedModel | None:
    """Return the model that is dragged; None where it is something else."""
    if not data.hasFormat(MODEL):
        return None
    try:
        return msgspec.json.decode(bytes(data.data(MODEL).data()), type=DraggedModel)
    except msgspec.DecodeError:
        return None
