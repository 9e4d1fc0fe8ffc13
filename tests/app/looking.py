"""What the inspector's tests share."""

from __future__ import annotations

from collections.abc import Callable

from nodeflow.app.inspector.inspector_panel import InspectorPanel
from nodeflow.resources import folder

SECONDS = 180_000
"""Milliseconds that a run may take."""
STARTER = folder("workflows") / "latent-diffusion.json"
See = Callable[..., InspectorPanel]
"""Selects a node, and chooses an output and a form."""
