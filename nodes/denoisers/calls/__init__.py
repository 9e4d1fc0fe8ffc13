"""How each kind of network is called, and what its prediction means. No nodes here."""
