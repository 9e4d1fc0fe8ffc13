"""Choice of the algebra that reads a layer's tensors. A new one is a file beside this and a line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nodes.loaders.adapters.algebra.boft import read_butterfly, read_peft_butterfly
from nodes.loaders.adapters.algebra.dora import decompose
from nodes.loaders.adapters.algebra.full import read_difference, read_replacement, read_whole
from nodes.loaders.adapters.algebra.glora import read_generalised
from nodes.loaders.adapters.algebra.ia3 import read_lycoris_factors, read_peft_factors
from nodes.loaders.adapters.algebra.loha import read_hadamard
from nodes.loaders.adapters.algebra.lokr import read_kronecker
from nodes.loaders.adapters.algebra.low_rank import read_low_rank
from nodes.loaders.adapters.algebra.oft import read_input_rotation, read_output_rotation
from nodes.loaders.adapters.algebra.reading import LayerReading, Misfit, Update, check_fit

MAGNITUDES = {"dora_scale", "magnitude"}
BIASES = {"diff_b", "up_bias", "bias"}
ASIDE = {"alpha", "scalar"}
"""What says nothing by itself; LyCORIS multiplies its scalar in before it saves."""
FLAT = "lora_", "lycoris_", "oft_"
"""How names begin of trainers that save no weight whole under its own name."""


class Algebra(NamedTuple):
    """An algebra: what it reads, of which any one shows that it is meant. ``additive``: a DoRA may lead by it."""

    read: Callable[[LayerReading], Any]
    parts: frozenset[str]
    additive: bool = False


def _kind(read: Callable[[LayerReading], Any], *parts: str, additive: bool = False) -> Algebra:
    return Algebra(read, frozenset(parts), additive)


def _rotations_of_outputs(given: LayerReading) -> Update:
    return (read_output_rotation if given.parts["oft_blocks"].ndim == 3 else read_butterfly)(given)


def _factors_or_whole(given: LayerReading) -> Update:
    whole = "on_input" not in given.parts and not given.layer.name.before.startswith(FLAT)
    return (read_whole if whole else read_lycoris_factors)(given)


HADA = [f"hada_{name}" for name in ("w1_a", "w1_b", "w2_a", "w2_b", "t1", "t2")]
LOKR = [f"lokr_{name}" for name in ("w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b", "t2")]
GLORA = [f"glora_{name}" for name in ("a1", "a2", "b1", "b2", "bm")]
KINDS = (
    _kind(read_low_rank, "down", "up", "mid", additive=True),
    _kind(read_hadamard, *HADA, additive=True),
    _kind(read_kronecker, *LOKR, additive=True),
    _kind(_rotations_of_outputs, "oft_blocks", "rescale"),
    _kind(read_input_rotation, "oft_R", "oft_scaled"),
    _kind(read_peft_butterfly, "boft_R", "boft_s"),
    _kind(read_generalised, *GLORA),
    _kind(_factors_or_whole, "on_input", "weight"),
    _kind(read_peft_factors, "ia3_l"),
    _kind(read_difference, "diff"),
    _kind(read_replacement, "set_weight"),
)


def read_updates(given: LayerReading) -> list[Update]:
    """All that a file changes of a layer's weight. Raises Misfit, and NodeError where something is no known kind."""
    left, found = set(given.parts) - ASIDE - BIASES, list[Update]()
    empty = next((part for part in sorted(left) if not given.parts[part].numel()), None)
    if empty is not None:
        raise given.incomplete("has no numbers (a rank of 0)", empty)
    if not left and not given.parts.keys() & BIASES:
        raise given.incomplete("stands alone, without the factors that it scales")
    for kind in KINDS:
        if not left & kind.parts:
            continue
        left -= kind.parts
        try:
            update = kind.read(given)
            check_fit(update, given.shape)
            if kind.additive and left & MAGNITUDES:
                left -= MAGNITUDES
                update = decompose(given, update)
            elif kind.additive and "alpha" not in given.parts and given.settings.decomposed:
                raise given.incomplete("has no magnitude beside it, and its settings say that it is a DoRA")
        except KeyError as missing:
            raise given.incomplete(f"lacks its other part ({missing.args[0]})") from None
        except (RuntimeError, ValueError, IndexError, ZeroDivisionError) as error:
            raise Misfit(str(error)) from None
        found.append(update)
    if left:
        raise given.superfluous(min(left, key=lambda part: given.layer.keys[part]))
    return found
