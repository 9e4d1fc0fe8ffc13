"""The prompts of settings as nodes: pieces that lead one after the other, and parts that lead at once."""

from __future__ import annotations

import re

from nodeflow.graph.io.image_settings.settings import ImageSettings
from nodes.comfyui.builder import Builder
from nodes.comfyui.meanings import Wire
from nodes.image_settings.prompts import MOST_PIECES, AndPart, ScheduledPiece, from_compel, from_novelai, parts, pieces

WEIGHTS = {
    "A1111": "A1111",
    "A1111, no norm": "A1111, no norm",
    "ComfyUI": "ComfyUI",
    "InvokeAI": "diffusers",
    "NovelAI": "A1111",
    "plain": "off",
}
"""How the node reads weights, by the program's way."""
OFTEN = "the prompt changes at {0} steps, which is more often than is built here; it stays as it begins"
COMPEL = "blends and swaps in the prompt are read as words"


class Texts:
    """Builds the prompts of one pass. ``notes`` say in what they are not exact; ``weight`` is that of all parts."""

    def __init__(self, build: Builder, settings: ImageSettings, encoder: Wire, kind: str) -> None:
        self.build, self.settings, self.encoder, self.kind = build, settings, encoder, kind
        self.notes: list[str] = []
        self.weight = 1.0

    def conditioning(self, prompt: str, name: str, steps: int, before: int = 0) -> Wire:
        """Build a prompt for a pass of so many steps, behind ``before`` of a first one."""
        prompt = self._translated(prompt)
        found = self._parts(prompt) if name == "prompt" else [AndPart(prompt, 1.0)]
        wires = [self._changing(part.text, name, steps, before) for part in found]
        if len(wires) == 1:
            return wires[0]
        self.weight = sum(part.weight for part in found)
        weighed = [
            self.build.node("conditioning_strength", "strength", conditioning=wire, strength=part.weight)
            if part.weight != 1
            else wire
            for wire, part in zip(wires, found, strict=True)
        ]
        return self._together(weighed)

    def _together(self, wires: list[Wire]) -> Wire:
        first, second, *more = wires
        return self.build.node("combine_conditioning", "texts", first=first, second=second, more=more or None)

    def _parts(self, prompt: str) -> list[AndPart]:
        found = parts(prompt) if self.settings.dialect.startswith("A1111") else [AndPart(prompt, 1.0)]
        if len(found) > 1 and any(part.weight <= 0 for part in found):
            self.notes.append("texts with weights of 0 or below are left out")
            found = [part for part in found if part.weight > 0] or found[:1]
        return found

    def _changing(self, text: str, name: str, steps: int, before: int) -> Wire:
        found = (
            pieces(text, steps, before)
            if self.settings.dialect.startswith("A1111")
            else [ScheduledPiece(0, steps, text)]
        )
        if len(found) > MOST_PIECES:
            self.notes.append(OFTEN.format(len(found)))
            found = [ScheduledPiece(0, steps, found[0].text)]
        if len(found) == 1:
            return self._encoded(found[0].text, name)
        shares = [
            self.build.node(
                "conditioning_steps",
                "part",
                conditioning=self._encoded(piece.text, name),
                start=piece.start / steps,
                end=piece.end / steps,
            )
            for piece in found
        ]
        return self._together(shares)

    def _encoded(self, text: str, name: str) -> Wire:
        if self.kind in ("flux", "joint"):
            return self.build.shared("clip_text_encode", name, text_encoder=self.encoder, text=text)
        skip = self.settings.clip_skip if self.kind == "unet" and self.settings.clip_skip > 1 else None
        weights = WEIGHTS[self.settings.dialect]
        return self.build.shared(
            "weighted_text_encode", name, text_encoder=self.encoder, text=text, weights=weights, clip_skip=skip
        )

    def _translated(self, prompt: str) -> str:
        if self.settings.dialect == "NovelAI":
            return from_novelai(prompt)
        if self.settings.dialect == "InvokeAI":
            prompt, left = from_compel(prompt)
            self.notes += [COMPEL] if left else []
        for word in self.settings.embeddings:
            prompt = re.sub(rf"(?<![\w:]){re.escape(word)}(?!\w)", f"embedding:{word}", prompt)
        return prompt
