"""The views of nodeflow's own wire types: those of every module beside this one, so that a new view is one file."""

from __future__ import annotations

import importlib
import pkgutil

import nodeflow.engine.inspect as folder
from nodeflow.views import ValueViews


def built_in_views() -> list[ValueViews]:
    """Return the ``FORMS`` of all ``*_views`` modules, those that a person waits for behind those shown at once."""
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__) if module.name.endswith("_views"))
    modules = [importlib.import_module(f"{folder.__name__}.{name}") for name in names]
    return sorted((module.FORMS for module in modules if hasattr(module, "FORMS")), key=_costly)


def _costly(forms: ValueViews) -> bool:
    return all(view.costly for views in forms.values() for view in views)
