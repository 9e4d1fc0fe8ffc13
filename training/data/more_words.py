"""More words for a starter's tokenizer: each becomes one token, in the middle of a run of signs and at its end.

Chinese is written without spaces, so that a tokenizer of CLIP's kind sees a whole clause as one run; a word has a token
for each of its places. First come the merges that make signs of bytes, then those that make words of signs, so that
no merge reaches from one word into the next.
"""

import json
from pathlib import Path

from transformers import CLIPTokenizer

from training.data.tokenizer import byte_characters, merged

END = "</w>"
FILE = "tokenizer.json"


def knows(tokenizer: CLIPTokenizer, words: list[str]) -> bool:
    """Whether each word is one token."""
    return all(len(ids) == 3 for ids in tokenizer(words)["input_ids"])


def tokens_of(words: list[str]) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """The merges that make one token of each word, and all new tokens: for each the word that it is, or nothing."""
    merges: dict[tuple[str, str], None] = {}
    tokens: dict[str, str] = {}
    signs = sorted({sign for word in words for sign in word})
    for part in [*signs, *sorted(words)]:
        for pieces in (_bytes(part), [*_bytes(part)[:-1], _bytes(part)[-1] + END]):
            pieces = merged(pieces, list(merges))
            while len(pieces) > 1:
                merges[pieces[0], pieces[1]] = None
                pieces = [pieces[0] + pieces[1], *pieces[2:]]
                tokens.setdefault(pieces[0], "")
            tokens[pieces[0]] = part if part in words else ""
    return list(merges), tokens


def extended(folder: Path, words: list[str]) -> CLIPTokenizer:
    """The tokenizer of a folder with more words.

    New tokens stand before the two that begin and end a text: these stay the last ones, by which some programs find
    where a text ends.
    """
    content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    known = sorted(content["model"]["vocab"], key=content["model"]["vocab"].get)
    merges, tokens = tokens_of(words)
    numbered = {token: number for number, token in enumerate([*known[:-2], *tokens, *known[-2:]])}
    made = CLIPTokenizer(
        vocab=numbered,
        merges=[*map(tuple, content["model"]["merges"]), *merges],
        pad_token=settings["pad_token"],
        model_max_length=settings["model_max_length"],
    )
    if not knows(made, words):
        raise ValueError("Not one token each: " + ", ".join(w for w in words if not knows(made, [w])))
    return made


def _bytes(text: str) -> list[str]:
    characters = byte_characters()
    return [characters[byte] for byte in text.encode()]
