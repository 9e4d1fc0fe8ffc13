"""Values as people see them at a glance: a line of text, a thumbnail, the colours of latents."""
