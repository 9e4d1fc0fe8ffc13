"""The words of the starter models and what they mean: subjects, colours, backgrounds, styles and places.

Colours are RGB in 0..1. A background called like a subject colour is a much softer tint of it, so that even a blue
subject on a blue background stands out.
"""

SUBJECTS: tuple[str, ...] = (
    "star", "heart", "flower", "fish", "house", "tree", "moon", "mushroom",
    "cup", "cat", "sun", "cloud", "leaf", "boat", "butterfly",
)  # fmt: skip

COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.89, 0.11, 0.13),
    "orange": (1.00, 0.50, 0.04),
    "yellow": (0.99, 0.85, 0.10),
    "green": (0.12, 0.60, 0.20),
    "cyan": (0.05, 0.75, 0.80),
    "blue": (0.12, 0.25, 0.88),
    "purple": (0.50, 0.15, 0.74),
    "pink": (1.00, 0.38, 0.68),
}

BACKGROUNDS: dict[str, tuple[float, float, float]] = {
    "white": (0.96, 0.96, 0.96),
    "gray": (0.56, 0.56, 0.57),
    "black": (0.06, 0.06, 0.07),
    "beige": (0.92, 0.84, 0.66),
    "blue": (0.55, 0.75, 0.97),
    "green": (0.68, 0.90, 0.70),
    "pink": (0.99, 0.80, 0.87),
}

STYLES: tuple[str, ...] = ("shaded", "flat", "outlined")

PLACES: tuple[str, ...] = ("center", "left", "right", "top", "bottom")

PLACE_DIRECTIONS: dict[str, tuple[int, int]] = {
    "center": (0, 0),
    "left": (-1, 0),
    "right": (1, 0),
    "top": (0, -1),
    "bottom": (0, 1),
}
"""Unit shift of the subject's middle: x to the right, y downwards."""

SYNONYMS: dict[str, str] = {
    "kitten": "cat",
    "kitty": "cat",
    "mug": "cup",
    "ship": "boat",
    "sailboat": "boat",
    "fir": "tree",
    "toadstool": "mushroom",
    "blossom": "flower",
    "crescent": "moon",
    "home": "house",
    "violet": "purple",
    "turquoise": "cyan",
    "grey": "gray",
    "outline": "outlined",
    "plain": "flat",
    "smooth": "shaded",
    "middle": "center",
    "centre": "center",
}
"""Other word -> the word of the grammar that it stands for."""
