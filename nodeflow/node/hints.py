"""What a node's author says of an argument beside its type: `Annotated[float, Slider(1, 30, 0.1)]`."""

from __future__ import annotations

from typing import Literal

import msgspec

from nodeflow.text_forms import FormName


class Slider(msgspec.Struct, frozen=True):
    """A number in a range, set by a slider."""

    minimum: float
    maximum: float
    step: float = 1.0


class Range(msgspec.Struct, frozen=True):
    """A number in a range, typed or scrubbed."""

    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None


class Choices(msgspec.Struct, frozen=True):
    """A text that is one of these, which are known when the node is declared; for a few that never change there is
    Literal."""

    values: tuple[str, ...]


class Multiline(msgspec.Struct, frozen=True):
    """A text of several lines."""


class NamesEmbeddings(msgspec.Struct, frozen=True):
    """A text that may name embeddings (``embedding:name``): when the file of one changes, the node runs again."""


class Weighed(msgspec.Struct, frozen=True):
    """A text whose words have weights: ``by`` names the parameter that says in which way (`nodeflow.prompts`).

    ``steps`` names the one that says along how many steps it changes, where it does.
    """

    by: str
    steps: str = ""


class Seed(msgspec.Struct, frozen=True):
    """Seeds a random generator: 0 to 2**53 - 1, which every JSON reader keeps exactly. The run's report lists it.

    ``several`` names the parameter that says how many seeds in a row, one an image, start at this one.
    """

    several: str = ""


class Painted(msgspec.Struct, frozen=True):
    """A mask that a person paints, as the text of a small grey PNG (``data:image/png;base64,...``); empty: nothing.

    ``over`` names the input whose image it is painted over.
    """

    over: str


class WrittenForm(msgspec.Struct, frozen=True):
    """A text in a form that nodeflow knows (`nodeflow.text_forms`): a wrong one is told before anything is computed."""

    form: FormName


class Matches(msgspec.Struct, frozen=True):
    """A text that matches a regular expression, the whole of it. ``words`` say what it is, with its article and an
    example: ``a colour as #rrggbb, such as #ff0000``."""

    pattern: str
    words: str


class DrawnNumber(msgspec.Struct, frozen=True):
    """A number of a box, or of a point, which a person may draw on an image: all such numbers of a node are one place.

    Whole numbers are pixels of the image, others shares of it. A left and a top edge alone are a point. ``over`` names
    the input whose image is drawn on; empty: the image that is made of what the node gives.
    """

    side: Literal["left", "top", "right", "bottom", "width", "height"]
    over: str = ""


class DrawnBoxes(msgspec.Struct, frozen=True):
    """Boxes that a person draws on an image, as the text of a JSON list of objects: ``x``, ``y``, ``width``, ``height``
    in pixels, ``description``, and ``text`` for letters.

    ``width`` and ``height`` name the parameters that say how large the image is.
    """

    width: str
    height: str


class DrawnPoints(msgspec.Struct, frozen=True):
    """Points that a person sets on an image, as the text of a JSON list of objects: ``x`` and ``y`` in pixels.

    ``over`` names the input whose image they are set on.
    """

    over: str


class Seldom(msgspec.Struct, frozen=True):
    """A value that few need: the node shows its row once it is set or wired; the properties show it always."""


class Reads(msgspec.Struct, frozen=True):
    """A path that the node reads: a file, a folder, or a model (folder, file, ``starter:name`` or hub id).

    ``needed``: a node without one fails. ``files`` are patterns of those files of a hub repository that it reads; the
    repository's revision is the parameter ``revision`` beside it, where there is one.
    ``holds`` is what a file has to hold.

    Relative paths start at the workflow file. What lies there is fingerprinted, so that a change runs the node again;
    a copy elsewhere does not, unless the node gives texts, which might say where it looked.
    """

    what: Literal["file", "folder", "model"] = "file"
    needed: bool = False
    files: tuple[str, ...] = ()
    holds: Literal["", "image"] = ""


class Writes(msgspec.Struct, frozen=True):
    """A folder that the node writes into. It lies below the output folder of the run."""


class Supplied(msgspec.Struct, frozen=True):
    """An argument that the run fills in and nobody edits.

    ``device`` and ``dtype`` are what the run computes on and in; ``library`` stands for the text encoders and VAEs in
    the person's model library, for nodes that take what a model lacks from there; ``item`` names the item of the lists
    and sweeps that the node runs for (``guidance.scale=5``), empty where it runs once. The others do not count as part
    of what the node computes: ``workflow`` is the file that runs, as text; ``seeds`` are the seeds in force in what the
    node comes from, as JSON by ``node.parameter``; ``steps`` is where a streaming node keeps its `Steps`.
    """

    what: Literal["device", "dtype", "workflow", "seeds", "steps", "item", "library"]
