"""Tests of the built-in nodes' Chinese: every title, first line, port and station; found in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nodeflow.app.canvas.view.node_search import entry_of
from nodeflow.app.i18n import pack_translations
from nodeflow.app.i18n.pack_translations import texts_of, words_of
from nodeflow.app.i18n.texts import readable
from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.app.model.node_ranking import rank
from nodeflow.graph.model.catalogue import Catalogue

PLACE = "nodes/translations/zh_CN.json"


@pytest.fixture
def chinese() -> Iterator[Catalogue]:
    pack_translations.use("zh_CN")
    yield shipped_catalogue()
    pack_translations.use("en")


@pytest.mark.release
def test_every_node_has_chinese_words() -> None:
    known, nodes = words_of("nodes", "zh_CN"), shipped_catalogue().nodes.values()
    missing = [f'{spec.type}: "{text}"' for spec in nodes for text in texts_of(spec) if not known.get(text)]
    assert not missing, f"{PLACE} lacks:\n" + "\n".join(missing)


@pytest.mark.release
def test_nothing_stands_there_that_no_node_says() -> None:
    said = {text for spec in shipped_catalogue().nodes.values() for text in texts_of(spec)}
    assert sorted(words_of("nodes", "zh_CN").keys() - said) == [], f"{PLACE} holds what no node says any more"


def test_a_node_is_shown_in_chinese_and_found_in_both_languages(chinese: Catalogue) -> None:
    spec = chinese.nodes["nodes.vae_decode"]
    assert entry_of(spec)[:3] == ("nodes.vae_decode", "VAE 解码", "把潜变量变成图片。")
    assert "Turns latents into images." in spec.doc
    nodes = list(chinese.nodes.values())
    for query in ("VAE 解码", "vae decode", "把潜变量变成", "turns latents into"):
        assert spec in rank(query, nodes)[:3], query
    assert readable("guidance") == "引导" and readable("no_such_name") == "no such name"


def test_a_pack_that_brings_none_keeps_its_own_words() -> None:
    assert words_of("no_such_pack", "zh_CN") == words_of("not a name", "zh_CN") == words_of("json", "zh_CN") == {}
