"""``nodeflow new-node NAME``: a node that runs, its test, and its Chinese words to fill in."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from nodeflow.cli.status import refuse

NODE = '''"""{title}: say in a line what this file is about."""

from __future__ import annotations

from typing import Annotated

from nodeflow.node import NodeError, Slider, node
from nodeflow.wires import Image


@node("{title}")
def {name}(image: Image, amount: Annotated[float, Slider(0, 1, 0.01)] = 0.5) -> Image:
    """Return images with each value multiplied by an amount.

    ``image`` (B, 3, H, W), 0 to 1; ``amount`` 1 changes nothing. Fails when ``amount`` is negative.
    """
    if amount < 0:
        raise NodeError(f"amount is {{amount:g}}; choose 0 or more")
    return Image(image.pixels * amount)
'''
TEST = '''"""{title}: what it gives, and what it refuses."""

import pytest
import torch

from nodeflow.node import NodeError
from nodeflow.wires import Image
from {module} import {name}


def test_{name}_multiplies_each_value() -> None:
    image = Image(torch.full((2, 3, 4, 4), 0.5))
    assert torch.equal({name}(image, 0.5).pixels, torch.full((2, 3, 4, 4), 0.25))
    assert torch.equal({name}(image, 1.0).pixels, image.pixels)


def test_{name}_refuses_a_negative_amount() -> None:
    with pytest.raises(NodeError, match="choose 0 or more"):
        {name}(Image(torch.zeros(1, 3, 4, 4)), -0.1)
'''
SUMMARY = "Return images with each value multiplied by an amount."


def write_node(name: str, room: str, root: Path) -> Iterator[Path]:
    """Write node, test and words below a checkout, and tell each file. Raises ValueError with one sentence.

    ``room`` is one of the pack's rooms. Nothing that is there is written over.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise ValueError(f"{name!r} is no name for a node; use small letters, digits and _, such as soft_light")
    rooms = sorted(path.parent.name for path in root.glob("nodes/*/__init__.py"))
    if not rooms:
        raise ValueError(f"{root} is no checkout of nodeflow: it has no folder nodes; go there first")
    if room not in rooms:
        raise ValueError(f"there is no room {room!r} in nodes; the rooms are {', '.join(rooms)}")
    node, test = root / "nodes" / room / f"{name}.py", root / "tests" / "nodes" / f"test_{name}.py"
    for path in (node, test):
        if path.exists():
            raise ValueError(f"{path} is there already; choose another name")
    title = name.replace("_", " ").capitalize()
    for path, text in ((node, NODE), (test, TEST)):
        path.write_text(text.format(title=title, name=name, module=f"nodes.{room}.{name}"), encoding="utf-8")
        yield path
    for path in sorted(root.glob("nodes/translations/*.json")):
        words = json.loads(path.read_text(encoding="utf-8"))
        new = {word: "" for word in (title, SUMMARY, "amount") if word not in words}
        path.write_text(json.dumps({**words, **new}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        yield path


def new_node(
    name: Annotated[str, typer.Argument(help="Its name in the code, such as soft_light.")],
    room: Annotated[str, typer.Option("--room", help="The room of the pack that it stands in.")] = "values",
) -> None:
    """Write a node of the built-in pack that runs, its test, and its words to fill in. For a checkout."""
    try:
        for path in write_node(name, room, Path.cwd()):
            print(path)
    except ValueError as error:
        refuse(error)
