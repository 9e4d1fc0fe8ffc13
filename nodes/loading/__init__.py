"""How models are found and read. No nodes here; `nodes.models` has them."""
