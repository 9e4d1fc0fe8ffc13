#!/usr/bin/env bash
# The two CLIP tokenizers give the same prompt different tokens where it has curly quotes, ligatures or HTML entities
# Seen with: transformers==5.23.0 open_clip_torch==3.3.0 tokenizers==0.23.3 torch==2.14.1 torchvision==0.29.1
# Expected:  equal tokens: one vocabulary, and CLIP was trained with texts cleaned by ftfy
# Seen:      open_clip cleans with ftfy and unescapes twice; transformers 5 does neither
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check transformers==5.23.0 open_clip_torch==3.3.0 tokenizers==0.23.3 torch==2.14.1 torchvision==0.29.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import json
import open_clip
from transformers import CLIPTokenizer

ours = open_clip.get_tokenizer("ViT-B-32")
json.dump(ours.encoder, open("vocab.json", "w"))
merges = "\n".join(" ".join(pair) for pair in ours.bpe_ranks)
open("merges.txt", "w").write(f"#version: 0.2\n{merges}\n")
theirs = CLIPTokenizer.from_pretrained(".")
same = ("a cat", "don't", "caf\u00e9", "CAT")
other = ("a cat\u2019s tail", "\ufb01sh", "cats &amp; dogs", "\u201cquoted\u201d")
for text in same + other:
    print(repr(text), ours.encode(text), theirs(text)["input_ids"][1:-1])
assert all(ours.encode(text) == theirs(text)["input_ids"][1:-1] for text in same)
assert all(ours.encode(text) != theirs(text)["input_ids"][1:-1] for text in other), "they agree now"
PY
