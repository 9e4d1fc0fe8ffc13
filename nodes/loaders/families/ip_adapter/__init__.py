"""IP-Adapters: images in the place of words, attended to beside the text."""
