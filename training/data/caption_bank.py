"""Captions of all that the starter models have words for, which the inspector finds a vector's nearest ones in.

    python -m training.data.caption_bank

Writes ``assets/captions.txt``: each subject in each colour, on each background and at each place.
"""

from nodeflow.graph.io.files import write_atomic
from nodeflow.resources import folder
from training.data.grammar import BACKGROUNDS, COLOURS, PLACES, STYLES, SUBJECTS


def captions() -> list[str]:
    """The captions, plain ones first."""
    subjects = [f"{colour} {subject}" for subject in SUBJECTS for colour in COLOURS]
    grounds = [f"{subject} on a {background} background" for subject in subjects for background in BACKGROUNDS]
    places = [f"{subject} {_at(place)}" for subject in subjects for place in PLACES]
    styles = [f"{style} {words}" for words in subjects for style in STYLES]
    found = [*SUBJECTS, *subjects, *styles, *places, *grounds]
    return [f"{'an' if words[0] in 'aeiou' else 'a'} {words}" for words in found]


def _at(place: str) -> str:
    return {"center": "in the center", "left": "on the left", "right": "on the right"}.get(place, f"at the {place}")


if __name__ == "__main__":
    write_atomic(folder("assets") / "captions.txt", "\n".join(captions()).encode())
