"""Texts that change from step to step, and several that add up."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from nodeflow.node import Multiline, NamesEmbeddings, NodeError, Range, Weighed, node
from nodeflow.prompts.schedules import summands
from nodeflow.prompts.weights import PromptError
from nodeflow.wires import Conditioning, Region, TextEncoder
from nodes.conditioning.prompt_language.encoding import Ways, encoded
from nodes.loaders.text_encoders.read_for import signed
from nodes.loaders.text_encoders.token_reader import ReadsTokens


@node("Scheduled text encode", version=2)
def scheduled_text_encode(
    text_encoder: TextEncoder,
    text: Annotated[str, Multiline(), NamesEmbeddings(), Weighed("weights", steps="steps")] = "",
    steps: Annotated[int, Range(1, 10_000)] = 20,
    weights: Ways = "A1111",
    clip_skip: Annotated[int, Range(0, 24)] = 0,
) -> Conditioning:
    r"""Turns a text that changes on the way into what the denoiser is guided by, as A1111 reads it.

    - ``[a:b:0.5]``: a for the first half of the steps, b for the rest; ``[a:b:8]``: a up to step 8
    - ``[b:8]``: nothing, and b after step 8; ``[a::8]``: a, and nothing after step 8
    - ``[a|b|c]``: from one to the next with every step
    - ``a AND b :0.7``: both at once, u + s (1 (a - u) + 0.7 (b - u)) with the negative u and the guidance scale s

    ``steps`` is how many the sampler takes; with another number the text changes at the same shares of the way. A1111
    counts steps from 0 where it looks for the text, so that what leads up to step 8 leads at nine of them; so it is
    here. All else is read as by *Weighted text encode*, in the way of ``weights``. Each text is encoded once.

    Fails for encoders other than CLIP's, for an embedding that is not there, and, at the guidance, for texts that add
    up without a negative one.
    Papers: Liu et al. 2022, Compositional Visual Generation with Composable Diffusion Models (arXiv:2206.01714).
    """
    if not isinstance(text_encoder, ReadsTokens):
        raise NodeError("this text encoder takes no weights; use CLIP text encode, or wire one of CLIP alone")
    readers = text_encoder.token_readers()
    known: dict[str, Conditioning] = {}
    parts: list[Conditioning] = []
    try:
        found = summands(text, steps)
    except PromptError as error:
        raise NodeError(str(error)) from None
    for summand in found:
        summed = len(found) > 1 or summand.weight != 1
        for words, first, end in summand.stretches:
            if words not in known:
                said = encoded(readers, [words] * len(readers), weights, clip_skip)
                known[words] = signed(text_encoder, said)
            region = Region(strength=summand.weight, start=first / steps, end=end / steps, summed=summed)
            always = not summed and (first, end) == (0, steps)
            parts.append(replace(known[words], region=None if always else region))
    return replace(parts[0], beside=tuple(parts[1:]))
