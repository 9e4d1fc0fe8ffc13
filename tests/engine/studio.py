"""A room to look at values in: the starter's nodes, run, and what a view of them says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from nodeflow.engine.inspect.value_inspector import ValueInspector
from nodeflow.engine.protocol.messages import ViewQuery
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.protocol.value_handle import Seen
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load
from nodeflow.resources import folder
from nodeflow.views import Picture

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


OWN = "as the network gives it"
