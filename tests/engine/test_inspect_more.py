"""Tests of the inspector's words on codes, vectors, thresholds, and two values together, against the true tensors."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import normalize

from nodeflow.engine.inspect.clip_views import known_captions
from nodeflow.engine.inspect.difference import difference
from nodeflow.engine.inspect.token_views import code_colours
from nodeflow.engine.inspect.value_inspector import ValueInspector
from nodeflow.engine.protocol.messages import ViewQuery
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.protocol.value_handle import Overview, Seen, ValueHandle
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import AddNode, Connect, SetParam
from nodeflow.graph.io.files import load
from nodeflow.graph.model.workflow import Link, Node
from nodeflow.resources import folder
from nodeflow.views import Chart, Picture, Table
from nodeflow.wires import Codes, Curve, Latent, Trajectory
from training.data.caption_bank import captions

STARTER = folder("workflows") / "latent-diffusion.json"
STEPS = 6


class Studio:
    """The starter workflow with a CLIP, run twice with two guidance scales, and values put in by hand."""

    def __init__(self, output: Path) -> None:
        self.session = WorkflowRunner()
        self.workflow = load(STARTER)
        for name, kind in (("clip", "load_clip"), ("seen", "clip_image_embedding")):
            AddNode(name, Node(f"nodes.{kind}", 1, {})).apply(self.workflow)
        Connect(Link("clip", "clip", "seen", "clip")).apply(self.workflow)
        Connect(Link("decode", "image", "seen", "image")).apply(self.workflow)
        SetParam("scheduler", "steps", STEPS).apply(self.workflow)
        self.inspector = ValueInspector(self.session.executor, self.session.packs.forms)
        self.runs: list[str] = []
        self.paths: list[Trajectory] = []
        for scale in (2.5, 6.0):
            SetParam("guidance", "scale", scale).apply(self.workflow)
            list(self.session.run(RunRequest.of(self.workflow, STARTER.parent, output, device="cpu")))
            overview = self.look(node="sampler", output="trajectory")
            assert isinstance(overview, Overview)
            self.runs.append(overview.handle)
            self.paths.append(self.session.executor.value("sampler", "trajectory"))

    def hold(self, value: Any, wire: str, number: int = 0) -> ValueHandle:
        """The handle of a value that is put into the cache."""
        key = bytes([len(wire), number]) * 8
        self.session.executor.cache.put(key, (value,), 1.0)
        return ValueHandle(key.hex(), 0, wire)

    def answer(self, options: dict[str, Any] | None = None, **fields: Any) -> tuple[Seen | None, str]:
        answer = self.inspector.look(ViewQuery(1, options=options or {}, **fields))
        return answer.view, answer.error

    def look(self, options: dict[str, Any] | None = None, **fields: Any) -> Seen:
        view, error = self.answer(options, **fields)
        assert error == ""
        assert view is not None
        return view


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(tmp_path_factory.mktemp("output"))


def pixels(picture: Seen) -> torch.Tensor:
    assert isinstance(picture, Picture)
    return torch.tensor(list(picture.pixels), dtype=torch.uint8).reshape(picture.height, picture.width, 3)


def test_codes_as_a_grid_as_numbers_and_as_their_use(studio: Studio) -> None:
    values = torch.randint(0, 40, (2, 5, 7), generator=torch.Generator().manual_seed(4))
    values[1, 2, 3] = -1
    handle = studio.hold(Codes(values, 64), "Codes")
    shown = pixels(studio.look(handle=handle, form="grid", options={"picture": 1}))
    assert torch.equal(shown, (code_colours(values[1]) * 255).round().to(torch.uint8).permute(1, 2, 0))
    assert shown[2, 3].tolist() == [0, 0, 0]
    assert len({tuple(colour) for colour in (code_colours(torch.arange(64)[None]) * 255).int()[:, 0].T.tolist()}) == 64
    place = studio.look(handle=handle, form="place", options={"x": 6, "y": 4, "picture": 1})
    assert isinstance(place, Table)
    assert place.rows == (("code", str(int(values[1, 4, 6]))),)
    use = studio.look(handle=handle, form="use", options={"order": "by number"})
    assert isinstance(use, Chart)
    counts = torch.bincount(values[values >= 0], minlength=64)
    assert use.series[0].y == tuple(counts.double().tolist())
    shares = counts[counts > 0] / counts.sum()
    perplexity = float(torch.distributions.Categorical(shares.double()).entropy().exp())
    assert use.caption == f"{len(shares)} of 64 codes occur, perplexity {perplexity:.1f}"
    best = studio.look(handle=handle, form="use", options={"of": "this image", "picture": 1})
    assert isinstance(best, Chart)
    own = torch.bincount(values[1][values[1] >= 0], minlength=64)
    assert best.series[0].y[0] == own.max() == own[int(best.labels[0])]
    changed = values.clone()
    changed[1, 0, 1], changed[1, 2, 3] = 41, 5
    other = studio.hold(Codes(changed, 64), "Codes", 1)
    apart = pixels(studio.look(handle=handle, other=other, form="grid", options={"picture": 1}))
    assert (apart[..., 0] == 255).nonzero().tolist() == [[0, 1], [2, 3]]


def test_the_captions_that_are_nearest_to_a_picture(studio: Studio) -> None:
    assert list(known_captions()) == captions()
    embedding = studio.session.executor.value("seen", "embedding")
    clip = studio.session.executor.value("clip", "clip")
    table = studio.look(node="seen", output="embedding", form="nearest")
    assert isinstance(table, Table)
    told, others = [row[1] for row in table.rows], captions()[::32]

    def cosines(texts: list[str]) -> list[float]:
        return (normalize(clip.embed_texts(texts).values) @ normalize(embedding.values[0], dim=-1)).tolist()

    true = cosines(told)
    assert [float(row[0]) for row in table.rows] == pytest.approx(true, abs=1e-4)
    assert true == sorted(true, reverse=True)
    assert all(
        cosine <= true[-1] + 1e-5 for cosine, text in zip(cosines(others), others, strict=True) if text not in told
    )
    assert "star" in told[0]
    options = {"bank": "my own", "own": "a blue cup\na red star\n\na fish"}
    mine = studio.look(node="seen", output="embedding", form="nearest", options=options)
    assert isinstance(mine, Table)
    assert mine.rows[0][1] == "a red star"
    assert len(mine.rows) == 3
    _, error = studio.answer(node="seen", output="embedding", form="nearest", options={"bank": "my own"})
    assert "one a line" in error


def test_the_likeness_of_each_step_to_the_texts(studio: Studio) -> None:
    chart = studio.look(handle=studio.runs[1], form="clip", options={"own": "a green fish"})
    assert isinstance(chart, Chart)
    names = [series.name for series in chart.series]
    assert names == ["a red star on a blue background", "a green fish"]
    values = {name: studio.session.executor.value(node, name) for node, name in (("clip", "clip"), ("model", "vae"))}
    for series in chart.series:
        text = normalize(values["clip"].embed_texts([series.name]).values, dim=-1)[0]
        for step, found in zip(series.x, series.y, strict=True):
            picture = values["vae"].decode(Latent(studio.paths[1].original[int(step)]))
            true = normalize(values["clip"].embed_images(picture).values, dim=-1)[0] @ text
            assert found == pytest.approx(float(true), abs=1e-4)
    assert chart.series[0].y[-1] > chart.series[1].y[-1]


def test_without_a_clip_it_is_said_what_to_do(studio: Studio, tmp_path: Path) -> None:
    workflow = load(STARTER)
    SetParam("scheduler", "steps", 1).apply(workflow)
    list(studio.session.run(RunRequest.of(workflow, STARTER.parent, tmp_path, device="cpu", document="plain")))
    _, error = studio.answer(document="plain", node="sampler", output="trajectory", form="clip")
    assert "Load CLIP" in error


def test_how_far_the_foreseen_values_reach(studio: Studio) -> None:
    path = studio.paths[1]
    shares = studio.look(handle=studio.runs[1], form="reach")
    sizes = studio.look(handle=studio.runs[1], form="reach", options={"of": "sizes"})
    assert isinstance(shares, Chart)
    assert isinstance(sizes, Chart)
    for step, frame in enumerate(path.original):
        size = frame[0].abs().flatten()
        assert shares.series[0].y[step] == pytest.approx(int((size >= 1).sum()) / size.numel())
        true = [torch.quantile(size, level).item() for level in (0.95, 0.995)]
        assert [series.y[step] for series in sizes.series] == pytest.approx([*true, size.max().item()])


def test_what_thresholding_moved_at_each_step(studio: Studio) -> None:
    told = tuple(torch.tensor([[0.1 * step, 1.0 + step, 0.05]] * 2, dtype=torch.float64) for step in range(3))
    told[1][1] = torch.tensor([0.7, 9.0, 0.6], dtype=torch.float64)
    path = dataclasses.replace(studio.paths[0], thresholded=(told[0], None, told[1], told[2]), first=4)
    handle = studio.hold(path, "Trajectory", 7)
    shares = studio.look(handle=handle, form="thresholded", options={"picture": 1})
    assert isinstance(shares, Chart)
    assert [series.name for series in shares.series] == ["beyond -1 to 1", "cut off"]
    assert [series.x for series in shares.series] == [(4.0, 6.0, 7.0)] * 2
    assert [series.y for series in shares.series] == [(0.0, 0.7, 0.2), (0.05, 0.6, 0.05)]
    threshold = studio.look(handle=handle, form="thresholded", options={"picture": 1, "moved": "threshold"})
    assert isinstance(threshold, Chart)
    assert threshold.series[0].y == (1.0, 9.0, 3.0)
    plain = studio.look(handle=studio.runs[0])
    assert isinstance(plain, Overview)
    assert "thresholded" not in [form.name for form in plain.forms], "nothing kept these latents in range"


def test_where_no_steps_were_recorded_it_is_said_how_to_have_them(studio: Studio) -> None:
    path = studio.paths[0]
    handle = studio.hold(Trajectory(path.timesteps, path.sigmas), "Trajectory", 8)
    overview = studio.look(handle=handle)
    assert isinstance(overview, Overview)
    assert overview.forms[0].name == "unrecorded"
    assert "set record of the sampler to steps" in studio.answer(handle=handle, form="unrecorded")[1]


def test_the_noise_prediction_is_what_the_levels_leave(studio: Studio) -> None:
    path = studio.paths[0]
    assert path.levels is not None
    alphas, sigmas = path.levels.unbind(1)
    assert torch.allclose(alphas**2 + sigmas**2, torch.ones(STEPS, dtype=torch.float64))
    curves = studio.look(handle=studio.runs[0], form="curves", options={"curve": "deviation"})
    assert isinstance(curves, Chart)
    noise = next(series for series in curves.series if series.name == "guided prediction")
    assert noise.y[0] == pytest.approx(1, abs=0.15)
    for step, found in zip(noise.x, noise.y, strict=True):
        at = int(step)
        true = (path.x[at].double() - alphas[at] * path.original[at]) / sigmas[at]
        assert found == pytest.approx(true.std(correction=0).item(), rel=1e-4)


def test_two_runs_are_compared_by_their_values(studio: Studio) -> None:
    one, other = studio.paths
    chart = studio.look(handle=studio.runs[0], other=studio.runs[1], form="curves")
    assert isinstance(chart, Chart)
    x = next(series for series in chart.series if series.name == "x")
    assert x.y == pytest.approx([float((a - b).abs().max()) for a, b in zip(one.x, other.x, strict=True)])
    assert (x.y[0], x.y[1] > 0) == (0, True)
    options = {"quantity": "predicted x_0", "way": "channels", "step": 3}
    apart = studio.look(handle=studio.runs[0], other=studio.runs[1], form="frames", options=options)
    true = (one.original[3][0].double() - other.original[3][0].double()).abs()
    assert isinstance(apart, Picture)
    assert apart.scale == pytest.approx((float(true.min()), float(true.max())))
    grey = ((true - true.min()) / (true.max() - true.min()) * 255).round().to(torch.uint8)
    assert torch.equal(pixels(apart)[16:, 16:, 0], grey[3])
    own = studio.look(handle=studio.runs[0], other=studio.runs[0], form="frames", options={**options, "other step": 5})
    assert isinstance(own, Picture)
    true = (one.original[3][0].double() - one.original[5][0].double()).abs()
    assert own.scale == pytest.approx((float(true.min()), float(true.max())))


def test_decoded_steps_are_compared_before_they_are_rounded(studio: Studio) -> None:
    vae = studio.session.executor.value("model", "vae")
    options = {"quantity": "predicted x_0", "way": "decoded", "step": 4}
    apart = studio.look(handle=studio.runs[0], other=studio.runs[1], form="frames", options=options)
    one, other = (vae.decode(Latent(path.original[4])).pixels[0].double() for path in studio.paths)
    assert isinstance(apart, Picture)
    assert apart.scale is not None
    assert apart.scale[1] == pytest.approx(float((one - other).abs().max()))


def test_what_differs_in_no_bit_is_not_apart() -> None:
    nan, infinite = float("nan"), float("inf")
    one, other = torch.tensor([1.0, nan, infinite, nan, 2.0]), torch.tensor([1.0, nan, infinite, 3.0, 2.5])
    assert difference(one, other).tolist() == [0.0, 0.0, 0.0, infinite, 0.5]


def test_values_that_do_not_go_together_are_refused(studio: Studio) -> None:
    latent = studio.look(node="sampler", output="latent")
    assert isinstance(latent, Overview)
    _, error = studio.answer(handle=studio.runs[0], other=latent.handle, form="frames")
    assert "cannot be compared" in error
    small = studio.hold(Latent(torch.zeros(1, 4, 8, 8)), "Latent")
    _, error = studio.answer(handle=latent.handle, other=small, form="channels")
    assert "4 x 16 x 16 and 4 x 8 x 8" in error


def test_a_curve_is_drawn(studio: Studio) -> None:
    curve = Curve(torch.arange(3), torch.tensor([0.5, 0.25, 1.0]), "rank", "share")
    chart = studio.look(handle=studio.hold(curve, "Curve"), form="curve")
    assert isinstance(chart, Chart)
    assert (chart.x, chart.y, chart.series[0].y) == ("rank", "share", (0.5, 0.25, 1.0))
