"""Samplers, one short function each: how a step from one noise level to the next is taken. No nodes here.

A sampler is a generator: it yields (x, sigma) to ask the denoiser, is sent the x_0 that it foresees there, and returns
x one step further. A new one is a file here with a function under `sampler`. x is in the space of its schedule:
x_0 + sigma noise for a diffusion, (1 - sigma) x_0 + sigma noise for flow matching; sigmas are plain numbers.
"""
