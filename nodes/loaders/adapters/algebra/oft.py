"""OFT (Qiu et al. 2023, arXiv:2306.07280): W turned by orthogonal blocks, on the side of its outputs or its inputs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.adapters.algebra.reading import LayerReading, Misfit
from nodes.loaders.adapters.settings import OFTSettings
from nodes.networks.layer_call import LayerCall

KOHYA = "oft_unet_"
"""What sd-scripts puts before its own OFT's layers, which are always constrained."""


@dataclass(eq=False)
class OutputRotation:
    """Rotations R (k, n, n) of the k blocks of n rows: R^T W, then times ``rescale`` (out,) where there is one."""

    rotations: Tensor
    rescale: Tensor | None = None

    def change(self, weight: Tensor) -> Tensor:
        blocks = weight.reshape(*self.rotations.shape[:2], -1)
        turned = (self.rotations.to(weight).transpose(1, 2) @ blocks).reshape(weight.shape)
        if self.rescale is not None:
            turned = turned * self.rescale.to(weight).reshape(-1, *(1,) * (weight.ndim - 1))
        return turned - weight

    def added(self, call: LayerCall) -> Tensor:
        blocks = call.plain.movedim(call.axis, -1).unflatten(-1, self.rotations.shape[:2])
        turned = torch.einsum("...kn,knm->...km", blocks, call.like(self.rotations)).flatten(-2)
        turned = turned.movedim(-1, call.axis)
        if self.rescale is not None:
            turned = turned * call.along_channels(self.rescale)
        return turned - call.plain

    def rows(self, start: int, stop: int) -> OutputRotation:
        side = self.rotations.shape[1]
        if start % side or stop % side:
            raise NodeError("an OFT turns rows of several layers of this network together, which cannot be taken apart")
        rescale = None if self.rescale is None else self.rescale[start:stop]
        return replace(self, rotations=self.rotations[start // side : stop // side], rescale=rescale)


@dataclass(eq=False)
class InputRotation:
    """Rotations R (k, n, n) of the k blocks of n inputs (with a kernel's places): W R^T."""

    rotations: Tensor

    def change(self, weight: Tensor) -> Tensor:
        blocks = weight.reshape(len(weight), *self.rotations.shape[:2])
        turned = torch.einsum("okc,knc->okn", blocks, self.rotations.to(weight))
        return turned.reshape(weight.shape) - weight

    def added(self, call: LayerCall) -> Tensor:
        if call.axis != -1:
            return call.times(self.change(call.weight), call.x)
        blocks = call.x.unflatten(-1, self.rotations.shape[:2])
        turned = torch.einsum("...kn,knc->...kc", blocks, call.like(self.rotations)).flatten(-2)
        return call.through(turned - call.x)

    def rows(self, start: int, stop: int) -> InputRotation:
        return self


def cayley(skew: Tensor) -> Tensor:
    """(I + Q)(I - Q)^-1 of skew-symmetric Q (..., n, n)."""
    one = torch.eye(skew.shape[-1])
    return torch.linalg.solve(one - skew, one + skew, left=False)


def constrained(skew: Tensor, limit: float, always: bool) -> Tensor:
    """Q no longer than a limit, all blocks together; 0 is none, unless it holds ``always``."""
    length = float(skew.norm()) + 1e-8
    return skew * (limit / length) if length > limit and (always or limit > 0) else skew


def read_output_rotation(given: LayerReading) -> OutputRotation:
    blocks, rescale = given.parts["oft_blocks"].float(), read_rescale(given)
    if blocks.ndim != 3 or blocks.shape[0] * blocks.shape[1] != given.shape[0] or blocks.shape[1] != blocks.shape[2]:
        raise Misfit("other blocks of outputs")
    limit = given.number("alpha") * given.shape[0] if "alpha" in given.parts else 0.0
    skew = constrained(blocks - blocks.transpose(1, 2), limit, given.layer.name.before == KOHYA)
    return OutputRotation(cayley(skew), rescale)


def read_rescale(given: LayerReading) -> Tensor | None:
    """A factor for each row, where the file has them. Raises Misfit for others."""
    return given.vector("rescale", given.shape[0]) if "rescale" in given.parts else None


def read_input_rotation(given: LayerReading) -> InputRotation:
    """peft's and OneTrainer's. Raises NodeError where nothing says how the rotation is made of its numbers."""
    if given.settings.oft is None:
        raise NodeError(
            f"{given.file} is an OFT of peft, which is read together with its adapter_config.json; give their folder"
        )
    return InputRotation(_rotations(given.parts["oft_R"].float(), given.settings.oft, given))


def _rotations(numbers: Tensor, settings: OFTSettings, given: LayerReading) -> Tensor:
    """(k, n (n - 1) / 2) numbers above the diagonal to (k, n, n)."""
    side = round((1 + (1 + 8 * numbers.shape[-1]) ** 0.5) / 2)
    if numbers.ndim != 2 or side * (side - 1) // 2 != numbers.shape[-1] or given.columns % side:
        raise Misfit("other blocks of inputs")
    count = given.columns // side
    if len(numbers) not in (1, count):
        raise Misfit("another number of blocks")
    if "oft_scaled" in given.parts and given.number("oft_scaled"):
        numbers = numbers / (2 * (side - 1) ** 0.5)
    upper = torch.zeros(len(numbers), side, side)
    row, column = torch.triu_indices(side, side, 1)
    upper[:, row, column] = numbers
    skew = upper - upper.transpose(1, 2)
    if settings.limit is not None:
        limit = settings.limit / len(skew) ** 0.5
        lengths = skew.flatten(1).norm(dim=1)[:, None, None]
        skew = torch.where(lengths <= limit, skew, skew * (limit / lengths.clamp(min=1e-30)))
    rotations = cayley(-skew) if settings.terms is None else neumann(skew, settings.terms)
    if settings.transposed_kernels and len(given.shape) > 2:
        rotations = rotations.transpose(1, 2)
    return rotations.expand(count, side, side)


def neumann(skew: Tensor, terms: int) -> Tensor:
    """About (I + Q)(I - Q)^-1 by the first powers of a series, I + 2 Q + 2 Q^2 + ..., as peft counts its terms: from
    three on the last power is Q^max(3, terms - 1), and counts once."""
    total, power = torch.eye(skew.shape[-1]).repeat(len(skew), 1, 1), skew
    last = max(terms, 4) - 1 if terms > 2 else terms - 1
    for number in range(1, last + 1):
        total = total + power * (1 if number == last > 1 else 2)
        power = power @ skew
    return total
