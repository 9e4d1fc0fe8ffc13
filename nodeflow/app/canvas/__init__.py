"""The canvas: a view of the workflow on NodeGraphQt's viewer and items, with our own painting and editing."""

import os

os.environ.setdefault("QT_PREFERRED_BINDING", "PySide6")
