"""Search as people type: other programs' words, typing errors, Chinese, and what was meant where nothing is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtTest import QTest

from nodeflow.app.commands.palette import ranked
from nodeflow.app.i18n import pack_translations
from nodeflow.app.i18n.pack_translations import localized
from nodeflow.app.model.node_ranking import rank, suggest
from nodeflow.app.model.search import Subject, closest, search
from nodeflow.app.model.search_aliases import search_aliases
from nodeflow.app.start_page.bundled_workflows import shelves
from nodeflow.app.window.main_window import MainWindow
from nodeflow.engine.worker.packs import load_packs
from nodeflow.graph.model.catalogue import NodeSpec
from tests.telling import telling

LEADS = {
    "KSampler": "sample",
    "ksampler advanced": "sample",
    "Load Checkpoint": "load_latent_diffusion",
    "CheckpointLoaderSimple": "load_latent_diffusion",
    "checkpoint": "load_latent_diffusion",
    "Empty Latent": "empty_latent",
    "EmptyLatentImage": "empty_latent",
    "Preview Image": "save_image",
    "CLIPTextEncode": "clip_text_encode",
    "prompt": "clip_text_encode",
    "negative prompt": "clip_text_encode",
    "cfg": "classifier_free_guidance",
    "cfg scale": "classifier_free_guidance",
    "lora loader": "apply_lora",
    "controlnet apply": "control",
    "Apply ControlNet": "control",
    "textual inversion": "clip_text_encode",
    "switch": "switch",
    "math": "expression",
    "canny": "edges",
    "img2img": "vae_encode",
    "upscale": "upscale_image",
    "VAEDecode": "vae_decode",
    "vae dec": "vae_decode",
    "inpaint": "inpaint",
    "save": "save_image",
}
MISTYPED = {
    "sampelr": "sample",
    "smapler": "sample",
    "shceduler": "scheduler",
    "guasian noise": "gaussian_noise",
    "contrlnet": "load_controlnet",
    "upsclae": "upscale_image",
    "compsite": "composite",
}
CHINESE = {
    "采样器": "sample",
    "采样": "sample",
    "调度器": "scheduler",
    "提示词": "clip_text_encode",
    "反向提示词": "clip_text_encode",
    "局部重绘": "inpaint",
    "放大": "upscale_image",
    "底模": "load_latent_diffusion",
    "保存": "save_image",
    "VAE 解码": "vae_decode",
}


@pytest.fixture(scope="module")
def nodes() -> list[NodeSpec]:
    return list(load_packs().catalogue.nodes.values())


@pytest.fixture
def chinese() -> Iterator[list[NodeSpec]]:
    pack_translations.use("zh_CN")
    yield list(localized(load_packs().catalogue).nodes.values())
    pack_translations.use("en")


def first(query: str, nodes: list[NodeSpec]) -> str:
    found = rank(query, nodes)
    return found[0].type.removeprefix("nodes.") if found else ""


@pytest.mark.parametrize(("query", "node"), LEADS.items())
def test_words_of_other_programs_lead_to_our_nodes(query: str, node: str, nodes: list[NodeSpec]) -> None:
    assert first(query, nodes) == node


@pytest.mark.parametrize(("query", "node"), MISTYPED.items())
def test_typing_errors_find(query: str, node: str, nodes: list[NodeSpec]) -> None:
    assert first(query, nodes) == node


@pytest.mark.parametrize(("query", "node"), CHINESE.items())
def test_chinese_finds_the_right_one_first(query: str, node: str, chinese: list[NodeSpec]) -> None:
    assert first(query, chinese) == node


@pytest.mark.parametrize("part", telling(range(5), lambda part: not part))
def test_every_title_finds_its_node_first(nodes: list[NodeSpec], part: int) -> None:
    assert [spec.title for spec in nodes[part::5] if rank(spec.title, nodes)[0] is not spec] == []


def test_every_alias_leads_to_something_that_is_there(nodes: list[NodeSpec], window: MainWindow) -> None:
    known = search_aliases()
    assert known.nodes.keys() - {spec.type for spec in nodes} == set()
    assert known.actions.keys() - window.actions_.entries.keys() == set()
    assert known.workflows.keys() - {ready.name for shelf in shelves() for ready in shelf.workflows} == set()


def test_nothing_found_tells_what_may_have_been_meant(nodes: list[NodeSpec]) -> None:
    query = "clasifierfree guidnce scael"
    assert rank(query, nodes) == []
    assert "nodes.classifier_free_guidance" in [spec.type for spec in suggest(query, nodes)]
    assert suggest("日本海", nodes) == []


def test_words_are_not_found_inside_of_words() -> None:
    about = {"vqvae": Subject("VQ-VAE", text="count them, edit them"), "dit": Subject("DiT")}
    assert search("dit", about, about.__getitem__) == ["dit"]
    assert search("edi", about, about.__getitem__) == ["vqvae"]
    assert search("", about, about.__getitem__) == ["vqvae", "dit"]
    assert closest("ditt", about, about.__getitem__) == ["dit"]


def test_what_was_used_last_comes_first_among_equals(nodes: list[NodeSpec]) -> None:
    assert rank("load", nodes, ["nodes.load_vae"])[0].type == "nodes.load_vae"


def test_the_start_page_finds_by_whole_words_and_says_what_may_have_been_meant(window: MainWindow) -> None:
    window.show_start_page()
    start = window.start_page
    assert start is not None

    def shown() -> list[str]:
        return [ready.name for item, ready in start.workflows.cards() if not item.isHidden()]

    start.search.setText("dit")
    assert "dit" in shown() and start.chosen is not None and start.chosen.stem == "dit"
    assert "latent-diffusion" not in shown()
    start.search.setText("txt2img")
    assert shown() == ["latent-diffusion"]
    start.search.setText("upscael")
    assert "super-resolution" in shown()
    start.search.setText("inpaintign xyzzy")
    assert shown() == [] and "Inpainting" in start.none_found.text()


def test_the_palette_knows_the_words_of_others(window: MainWindow) -> None:
    entries = list(window.actions_.entries.values())
    for query, action in {"Queue Prompt": "run.run", "interrupt": "run.cancel", "preferences": "file.settings"}.items():
        assert ranked(query, entries)[0].id == action
    assert ranked("selct al", entries)[0].id == "edit.select_all"
    window.palette_.ask()
    QTest.keyClicks(window.palette_.field, "slectt alll xy")
    assert ranked("slectt alll xy", entries) == []
    assert window.palette_.list.item(0).text() == "Select All"


def test_a_list_in_which_nothing_was_found_says_so(window: MainWindow) -> None:
    window.gestures.search(window.canvas.view.mapToScene(200, 200))
    found = window.canvas.view.search
    inks = []
    for words in ("sampler", "qqqqzzzz"):
        found.field.setText(words)
        seen = found.list.viewport().grab().toImage()
        rows = range(seen.height() // 2 - 8, seen.height() // 2 + 8)
        inks.append((found.list.count() > 0, len({seen.pixel(x, y) for x in range(seen.width()) for y in rows}) > 3))
    assert inks == [(True, True), (False, True)]
