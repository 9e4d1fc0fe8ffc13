"""Tests of the nodes known to the command line where the committed snapshot is older than the pack."""

from __future__ import annotations

from pathlib import Path

import pytest

from nodeflow.cli.catalogue import SNAPSHOT, known_catalogue
from nodeflow.graph.model.catalogue import decode, encode

NEW = "nodes.gaussian_noise"


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A snapshot from before a node was added to the pack."""
    catalogue = decode(SNAPSHOT.read_bytes())
    del catalogue.nodes[NEW]
    path = tmp_path / "catalogue.json"
    path.write_bytes(encode(catalogue))
    return path


def test_a_node_that_is_newer_than_the_snapshot_is_known(older: Path) -> None:
    assert NEW in known_catalogue(types=["nodes.save_image", NEW], snapshot=older).nodes


def test_the_snapshot_is_enough_for_what_it_has_and_for_other_packs(older: Path) -> None:
    assert NEW not in known_catalogue(types=["nodes.save_image", "acme.unknown"], snapshot=older).nodes
