"""Choice of what the preview shows: what the person asked for last, else the newest result of the run. No Qt."""

from __future__ import annotations


class PreviewChoice:
    """Knows whether the person looks at one node, and what the run has given so far.

    A selected node is looked at until another is, or none; without one the newest result is, and a latent that was
    made on the way does not take the place of an image. A ``pinned`` node is the only one whose result is shown.
    """

    def __init__(self, pinned: str = "") -> None:
        self.selected, self.pinned = "", pinned
        self._image_came = False

    def begin_run(self) -> None:
        """A run begins: the images before it are no longer the newest."""
        self._image_came = False

    def takes_result(self, node: str, is_image: bool) -> bool:
        """Return whether the result of a node that just came is to be shown."""
        if self.pinned or self.selected:
            return node == (self.pinned or self.selected)
        newest = is_image or not self._image_came
        self._image_came = self._image_came or is_image
        return newest

    def takes_step(self, node: str) -> bool:
        """Return whether what a node foresees while it samples is to be shown: where another was chosen, it is not."""
        return not self.selected or node == self.selected
