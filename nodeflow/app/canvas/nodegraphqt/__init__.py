"""NodeGraphQt, typed: the only room that imports it. Its names are in `stubs`, as far as they are used."""

import os

from nodeflow.app.canvas.nodegraphqt import binding

os.environ.setdefault("QT_PREFERRED_BINDING", "PySide6")
binding.install()
import NodeGraphQt  # noqa: E402, F401

binding.remove()
