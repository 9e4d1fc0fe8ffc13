"""Networks that no library has: each a module of its own, in the layout of its paper's weights."""
