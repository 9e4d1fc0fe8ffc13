"""ComfyUI's words for choices that images and latents share, in the words of here."""

CROPS = {"disabled": "none", "center": "centre"}
TURNS = {"90 degrees": "quarter right", "180 degrees": "half", "270 degrees": "quarter left"}
MIRRORS = {"x-axis: vertically": "mirror top and bottom", "y-axis: horizontally": "mirror left and right"}
