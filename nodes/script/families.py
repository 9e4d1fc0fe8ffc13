"""All families of models that scripts know, and which of them a folder is of."""

from __future__ import annotations

from pathlib import Path

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.families_in_stages import IN_STAGES
from nodes.script.families_led_by_language import LANGUAGE_LED
from nodes.script.families_led_by_t5 import LED_BY_T5
from nodes.script.families_of_flow import FLOW_FAMILIES
from nodes.script.families_of_several import OF_SEVERAL
from nodes.script.family import ScriptFamily
from nodes.script.models import read_json

FAMILIES = (*FLOW_FAMILIES, *LED_BY_T5, *LANGUAGE_LED, *OF_SEVERAL, *IN_STAGES)


def family_of(path: Path, name: str) -> ScriptFamily:
    """The family of a folder. Raises CannotExportError for one that scripts do not know."""
    places = [place for place in dict.fromkeys(one.place for one in FAMILIES) if (path / place).is_dir()]
    kinds = []
    for place in places:
        config = read_json(path / place / "config.json")
        kinds.append(str(config.get("_class_name")))
        for one in FAMILIES:
            if one.place == place and one.network == kinds[-1] and one.fits(path, config):
                return one
    raise CannotExportError(f"{name} loads {' and '.join(kinds) or 'no network'}, which scripts do not know")


def written_family(name: str, node: str) -> ScriptFamily:
    """The family of this name. Raises CannotExportError for one that scripts do not know."""
    found = next((one for one in FAMILIES if one.name == name), None)
    if found is None:
        raise CannotExportError(f"{node} loads {name}, which scripts do not know out of single files")
    return found


def known_family(name: str) -> ScriptFamily:
    return next(one for one in FAMILIES if one.name == name)
