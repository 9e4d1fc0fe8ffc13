"""Control images and ControlNets."""
