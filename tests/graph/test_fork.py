"""A branch that goes another way from a step on."""

from __future__ import annotations

import pytest

from nodeflow.graph.edits.edits import AddNode, Connect, Disconnect
from nodeflow.graph.edits.fork import changeable, fork
from nodeflow.graph.io.files import dumps, load
from nodeflow.graph.model.catalogue import decode
from nodeflow.graph.model.document import Document
from nodeflow.graph.model.workflow import Link, Node, Socket, Workflow
from nodeflow.resources import folder

CATALOGUE = decode((folder("assets") / "catalogue.json").read_bytes())
STARTER = folder("workflows") / "latent-diffusion.json"


def test_a_fork_copies_the_guidance_and_what_is_made_from_the_sampler() -> None:
    workflow = load(STARTER)
    made = fork(workflow, CATALOGUE, "sampler", 8, "guidance")
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
    made = fork(workflow, CATALOGUE, "sampler", 3, "prompt")
    assert made is not None
    assert made.focus == "prompt_2"
    made.edit.apply(workflow)
    wires = {f"{link.target}.{link.input}": f"{link.source}.{link.output}" for link in workflow.links.values()}
    assert wires["guidance_2.positive"] == "prompt_2.conditioning"
    assert wires["guidance_2.negative"] == "negative.conditioning"
    assert wires["prompt_2.text_encoder"] == "model.text_encoder"


def test_a_fork_can_be_forked_again() -> None:
    workflow = load(STARTER)
    for sampler, other in (("sampler", "guidance"), ("sampler_2", "guidance_2")):
        made = fork(workflow, CATALOGUE, sampler, 5, other)
        assert made is not None
        made.edit.apply(workflow)
    assert "sampler_3" in workflow.nodes
    wires = {f"{link.target}.{link.input}": f"{link.source}.{link.output}" for link in workflow.links.values()}
    assert wires["change_3.before"] == "change_2.guider"
    assert wires["change_3.after"] == "guidance_3.guider"
    assert wires["guidance_3.positive"] == "prompt.conditioning"


def wires(workflow: Workflow) -> dict[str, str]:
    return {f"{link.target}.{link.input}": f"{link.source}.{link.output}" for link in workflow.links.values()}


@pytest.mark.parametrize(("other", "input", "change"), [("scheduler", "schedule", "scheduler"), ("noise",) * 3])
def test_a_fork_to_another_scheduler_or_noise_changes_that_input_alone(other: str, input: str, change: str) -> None:
    workflow = load(STARTER)
    made = fork(workflow, CATALOGUE, "sampler", 7, other)
    assert made is not None
    made.edit.apply(workflow)
    assert made.focus == f"{other}_2"
    found = wires(workflow)
    assert workflow.nodes["change_2"].type == f"nodes.change_{change}"
    assert found["change_2.before"] == f"{other}.{input}"
    assert found["change_2.after"] == f"{other}_2.{input}"
    assert found[f"sampler_2.{input}"] == f"change_2.{input}"
    assert found["sampler_2.guider"] == "guidance.guider"
    assert "guidance_2" not in workflow.nodes


def test_another_of_what_leads_several_inputs_changes_each_of_them() -> None:
    workflow = load(STARTER)
    made = fork(workflow, CATALOGUE, "sampler", 7, "model")
    assert made is not None
    made.edit.apply(workflow)
    found = wires(workflow)
    types = {workflow.nodes[found[f"sampler_2.{name}"].split(".")[0]].type for name in ("guider", "schedule")}
    assert types == {"nodes.change_guidance", "nodes.change_scheduler"}
    assert found["guidance_2.denoiser"] == "denoiser_2.denoiser"
    assert found["denoiser_2.unet"] == "model_2.unet"
    assert found["scheduler_2.trained"] == "model_2.schedule"
    assert found["sampler_2.noise"] == "noise.noise"


def test_the_latent_that_a_run_begins_with_stays_the_same() -> None:
    workflow = load(STARTER)
    AddNode("paint", Node("nodes.inpaint", 1, {})).apply(workflow)
    AddNode("known", Node("nodes.vae_encode", 1, {})).apply(workflow)
    for source, output, target, name in (
        ("guidance", "guider", "paint", "guider"),
        ("known", "latent", "paint", "latent"),
        ("known", "latent", "sampler", "latent"),
        ("paint", "guider", "sampler", "guider"),
    ):
        Disconnect(Socket(target, name)).apply(workflow) if Socket(target, name) in workflow.links else None
        Connect(Link(source, output, target, name)).apply(workflow)
    made = fork(workflow, CATALOGUE, "sampler", 7, "known")
    assert made is not None
    made.edit.apply(workflow)
    found = wires(workflow)
    assert (found["paint_2.latent"], found["paint_2.guider"]) == ("known_2.latent", "guidance.guider")
    assert found["sampler_2.latent"] == "known.latent"


def test_what_can_be_another_is_all_that_leads_the_nearest_first() -> None:
    workflow = load(STARTER)
    others = changeable(workflow, CATALOGUE, "sampler")
    assert others[:3] == ["guidance", "scheduler", "noise"]
    assert set(others) == {"guidance", "scheduler", "noise", "denoiser", "prompt", "negative", "model"}
    made = fork(workflow, CATALOGUE, "sampler", 5, "guidance")
    assert made is not None
    made.edit.apply(workflow)
    assert changeable(workflow, CATALOGUE, "sampler_2")[0] == "guidance_2"
    assert not any(name.startswith("change") for name in changeable(workflow, CATALOGUE, "sampler_2"))


def test_what_cannot_be_forked_is_not() -> None:
    workflow = load(STARTER)
    assert fork(workflow, CATALOGUE, "nowhere", 3, "guidance") is None
    assert fork(workflow, CATALOGUE, "decode", 3, "guidance") is None
    assert fork(workflow, CATALOGUE, "sampler", 3, "decode") is None
    assert fork(workflow, CATALOGUE, "sampler", 3, "nowhere") is None
    Disconnect(Socket("guidance", "positive")).apply(workflow)
    assert fork(workflow, CATALOGUE, "sampler", 3, "prompt") is None
    assert changeable(workflow, CATALOGUE, "decode") == []
