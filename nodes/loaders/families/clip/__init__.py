"""CLIP and OpenCLIP pairs."""
