"""Texts of packs: joined, replaced, chosen by chance, and encoded together with other things."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.conditioning import encoded
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Value, wire_of
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.texts import as_text

JOINED: dict[str, tuple[tuple[str, ...], str]] = {
    "JoinStrings": (("string1", "string2"), "delimiter"),
    "CR Text Concatenate": (("text1", "text2"), "separator"),
    "easy promptConcat": (("prompt1", "prompt2"), "separator"),
    "CR Combine Prompt": (("part1", "part2", "part3", "part4"), "separator"),
    "StringFunction|pysssss": (("text_a", "text_b", "text_c"), ""),
    "Concatenate Text (mtb)": (("text1", "text2"), "sep"),
    "ttN concat": (("text1", "text2", "text3"), "delimiter"),
    "ttN text3BOX_3WAYconcat": (("text1", "text2", "text3"), "delimiter"),
    "Textbox": (("passthrough", "text"), ""),
    "Concat Text _O": (("text1", "text2"), "separator"),
}
"""Classes that join texts, and the input that says by what."""
REPLACED = {
    "Text Find and Replace": ("text", "find", "replace"),
    "easy promptReplace": ("prompt", "find1", "replace1"),
    "CR Text Replace": ("text", "find1", "replace1"),
    "String Replace (mtb)": ("string", "old", "new"),
}
DRAWN = "what is drawn by chance is drawn by other random numbers here"
SHOWN_TEXTS = ("text", "text_b", "text_c", "text_d")


@translates(*JOINED)
def joined(given: Given, build: Builder) -> Value:
    if given.type == "StringFunction|pysssss" and given.text("action", "append") != "append":
        about = {"find": given.get("text_b", ""), "replace": given.get("text_c", "")}
        return Value(build.node("replace_in_text", "replaced", text=given.get("text_a", ""), **about))
    names, by = JOINED[given.type]
    separator = str(given.constant(by, "")).replace("\\n", "\n") if by else _tidied(given)
    return texts_joined(build, [given.get(name) for name in names], separator)


def _tidied(given: Given) -> str:
    """What stands between texts where a switch says it."""
    return ", " if given.get("tidy_tags") == "yes" else ""


def texts_joined(build: Builder, texts: list[Any], separator: str) -> Value:
    """Texts one behind the other, three a node; empty ones are left out."""
    parts = [as_text(build, text) for text in texts if text not in (None, "")]
    if not parts:
        return Value(build.node("text", "text", text=""), "")
    if len(parts) == 1:
        return _alone(build, parts[0])
    wire: Any = None
    while parts:
        taken, parts = parts[: 2 if wire else 3], parts[2 if wire else 3 :]
        names = ("second", "third") if wire else ("first", "second", "third")
        about = dict(zip(names, taken, strict=False)) | ({"first": wire} if wire else {})
        wire = build.node("join_texts", "joined", separator=separator, **about)
    return Value(wire)


def _alone(build: Builder, part: Any) -> Value:
    wire = wire_of(part)
    if isinstance(part, Value):
        return part
    return Value(wire) if wire is not None else Value(build.node("text", "text", text=part), part)


@translates("JoinStringMulti")
def joined_all(given: Given, build: Builder) -> Value:
    names = sorted((name for name in given.inputs if name.startswith("string_")), key=lambda name: (len(name), name))
    if given.get("return_list", False) is True:
        raise CannotTranslateError("a list of texts is not made here")
    return texts_joined(build, [given.get(name) for name in names], str(given.constant("delimiter", " ")))


@translates(*REPLACED)
def replaced(given: Given, build: Builder) -> Value:
    text, find, by = (given.get(name, "") for name in REPLACED[given.type])
    for at in ("2", "3"):
        if given.get(f"find{at}", "") not in ("", None):
            given.approximate("of several texts to replace the first one is replaced")
    return Value(build.node("replace_in_text", "replaced", text=text, find=find, replace=as_text(build, by)))


@translates("Text String")
def four(given: Given, build: Builder) -> Outputs:
    found = [given.get(name, "") for name in SHOWN_TEXTS]
    used = build.used(given.id)
    return tuple(_alone(build, one) if at in used else None for at, one in enumerate(found))


@translates("easy positive", "easy negative", "CR Prompt List", "Simple Text", "PromptBuilder")
def one(given: Given, build: Builder) -> Value:
    if given.type in ("CR Prompt List", "PromptBuilder"):
        raise CannotTranslateError("there is no counterpart here")
    name = given.type.removeprefix("easy ") if given.type.startswith("easy ") else "text"
    return _alone(build, given.get(name, ""))


@translates("ImpactWildcardProcessor", "easy wildcards")
def drawn(given: Given, build: Builder) -> Value:
    """What was drawn last, where that is kept as it is; else drawn anew."""
    words, last = given.get("wildcard_text", given.get("text", "")), given.get("populated_text", "")
    mode = given.get("mode", True)
    if mode in (False, "fixed", "Fixed", "reproduce") and isinstance(last, str):
        return Value(build.node("text", "text", text=last), last)
    kind = "wildcards" if isinstance(words, str) and "__" in words else "random_choices"
    given.approximate(DRAWN)
    if kind == "wildcards":
        given.approximate("the folder of its wildcards is to be chosen")
    return Value(build.node(kind, "drawn", text=words, seed=given.get("seed", 0)))


@translates("DeepTranslatorCLIPTextEncodeNode", "GoogleTranslateCLIPTextEncodeNode", "ArgosTranslateCLIPTextEncodeNode")
def untranslated(given: Given, build: Builder) -> Outputs:
    if not given.has("text"):
        raise CannotTranslateError("its text is not found among its values")
    given.approximate("the text is taken as it is; there it is translated over the net")
    words = given.get("text", "")
    return encoded(given, build, words), _alone(build, words)


@translates("BNK_CLIPTextEncodeAdvanced")
def advanced(given: Given, build: Builder) -> Any:
    """Weights and their means are another pack's way where they are not ComfyUI's."""
    if given.text("weight_interpretation", "comfy") != "comfy" or given.text("token_normalization", "none") != "none":
        given.approximate("weights of words count as in ComfyUI")
    return encoded(given, build, given.get("text", ""))


@translates("CLIPTextEncodeSDXL+", "smZ CLIPTextEncode")
def short(given: Given, build: Builder) -> Any:
    if given.type == "smZ CLIPTextEncode" and given.text("parser", "comfy") != "comfy":
        given.approximate("weights of words count as in ComfyUI")
    return encoded(given, build, given.get("text", ""))
