"""Regular expressions as people write them, and files hold them: what is none, or takes too much, is said in words."""

from __future__ import annotations

import re
from typing import Any

MAX_LETTERS = 10_000
MAX_SIZE = 100_000
"""Signs of a pattern after its repetitions are written out, which is how it is kept: ``(ab){30}`` has 60."""
_SIGN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\{(\d+)(?:,\d*)?\}|.", re.DOTALL)


class PatternFault(ValueError):  # noqa: N818 (what is at fault is the text)
    """Raised for a text that is no pattern; says why, as a sentence without its end."""


def compiled(pattern: str, flags: int = 0) -> Any:
    """A pattern of the library regex. Raises PatternFault for what is none, and for one that takes too much memory."""
    import regex

    if len(pattern) > MAX_LETTERS:
        raise PatternFault(f"it has more than {MAX_LETTERS:,} letters")
    if _size(pattern) > MAX_SIZE:
        raise PatternFault("it repeats more than any memory holds")
    try:
        return regex.compile(pattern, flags)
    except regex.error as error:
        raise PatternFault(str(error)) from None
    except (RecursionError, MemoryError):
        raise PatternFault("it is nested too deep") from None
    except (OverflowError, ValueError):
        raise PatternFault("it holds a number that is too large") from None


def _size(pattern: str) -> int:
    """How many signs a pattern has once its repetitions are written out; about, and never too few."""
    whole, last = [0], 0
    """Of the pattern and each bracket that stands open; of what comes before a repetition."""
    for found in _SIGN.finditer(pattern):
        sign = found[0]
        if sign == "(":
            whole.append(0)
            last = 0
        elif sign == ")" and len(whole) > 1:
            last = whole.pop()
            whole[-1] += last
        elif found[1]:
            times = int(found[1][:9])
            whole[-1] += last * max(times - 1, 0)
            last *= max(times, 1)
        else:
            last = 1
            whole[-1] += 1
        if whole[-1] > MAX_SIZE:
            break
    return max(whole)
