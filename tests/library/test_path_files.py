"""Files in which ComfyUI is told of more folders, in every form that people write; others are told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nodeflow.cli.main import cli
from nodeflow.library.folders import LibrarySettings, path_troubles, read_path_file, read_settings, write_settings


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's own data folder, and no hub cache."""
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("NODEFLOW_MODELS", raising=False)


ODD: list[tuple[bytes, list[str]]] = [
    (b"\xef\xbb\xbfa:\n  base_path: d\n  loras: one\n", ["d/one"]),
    ("a:\n  base_path: d\n  loras: ö\n".encode("utf-16"), ["d/ö"]),
    (b"a:\r\n  base_path: d\r\n  loras: |\r\n    one\r\n\r\n    two\r\n", ["d/one", "d/two"]),
    (b"a:\n  base_path: d\n  loras:\n  - one\n  - 2\n  - two\n", ["d/one", "d/two"]),
    (b"a:\n  loras: one\n  vae: ../two\n", ["one", "../two"]),
    (b"a: null\nb: text\nc: []\nd:\n  base_path:\n  vae:\n  is_default: true\n  custom_nodes: one\n", []),
    (b"a:\n  base_path: $HERE/d\n  loras: |\n    ${HERE}/one\n    two\n", ["one", "d/two"]),
    (b"", []),
]  # fmt: skip


@pytest.mark.parametrize(("content", "wanted"), ODD)
def test_odd_files_of_paths_are_read_all_the_same(
    content: bytes, wanted: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERE", str(tmp_path))
    (tmp_path / "mine.yaml").write_bytes(content)
    roots, told = read_path_file(tmp_path / "mine.yaml")
    assert ([os.path.normpath(root.path) for root in roots], told) == (
        [os.path.normpath(tmp_path / one) for one in wanted],
        "",
    )


@pytest.mark.parametrize("content", [b"a:\n\tb: c", b"- one\n- two", b"\xff\xfe\x00", b"a: *b", b"a: !!python/none x"])
def test_a_file_of_paths_that_is_none_is_told(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.yaml").write_bytes(content)
    monkeypatch.setenv("NODEFLOW_MODELS", str(tmp_path / "mine.yaml"))
    (told,) = path_troubles()
    assert "mine.yaml" in told and told.endswith("put it right")


@pytest.mark.parametrize("data", [b'{"folders":["\xff"]}', b"{", b"[" * 100_000, b'{"folders":5}'])
def test_a_damaged_choice_of_folders_is_set_aside_before_it_is_written_over(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path))
    (tmp_path / "library.json").write_bytes(data)
    assert read_settings() == LibrarySettings()
    write_settings(LibrarySettings(("models",)))
    write_settings(LibrarySettings(("models", "more")))
    assert read_settings().folders == ("models", "more")
    assert [path.read_bytes() for path in tmp_path.glob("library-damaged-*.json")] == [data]


def test_a_folder_that_is_added_on_the_command_line_leaves_other_settings(tmp_path: Path) -> None:
    write_settings(LibrarySettings((), hub_cache=False, offline=True))
    assert CliRunner().invoke(cli, ["models", "scan", str(tmp_path)]).exit_code == 0
    assert read_settings() == LibrarySettings((str(tmp_path),), hub_cache=False, offline=True)
