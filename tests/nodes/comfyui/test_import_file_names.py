"""Tests of importing the names of saved files, with what is filled in between two %."""

from __future__ import annotations

from typing import Any

import pytest

from nodeflow.graph.model.catalogue import Catalogue
from nodes.comfyui.export.writing import export_anew
from tests.nodes.comfyui.graphs import SAMPLED, api, bring, params

OTHER = "the date in the file's name is written in another way"
LEFT_OUT = "what stands between % in the file's name is left out"


@pytest.mark.parametrize(
    ("prefix", "expected", "notes"),
    [
        ("%date:yyyy-MM-dd%/fox", {"name": "fox", "folder": "{date}"}, []),
        ("fox_%width%x%height%", {"name": "fox_{width}x{height}"}, []),
        ("a/%date:hhmmss%_b", {"name": "{time}_b", "folder": "a"}, [OTHER]),
        ("%date:yyyyMMddThh-mm%", {"name": "{date} {time}"}, [OTHER]),
        ("%KSampler.steps% steps", {"name": "12 steps"}, None),
        ("%KSampler.model%fox", {"name": "fox"}, [LEFT_OUT]),
        ("%nobody.knows%fox", {"name": "fox"}, [LEFT_OUT]),
        ("a{seed}b", {"name": "a_seed_b"}, []),
        ("100%", {"name": "100%"}, []),
    ],
)
def test_names_are_filled_in_when_a_file_is_saved(
    prefix: str, expected: dict[str, Any], notes: list[str] | None, catalogue: Catalogue
) -> None:
    graph = api(**SAMPLED)
    graph["saved"]["inputs"]["filename_prefix"] = prefix
    found = bring(graph, catalogue)
    row = next(row for row in found.report.rows if row["id"] == "saved")
    told = ["KSampler.steps stands in the file's name as it is in the file, and does not follow its node"]
    assert row["notes"] == (told if notes is None else notes)
    assert params(found, "save") == expected


def test_names_go_back_with_what_is_filled_in(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph["saved"]["inputs"]["filename_prefix"] = "%date:yyyy-MM-dd%/fox_%width%x%height%"
    written = export_anew(bring(graph, catalogue).workflow, catalogue)
    saved = [node for node in written.prompt.values() if node["class_type"] == "SaveImage"]
    assert [node["inputs"]["filename_prefix"] for node in saved] == ["%date:yyyy-MM-dd%/fox_%width%x%height%"]
