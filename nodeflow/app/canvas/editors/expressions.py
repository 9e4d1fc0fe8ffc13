"""Numbers as people write them in a field: ``1024/2``, ``2**10``, ``3 * pi``."""

from __future__ import annotations

from nodeflow.arithmetic import ArithmeticFault, evaluate

MAX_LETTERS = 200


def number(text: str) -> int | float | None:
    """Return what a text of arithmetic comes to; None for anything else.

    A comma stands for a decimal point where no function is called.
    """
    text = text.strip()
    if len(text) > MAX_LETTERS:
        return None
    if "(" not in text:
        text = text.replace(",", ".")
    if text.isdecimal():
        return int(text)  # with zeros before it too
    try:
        found = evaluate(text)
    except ArithmeticFault:
        return None
    return None if isinstance(found, bool) else found
