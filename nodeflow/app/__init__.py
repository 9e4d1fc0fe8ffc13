"""The application: window, canvas, previews. Never imports torch, a node pack, or the engine's inside."""
