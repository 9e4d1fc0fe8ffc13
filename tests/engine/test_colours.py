"""The colours in which latents are seen, in previews and in the inspector, against the images that the VAE makes."""

from __future__ import annotations

import contextlib
import io
import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from torch import Tensor
from torch.nn.functional import avg_pool2d

from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.cache.result_cache import ResultCache
from nodeflow.engine.execution.latent_thumbnails import colours
from nodeflow.engine.inspect.value_inspector import ValueInspector
from nodeflow.engine.previews.latent_colours import NotFitted, linear_map, map_if_any, map_so_far, rgb
from nodeflow.engine.previews.summaries import pictures
from nodeflow.engine.protocol.events import NodeProgress
from nodeflow.engine.protocol.messages import ViewQuery
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load
from nodeflow.resources import folder
from nodeflow.views import Picture
from nodeflow.wires import VAE, Image, Latent, LatentFormat

STARTER = folder("workflows") / "latent-diffusion.json"
RED_STAR = "a red star on a green background"


class Painted:
    """What the starter made of a text, and the previews that were shown meanwhile."""

    def __init__(self, output: Path) -> None:
        self.session = WorkflowRunner()
        workflow = load(STARTER)
        SetParam("prompt", "text", RED_STAR).apply(workflow)
        list(self.session.run(RunRequest.of(workflow, STARTER.parent, output, ("model",), device="cpu")))
        self.vae: VAE = self.session.executor.value("model", "vae")
        linear_map(self.vae)  # so that no preview is left out
        events = list(self.session.run(RunRequest.of(workflow, STARTER.parent, output, device="cpu")))
        self.previews = [event.preview for event in events if isinstance(event, NodeProgress) and event.preview]
        self.latent: Latent = self.session.executor.value("sampler", "latent")
        picture: Image = self.session.executor.value("decode", "image")
        self.true = avg_pool2d(picture.pixels, self.vae.format.downscale)[0]


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Painted:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nodeflow.engine.execution.streaming.PREVIEW_SECONDS", 0.0)
        return Painted(tmp_path_factory.mktemp("output"))


def apart(shown: Tensor, true: Tensor) -> float:
    return float((shown - true).abs().mean())


def read(png: bytes) -> Tensor:
    with Pillow.open(io.BytesIO(png)) as picture:
        return torch.from_numpy(np.array(picture)).permute(2, 0, 1) / 255


def test_a_preview_has_the_colours_of_the_picture(painted: Painted) -> None:
    preview = read(painted.previews[-1])
    assert apart(preview, painted.true) < 0.1
    assert apart(rgb(painted.latent.samples[0], None), painted.true) > 0.2, "the directions of variance are no colours"
    edge, middle = preview[:, 1:4, 1:4].mean((1, 2)), preview[:, 7:10, 7:10].mean((1, 2))
    assert edge.argmax() == 1, "the background is green"
    assert middle.argmax() == 0, "the star is red"


def test_previews_thumbnails_and_inspector_show_the_same(painted: Painted) -> None:
    map = linear_map(painted.vae)
    (thumbnail,) = pictures(painted.latent, 64, lambda channels: map if channels == 4 else None)
    answer = ValueInspector(painted.session.executor).look(ViewQuery(1, "", "sampler", "latent", "", "colours"))
    assert isinstance(answer.view, Picture)
    assert answer.view.pixels == (read(thumbnail) * 255).round().byte().permute(1, 2, 0).numpy().tobytes()


def test_thumbnails_keep_their_colours_when_the_vae_is_not_in_memory(painted: Painted, tmp_path: Path) -> None:
    executor = painted.session.executor
    history = executor.recall("")
    _, key = history.last["model"]
    outputs = executor.cache.get(key)
    assert outputs is not None
    cache = ResultCache({"cpu": 2**30}, DiskStore(tmp_path, 2**30))
    assert colours(history, cache, 4) is None
    cache.put(key, outputs, 1.0)
    assert colours(history, cache, 4) is linear_map(painted.vae)
    restarted = ResultCache({"cpu": 2**30}, DiskStore(tmp_path, 2**30))
    found = colours(history, restarted, 4)
    assert found is not None and torch.equal(found, linear_map(painted.vae))
    assert colours(history, restarted, 16) is None


def test_a_map_is_made_once_and_nobody_who_paints_waits_for_it(painted: Painted) -> None:
    vae = Waiting(painted.vae)
    for _ in range(2):
        with pytest.raises(NotFitted):
            map_so_far(vae)
    vae.go.set()
    found = linear_map(vae)
    assert found is linear_map(vae)
    assert found is map_so_far(vae)
    assert vae.calls == 1


def test_pixels_as_latents_have_their_own_colours() -> None:
    map = linear_map(Pixels())
    wanted = torch.cat([0.5 * torch.eye(3), torch.full((3, 1), 0.5)], 1)
    torch.testing.assert_close(map, wanted, atol=1e-6, rtol=0)


def test_a_vae_that_fails_is_as_if_there_were_none() -> None:
    vae = Broken()
    assert map_if_any(vae) is None
    found: list[object] = []
    while not found:
        with contextlib.suppress(NotFitted):
            found.append(map_so_far(vae))
    assert found == [None]
    assert map_if_any(None) is None


class Pixels:
    """Images as their own latents."""

    format = LatentFormat(3, 1, 8)

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        return Latent(2 * image.pixels - 1)

    def decode(self, latent: Latent) -> Image:
        return Image((latent.samples / 2 + 0.5).clamp(0, 1))


class Broken(Pixels):
    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        raise NotImplementedError


@dataclass(eq=False)
class Waiting:
    """A VAE that encodes once it is told to."""

    vae: VAE
    go: threading.Event = field(default_factory=threading.Event)
    calls: int = 0

    @property
    def format(self) -> LatentFormat:
        return self.vae.format

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        self.calls += 1
        assert self.go.wait(20)
        return self.vae.encode(image, generators)

    def decode(self, latent: Latent) -> Image:
        return self.vae.decode(latent)
