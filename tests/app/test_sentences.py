"""Sentences of graph, engine and nodes in another language: every template has words, and finds its sentences."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodeflow.app.i18n import pack_translations
from nodeflow.app.i18n.extract_sentences import ROOT, missing, pieces, sentences, texts_with_gaps
from nodeflow.app.i18n.language import languages
from nodeflow.app.i18n.sentences import GAP, reported, said, templates
from nodeflow.app.i18n.texts import problem_line
from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.graph.model.workflow import Node, Problem, Workflow
from nodeflow.graph.validate.check import check
from nodeflow.node import NodeError

OTHERS = [name for name in languages() if name != "en"]


def _filled(source: str, values: dict[str, str]) -> str:
    return GAP.sub(lambda gap: values[gap[1]], source)


LATIN = re.compile(r"[A-Za-z]{2,}")


@pytest.fixture
def chinese() -> Iterator[None]:
    pack_translations.use("zh_CN")
    shipped_catalogue()
    yield
    pack_translations.use("en")


@pytest.mark.release
@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_that_is_said_has_a_translation(language: str) -> None:
    lacking = {place: found for place, found in missing(language).items() if found}
    assert not lacking, "python -m nodeflow.app.i18n.extract_sentences lists them"


@pytest.mark.parametrize("language", OTHERS)
def test_a_template_keeps_its_gaps_and_finds_the_sentences_that_are_made_from_it(language: str) -> None:
    known = templates(language, ("nodes",))
    assert len(known.sources) > 700
    for template in known.made:
        source = template.source
        assert set(GAP.findall(template.words)) <= set(GAP.findall(source)), source
        spaced = re.sub(r"(?<=\})(\{\d+\})", r", \1", source)  # a gap right behind another goes on after a sign
        values = {gap[2]: f"{gap[1]}v{gap[2]}" for gap in re.finditer(r"((?<=\}), )?\{(\d+)\}", spaced)}
        sentence = _filled(source, values)
        wanted = _filled(template.words, values)
        assert known.said(sentence) == wanted, source


def test_problems_are_told_in_chinese_with_what_fills_them(chinese: None) -> None:
    workflow = Workflow(
        nodes={
            "a": Node("nodes.sampel"),
            "b": Node("nodes.gaussian_noise", params={"seed": -1, "sed": 3}),
            "c": Node("nodes.vae_decode"),
        }
    )
    lines = [problem_line(problem) for problem in check(workflow, shipped_catalogue())]
    assert len(lines) == 5
    for line in lines:
        names = ("nodes", "sampel", "sample", "gaussian_noise", "seed", "sed", "vae_decode", "vae", "latent")
        assert set(LATIN.findall(line)) <= {*names, "VAE", "Latent", "gaussian", "noise", "decode"}, line
    assert "a: 未知的节点类型 'nodes.sampel'；你是否想写 'nodes.sample'？" in lines


def test_what_is_not_known_stays_as_it_is(chinese: None) -> None:
    assert said("A pack of yours says something else") == "A pack of yours says something else"
    assert said("") == ""
    assert problem_line(Problem("n", "", "someone else's words")) == "n: someone else's words"
    assert said("first run\nsomeone else's words") == "第一次运行\nsomeone else's words"


def test_english_is_left_alone() -> None:
    assert said("first run") == "first run"


def test_the_source_is_read_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "pack.py").write_text(
        '"""A docstring is none."""\n'
        "def one(x):\n"
        '    if x:\n        raise NodeError(f"{x:g} is no good; take {x + 1!r}" " or none")\n'
        '    kind = "a half sentence"\n'
        '    return Problem("n", "", "the {kind} is wrong here")\n'
    )
    assert set(sentences(tmp_path, parts=False)) == {"{0} is no good; take {1} or none", "the {0} is wrong here"}
    assert "a half sentence" in sentences(tmp_path)


def test_an_error_of_a_node_is_told_in_chinese(chinese: None) -> None:
    from nodes.values.lists import pick

    with pytest.raises(NodeError) as raised:
        pick([1, 2], 5)
    assert said(str(raised.value)) == "没有第 5 项；列表有 2 项"


def _reports() -> Iterator[tuple[str, str]]:
    """The lines that nodes put into an output called table or ranking, as templates, with the files that say them."""
    for path in sorted((ROOT / "nodes").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        outputs = {node.target.id for node in ast.walk(tree) if isinstance(node, ast.AnnAssign) and _names_a_text(node)}
        if not outputs & {"table", "ranking"}:
            continue
        for node in ast.walk(tree):
            match node:
                case ast.Assign(targets=[ast.Name(id="lines" | "table" | "ranking" | "names")], value=value):
                    told = [value]
                case ast.AugAssign(target=ast.Name(id="lines"), value=value):
                    told = [value]
                case ast.Call(func=ast.Attribute(attr="append", value=ast.Name(id="lines" | "table")), args=args):
                    told = list(args)
                case ast.Return(value=ast.Call(args=args)):
                    told = list(args)
                case _:
                    continue
            for one in (part for value in told for part in ast.walk(value) if isinstance(part, ast.JoinedStr)):
                yield path.name, "".join(texts_with_gaps(list(pieces(one))))


def _names_a_text(node: ast.AnnAssign) -> bool:
    return isinstance(node.target, ast.Name) and isinstance(node.annotation, ast.Name) and node.annotation.id == "str"


def test_what_nodes_report_is_told_in_chinese(chinese: None) -> None:
    """Line by line, each by a template of its own; names and texts of the person in it stay."""
    said_by = list(_reports())
    assert len(said_by) > 25
    left = {}
    for file, template in said_by:
        for line in GAP.sub(lambda gap: gap[1], template).split("\n"):
            if line.startswith(", "):
                continue  # an end that some lines have: they are templates of their own
            told = set(LATIN.findall(reported(line))) - REPORTED_SIGNS
            if told:
                left[file, line] = told
    assert not left
    whole = ("1 steps: 2, order 3", "mid: 1, 2 parameters (3%), time 4%, takes text + time")
    assert all(not set(LATIN.findall(reported(line))) - {"mid"} for line in whole)
    assert reported("a red fox: image finds it 30%, it finds the image 20%").startswith("a red fox：")


REPORTED_SIGNS = {"KL", "PSNR", "dB", "mu", "sigma"}
