"""Families with random weights in the layouts of their pipelines, by what they are led by; widths are small."""
