"""diffusers' schedulers and chains of them behind one interface. No nodes here."""
