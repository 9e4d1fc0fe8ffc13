"""The inspector: what flows, at every wire and every step. Loaded when it is first seen."""
