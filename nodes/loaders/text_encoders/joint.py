"""Several text encoders that speak to one network: those of Stable Diffusion XL, Stable Diffusion 3 and FLUX."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn.functional import pad

from nodeflow.wires import Adapter, Conditioning
from nodes.loaders.read.folder_files import named, no_progress_bar, read_tokenizer, read_weights
from nodes.loaders.read.parts import LoadTarget, ready
from nodes.loaders.text_encoders.tables import check_tables
from nodes.loaders.text_encoders.token_reader import TokenReader, reader_for
from nodes.loaders.text_encoders.tokenizing import each, length_of, tokenized
from nodes.networks.compute_dtype import device_of
from nodes.networks.low_rank import adapted


@dataclass(frozen=True, eq=False)
class Reader:
    """A tokenizer and the encoder that goes with it."""

    tokenizer: Any
    module: torch.nn.Module
    length: int
    adapters: tuple[Adapter, ...] = ()
    least: int | None = None
    """Texts are filled up to so many tokens and not cut off; None: filled up or cut off at the length."""

    def tokens(self, texts: list[str]) -> Tensor:
        """(B, L) numbers, filled up or cut off."""
        length = self.length
        if self.least is not None:
            read = self.tokenizer(texts, verbose=False).input_ids
            length = max(self.least, *map(len, read))
        found: Tensor = tokenized(self.tokenizer, texts, length).input_ids
        return found

    def words(self, tokens: Tensor) -> tuple[str, ...]:
        """The L tokens of one text as text, for people."""
        return tuple(self.tokenizer.decode([token]) for token in tokens.tolist())

    def read(self, tokens: Tensor) -> Any:
        """Return what the encoder says to tokens (B, L), with every layer's states."""
        with torch.no_grad(), adapted(self.module, self.adapters):
            return self.module(tokens.to(device_of(self.module)), output_hidden_states=True)


@dataclass(frozen=True, eq=False)
class TwinText:
    """Stable Diffusion XL's text encoders (Podell et al. 2023, arXiv:2307.01952, sec. 2.1): CLIP and OpenCLIP.

    The last layer but one of both gives the tokens, side by side; the second gives the text as a whole. Its refiner has
    the second alone. Where ``zeros`` is on, an empty text is zeros alone, as the model was trained for "no text".
    """

    readers: tuple[Reader, ...]
    zeros: bool
    skip: int = 0
    """The hidden layer of both that is read, counted from the last, 1; 0 is the model's own."""

    def skipping(self, skip: int) -> Self:
        return replace(self, skip=skip)

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        read = [reader.tokens(texts) for reader in self.readers]
        said = [reader.read(tokens) for reader, tokens in zip(self.readers, read, strict=True)]
        layers = [reader.layer_of(self.skip) for reader in self.token_readers()]
        tokens = torch.cat([one.hidden_states[-layer] for one, layer in zip(said, layers, strict=True)], -1)
        told = torch.tensor([bool(text) or not self.zeros for text in texts], device=tokens.device)
        pooled = said[-1].text_embeds * told[:, None]
        return Conditioning(tokens * told[:, None, None], pooled, self.readers[0].words(read[0][0]))

    def token_readers(self) -> tuple[TokenReader, ...]:
        return tuple(reader_for(one.tokenizer, one.module, one.length, one.adapters, 2, False) for one in self.readers)


@dataclass(frozen=True, eq=False)
class TripleText:
    """Stable Diffusion 3's text encoders (Esser et al. 2024, arXiv:2403.03206, fig. 2a): one or two CLIP, maybe T5.

    ``width`` is that of the tokens. CLIP's last layer but one gives the tokens, side by side, filled up with zeros;
    those of T5 come after them. Where two CLIP encoders are there without T5, ``rest`` zeros stand for its tokens, as
    the model was trained.
    """

    clips: tuple[Reader, ...]
    t5: Reader | None
    width: int
    rest: int

    def filled(self, least: int) -> TripleText:
        return replace(self, t5=replace(self.t5, least=least) if self.t5 else None, rest=0)

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        read = [clip.tokens(texts) for clip in self.clips]
        said = [clip.read(tokens) for clip, tokens in zip(self.clips, read, strict=True)]
        clips = torch.cat([one.hidden_states[-2] for one in said], -1)
        tokens = pad(clips, (0, self.width - clips.shape[-1]))
        words = self.clips[0].words(read[0][0])
        if self.t5 is not None:
            more = self.t5.tokens(texts)
            tokens = torch.cat([tokens, self.t5.read(more)[0].to(tokens)], 1)
            words += self.t5.words(more[0])
        elif self.rest:
            tokens = torch.cat([tokens, tokens.new_zeros(len(texts), self.rest, self.width)], 1)
            words += ("",) * self.rest
        return Conditioning(tokens, torch.cat([one.text_embeds for one in said], -1), words)


@dataclass(frozen=True, eq=False)
class PairText:
    """FLUX's text encoders: T5 gives the tokens, CLIP the text as a whole."""

    clip: Reader
    t5: Reader

    def filled(self, least: int) -> PairText:
        return replace(self, t5=replace(self.t5, least=least))

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        read = self.t5.tokens(texts)
        tokens = self.t5.read(read)[0]
        pooled = self.clip.read(self.clip.tokens(texts)).pooler_output
        return Conditioning(tokens, pooled.to(tokens), self.t5.words(read[0]))


def clip_reader(path: Path, number: str, target: LoadTarget, projection: bool) -> Reader:
    """CLIP from the folders ``text_encoder`` and ``tokenizer`` with a number behind. Raises NodeError."""
    from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    kind = CLIPTextModelWithProjection if projection else CLIPTextModel
    with no_progress_bar():
        module = read_weights(kind, path / f"text_encoder{number}", "model", {"dtype": target.dtype})
    tokenizer = read_tokenizer(CLIPTokenizer, path / f"tokenizer{number}")
    check_tables(named(path / f"text_encoder{number}"), tokenizer, module)
    longest = length_of(tokenizer, module.config.max_position_embeddings)
    return Reader(tokenizer, ready(module), longest)
