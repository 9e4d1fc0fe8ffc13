"""Krea 2's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import gelu

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, packed, references, unpacked
from nodes.networks.low_rank import adapted


@dataclass(frozen=True, eq=False)
class Krea2Denoiser(FlowDenoiser):
    """A `Krea2Transformer2DModel` as a denoiser, whose text has several layers' states side by side.

    Reference images are tokens behind those of the image: the n-th stands in a plane n of its own, and is modulated as
    what is clean, at timestep 0, as ComfyUI's index_timestep_zero has it for style references (LoRAs teach those).
    """

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        tokens, mask = masked(conditioning, len(x))
        longest = int(mask.sum(1).max())
        rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
        layers = int(module.config.num_text_layers)
        images = [x, *references(conditioning, x)]
        places = [torch.zeros(longest, 3), *(grid(number, one) for number, one in enumerate(images))]
        seen = [packed(one) for one in images]
        time = timestep.expand(len(x)).to(x.dtype) / 1000
        with self._clean(time, longest + rows * columns, sum(one.shape[1] for one in seen[1:])):
            output: Tensor = self.ask(
                hidden_states=torch.cat(seen, 1),
                encoder_hidden_states=tokens[:, :longest].unflatten(-1, (layers, -1)).to(x.dtype),
                timestep=time,
                position_ids=torch.cat(places).to(x.device),
                encoder_attention_mask=mask[:, :longest],
            )
        return unpacked(output[:, : rows * columns], rows, columns)

    @contextmanager
    def _clean(self, time: Tensor, painted: int, shown: int) -> Iterator[None]:
        """While this is entered, the ``shown`` tokens behind ``painted`` ones are modulated as at timestep 0."""
        if not shown:
            yield
            return
        module: Any = self.network.module
        with adapted(module, self.network.adapters):
            clean = module.time_mod_proj(
                gelu(module.time_embed(torch.zeros_like(time), time.dtype), approximate="tanh")
            )

        def by_token(_: Any, given: Any, output: Tensor) -> Tensor:
            return torch.cat([output.expand(-1, painted, -1), clean.expand(-1, shown, -1)], 1)

        hook = module.time_mod_proj.register_forward_hook(by_token)
        try:
            yield
        finally:
            hook.remove()


def grid(plane: int, latent: Tensor) -> Tensor:
    """Where the patches of a latent (B, C, h, w) are: (h/2 w/2, 3), the number of its plane, row and column."""
    rows, columns = (torch.arange(side // 2) for side in latent.shape[-2:])
    return torch.cartesian_prod(torch.tensor([plane]), rows, columns).float()
