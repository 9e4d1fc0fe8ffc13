"""Networks behind the one interface that sampling knows."""
