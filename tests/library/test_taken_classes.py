"""What the rules say that loaders make, by which models are judged before a run, is what they make: classes of folders,
and the parts of families."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from nodeflow.library.rules import rule_book
from nodes.loaders.families.autoencoders.vae_file import spaces
from nodes.loaders.families.autoencoders.vae_folder import TINY
from nodes.loaders.families.pixel_diffusion.deepfloyd_folder import TEXT_ENCODERS
from nodes.loaders.families.stable_diffusion.folder import EXPECTED, SECOND
from nodes.loaders.language_models.loading import EYES
from nodes.loaders.models.known import families

MADE: dict[tuple[str, str], Iterable[str]] = {
    **{("load_latent_diffusion", part): classes for part, classes in {**EXPECTED, **SECOND}.items()},
    ("load_vae", "vae"): {TINY, *(one.autoencoder.architecture.kind for one in spaces().values())},
    ("load_language_model", "."): EYES,
    ("load_text_pixels", "text_encoder"): TEXT_ENCODERS,
}
"""By node and folder."""


@pytest.mark.parametrize(("node", "part"), MADE)
def test_the_rules_name_the_classes_that_a_loader_makes(node: str, part: str) -> None:
    places = [one for one in rule_book().takers[f"nodes.{node}"].folder if part in one.at]
    told = {name for one in places for name in (*one.classes, *one.types)}
    assert told == set(MADE[node, part])


@pytest.mark.parametrize("name", families())
def test_the_rules_name_the_parts_that_a_family_is_made_of(name: str) -> None:
    family, rules = families()[name], rule_book().called(name)
    assert rules is not None
    told = [(one.name, tuple(one.told), one.needed, one.filed) for one in rules.texts]
    parts = [(part.encoder, part.needed) for part in family.text.parts]
    assert told == [(encoder.name, encoder.told, needed, encoder.filed) for encoder, needed in parts]
    assert rules.vaes == family.latent.files


def test_the_rules_know_the_families_that_loaders_know_in_the_same_order() -> None:
    assert list(rule_book().models) == list(families())


@pytest.mark.parametrize("name", families())
def test_families_share_a_space_where_their_files_are_scaled_alike(name: str) -> None:
    mine, book = families()[name].latent, rule_book().models
    for other, family in families().items():
        if set(mine.files) & set(family.latent.files):
            alike = mine.settings == family.latent.settings
            assert (book[name].space == book[other].space) == alike, other
