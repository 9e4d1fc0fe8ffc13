"""Tests of the built-in nodes' Chinese: every title, first line, port and station; found in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nodeflow.app.canvas.items.node_painter import shown
from nodeflow.app.canvas.view.node_search import entry_of
from nodeflow.app.i18n import pack_translations
from nodeflow.app.i18n.pack_translations import english_doc, localized, pieces, texts_of, told_choice, words_of
from nodeflow.app.i18n.texts import describe, readable
from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.app.model.node_ranking import rank
from nodeflow.graph.model.catalogue import Catalogue, NodeSpec
from nodeflow.library.rules import rule_book
from tests.app.test_quantities import quantities

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
    nodes = shipped_catalogue().nodes.values()
    said = {text for spec in nodes for text in texts_of(spec)}
    said |= {port.type for spec in nodes for port in (*spec.inputs, *spec.outputs)}
    said |= {workflow.title for family in rule_book().families for workflow in family.workflows}
    said |= quantities() | {
        f"{param.name}={choice}" for spec in nodes for param in spec.params for choice in param.choices
    }
    assert sorted(words_of("nodes", "zh_CN").keys() - said) == [], f"{PLACE} holds what no node says any more"


def test_a_node_is_shown_in_chinese_and_found_in_both_languages(chinese: Catalogue) -> None:
    spec = chinese.nodes["nodes.vae_decode"]
    assert entry_of(spec)[:3] == ("nodes.vae_decode", "VAE 解码", "把潜变量变成图片。")
    assert "潜变量 (B, C, h, w) 变成" in spec.doc and "Turns latents" not in spec.doc
    nodes = list(chinese.nodes.values())
    for query in ("VAE 解码", "vae decode", "把潜变量变成", "turns latents into"):
        assert spec in rank(query, nodes)[:3], query
    assert readable("guidance") == "引导" and readable("no_such_name") == "no such name"


def test_help_is_translated_a_paragraph_at_a_time(chinese: Catalogue) -> None:
    folder = "a folder as diffusers' DiTPipeline saves it"
    doc = f"Turns latents into images.\n\nA new paragraph.\n\n``lora`` is one of\n- {folder}\n- an untold one"
    assert pieces(doc)[2:] == ["``lora`` is one of", folder, "an untold one"]
    spec = NodeSpec("nodes.new", "New", 1, "latents", doc)
    told = localized(Catalogue({"nodes": "1"}, {"nodes.new": spec})).nodes["nodes.new"]
    assert told.doc.startswith("把潜变量变成图片。\n\nA new paragraph.\n\n``lora`` 是下列之一\n- ")
    assert "\n- 由 diffusers" in told.doc and told.doc.endswith("\n- an untold one") and english_doc(told) == doc


def test_a_choice_is_shown_in_chinese_and_kept_as_it_is(chinese: Catalogue) -> None:
    scheduler = chinese.nodes["nodes.scheduler"].param("spacing")
    assert scheduler is not None and "as the file says" in scheduler.choices
    assert shown(scheduler, "as the file says") == "按文件所说"
    prediction = chinese.nodes["nodes.unet_denoiser"].param("prediction")
    assert prediction is not None and describe(prediction).count("干净潜变量") == 1
    assert told_choice("no_such_parameter", "sample") == "采样"


def test_a_pack_that_brings_none_keeps_its_own_words() -> None:
    assert words_of("no_such_pack", "zh_CN") == words_of("not a name", "zh_CN") == words_of("json", "zh_CN") == {}
