"""What values have at a place: an image of it over the image, or words below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtWidgets import QLabel

from nodeflow.app.i18n.texts import tr
from nodeflow.app.inspector.hover_picture import HoverPicture
from nodeflow.app.inspector.probe import place_options, place_words
from nodeflow.app.model.value_requests import ValueRequests
from nodeflow.engine.protocol.value_handle import Seen, ValueHandle
from nodeflow.views import Picture, ViewInfo

OTHER = "other"
"""Names the value that is compared with."""


class PlaceValues:
    """Asks for them. ``wanted`` tells of a turn whether its answers are still to be shown."""

    def __init__(self, looks: ValueRequests, hover: HoverPicture, told: QLabel, wanted: Callable[[int], bool]) -> None:
        self._looks, self._hover, self._told, self._wanted = looks, hover, told, wanted

    def ask(
        self,
        turn: int,
        form: ViewInfo,
        place: tuple[float, float],
        options: dict[str, Any],
        values: Mapping[str, tuple[ValueHandle, int]],
    ) -> None:
        """Ask for a place, from 0 to 1 on both axes, in a form that tells of places: of each value at its step."""
        u, v = place
        there = {**options, **place_options(form, u, v)}
        found: dict[str, str] = {}

        def ask(name: str, handle: ValueHandle, step: int) -> None:
            def told(view: Seen | None, _: str) -> None:
                if not self._wanted(turn):
                    return
                if isinstance(view, Picture):
                    self._hover.show_picture(view, u)
                    return
                self._hover.hide()
                words = place_words(view, step)
                found[name] = tr("compared with {0}").format(words) if words and name == OTHER else words
                self._told.setText("\n".join(found[name] for name in values if found.get(name)))

            self._looks.ask(told, handle=handle, form=form.name, options=there)

        for name, (handle, step) in values.items():
            ask(name, handle, step)
