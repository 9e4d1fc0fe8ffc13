"""The nodes there are, for tests of importing."""

from __future__ import annotations

import pytest

from nodeflow.graph.model.catalogue import Catalogue, decode
from nodeflow.resources import folder


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return decode((folder("assets") / "catalogue.json").read_bytes())
