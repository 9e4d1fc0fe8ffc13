"""The sentences that graph, engine, library and nodes say, gathered for translators as templates with numbered gaps.

    python -m nodeflow.app.i18n.extract_sentences        what lacks a translation, by language and file

Sentences stand in the source as texts and f-strings: what is raised, what a `Problem`, a note or a refusal says, and
what functions return to be put into one of these.
"""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

from nodeflow.app.i18n.language import ENGLISH, languages
from nodeflow.app.i18n.sentences import templates

ROOT = Path(__file__).resolve().parents[3]
APART = frozenset({"app", "cli", "reports"})
"""The rooms of nodeflow whose texts go through tr(), or to the terminal."""
SAYS = {
    "Problem",
    "warn",
    "Misfit",
    "NotStorable",
    "NodeFailed",
    "WorkerLost",
    "Logged",
    "NotKept",
    "approximate",
    "note",
}
"""Calls whose texts people read."""
GATHERED = {"skipped", "differences", "_troubles"}
"""Lists of sentences that people read."""
_FIELD = re.compile(r"\{[a-z_]*\}")
"""A gap of a text that is filled by ``format``."""


def sentences(root: Path, apart: frozenset[str] = frozenset(), parts: bool = True) -> dict[str, Path]:
    """The templates that the files of a folder say, each with a file that says it; not of the rooms ``apart``.

    Without ``parts`` only what is surely said: not what is returned or kept, to be perhaps put into a sentence.
    """
    found: dict[str, Path] = {}
    for path in sorted(root.rglob("*.py")):
        if path.relative_to(root).parts[0] not in apart:
            for template in said_in(ast.parse(path.read_text(encoding="utf-8")), parts):
                found.setdefault(template, path)
    return found


def said_in(tree: ast.Module, parts: bool = True) -> Iterator[str]:
    """The templates of a module: what is raised or told, and prose that is returned, chosen or kept as a constant."""
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Call() as call):
                yield from _texts([*call.args, *(word.value for word in call.keywords)])
            case ast.Call(func=ast.Name(id="Rule"), args=[_, otherwise, *_]):
                yield from _texts([otherwise])
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in SAYS:
                yield from _texts([*node.args, *(word.value for word in node.keywords)])
            case ast.Call(func=ast.Attribute(attr="append", value=ast.Name(id=name) | ast.Attribute(attr=name))) if (
                name in GATHERED
            ):
                yield from _texts(node.args)
            case ast.Return(value=value) | ast.Expr(value=ast.Yield(value=value)) if parts and value is not None:
                yield from _texts([value])
            case (
                ast.Assign(value=value)
                | ast.AnnAssign(value=value)
                | ast.AugAssign(value=value)
                | ast.NamedExpr(value=value)
            ) if parts and value is not None:
                yield from _texts([value])


def _texts(nodes: list[ast.expr]) -> Iterator[str]:
    """The texts in some expressions that are prose, those inside the gaps of others too."""
    todo: list[ast.AST] = list(nodes)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Lambda):
            continue
        made_of = list(pieces(node))
        texts = [piece for piece in made_of if isinstance(piece, str)]
        if texts:
            template = "".join(texts_with_gaps(made_of))
            if is_prose(template):
                yield template
            todo.extend(piece for piece in made_of if not isinstance(piece, str))
        else:
            todo.extend(ast.iter_child_nodes(node))


def pieces(node: ast.AST) -> Iterator[str | ast.AST]:
    """What a text is put together of: words as they stand, and what fills its gaps."""
    match node:
        case ast.Constant(value=str() as text):
            found = _FIELD.split(text)
            yield found[0]
            for words in found[1:]:
                yield ast.Constant(None)
                yield words
        case ast.JoinedStr(values=values):
            for value in values:
                yield str(value.value) if isinstance(value, ast.Constant) else value
        case ast.BinOp(op=ast.Add(), left=left, right=right) if _is_text(left) or _is_text(right):
            for side in (left, right):
                yield from pieces(side) if _is_text(side) else [side]


def _is_text(node: ast.AST) -> bool:
    return (isinstance(node, ast.Constant) and isinstance(node.value, str)) or isinstance(node, ast.JoinedStr)


def texts_with_gaps(made_of: list[str | ast.AST]) -> Iterator[str]:
    """The words of a text, with a number in braces for each gap."""
    gaps = itertools.count()
    for piece in made_of:
        yield piece if isinstance(piece, str) else f"{{{next(gaps)}}}"


def is_prose(template: str) -> bool:
    """Return whether a text has words of its own, and is no name, path, pattern or statement."""
    bare = re.sub(r"\{\d+\}", " ", template)
    words = re.findall(r"[A-Za-z][a-z']+", bare)
    odd = re.search(r"[\\^$<>|]|\w_\w|(?i:pragma |insert |create table|delete |select )", bare)
    return not odd and " " in template.strip() and len(words) >= 2 and any(word.islower() for word in words)


def missing(language: str) -> dict[str, list[str]]:
    """What is surely said and has no translation, by the file that it belongs in."""
    known = set(templates(language, ("nodes",)).sources)
    places = {"assets": sentences(ROOT / "nodeflow", APART, False), "nodes": sentences(ROOT / "nodes", parts=False)}
    return {
        f"{place}/translations/{language}/sentences.json": [template for template in found if template not in known]
        for place, found in places.items()
    }


def main() -> None:
    for language in languages():
        if language != ENGLISH:
            for place, lacking in missing(language).items():
                print(f"{place} lacks {len(lacking)} sentences")
                for template in lacking:
                    print(f"  {json.dumps(template)}")


if __name__ == "__main__":
    main()
