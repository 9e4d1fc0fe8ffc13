"""Networks behind the one interface that sampling knows."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self, runtime_checkable

import torch
from torch import Tensor

from nodeflow.node import NodeError, Seldom, Slider, node
from nodeflow.wires import Conditioning, Denoiser, DiffusionNetwork, Prediction, Residuals
from nodes.denoisers.attached import AttachedControl
from nodes.denoisers.network_denoiser import NetworkDenoiser, with_shown

USUAL_GUIDANCE = 8.5
"""What LCM's pipeline tells where nobody says otherwise."""


@dataclass(frozen=True, eq=False)
class UNetDenoiser(NetworkDenoiser):
    """A `UNet2DConditionModel` as a denoiser, with the ControlNets beside it."""

    takes_images: ClassVar[bool] = True
    controls: tuple[AttachedControl, ...] = field(default=(), kw_only=True)
    guidance: float = field(default=USUAL_GUIDANCE, kw_only=True)
    """The guidance scale that a network is told that was distilled with guidance."""
    shown: Tensor | None = field(default=None, kw_only=True)
    """(B, K, h, w), what a network sees beside the latent that was trained for it."""

    @property
    def learned_variance(self) -> bool:
        return bool(self._config.get("out_channels") == 2 * self.format.channels)

    def at(self, index: int, total: int) -> Self:
        """With the controls and adapters alone that act at a step. When else they act makes no difference to it."""
        led = super().at(index, total)
        controls = (control.for_a_step() for control in self.controls if control.acts(index, total))
        return replace(led, controls=tuple(controls)) if self.controls else led

    def cropped(self, top: int, left: int, height: int, width: int) -> Self:
        """What is shown beside the latent, and the control images, cropped to a rectangle of cells."""
        cells = slice(top, top + height), slice(left, left + width)
        shown = None if self.shown is None else self.shown[..., cells[0], cells[1]]
        controls = tuple(control.cropped(top, left, height, width) for control in self.controls)
        images = tuple(image.cropped(top, left, height, width, self.format.downscale) for image in self.images)
        return replace(self, shown=shown, controls=controls, images=images)

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        return self.call(x, timestep, conditioning)

    def call(
        self,
        x: Tensor,
        timestep: Tensor,
        conditioning: Conditioning,
        told: Mapping[str, Tensor] | None = None,
        **more: Any,
    ) -> Tensor:
        """The network's output for x (B, C, h, w) and whatever else it takes. Raises NodeError without a text.

        ``told``: what it and its ControlNets are told besides, by diffusers' names.
        """
        tokens = conditioning.tokens  # (B, L, D), or (1, L, D) for the whole batch
        if tokens is None:
            raise NodeError("this U-Net is led by a text, not by a class; wire the encoding of a text")
        self._check_width(tokens, conditioning.read_for)
        if tokens.shape[0] != x.shape[0]:
            tokens = tokens.expand(len(x), *tokens.shape[1:])
        if self._is_plain:
            plain: Tensor = self.ask(x, timestep, encoder_hidden_states=tokens, added_cond_kwargs=told, **more)
            return plain
        down, middle = self._added(x, timestep, tokens, told)
        with contextlib.ExitStack() as acting:
            for control in self.controls:
                if control.acts_at(timestep):
                    acting.enter_context(control.steering(self.network.module, x))
            output: Tensor = self.ask_shown(
                self.prompts(x, timestep, conditioning),
                self.seen(x),
                timestep,
                encoder_hidden_states=tokens,
                down_block_additional_residuals=down,
                mid_block_additional_residual=middle,
                down_intrablock_additional_residuals=self._inside(x, timestep),
                added_cond_kwargs=told,
                timestep_cond=self._told_guidance(x),
                **more,
            )
        return output

    def _check_width(self, tokens: Tensor, read_for: str) -> None:
        """Raise NodeError for tokens of another model's text encoder."""
        wanted = self._config.get("encoder_hid_dim") or self._config.get("cross_attention_dim")
        if isinstance(wanted, int) and wanted != tokens.shape[-1]:
            raise NodeError(
                f"this text was read {f'for {read_for}' if read_for else 'by another model'} (each token is "
                f"{tokens.shape[-1]} numbers), and this U-Net is {self.network.family or 'another model'}'s, which "
                f"reads {wanted}; encode it by the U-Net's own text encoder"
            )

    def _told_guidance(self, x: Tensor) -> Tensor | None:
        """w = scale - 1 as waves, (1, D), as diffusers' LCM pipeline has it; None for a network that is told none."""
        if (width := self._config.get("time_cond_proj_dim")) is None:
            return None
        from diffusers.models.embeddings import get_timestep_embedding

        scale = torch.tensor([1000 * (self.guidance - 1)], device=x.device)
        waves: Tensor = get_timestep_embedding(scale, int(width), downscale_freq_shift=1)
        return waves.to(x.dtype)

    @functools.cached_property
    def _config(self) -> Mapping[str, Any]:
        """Looked up once: a module answers slowly for what it lacks."""
        return getattr(self.network.module, "config", {})

    @functools.cached_property
    def _is_plain(self) -> bool:
        beside = self.controls or self.images or self.network.adapters or self.shown is not None
        return not beside and self._config.get("time_cond_proj_dim") is None

    def seen(self, x: Tensor) -> Tensor:
        """Return what the network is given of x. Raises NodeError where what it is shown does not fit."""
        return with_shown(x, self.shown)

    def _added(
        self, x: Tensor, timestep: Tensor, tokens: Tensor, told: Mapping[str, Tensor] | None
    ) -> Residuals | tuple[None, None]:
        """Return what all controls add, summed."""
        acting = (control for control in self.controls if control.acts_at(timestep))
        given = (control.residuals(x, timestep, tokens, told) for control in acting)
        found = [one for one in given if one is not None]
        if not found:
            return None, None
        down = [sum(parts[1:], parts[0]) for parts in zip(*(one[0] for one in found), strict=True)]
        return down, sum((one[1] for one in found[1:]), found[0][1])

    def _inside(self, x: Tensor, timestep: Tensor) -> list[Tensor] | None:
        """Return what all T2I-Adapters add within the levels, summed; a new list, which diffusers empties."""
        given = (control.features(x) for control in self.controls if control.acts_at(timestep))
        found = [one for one in given if one is not None]
        return [sum(parts[1:], parts[0]) for parts in zip(*found, strict=True)] if found else None


@dataclass(frozen=True, eq=False)
class SizedUNetDenoiser(UNetDenoiser):
    """Stable Diffusion XL's U-Net: it is also told the text as a whole, and how large and how cropped an image was.

    Podell et al. 2023 (arXiv:2307.01952), sec. 2.2: a whole image, as large as what is painted, where the text does
    not say otherwise. Its refiner is told how well people like an image instead of how large it became.
    """

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        if conditioning.pooled is None:
            raise NodeError("this U-Net is led by a text's tokens and by the text as a whole; wire its own encoding")
        height, width = (self.format.downscale * side for side in x.shape[-2:])
        pooled = conditioning.pooled.expand(len(x), -1)
        sizes = x.new_tensor([[height, width, 0, 0, height, width]])
        sizes = (sizes if conditioning.sizes is None else conditioning.sizes.to(x)).expand(len(x), 6)
        if self._numbers(pooled.shape[1]) == len(SCORED):
            score = x.new_tensor([USUAL_SCORE]) if conditioning.score is None else conditioning.score.to(x)
            last = score.expand(len(x))[:, None]
        else:
            last = sizes[:, 4:]
        told = {"text_embeds": pooled, "time_ids": torch.cat([sizes[:, :4], last], 1)}
        return self.call(x, timestep, conditioning, told)

    def _numbers(self, pooled: int) -> int:
        """Return how many numbers it is told besides the text as a whole."""
        module: Any = self.network.module
        return int((module.add_embedding.linear_1.in_features - pooled) // module.config.addition_time_embed_dim)


@runtime_checkable
class Varying(Protocol):
    """A denoiser that is another one at some steps."""

    def at(self, index: int, total: int) -> Denoiser: ...


def in_force(denoiser: Denoiser, index: int, total: int) -> Denoiser:
    """The denoiser of a step."""
    return denoiser.at(index, total) if _varies(type(denoiser)) else denoiser  # type: ignore[attr-defined]


@functools.cache
def _varies(kind: type) -> bool:
    """Whether denoisers of a kind are others at some steps; asking a protocol each time costs more than a step."""
    return issubclass(kind, Varying)


@dataclass(frozen=True, eq=False)
class DiTDenoiser(NetworkDenoiser):
    """A `DiTTransformer2DModel` as a denoiser."""

    learned_variance: bool

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        if conditioning.labels is None:
            raise NodeError("this transformer is led by a class, not by a text; wire a class label")
        if len(conditioning.labels) not in (1, len(x)):
            raise NodeError(f"{len(conditioning.labels)} class labels do not fit {len(x)} images; make them equal")
        labels = conditioning.labels.to(x.device).expand(len(x))
        output: Tensor = self.ask(x, timestep.expand(len(x)), labels)
        return output if self.learned_variance else output[:, : self.format.channels]


@dataclass(frozen=True, eq=False)
class PixelDenoiser(NetworkDenoiser):
    """A `UNet2DModel` as a denoiser."""

    @property
    def learned_variance(self) -> bool:
        config = getattr(self.network.module, "config", {})
        return bool(config.get("out_channels") == 2 * self.format.channels)

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        classes = int(getattr(self.network.module, "config", {}).get("num_class_embeds") or 0)
        labels = conditioning.labels
        if classes and labels is None:
            raise NodeError("this U-Net is led by classes; wire a class label")
        if labels is not None:
            if int(labels.max()) >= classes:
                raise NodeError(
                    f"this U-Net has {classes} classes, numbered from 0, and none for no class; name another"
                )
            labels = labels.to(x.device).expand(len(x))
        output: Tensor = self.ask(x, timestep, class_labels=labels)
        return output


SCORED = ("height", "width", "top", "left", "score")
USUAL_SCORE = 6.0
"""What the refiner is told where nobody says how well an image shall be liked."""
SIZED = "text_time"
"""What Stable Diffusion XL's U-Net adds to the timestep: the text as a whole, and sizes."""
KNOWN = {"addition_embed_type": ("text", SIZED), "encoder_hid_dim_type": ("text_proj",)}
"""What else U-Nets take in. DeepFloyd IF's: a text's sum joins the timestep, its tokens are brought to their width."""


@node("U-Net denoiser")
def unet_denoiser(
    unet: DiffusionNetwork,
    prediction: Literal["auto", "epsilon", "v", "sample", "flow"] = "auto",
    guidance: Annotated[float, Slider(1, 20, 0.1), Seldom()] = USUAL_GUIDANCE,
) -> Denoiser:
    """A U-Net that predicts what is noise in a latent, ready for guidance and sampling.

    ``prediction`` is what the network was trained to give: the noise (epsilon), the velocity (v), the clean latent
    (sample) or the flow from image to noise (flow). ``auto`` takes what the model's files say; choose another only
    for a model whose files are wrong or silent (Stable Diffusion 2 base as a single file needs epsilon).

    A text-led U-Net on pixels (GLIDE's, Imagen's) is one too; wire ``pixel_space`` where a VAE is asked for. Where the
    network predicts the variance of each step as well, the scheduler DDPM makes use of it.

    The U-Net of Stable Diffusion XL is told the size of the image too: that which is painted, not cropped. Its
    refiner is told besides how well people shall like it; see Aesthetic score.

    A model that was distilled to do in one pass what guidance does in two (LCM) is told by ``guidance`` how closely to
    follow the text, which is set in the properties; wire it to No guidance. Others have no such input, and
    ``guidance`` does nothing there.

    Fails for a U-Net that asks for more than that.
    Papers: Ronneberger et al. 2015 (arXiv:1505.04597); epsilon: Ho et al. 2020 (arXiv:2006.11239); v: Salimans & Ho
    2022 (arXiv:2202.00512); flow: Lipman et al. 2023 (arXiv:2210.02747); told guidance: Meng et al. 2023
    (arXiv:2210.03142), LCM: Luo et al. 2023 (arXiv:2310.04378), sec. 4.3.
    """
    denoiser = new_unet_denoiser(unet, prediction, guidance)
    if beside := channels_beside(unet):
        raise NodeError(
            f"this U-Net is shown {beside} channels beside a latent; use Inpainting denoiser (for 5 channels), Edit "
            "denoiser (for 4) or Depth denoiser (for 1)"
        )
    return denoiser


def channels_beside(unet: DiffusionNetwork) -> int:
    """Return how many channels a U-Net sees beside the latent."""
    config = getattr(unet.module, "config", {})
    return int(config.get("in_channels", unet.format.channels)) - unet.format.channels


def new_unet_denoiser(
    unet: DiffusionNetwork, prediction: Prediction | Literal["auto"], guidance: float, shown: Tensor | None = None
) -> UNetDenoiser:
    """Raises NodeError for a U-Net that asks for more than a text and what it is shown."""
    config = getattr(unet.module, "config", {})
    kind = SizedUNetDenoiser if config.get("addition_embed_type") == SIZED else UNetDenoiser
    for asked in ("addition_embed_type", "class_embed_type", "num_class_embeds", "encoder_hid_dim_type"):
        if config.get(asked) not in (None, *KNOWN.get(asked, ())):
            raise NodeError(f"this U-Net is conditioned on more than a text ({asked}); this node does not give it that")
    return kind(unet, unet.prediction if prediction == "auto" else prediction, guidance=guidance, shown=shown)


@node("DiT denoiser")
def dit_denoiser(
    transformer: DiffusionNetwork,
    prediction: Literal["auto", "epsilon", "v", "sample", "flow"] = "auto",
    variance: Literal["learned", "fixed"] = "learned",
) -> Denoiser:
    """A diffusion transformer that is led by a class, ready for guidance and sampling.

    A latent is cut into patches of 2 x 2 cells, each of them a token; the class and the timestep shift and scale every
    layer. ``prediction`` is as for a U-Net: ``auto`` takes what the model's files say. Where the network was trained to
    predict the variance of each step too, ``variance`` learned uses that, with the scheduler DDPM; the others have no
    use for it.

    Fails for a transformer of another kind, and with latents of another size than it was trained at.
    Papers: Peebles & Xie 2023, Scalable Diffusion Models with Transformers (arXiv:2212.09748); variance: Nichol &
    Dhariwal 2021, Improved Denoising Diffusion Probabilistic Models (arXiv:2102.09672).
    """
    config = getattr(transformer.module, "config", {})
    if config.get("norm_type") != "ada_norm_zero":
        raise NodeError(
            "this network is no diffusion transformer of the DiT kind; use the denoiser that is made for it"
        )
    learned = config.get("out_channels") == 2 * config["in_channels"] and variance == "learned"
    return DiTDenoiser(transformer, transformer.prediction if prediction == "auto" else prediction, learned)


@node("Pixel U-Net denoiser")
def pixel_denoiser(
    unet: DiffusionNetwork, prediction: Literal["auto", "epsilon", "v", "sample", "flow"] = "auto"
) -> Denoiser:
    """A U-Net that works on pixels, led by nothing or by a class, ready for sampling.

    ``prediction`` is as for a U-Net on latents: ``auto`` takes what the model's files say. Wire ``pixel_space`` where a
    VAE is asked for.

    Fails for a network of another kind.
    Papers: Ho et al. 2020, Denoising Diffusion Probabilistic Models (arXiv:2006.11239); classes: Dhariwal & Nichol 2021
    (arXiv:2105.05233).
    """
    if "cross_attention_dim" in getattr(unet.module, "config", {"cross_attention_dim": 0}):
        raise NodeError("this network works on more than pixels and classes; use the denoiser that is made for it")
    if getattr(unet.module, "config", {}).get("in_channels", unet.format.channels) != unet.format.channels:
        raise NodeError("this network looks at a small image too; use the upsample denoiser")
    return PixelDenoiser(unet, unet.prediction if prediction == "auto" else prediction)
