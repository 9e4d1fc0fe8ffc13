"""Tests of the inspector's words on values, compared with the true tensors of a run of the starter workflow."""

from __future__ import annotations

import dataclasses
import math
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
from toys import Bench, wire

from nodeflow.engine.execution.document_history import DocumentHistory
from nodeflow.engine.inspect.attention_views import first_of
from nodeflow.engine.inspect.prediction_spaces import SPACES, NoiseLevel, seen_as
from nodeflow.engine.inspect.rendering import tiles
from nodeflow.engine.inspect.tensor_facts import BINS, facts, named_tensors
from nodeflow.engine.inspect.trajectory_quantities import frame_of
from nodeflow.engine.inspect.value_inspector import ValueInspector, _Document
from nodeflow.engine.protocol.events import Export, ViewQuery
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.protocol.value_handle import Overview, Seen, ValueHandle
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load
from nodeflow.resources import folder
from nodeflow.views import Chart, Matrix, Picture, Table, Text, ViewRequest
from nodeflow.wires import Latent
from nodeflow.wires.schedules import Prediction

STARTER = folder("workflows") / "latent-diffusion.json"


class Studio:
    """The starter workflow after a run, and an inspector of it."""

    def __init__(self, output: Path) -> None:
        self.session = WorkflowRunner()
        workflow = load(STARTER)
        SetParam("noise", "batch", 2).apply(workflow)
        list(self.session.run(RunRequest.of(workflow, STARTER.parent, output, device="cpu")))
        self.inspector = ValueInspector(self.session.executor, self.session.packs.forms)

    def value(self, node: str, output: str) -> object:
        return self.session.executor.value(node, output)

    def look(self, node: str, output: str, form: str = "", **options: object) -> Seen:
        answer = self.inspector.look(ViewQuery(7, "", node, output, "", form, options))
        assert answer.request == 7
        assert answer.error == ""
        assert answer.view is not None
        return answer.view


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(tmp_path_factory.mktemp("output"))


def pixels(picture: Seen) -> torch.Tensor:
    assert isinstance(picture, Picture)
    assert len(picture.pixels) == picture.width * picture.height * 3
    return torch.tensor(list(picture.pixels), dtype=torch.uint8).reshape(picture.height, picture.width, 3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.bool])
def test_facts_are_exact(dtype: torch.dtype) -> None:
    numbers = torch.randn(3, 50, 41, generator=torch.Generator().manual_seed(0)) * 50
    tensor = numbers > 0 if dtype == torch.bool else numbers.to(dtype)
    found, true = facts("t", tensor), tensor.double().flatten().tolist()
    mean = math.fsum(true) / len(true)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in true) / len(true))
    assert (found.minimum, found.maximum) == (min(true), max(true))
    assert found.mean == pytest.approx(mean, rel=1e-12, abs=1e-15)
    assert found.deviation == pytest.approx(deviation, rel=1e-12)
    assert (found.shape, found.bytes) == ((3, 50, 41), tensor.numel() * tensor.element_size())
    assert (found.nan, found.infinite) == (0, 0)
    counts, _ = np.histogram(true, BINS, (min(true), max(true)))
    assert sum(found.histogram.counts) == tensor.numel()
    assert np.abs(np.cumsum(found.histogram.counts) - np.cumsum(counts)).max() <= 1  # a value on a bound


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    tensor = torch.tensor([1.0, math.nan, 3.0, math.inf, -math.inf, math.nan])
    found = facts("t", tensor)
    assert (found.nan, found.infinite, found.minimum, found.maximum) == (2, 2, 1.0, 3.0)
    assert (found.mean, found.deviation, sum(found.histogram.counts)) == (2.0, 1.0, 2)
    nothing = facts("t", torch.full((2, 2), math.nan))
    assert (nothing.nan, nothing.mean, nothing.maximum) == (4, 0.0, 0.0)
    assert facts("t", torch.empty(0)).bytes == 0


def test_many_values_are_looked_at_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    tensor = torch.randn(1000, generator=torch.Generator().manual_seed(1))
    whole = facts("t", tensor)
    monkeypatch.setattr("nodeflow.engine.inspect.tensor_facts.CHUNK", 64)
    parts = facts("t", tensor)
    assert parts.mean == pytest.approx(whole.mean, rel=1e-13)
    assert parts.deviation == pytest.approx(whole.deviation, rel=1e-13)
    assert parts.histogram == whole.histogram


def test_an_overview_tells_facts_and_forms_and_names_the_value(studio: Studio) -> None:
    overview = studio.look("sampler", "latent")
    assert isinstance(overview, Overview)
    latent = studio.value("sampler", "latent")
    assert isinstance(latent, Latent)
    assert overview.facts == (facts("samples", latent.samples),)
    assert [form.name for form in overview.forms][:3] == ["colours", "channels", "decoded"]
    again = studio.inspector.look(ViewQuery(1, handle=overview.handle, form="channels")).view
    assert again == studio.look("sampler", "latent", "channels")


def test_channels_of_a_latent_pixel_by_pixel(studio: Studio) -> None:
    latent = studio.value("sampler", "latent")
    assert isinstance(latent, Latent)
    samples = latent.samples[1]
    shown = pixels(studio.look("sampler", "latent", "channels", picture=1))
    assert shown.shape == (32, 32, 3)
    for channel in range(4):
        row, column = divmod(channel, 2)
        tile = shown[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16]
        plane = samples[channel]
        grey = ((plane - plane.min()) / (plane.max() - plane.min()) * 255).round().to(torch.uint8)
        assert torch.equal(tile, grey[..., None].expand(-1, -1, 3))
    same = pixels(studio.look("sampler", "latent", "channels", picture=1, scale="the same for all"))
    grey = ((samples[2] - samples.min()) / (samples.max() - samples.min()) * 255).round().to(torch.uint8)
    assert torch.equal(same[16:, :16, 0], grey)


def test_what_is_not_finite_is_black_and_a_flat_plane_too() -> None:
    plane = torch.tensor([[[0.0, 1.0], [math.nan, math.inf]], [[3.0, 3.0], [3.0, 3.0]]])
    shown = pixels(tiles(plane, 64))[..., 0]
    assert shown.tolist() == [[0, 255, 0, 0], [0, 0, 0, 0]]


def test_a_decoded_latent_is_the_picture_that_the_vae_gives(studio: Studio) -> None:
    decoded = studio.look("sampler", "latent", "decoded")
    image = studio.look("decode", "image", "picture")
    true = (studio.value("decode", "image").pixels[0] * 255).round().to(torch.uint8).permute(1, 2, 0)
    assert torch.equal(pixels(decoded), true)
    assert decoded == image


def test_a_place_has_the_true_values(studio: Studio) -> None:
    table = studio.look("sampler", "latent", "place", x=3, y=5, picture=1)
    assert isinstance(table, Table)
    true = studio.value("sampler", "latent").samples[1, :, 5, 3].tolist()
    assert [float(row[1]) for row in table.rows] == pytest.approx(true, rel=1e-5)


def test_a_conditioning_as_norms_and_similarities_with_its_words(studio: Studio) -> None:
    tokens = studio.value("prompt", "conditioning").tokens[0]
    chart = studio.look("prompt", "conditioning", "norms")
    assert isinstance(chart, Chart)
    assert chart.bars
    assert "star" in [word.strip() for word in chart.labels]
    count = len(chart.labels)
    assert chart.series[0].y == pytest.approx(tokens[:count].norm(dim=-1).tolist(), rel=1e-6)
    matrix = studio.look("prompt", "conditioning", "similarity", tokens="all")
    assert isinstance(matrix, Matrix)
    unit = torch.nn.functional.normalize(tokens.double(), dim=-1)
    assert matrix.values == pytest.approx((unit @ unit.T).flatten().tolist(), abs=1e-9)
    assert len(matrix.rows) == len(tokens) >= count


def test_a_schedule_as_curves(studio: Studio) -> None:
    path = studio.value("sampler", "trajectory")
    times = studio.look("scheduler", "schedule", "timesteps")
    assert isinstance(times, Chart)
    assert list(times.series[0].y) == path.timesteps.tolist()
    sigmas = studio.look("scheduler", "schedule", "sigmas")
    assert isinstance(sigmas, Chart)
    true = {float(i): s for i, s in enumerate(path.sigmas.tolist()) if s < 1e6}
    assert dict(zip(sigmas.series[0].x, sigmas.series[0].y, strict=True)) == pytest.approx(true)
    signal = studio.look("scheduler", "schedule", "signal")
    assert isinstance(signal, Chart)
    for step, decibels in zip(signal.series[0].x, signal.series[0].y, strict=True):
        assert 10 ** (-decibels / 20) == pytest.approx(true[step], rel=1e-6)


QUANTITIES: dict[str, Callable[[object], object]] = {
    "x": lambda path: path.x[6],
    "predicted x_0": lambda path: path.original[6],
    "guided prediction": lambda path: (path.x[6] - path.levels[6, 0] * path.original[6]) / path.levels[6, 1],
    "conditional": lambda path: path.conditional[6],
    "unconditional": lambda path: path.unconditional[6],
    "difference": lambda path: path.conditional[6] - path.unconditional[6],
}
OWN = "as the network gives it"


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_step_of_a_trajectory_pixel_by_pixel(studio: Studio, quantity: str) -> None:
    true = QUANTITIES[quantity](studio.value("sampler", "trajectory"))[1]
    asked = {"quantity": quantity, "way": "channels", "step": 6, "picture": 1}
    space = {} if quantity == "guided prediction" else {"space": OWN}
    shown = studio.look("sampler", "trajectory", "frames", **asked, **space)
    assert isinstance(shown, Picture)
    assert msgspec.structs.replace(shown, facts=()) == tiles(true, 1024)
    told, path = dict(shown.facts), studio.value("sampler", "trajectory")
    assert (told["t"], told["sigma"]) == (float(path.timesteps[6]), float(path.sigmas[6]))
    exact = true.double()
    assert told["mean"] == pytest.approx(float(exact.mean()), abs=1e-12)
    assert told["deviation"] == pytest.approx(float(exact.std(correction=0)), rel=1e-12)
    assert (told["minimum"], told["maximum"]) == (float(true.min()), float(true.max()))


def test_guidance_adds_up_in_the_space_of_noise(studio: Studio) -> None:
    """The classifier-free formula holds between what is shown, with the scale of the workflow (2.5)."""
    path = studio.value("sampler", "trajectory")
    for step in (0, 6, 19):
        conditional, unconditional, guided = (
            frame_of(path, name, step) for name in ("conditional", "unconditional", "guided prediction")
        )
        assert torch.allclose(guided, unconditional + 2.5 * (conditional - unconditional), atol=2e-3)


LEVELS = [NoiseLevel(0.8, 0.6), NoiseLevel(1.0, 7.5), NoiseLevel(0.3, 0.7)]


@pytest.mark.parametrize("at", LEVELS)
@pytest.mark.parametrize("prediction", ["epsilon", "v", "sample", "flow"])
def test_every_space_says_the_same_of_x(prediction: Prediction, at: NoiseLevel) -> None:
    x_0, noise = torch.randn(2, 1, 4, 3, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = at.alpha * x_0 + at.sigma * noise
    a, b = at.alpha / math.hypot(at.alpha, at.sigma), at.sigma / math.hypot(at.alpha, at.sigma)
    true = {"epsilon": noise, "sample": x_0, "v": a * noise - b * x_0, "flow": noise - x_0}
    for name, space in SPACES.items():
        found = seen_as(true[prediction], x, prediction, name, at)
        assert torch.allclose(found, true[space or prediction], atol=1e-9), name


def test_noise_alone_tells_no_image() -> None:
    x = torch.ones(1, 1, 2, 2)
    assert seen_as(x, x, "epsilon", "x_0", NoiseLevel(0.0, 1.0)) is None
    assert seen_as(x, x, None, "x_0", NoiseLevel(0.0, 1.0)) is x


def test_curves_and_a_place_over_the_steps(studio: Studio) -> None:
    path = studio.value("sampler", "trajectory")
    chart = studio.look("sampler", "trajectory", "curves", curve="change from step to step", picture=1)
    assert isinstance(chart, Chart)
    x = {series.name: series for series in chart.series}["x"]
    true = [float((b[1].double() - a[1].double()).norm()) for a, b in zip(path.x, path.x[1:], strict=False)]
    assert x.y == pytest.approx(true, rel=1e-9)
    assert x.x == tuple(map(float, range(1, 21)))
    probe = studio.look("sampler", "trajectory", "place", quantity="x", x=2, y=9)
    assert isinstance(probe, Chart)
    for channel, series in enumerate(probe.series):
        assert list(series.y) == [frame[0, channel, 9, 2].item() for frame in path.x]


def test_models_plain_values_and_anything_else_can_be_seen(studio: Studio) -> None:
    table = studio.look("model", "unet", "parameters")
    assert isinstance(table, Table)
    module = studio.value("model", "unet").module
    assert int(table.rows[0][1].replace(",", "")) == sum(p.numel() for p in module.parameters())
    first, second = (studio.look("model", "unet", "hash") for _ in range(2))
    assert isinstance(first, Text)
    assert first == second
    other = studio.look("model", "vae", "hash")
    assert isinstance(other, Text)
    assert other.text.splitlines()[-1] != first.text.splitlines()[-1]
    guider = studio.look("guidance", "guider", "parts")
    assert isinstance(guider, Table)
    assert ("rule.scale", "float", "2.5") in guider.rows
    files = studio.look("save", "files", "files")
    assert isinstance(files, Table)
    assert len(files.rows) == 2
    assert "bytes" in files.rows[0][1]


def test_what_cannot_be_seen_is_a_sentence(studio: Studio) -> None:
    def error(**fields: object) -> str:
        return studio.inspector.look(ViewQuery(1, **fields)).error

    assert error(node="nowhere", output="x") == "nowhere has not run yet"
    assert "no output 'x'" in error(node="sampler", output="x")
    assert "cannot be seen as 'smell'" in error(node="sampler", output="latent", form="smell")
    assert "not in memory" in error(handle=ValueHandle("00ff", 0, "Latent"))
    assert error(handle=ValueHandle("rubbish", 0, "Latent"))


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
