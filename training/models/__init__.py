"""How each starter model is trained, a file a model."""
