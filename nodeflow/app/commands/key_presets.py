"""Keys of other programs, as sets that a person may choose: by the id of an action, in Qt's portable form."""

from __future__ import annotations

from collections.abc import Mapping

PRESETS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "ComfyUI": {
        "run.run": ("Ctrl+Return", "Ctrl+Enter"),
        "run.cancel": ("Ctrl+Alt+Return", "Ctrl+Alt+Enter", "Esc"),
        "run.sweep": (),
        "node.mute": ("Ctrl+M",),
        "node.bypass": ("Ctrl+B",),
        "node.collapse": ("Alt+C",),
        "node.pin": ("P",),
        "arrange.frame": ("Ctrl+G",),
        "node.group": ("Ctrl+Shift+G",),
        "view.frame_all": (".", "Home"),
        "view.library": ("N",),
        "view.models": ("M",),
        "view.queue": ("Q",),
        "view.log": ("Ctrl+`",),
        "edit.duplicate_wired": ("Ctrl+Shift+D",),
        "view.zoom_in": ("Alt+=", "Ctrl++"),
        "view.zoom_out": ("Alt+-", "Ctrl+-"),
        "view.minimap": ("Alt+M",),
    },
    "Blender": {
        "node.add": ("Shift+A", "Tab"),
        "help.palette": ("F3", "Ctrl+Shift+P"),
        "edit.duplicate": ("Shift+D",),
        "edit.duplicate_wired": ("Ctrl+Shift+D",),
        "edit.delete": ("X", "Del"),
        "edit.dissolve": ("Ctrl+X",),
        "edit.cut": (),
        "node.mute": ("M",),
        "node.collapse": ("H",),
        "node.wire": ("F",),
        "node.group": ("Ctrl+G",),
        "node.ungroup": ("Ctrl+Alt+G",),
        "arrange.frame": ("Ctrl+J",),
        "edit.select_all": ("A", "Ctrl+A"),
        "view.frame_all": ("Home",),
        "view.frame": ("Num+.",),
        "view.properties": ("N",),
    },
}
"""What is named here has these keys; all else keeps its own, but for those that are named."""


def keys_of(preset: str, defaults: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the keys of all actions under a preset, by their own keys; under no preset those."""
    wanted = PRESETS.get(preset, {})
    taken = {key for keys in wanted.values() for key in keys}
    return {
        id: list(wanted[id]) if id in wanted else [key for key in keys if key not in taken]
        for id, keys in defaults.items()
    }
