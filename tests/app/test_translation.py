"""The Chinese translation: complete, compiled, its placeholders those of the source, and shown."""

from __future__ import annotations

import ast
import os
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest

from nodeflow.app.i18n.extract import FILE, forms_in, gather, read

WINDOW = """
from nodeflow.app.main import application, open_window
app = application()
window = open_window()
window.show()
print(window.menuBar().actions()[0].text())
print(window.actions_["run.run"].text())
print(window.session.title if window.session.name else "")
window.documents.new()
print(window.session.title)
from PySide6.QtWidgets import QDialogButtonBox
box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
print(box.buttons()[0].text())
window.close()
"""


def fields(text: str) -> list[str]:
    """The placeholders of a text."""
    return sorted(f"{name}!{conversion}:{form}" for _, name, form, conversion in string.Formatter().parse(text) if name)


@pytest.mark.release
def test_every_text_has_a_finished_translation() -> None:
    known = read()
    texts = gather()
    assert len(texts) > 300
    assert [text for text in texts if not known.get(text)] == [], "nodeflow.app.i18n.extract gathers them"
    assert set(known) == set(texts), "python -m nodeflow.app.i18n.extract drops what is gone"


def test_placeholders_and_keys_agree() -> None:
    finished = {text: words for text, words in read().items() if words}
    assert len(finished) > 300
    for (_, source), words in finished.items():
        assert fields(source) == fields(words), source
        assert len(re.findall(r"&\w", source)) == len(re.findall(r"&\w", words)), source
        assert source.endswith("…") == words.endswith("…"), source


def test_the_compiled_file_is_that_of_the_texts(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.qm"
    release = Path(sys.executable).parent / "pyside6-lrelease"
    subprocess.run([release, "-silent", FILE, "-qm", fresh], check=True)
    assert fresh.read_bytes() == FILE.with_suffix(".qm").read_bytes(), "python -m nodeflow.app.i18n.extract compiles it"


def test_the_window_speaks_chinese(tmp_path: Path) -> None:
    (tmp_path / "settings.ini").write_text('[look]\nlanguage="\\"zh_CN\\""\n')
    environment = {**os.environ, "NODEFLOW_DATA": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", WINDOW], env=environment, capture_output=True, check=True)
    assert done.stdout.decode().split("\n")[:5] == ["文件(&F)", "运行", "latent-diffusion", "未命名", "关闭"]


def test_choices_that_a_constant_names_are_gathered_too() -> None:
    tree = ast.parse('ALL, SOME = "all layers", "some"\nx = Option("layer", "Layer", (ALL, *layers))')
    assert list(forms_in(tree)) == ["Layer", "all layers"]


def test_titles_that_a_maker_of_views_is_given_are_gathered_too() -> None:
    tree = ast.parse(
        'def _seen(name: str, title: str) -> ValueView: ...\nx = (_seen("a", "As it is"), other("b", "not"))'
    )
    assert list(forms_in(tree)) == ["As it is"]
    assert "Colours" in {words for _, words in gather()}
