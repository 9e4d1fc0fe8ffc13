"""ControlNets of Stable Diffusion."""
