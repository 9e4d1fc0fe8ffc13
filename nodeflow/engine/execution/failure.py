"""A node's error as one sentence for the person at the screen; the whole of it stands in the log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nodeflow.graph.model.catalogue import NodeSpec
from nodeflow.node import NodeError

LONGEST = 160
"""Characters of a foreign sentence that is passed on whole; of a longer one nothing is, rather than a part."""
LOG = "the log says more"
MISFIT = re.compile("shapes cannot be multiplied|must match the (existing )?size of tensor|multiply up to the size of")
"""How torch says that two tensors are of different models."""


def sentence(error: BaseException, model: str = "") -> str:
    """An exception in words. Only a node's own error says what to do; others say what kind of thing went wrong.

    ``model`` is what the node reads a model from, whose files are then the likeliest cause.
    """
    if isinstance(error, NodeError):
        return str(error)
    if model and isinstance(error, (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError)):
        told = "" if isinstance(error, RecursionError) else _quoted(error)
        return f"{model}: its files are not as those of such a model are{told}; download it again, {LOG}"
    match error:
        case ModuleNotFoundError(name=str(name)) if name:
            return f"it needs the package {name.partition('.')[0]!r}, which is not installed here; install it"
        case ImportError():
            return f"it needs a package that is not installed here, or another version of it; {LOG}"
        case RecursionError():
            return "what it was given is nested too deeply; use a file that is nested less"
        case NotImplementedError():
            return f"what it was given cannot be computed together here{_quoted(error)}; {LOG}"
        case OSError() if error.strerror:
            where = f" ({error.filename})" if error.filename else ""
            return f"a file could not be used{where}: {error.strerror}"
        case OverflowError():
            return f"a number that it was given is too large{_quoted(error)}; set a smaller one"
        case ZeroDivisionError():
            return f"it divided by zero; check the numbers that it was given, and {LOG}"
        case LookupError():
            return f"it did not find something that it counts on in what it was given{_quoted(error)}; {LOG}"
        case RuntimeError() if MISFIT.search(str(error)):
            told = _quoted(error)
            return f"what is wired to it does not fit together{told}; wire network, text encoder and VAE of one model"
    return f"it failed on something that it did not expect{_quoted(error)}; {LOG}"


def _quoted(error: BaseException) -> str:
    """Return what the exception says, where that is a short line: names and numbers in it help."""
    text = str(error).strip()
    if isinstance(error, KeyError):
        text = f"no {text}"
    return f" ({text.rstrip('.')})" if 0 < len(text) <= LONGEST and "\n" not in text else ""


def model_named(spec: NodeSpec, arguments: Mapping[str, Any]) -> str:
    """The name of the model that a node reads; empty for one that reads none."""
    given = (arguments.get(param.name) for param in spec.params if param.widget == "model")
    return next((Path(str(name)).name for name in given if name), "")
