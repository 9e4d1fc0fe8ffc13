"""What flows on the wires: immutable values, and protocols for the parts that compute.

Conventions everywhere: pictures are RGB, float32, 0 to 1, ``(B, 3, H, W)``; latents are in the scale that the denoiser
sees; tensors on a wire are never changed in place.
"""

from nodeflow.wires.models import (
    CLIP,
    VAE,
    VQ,
    Adapter,
    Classifier,
    ControlNet,
    DiffusionNetwork,
    GeneratorNetwork,
    MaskedTransformer,
    Residuals,
    SequenceTransformer,
    TextEncoder,
    Upscaler,
)
from nodeflow.wires.noise import (
    Noise,
    StepNoise,
    Variation,
)
from nodeflow.wires.sampling import (
    Attention,
    Denoiser,
    Guided,
    Guider,
    Trajectory,
)
from nodeflow.wires.schedules import (
    Answer,
    Call,
    Calls,
    Prediction,
    Schedule,
    Sigmas,
    Solver,
    TrainedSchedule,
)
from nodeflow.wires.values import (
    Classes,
    Codes,
    Conditioning,
    Curve,
    Embedding,
    Files,
    Image,
    Latent,
    LatentFormat,
    Mask,
    Scores,
)

__all__ = [
    "CLIP",
    "VAE",
    "VQ",
    "Adapter",
    "Answer",
    "Attention",
    "Call",
    "Calls",
    "Classes",
    "Classifier",
    "Codes",
    "Conditioning",
    "ControlNet",
    "Curve",
    "Denoiser",
    "DiffusionNetwork",
    "Embedding",
    "Files",
    "GeneratorNetwork",
    "Guided",
    "Guider",
    "Image",
    "Latent",
    "LatentFormat",
    "Mask",
    "MaskedTransformer",
    "Noise",
    "Prediction",
    "Residuals",
    "Schedule",
    "Scores",
    "SequenceTransformer",
    "Sigmas",
    "Solver",
    "StepNoise",
    "TextEncoder",
    "TrainedSchedule",
    "Trajectory",
    "Upscaler",
    "Variation",
]
