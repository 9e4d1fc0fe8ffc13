"""A workflow that contradicts itself is not written for other programs: the reason is a sentence, in every form."""

import pytest

from nodeflow.graph.io.files import load
from nodeflow.graph.model.catalogue import decode
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.resources import folder
from nodes.foreign import CannotWriteError, write_foreign

CATALOGUE = decode((folder("assets") / "catalogue.json").read_bytes())
FORMS = "comfyui", "comfyui-api", "python", "parameters"


def broken() -> dict[str, Workflow]:
    made = {}
    for case in ("a node is gone", "an output is another", "a value is of another kind", "a circle"):
        workflow = load(folder("workflows") / "latent-diffusion.json")
        link = next(one for one in workflow.links.values() if one.target == "decode")
        match case:
            case "a node is gone":
                del workflow.nodes[link.source]
            case "an output is another":
                workflow.links[link.socket] = Link(link.source, "gone", link.target, link.input)
            case "a value is of another kind":
                workflow.nodes["sampler"] = Node(workflow.nodes["sampler"].type, None, {"strength": ["x"]})
            case _:
                workflow.links[link.socket] = Link("decode", "image", link.target, link.input)
        made[case] = workflow
    return made


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", broken())
def test_it_says_what_contradicts_itself(case: str, form: str) -> None:
    with pytest.raises(CannotWriteError, match="mend it first"):
        write_foreign(broken()[case], form, CATALOGUE, folder("workflows"))


@pytest.mark.parametrize("name", sorted(path.name for path in folder("workflows").glob("*.json")))
def test_what_ships_contradicts_nothing(name: str) -> None:
    try:
        write_foreign(load(folder("workflows") / name), "comfyui", CATALOGUE, folder("workflows"))
    except CannotWriteError as error:
        assert "mend it first" not in str(error)
