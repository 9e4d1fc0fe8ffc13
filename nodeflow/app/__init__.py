"""What a person sees: the window, the canvas, the preview. Never imports torch, a node pack, or the engine's inside."""
