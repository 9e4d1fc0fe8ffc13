"""Training of the starter models: drawn, captioned images, a checker, and training on two CPU cores."""
