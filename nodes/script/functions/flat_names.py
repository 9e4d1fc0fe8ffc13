"""Names of layers in files of kohya's trainer."""

from __future__ import annotations

import re


def flat_name(name):
    """A layer's name with _ for each dot as diffusers has it, also of one that attends by the name of XL's makers, who
    count blocks through."""
    found = re.fullmatch(r"(input|middle|output)_blocks?(?:_(\d+))?_1_(.+)", name)
    if not found:
        return name
    way, number, rest = found.groups()
    if way == "middle":
        return f"mid_block_attentions_0_{rest}"
    place = int(number) - (way == "input")
    return f"{'down' if way == 'input' else 'up'}_blocks_{place // 3}_attentions_{place % 3}_{rest}"
