"""The canvas: a view of the workflow on NodeGraphQt's viewer and items, with our own painting and editing."""

import os

from nodeflow.app.canvas.controller import binding

os.environ.setdefault("QT_PREFERRED_BINDING", "PySide6")
binding.install()
import NodeGraphQt  # noqa: E402, F401

binding.remove()
