"""A branch that goes another way from a step on."""

from __future__ import annotations

from nodeflow.graph.document import Document
from nodeflow.graph.edits import Disconnect
from nodeflow.graph.files import dumps, load
from nodeflow.graph.fork import fork
from nodeflow.graph.workflow import Socket
from nodeflow.resources import folder

STARTER = folder("workflows") / "latent-diffusion.json"


def test_a_fork_copies_the_guidance_and_what_is_made_from_the_sampler() -> None:
    workflow = load(STARTER)
    made = fork(workflow, "sampler", 8)
    assert made is not None
    assert (made.focus, made.sampler) == ("guidance_2", "sampler_2")
    before = dumps(workflow)
    document = Document(workflow)
    back = document.apply(made.edit)
    nodes, links = document.workflow.nodes, document.workflow.links
    assert set(nodes) - set(load(STARTER).nodes) == {"guidance_2", "sampler_2", "decode_2", "save_2", "change_2"}
    assert nodes["change_2"].params == {"step": 8}
    assert nodes["guidance_2"].params == nodes["guidance"].params
    wires = {f"{link.target}.{link.input}": f"{link.source}.{link.output}" for link in links.values()}
    assert wires["change_2.before"] == "guidance.guider"
    assert wires["change_2.after"] == "guidance_2.guider"
    assert wires["sampler_2.guider"] == "change_2.guider"
    assert wires["sampler_2.noise"] == "noise.noise"
    assert wires["guidance_2.positive"] == "prompt.conditioning"
    assert wires["decode_2.latent"] == "sampler_2.latent"
    assert wires["decode_2.vae"] == "model.vae"
    assert wires["save_2.image"] == "decode_2.image"
    lowest = max(place.y for name, place in document.workflow.layout.items() if not name.endswith("_2"))
    assert all(document.workflow.layout[name].y > lowest for name in ("guidance_2", "sampler_2", "decode_2"))
    document.apply(back)
    assert dumps(document.workflow) == before


def test_a_fork_to_another_text_copies_its_encoder_too() -> None:
    workflow = load(STARTER)
    made = fork(workflow, "sampler", 3, "text")
    assert made is not None
    assert made.focus == "prompt_2"
    made.edit.apply(workflow)
    wires = {f"{link.target}.{link.input}": f"{link.source}.{link.output}" for link in workflow.links.values()}
    assert wires["guidance_2.positive"] == "prompt_2.conditioning"
    assert wires["guidance_2.negative"] == "negative.conditioning"
    assert wires["prompt_2.text_encoder"] == "model.text_encoder"


def test_a_fork_can_be_forked_again() -> None:
    workflow = load(STARTER)
    for sampler in ("sampler", "sampler_2"):
        made = fork(workflow, sampler, 5)
        assert made is not None
        made.edit.apply(workflow)
    assert "sampler_3" in workflow.nodes
    wires = {f"{link.target}.{link.input}": f"{link.source}.{link.output}" for link in workflow.links.values()}
    assert wires["change_3.before"] == "change_2.guider"
    assert wires["change_3.after"] == "guidance_3.guider"
    assert wires["guidance_3.positive"] == "prompt.conditioning"


def test_what_cannot_be_forked_is_not() -> None:
    workflow = load(STARTER)
    assert fork(workflow, "nowhere", 3) is None
    assert fork(workflow, "decode", 3) is None
    Disconnect(Socket("guidance", "positive")).apply(workflow)
    assert fork(workflow, "sampler", 3, "text") is None
