"""A text that names an embedding: another file of that name runs the node again, the same one does not."""

from __future__ import annotations

from pathlib import Path

from toy_bench import Bench
from toys import wire

from nodeflow.engine.protocol.events import NodeStarted


def test_a_replaced_embedding_runs_its_text_again(tmp_path: Path) -> None:
    bench, file = Bench(tmp_path), tmp_path / "own.safetensors"
    file.write_bytes(b"first")
    for text in (f"a embedding:{tmp_path / 'own'}, b", f"embedding:{file}"):
        about = wire({"a": ("toys.learned", {"text": text})})
        assert bench.run(about, "a") == ["learned"]
        assert bench.run(about, "a") == []
        file.write_bytes(b"other")
        assert bench.run(about, "a") == ["learned"]
        assert bench.told(NodeStarted)["a"].why.endswith("changed")
        file.write_bytes(b"first")
        assert bench.run(about, "a") == []


def test_an_embedding_that_comes_later_counts(tmp_path: Path) -> None:
    bench, about = Bench(tmp_path), wire({"a": ("toys.learned", {"text": f"embedding:{tmp_path / 'later'}"})})
    assert bench.run(about, "a") == ["learned"]
    (tmp_path / "later.safetensors").write_bytes(b"now")
    assert bench.run(about, "a") == ["learned"]


def test_a_text_by_wire_counts_as_well(tmp_path: Path) -> None:
    bench, file = Bench(tmp_path), tmp_path / "own.safetensors"
    file.write_bytes(b"first")
    about = wire(
        {"t": ("toys.said", {"text": f"embedding:{file}"}), "a": ("toys.learned", {}, {"text": "t.value"})},
    )
    assert "learned" in bench.run(about, "a")
    assert bench.run(about, "a") == []
    file.write_bytes(b"other")
    assert bench.run(about, "a") == ["learned"]
