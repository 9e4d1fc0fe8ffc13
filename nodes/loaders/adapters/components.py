"""Endings of an adapter's keys: which factor of which kind a tensor is. Matched, never parsed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nodeflow.library.adapter_base import NAMED

ENDS: Mapping[str, str] = {
    # LoRA: kohya's trainer, LyCORIS; peft, diffusers, AI-Toolkit; Mochi; old diffusers; XLabs
    ".lora_down.weight": "down",
    ".lora_up.weight": "up",
    ".lora_mid.weight": "mid",
    ".lora_A.weight": "down",
    ".lora_B.weight": "up",
    ".lora_B.bias": "up_bias",
    ".lora_A": "down",
    ".lora_B": "up",
    ".lora.down.weight": "down",
    ".lora.up.weight": "up",
    "_lora.down.weight": "down",
    "_lora.up.weight": "up",
    ".lora_linear_layer.down.weight": "down",
    ".lora_linear_layer.up.weight": "up",
    ".down.weight": "down",
    ".up.weight": "up",
    ".alpha": "alpha",
    ".scalar": "scalar",
    # DoRA: LyCORIS, kohya's trainer and OneTrainer; peft; diffusers
    ".dora_scale": "dora_scale",
    ".lora_magnitude_vector": "magnitude",
    ".lora_magnitude_vector.weight": "magnitude",
    # LoHa, LoKr
    **{f".{name}": name for name in ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2")},
    **{f".lokr_{name}": f"lokr_{name}" for name in ("w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b", "t2")},
    # OFT and BOFT: LyCORIS and kohya's trainer; peft and OneTrainer
    ".oft_blocks": "oft_blocks",
    ".rescale": "rescale",
    ".oft_R.weight": "oft_R",
    ".oft_R.scaled_oft": "oft_scaled",
    ".boft_R": "boft_R",
    ".boft_s": "boft_s",
    # GLoRA
    **{f".{name}.weight": f"glora_{name}" for name in ("a1", "a2", "b1", "b2", "bm")},
    # IA3: LyCORIS; peft. Without the first a weight is one that peft or diffusers trained whole
    ".weight": "weight",
    ".bias": "bias",
    ".on_input": "on_input",
    ".ia3_l": "ia3_l",
    # whole differences and values; norms of LyCORIS; norms of Black Forest Labs
    ".diff": "diff",
    ".diff_b": "diff_b",
    ".set_weight": "set_weight",
    ".w_norm": "diff",
    ".b_norm": "diff_b",
    ".scale": "set_weight",
}
"""By the end of a key; the longest that fits counts."""
TELLING = {
    end
    for end, part in ENDS.items()
    if part not in ("alpha", "scalar", "weight", "bias", "on_input", "rescale")
    and end not in (".down.weight", ".up.weight", ".scale")
}
"""Those that no other file has."""
EMBEDDING = "bundle_emb."
"""What the names of textual inversions begin with that are bundled with an adapter."""
BESIDE = "image_proj.", "ip_adapter.", "lora_controlnet"
"""What the keys of other adapters begin with that hold low-rank factors too: IP-Adapters, control-LoRAs."""
LONGEST_FIRST = sorted(ENDS, key=len, reverse=True)


def split(key: str) -> tuple[str, str] | None:
    """A key's layer and what the tensor is to it; None where no known end fits."""
    key = NAMED.sub(r"\1\3", key)
    end = next((end for end in LONGEST_FIRST if key.endswith(end)), None)
    return None if end is None else (key.removesuffix(end), ENDS[end])


def adapter_name(key: str) -> str:
    """Return the adapter's name that stands in a key of peft; empty where none does."""
    found = NAMED.search(key)
    return found[2] if found else ""


def is_adapter(keys: Iterable[str]) -> bool:
    """Return whether a file with these keys is an adapter."""
    known = list(keys)
    if any(key.startswith(BESIDE) for key in known):
        return False
    return any(NAMED.search(key) or key.endswith(tuple(TELLING)) or key.startswith(EMBEDDING) for key in known)


def embeddings(keys: Iterable[str]) -> list[str]:
    """The words of the textual inversions that are bundled with an adapter."""
    found = (key.removeprefix(EMBEDDING).split(".")[0] for key in keys if key.startswith(EMBEDDING))
    return sorted(set(found))
