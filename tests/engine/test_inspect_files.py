"""What is seen of values, written into files, and where forms come from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from PIL import ImageSequence
from safetensors.torch import load_file
from studio import OWN, STARTER, Studio, pixels
from studio import studio as studio
from toy_bench import Bench
from toys import wire

from nodeflow.engine.execution.document_history import DocumentHistory
from nodeflow.engine.inspect.attention_views import first_of
from nodeflow.engine.inspect.tensor_facts import named_tensors
from nodeflow.engine.inspect.value_inspector import ValueInspector, _Document
from nodeflow.engine.protocol.messages import Export, ViewQuery
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.protocol.value_handle import Overview, Seen
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load
from nodeflow.views import Chart, Picture, Table, Text, ViewRequest
from nodeflow.wires import Latent


def test_true_values_are_written_into_files(studio: Studio, tmp_path: Path) -> None:
    def export(name: str, output: str, **more: Any) -> str:
        overview = studio.look("sampler", output)
        assert isinstance(overview, Overview)
        return studio.inspector.export(Export(1, str(tmp_path / name), overview.handle, **more)).error

    latent = studio.value("sampler", "latent").samples
    assert export("latent.npy", output="latent") == ""
    assert np.array_equal(np.load(tmp_path / "latent.npy"), latent.numpy())
    assert export("path.safetensors", output="trajectory") == ""
    written = load_file(tmp_path / "path.safetensors")
    assert torch.equal(written["original[3]"], studio.value("sampler", "trajectory").original[3])
    assert len(written) == len(list(named_tensors(studio.value("sampler", "trajectory"))))
    assert ".npy or .safetensors" in export("latent.pt", output="latent")
    options = {"quantity": "difference", "space": OWN, "step": 6}
    assert export("difference.npy", output="trajectory", form="frames", options=options) == ""
    path = studio.value("sampler", "trajectory")
    assert np.array_equal(np.load(tmp_path / "difference.npy"), (path.conditional[6] - path.unconditional[6]).numpy())


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".mp4"])
def test_steps_are_written_as_an_animation(studio: Studio, tmp_path: Path, suffix: str) -> None:
    overview = studio.look("sampler", "trajectory")
    assert isinstance(overview, Overview)
    file = tmp_path / f"steps{suffix}"
    options = {"quantity": "predicted x_0", "way": "decoded"}
    export = Export(1, str(file), overview.handle, form="frames", options=options)
    assert studio.inspector.export(export).error == ""
    last = studio.look("sampler", "trajectory", "frames", step=20, **options)
    if suffix == ".mp4":
        with av.open(str(file)) as film:
            frames = [frame.to_image() for frame in film.decode(video=0)]
        assert len(frames) > 21
    else:
        with Pillow.open(file) as images:
            assert images.n_frames in (20, 21)  # the result is what the last step foresaw: a GIF may hold them as one
            frames = [image.convert("RGB") for image in ImageSequence.Iterator(images)]
    assert min(frames[-1].size) >= 256
    wanted = np.asarray(Pillow.frombytes("RGB", (last.width, last.height), last.pixels).resize(frames[-1].size, 0))
    apart = np.abs(np.asarray(frames[-1], dtype=int) - wanted.astype(int))
    assert apart.mean() < 8
    assert apart.max() == 0 or suffix != ".webp"
    wrong = Export(1, str(file), overview.handle, form="curves")
    assert "steps" in studio.inspector.export(wrong).error


def test_what_cannot_be_written_is_said(studio: Studio, tmp_path: Path) -> None:
    overview = studio.look("sampler", "latent")
    assert isinstance(overview, Overview)

    def export(name: str, output: str) -> str:
        return studio.inspector.export(Export(1, str(tmp_path / name), overview.handle)).error

    assert "cannot write" in export("no-such-folder/latent.npy", output="latent")


def test_a_pack_brings_forms_for_its_own_wires(install_pack: Callable[..., None], tmp_path: Path) -> None:
    install_pack("smithy", PACK)
    session = WorkflowRunner()
    assert not session.packs.errors
    workflow = load(STARTER)
    workflow.nodes.clear(), workflow.links.clear()
    from nodeflow.graph.edits.edits import AddNode
    from nodeflow.graph.model.workflow import Node

    AddNode("forge", Node("smithy.forge", 1, {"weight": 9})).apply(workflow)
    list(session.run(RunRequest.of(workflow, tmp_path, tmp_path, device="cpu")))
    inspector = ValueInspector(session.executor, session.packs.forms)
    overview = inspector.look(ViewQuery(1, node="forge", output="anvil")).view
    assert isinstance(overview, Overview)
    assert [form.name for form in overview.forms] == ["weight", "broken", "parts"]
    assert inspector.look(ViewQuery(1, node="forge", output="anvil", form="weight")).view == Text("9 kg")
    assert "ZeroDivisionError" in inspector.look(ViewQuery(1, node="forge", output="anvil", form="broken")).error


PACK = '''
from dataclasses import dataclass
from nodeflow.views import ValueView, Text
from nodeflow.node import node

@dataclass(frozen=True)
class Anvil:
    weight: int

@node("Forge")
def forge(weight: int = 5) -> Anvil:
    """Makes an anvil."""
    return Anvil(weight)

FORMS = {
    "smithy.Anvil": (
        ValueView("weight", "Weight", lambda anvil, asked: Text(f"{anvil.weight} kg")),
        ValueView("broken", "Broken", lambda anvil, asked: 1 / 0),
    ),
}
'''


def test_of_a_node_that_ran_for_each_item_every_value_can_be_seen(bench: Bench) -> None:
    bench.run(wire({"words": ("boxes", {"values": "4 5 6"}), "add": ("add", {}, {"box": "words.boxs"})}))
    inspector = ValueInspector(bench.executor)
    overview = inspector.look(ViewQuery(1, node="add", output="box", item=2)).view
    assert isinstance(overview, Overview)
    assert overview.items == 3
    values = [inspector.look(ViewQuery(1, node="add", output="box", item=item, form="parts")).view for item in range(3)]
    assert [view.rows[0][2] for view in values if isinstance(view, Table)] == ["5", "6", "7"]


def test_attention_as_a_glow_and_as_shares_of_words(studio: Studio, tmp_path: Path) -> None:
    workflow = load(STARTER)
    SetParam("sampler", "record", "steps and attention").apply(workflow)
    SetParam("scheduler", "steps", 4).apply(workflow)
    list(studio.session.run(RunRequest.of(workflow, STARTER.parent, tmp_path, device="cpu", document="attentive")))

    def look(form: str, **options: object) -> Seen | None:
        answer = studio.inspector.look(ViewQuery(1, "attentive", "sampler", "trajectory", "", form, options))
        assert answer.error == ""
        return answer.view

    star = pixels(look("attention", token="3 star", over="all steps")).float()
    blue = pixels(look("attention", token="6 blue", over="all steps")).float()
    assert star.shape == (16, 16, 3)
    glow, other = (picture[..., 0] - picture[..., 2] for picture in (star, blue))
    assert glow[8, 8] > glow[1, 1]
    assert other[1, 1] > other[8, 8]
    shares = look("words", x=8, y=8)
    assert isinstance(shares, Chart)
    assert shares.labels[:4] == ("<|startoftext|>", "a", "red", "star")
    assert 0 < sum(shares.series[0].y) <= 1.001
    assert look("curves")
    looked = look("looks", x=8, y=5, over="all steps")
    assert isinstance(looked, Picture)
    assert looked.mark == (8.5 / 16, 5.5 / 16)
    assert looked.scale is not None
    path = studio.session.executor.value("sampler", "trajectory", "attentive")
    layers = [layer[0].float() for step in path.attention for layer in step.places.values()]
    where = [layer[5 * len(layer) // 16, 8 * len(layer) // 16] for layer in layers]
    fine = [torch.nn.functional.interpolate(one[None, None], (16, 16), mode="bilinear")[0, 0] for one in where]
    true = torch.stack([one / one.sum() for one in fine]).mean(0)
    assert looked.scale[1] == pytest.approx(float(true.max()), rel=5e-3)
    bright = pixels(looked).float()
    glow = bright[..., 0] - bright[..., 2]
    assert torch.corrcoef(torch.stack([glow.flatten(), true.flatten()]))[0, 1] > 0.9
    layer, step = (
        path.attention[1].places,
        look("looks", x=8, y=5, step=1, layer="mid_block.attentions.0.transformer_blocks.0.attn1"),
    )
    assert isinstance(step, Picture)
    one = layer["mid_block.attentions.0.transformer_blocks.0.attn1"][0].float()[5 * 4 // 16, 8 * 4 // 16]
    fine = torch.nn.functional.interpolate(one[None, None], (16, 16), mode="bilinear")[0, 0]
    assert step.scale is not None
    assert step.scale[1] == pytest.approx(float((fine * one.sum() / fine.sum()).max()), rel=1e-4)


def test_what_is_not_in_memory_names_the_node_that_would_bring_it(studio: Studio) -> None:
    cache = studio.session.executor.cache
    never = studio.inspector.look(ViewQuery(1, "", "nobody", "image"))
    assert (never.error, never.run) == ("nobody has not run yet", "nobody")
    _, key = studio.session.executor.recall("").last["noise"]
    outputs = cache.get(key)
    cache.drop(key)
    gone = studio.inspector.look(ViewQuery(2, "", "noise", "noise"))
    assert "not in memory" in gone.error
    assert gone.run == "noise"
    cache.put(key, outputs, 1.0)
    assert studio.inspector.look(ViewQuery(3, "", "noise", "noise")).error == ""


def test_the_latest_vae_is_taken_and_texts_are_those_of_the_last_run(studio: Studio) -> None:
    executor = studio.session.executor
    task, key = executor.recall("").last["model"]
    outputs = executor.cache.get(key)
    renewed = tuple(dataclasses.replace(value) for value in outputs)
    executor.cache.put(b"renewed", renewed, 1.0)
    history = DocumentHistory()
    for name, made in (("one", key), ("other", b"renewed"), ("one", key)):
        history.arrived(msgspec.structs.replace(task, id=name), made)
    assert history.vae(executor.cache, 4) is outputs[2], "of two, the one that ran last"
    assert history.vae(executor.cache, 16) is None
    executor.recall("").arrived(msgspec.structs.replace(executor.recall("").last["prompt"][0], id="stale"), b"")
    assert "stale" not in executor.recall("").named
    assert len(_Document(executor, "").texts()) == 1


def test_places_begin_in_the_middle_and_words_with_one_that_names_something(studio: Studio) -> None:
    overview = studio.look("sampler", "latent")
    assert isinstance(overview, Overview)
    places = [option for form in overview.forms for option in form.options if option.place]
    assert [(option.name, option.start) for option in places] == [("x", 8), ("y", 8)]
    assert studio.look("sampler", "latent", "place") == studio.look("sampler", "latent", "place", x=8, y=8)
    assert first_of(("0 <|startoftext|>", "1 a", "2 red", "3 star")) == "2 red"
    assert first_of(("0 \u4e00", "1 \u661f")) == "1 \u661f"
    assert first_of(("0 a",)) == "0 a"


def test_a_latent_without_places_is_numbers_in_greys(studio: Studio) -> None:
    samples = torch.tensor([-2.0, 0.0, 2.0]).reshape(1, 3, 1, 1)
    forms = {form.name: form for form in studio.inspector.forms_of(Latent(samples), "Latent")}
    assert not {"channels", "decoded"} & forms.keys()
    asked = ViewRequest(_Document(studio.session.executor, ""), {}, 64)
    shown = forms["colours"].make(Latent(torch.cat([samples, samples[:, :1]], 1)), asked)
    assert pixels(shown)[..., 0].tolist() == [[0, 128], [255, 0]]
    assert isinstance(shown, Picture)
    assert (shown.scale, shown.caption) == ((-2.0, 2.0), "4 numbers, row by row")
