"""Whether a part of a model, in a file of its own, is one that a family is made of."""

from __future__ import annotations

from nodeflow.library.recognised import Recognised
from nodeflow.library.rules import FamilyRules


def misread(shown: str, found: Recognised, family: FamilyRules) -> str:
    """Say that a file holds no text encoder that a family reads texts by; empty where it may."""
    if not family.texts or any(found.family in one.told for one in family.texts):
        return ""
    listed = " and ".join(one.name for one in family.texts)
    return f"{shown} holds {found.what or 'no text encoder'}, and {family.name} reads texts by {listed}"


def other_latents(shown: str, found: Recognised, family: FamilyRules, param: str) -> str:
    """Say that a VAE's file makes no latents of a family, which ``param`` names; empty where it may."""
    if found.kind != "vae" or not family.vaes or found.family in family.vaes:
        return ""
    return f"{shown} holds {found.what}, which makes no latents of {family.name}; set {param} to the model it goes with"
