"""The texts of the interface, gathered for translators.

    python -m nodeflow.app.i18n.extract

Reads every ``tr()`` of the app into ``assets/translations/nodeflow_zh_CN.ts``, keeps what is translated, drops what is
gone, and compiles it. What is new stands there as unfinished, to be filled in by hand or with Qt Linguist.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree as Xml

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "assets" / "translations" / "nodeflow_zh_CN.ts"
COMMON = "nodeflow"
"""The context of texts outside of classes, as ``words.tr`` names it."""

Text = tuple[str, str]
"""Context and source."""


SAID = {
    "APART",
    "GONE",
    "LATENT_WAYS",
    "LINES",
    "MODES",
    "NO_CLIP",
    "NO_PLANE",
    "NO_VAE",
    "QUANTITIES",
    "SPACES",
    "UNRECORDED",
    "WITHOUT_VAE",
}
"""Constants of modules whose texts (of a dict its keys) people read."""
SAID_IN = {
    "Chart": slice(1, 3),
    "Matrix": slice(5, 6),
    "NodeError": slice(0, 1),
    "Series": slice(0, 1),
    "Table": slice(0, 1),
}
"""Which arguments of what views are made of people read."""


def gather() -> list[Text]:
    """Every text of the app that is written out, once, and those of the ways in which values are seen.

    What else the engine names (nodes, for example) is not among them.
    """
    found: dict[Text, None] = {}
    for path in sorted((ROOT / "nodeflow" / "app").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for text in (*texts_in(tree, COMMON), *((COMMON, words) for words in constants_in(tree))):
            found.setdefault(text)
    for path in (ROOT / "nodeflow" / "views.py", *sorted((ROOT / "nodeflow" / "engine" / "inspect").glob("*.py"))):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for words in (*forms_in(tree), *views_in(tree), *constants_in(tree)):
            found.setdefault((COMMON, words))
    return sorted(found)


def forms_in(tree: ast.Module) -> Iterator[str]:
    """The titles of forms and options that a module makes, and what the options offer."""
    named = _named_texts(tree)
    views = {"ValueView", *_makers_of("ValueView", tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in (*views, "Option"):
            for part in node.args[1 : 2 if node.func.id in views else 3]:
                yield from _words(part, named)


def _makers_of(kind: str, tree: ast.Module) -> Iterator[str]:
    """Yield the functions of a module that make one of a kind, by a name and a title as the kind itself does."""
    made = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    for node in made:
        returned = isinstance(node.returns, ast.Name) and node.returns.id == kind
        if returned and [argument.arg for argument in node.args.args[:2]] == ["name", "title"]:
            yield node.name


def views_in(tree: ast.AST) -> Iterator[str]:
    """The names of axes, curves and columns in the views that a module makes, and the sentences that it raises."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAID_IN:
            for part in node.args[SAID_IN[node.func.id]]:
                yield from _words(part)


def constants_in(tree: ast.Module) -> Iterator[str]:
    """Yield what the constants of a module say that people read."""
    for node in tree.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id in SAID for target in targets):
            for part in node.value.keys if isinstance(node.value, ast.Dict) else [node.value]:
                yield from _words(part)


def _named_texts(tree: ast.Module) -> dict[str, str]:
    """The texts that a module gives names, several in a line too."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            names, values = (
                part.elts if isinstance(part, ast.Tuple) else [part] for part in (node.targets[0], node.value)
            )
            for name, value in zip(names, values, strict=False):
                if isinstance(name, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    found[name.id] = value.value
    return found


def _words(node: ast.AST | None, named: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """A text that is written out or named, or the texts of a tuple."""
    for part in node.elts if isinstance(node, ast.Tuple) else [node]:
        text = named.get(part.id) if isinstance(part, ast.Name) else getattr(part, "value", None)
        if isinstance(text, str) and text:
            yield text


def texts_in(node: ast.AST, place: str) -> Iterator[Text]:
    """The texts below a piece of code; ``self.tr`` names them by the class it stands in."""
    if isinstance(node, ast.ClassDef):
        place = node.name
    if isinstance(node, ast.Call):
        context = ""
        if isinstance(node.func, ast.Name) and node.func.id == "tr":
            context = COMMON
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "tr":
            context = place
        if context:
            words = node.args[0]
            if isinstance(words, ast.Constant) and isinstance(words.value, str):
                yield context, words.value
    for child in ast.iter_child_nodes(node):
        yield from texts_in(child, place)


def read(file: Path = FILE) -> dict[Text, str]:
    """The translations of a file; unfinished ones are empty."""
    found: dict[Text, str] = {}
    if file.is_file():
        for context in Xml.parse(file).getroot().iter("context"):
            for message in context.iter("message"):
                translation = message.find("translation")
                done = translation is not None and translation.get("type") != "unfinished"
                key = (context.findtext("name", ""), message.findtext("source", ""))
                found[key] = (translation.text or "") if done and translation is not None else ""
    return found


def write(translations: dict[Text, str], file: Path = FILE) -> None:
    """Write them in the form of Qt Linguist."""
    root = Xml.Element("TS", version="2.1", language="zh_CN", sourcelanguage="en")
    contexts: dict[str, Xml.Element] = {}
    for (name, source), words in sorted(translations.items()):
        if name not in contexts:
            contexts[name] = Xml.SubElement(root, "context")
            Xml.SubElement(contexts[name], "name").text = name
        message = Xml.SubElement(contexts[name], "message")
        Xml.SubElement(message, "source").text = source
        translation = Xml.SubElement(message, "translation")
        translation.text = words
        if not words:
            translation.set("type", "unfinished")
    Xml.indent(root, " ")
    file.parent.mkdir(parents=True, exist_ok=True)
    head = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'
    file.write_text(head + Xml.tostring(root, encoding="unicode") + "\n", encoding="utf-8")


def main() -> None:
    known = read()
    by_words = {source: words for (_, source), words in known.items() if words}
    texts = {text: known.get(text) or by_words.get(text[1], "") for text in gather()}
    write(texts)
    release = Path(sys.executable).parent / "pyside6-lrelease"
    subprocess.run([release, "-silent", FILE, "-qm", FILE.with_suffix(".qm")], check=True)
    missing = [source for (_, source), words in texts.items() if not words]
    print(f"{len(texts)} texts, {len(missing)} without a translation")
    for source in missing:
        print(f"  {source!r}")


if __name__ == "__main__":
    main()
