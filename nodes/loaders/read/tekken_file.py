"""Mistral's own format of a tokenizer (``tekken.json``): a vocabulary of bytes, and names of special tokens."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

NAME, TEMPLATE = "tekken.json", "chat_template.jinja"
OTHERS = "tokenizer.json", "vocab.json", "tokenizer.model"
"""Vocabularies that transformers reads by itself, and rather."""
UNNAMED = 7
"""Up to this version files may leave the special tokens out, which are the same in all of them."""
SPECIAL = (
    "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]",
    "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]",
)  # fmt: skip


def is_tekken(folder: Path) -> bool:
    """Return whether a folder holds a tokenizer in this format alone."""
    return (folder / NAME).is_file() and not any((folder / one).is_file() for one in OTHERS)


def read_tekken(folder: Path) -> Any:
    """The tokenizer of a folder, with its template of chats where that lies beside it. Raises what is wrong with it."""
    found = tokenizer_of_tekken((folder / NAME).read_bytes())
    if (folder / TEMPLATE).is_file():
        found.chat_template = (folder / TEMPLATE).read_text(encoding="utf-8")
    return found


def tokenizer_of_tekken(content: bytes) -> Any:
    """The tokenizer of a file's bytes, filled up at the left as Mistral's models were trained; texts begin with <s>.
    Raises what is wrong with it."""
    from transformers import PreTrainedTokenizerFast
    from transformers.integrations.mistral.tokenizer import MistralConverter

    with TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        path.write_text(json.dumps(_with_special(json.loads(content))), encoding="utf-8")
        made = MistralConverter(str(path)).converted()
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    found = PreTrainedTokenizerFast(tokenizer_object=made, padding_side="left", **special)
    found.add_bos_token = True
    return found


def _with_special(said: dict[str, Any]) -> dict[str, Any]:
    """With the special tokens that files of the first versions leave out. Raises ValueError where a later one does."""
    if said.get("special_tokens"):
        return said
    version = str(said["config"].get("version", ""))
    count = said["config"]["default_num_special_tokens"]
    if not version.lstrip("v").isdigit() or int(version.lstrip("v")) > UNNAMED or count < len(SPECIAL):
        raise ValueError("it names no special tokens")
    names = [*SPECIAL, *(f"<SPECIAL_{number}>" for number in range(len(SPECIAL), count))]
    return said | {
        "special_tokens": [{"rank": rank, "token_str": name, "is_control": True} for rank, name in enumerate(names)]
    }
