"""Keeping the image of a step: decoded in full size, in a file of the output folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage

from nodeflow.app.i18n.texts import tr
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.value_requests import ValueRequests
from nodeflow.app.qt.frames import frame_of
from nodeflow.engine.protocol.value_handle import Seen, ValueHandle
from nodeflow.graph.io.files import dumps, write_atomic
from nodeflow.graph.io.png_text import with_text, with_workflow
from nodeflow.views import Picture

STEP_KEY = "nodeflow-step"
"""Under it a kept image says which step it is of."""
WHOLE = 1 << 14
"""Pixels that an image that is kept may have."""


class StepKeeper:
    """Has it decoded and writes it; ``say`` takes a sentence on what became of it, and whether all is well."""

    def __init__(self, looks: ValueRequests, scope: GraphScope, say: Callable[[str, bool], None]) -> None:
        self._looks, self._scope, self._say = looks, scope, say

    def keep(self, handle: ValueHandle, node: str, step: int, options: dict[str, Any]) -> None:
        """Keep a step of a value that a node gave, as the options show it."""
        options = {**options, "way": "decoded", "step": step}
        quantity = str(options.get("quantity", "predicted x_0"))

        def arrived(view: Seen | None, error: str) -> None:
            if not isinstance(view, Picture):
                self._say(error, False)
                return
            try:
                path = write(frame_of(view).image, self._scope.session.hub.output, self._scope, node, step, quantity)
                self._say(tr("Written: {0}").format(path), True)
            except OSError as failed:
                self._say(tr("Cannot write the image: {0}").format(failed.strerror or failed), False)

        self._looks.ask(arrived, handle=handle, form="frames", options=options, size=WHOLE)


def write(image: QImage, folder: Path, scope: GraphScope, node: str, step: int, quantity: str) -> Path:
    """Write the image of a step into a folder, with the workflow and what it is of inside; never over another.

    Raises OSError.
    """
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    about = json.dumps({"node": node, "step": step, "quantity": quantity}).encode()
    picture = with_text(with_workflow(bytes(data.data()), dumps(scope.root)), STEP_KEY, about)
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while (path := folder / f"{node.replace('/', '-')}-step-{step:03}-{number}.png").exists():
        number += 1
    write_atomic(path, picture)
    return path
