"""Roles by which the program asks the packs for nodes and types, since it knows none of them by name.

A pack declares in its module which of its nodes and wire types play a role: ``ROLES = {"load image": (...)}``. Where
several packs do, all are known, those of the built-in pack first.
"""

from __future__ import annotations

CHANGE = "change"
"""Nodes that change what leads a sampler from a step on: from what comes to their first input to what comes to their
second, at the step that their first parameter says. The output is called like the sampler's input that it is for."""
FINISHED = "finished"
"""Wire types of finished images; others that are seen are on the way to one."""
LOAD_IMAGE = "load image"
"""Nodes that read an image from the file that their first parameter names."""
PAINT_MASK = "paint mask"
"""Nodes that hold a painted mask: their first parameter is its text, its ``over`` the input of the image below."""
SEEN = "seen"
"""Wire types of values that are shown as images, on nodes and in the preview."""
STEPS = "steps"
"""Wire types of what a sampler made step by step: from one of these a fork begins."""
TEXT_ENCODER = "text encoder"
"""Wire types of text encoders: the words that a node with such an input takes are tokens."""
