"""Points in the plane: networks that learn within seconds, and can be seen whole."""
