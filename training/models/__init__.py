"""Training of each starter model, a file a model."""
