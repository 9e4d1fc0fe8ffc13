"""The ready-made workflows: what they are called, what they show, and on which shelf of the start page they stand."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from nodeflow import resources
from nodeflow.app.i18n.texts import tr

STARTER = "latent-diffusion"


class BundledWorkflow(NamedTuple):
    """A workflow by the name of its file, its title, and what it shows in a sentence."""

    name: str
    title: str
    about: str

    @property
    def path(self) -> Path:
        """Its file."""
        return resources.folder("workflows") / f"{self.name}.json"

    @property
    def picture(self) -> Path:
        """Return where the small image of what it makes lies, if there is one."""
        return resources.folder("assets") / "workflows" / f"{self.name}.webp"


class Shelf(NamedTuple):
    """Workflows that belong together, in an order in which they can be learned."""

    title: str
    workflows: tuple[BundledWorkflow, ...]


def shelves() -> list[Shelf]:
    """Return what is there, shelf by shelf; files that no shelf names stand on the last. In the language of the
    interface."""
    files = {path.stem for path in resources.folder("workflows").glob("*.json")}
    known = _known()
    named = {ready.name for shelf in known for ready in shelf.workflows}
    others = tuple(BundledWorkflow(name, name.replace("-", " ").capitalize(), "") for name in sorted(files - named))
    found = []
    for title, workflows in (*known, Shelf(tr("More"), others)):
        there = tuple(ready for ready in workflows if ready.name in files)
        if there:
            found.append(Shelf(title, there))
    return found


def _known() -> list[Shelf]:
    return [
        Shelf(
            tr("Start here"),
            (
                BundledWorkflow(
                    STARTER,
                    tr("Latent diffusion"),
                    tr("A text becomes an image. Each part is a node: text encoder, noise, scheduler, sampler, VAE."),
                ),
            ),
        ),
        Shelf(
            tr("What it is made of"),
            (
                BundledWorkflow(
                    "forward-diffusion",
                    tr("Forward diffusion"),
                    tr("An image drowns in noise step by step; how fast, the betas say."),
                ),
                BundledWorkflow(
                    "vae", "VAE", tr("Images become latents and come back; what lies between two of them.")
                ),
                BundledWorkflow(
                    "vqvae", "VQ-VAE", tr("Images as grids of codes: look at them, count them, edit them.")
                ),
                BundledWorkflow(
                    "clip-rank", "CLIP", tr("How near images and texts are, as a matrix; the best of twenty-four.")
                ),
                BundledWorkflow("ddpm", "DDPM", tr("From noise to image with fresh noise at every step.")),
                BundledWorkflow(
                    "ddim",
                    "DDIM",
                    tr("Without fresh noise: from an image back to its noise, and between two noises."),
                ),
            ),
        ),
        Shelf(
            tr("Seen from inside"),
            (
                BundledWorkflow(
                    "training-step",
                    tr("A training step"),
                    tr("True noise against predicted, the loss over t, time as a vector; a network learns live."),
                ),
                BundledWorkflow(
                    "autoencoders",
                    tr("Autoencoders"),
                    tr("Plain, variational, denoising and masked, trained live; what a VAE's latent is a draw from."),
                ),
                BundledWorkflow(
                    "image-codes",
                    tr("Codes of images"),
                    tr("A codebook, how a place gets its code, and which code is likely next."),
                ),
                BundledWorkflow(
                    "gan-game",
                    tr("The game of a GAN"),
                    tr("Generator and discriminator on points: mode collapse, and a calm game."),
                ),
                BundledWorkflow(
                    "score",
                    tr("Score and Langevin"),
                    tr("A field in the plane, and four ways along it from noise to data."),
                ),
                BundledWorkflow(
                    "sampler-comparison",
                    tr("Samplers compared"),
                    tr("Two samplers on one schedule, side by side, and their error over the number of steps."),
                ),
                BundledWorkflow(
                    "flows",
                    tr("Flows"),
                    tr("Curved ways, straight ways, and an exact density, on points."),
                ),
                BundledWorkflow(
                    "clip-and-t5",
                    tr("CLIP and T5"),
                    tr("Both halves of CLIP's loss, classes from names, what text encoders tell apart."),
                ),
                BundledWorkflow(
                    "networks",
                    tr("Networks"),
                    tr("U-Net, DiT, U-ViT and MMDiT drawn as they are: features, parameters and time of each block."),
                ),
                BundledWorkflow(
                    "what-leads",
                    tr("What leads"),
                    tr("A classifier's gradient, a ControlNet's residuals, the rank of a LoRA."),
                ),
            ),
        ),
        Shelf(
            tr("Guidance"),
            (
                BundledWorkflow(
                    "classifier-guidance",
                    tr("Classifier guidance"),
                    tr("A classifier that knows noisy images leads by its gradient (ADM-G)."),
                ),
                BundledWorkflow(
                    "glide", "GLIDE", tr("Guidance without a classifier against CLIP's; inpainting by text.")
                ),
                BundledWorkflow(
                    "diffusion-clip", "DiffusionCLIP", tr("Two texts tell a model how to change a given image.")
                ),
            ),
        ),
        Shelf(
            tr("Systems of the field"),
            (
                BundledWorkflow(
                    "cascaded-diffusion",
                    tr("Cascaded diffusion"),
                    tr("A small image of a class, and models that make it larger."),
                ),
                BundledWorkflow(
                    "dalle2",
                    "DALL·E 2",
                    tr("A prior goes from a text to the image's embedding; a decoder paints it."),
                ),
                BundledWorkflow("imagen", "Imagen", tr("T5 reads the text; a small image is made larger twice.")),
                BundledWorkflow(
                    "stable-diffusion-2",
                    "Stable Diffusion 2",
                    tr("Latent diffusion that listens to OpenCLIP's text encoder."),
                ),
            ),
        ),
        Shelf(
            tr("Transformers"),
            (
                BundledWorkflow("dit", "DiT", tr("A transformer over patches of the latent, led by a class.")),
                BundledWorkflow("u-vit", "U-ViT", tr("Time, text and patches are tokens of one row.")),
                BundledWorkflow(
                    "flow-transformer",
                    tr("Flow transformer"),
                    tr("Straight ways from noise to image, as in Stable Diffusion 3 and FLUX."),
                ),
            ),
        ),
        Shelf(
            tr("Other ways from a text to an image"),
            (
                BundledWorkflow(
                    "text-gan", tr("Text GAN"), tr("One pass from noise to image, with an eye on each word.")
                ),
                BundledWorkflow(
                    "dalle", "DALL·E", tr("One transformer writes words, then image codes; CLIP ranks them.")
                ),
                BundledWorkflow(
                    "masked-tokens",
                    tr("Masked tokens"),
                    tr("All codes of an image in a few rounds, the surest first (MaskGIT, aMUSEd)."),
                ),
            ),
        ),
        Shelf(
            tr("Change and control"),
            (
                BundledWorkflow(
                    "image-to-image", tr("Image to image"), tr("An image and a text; how much may change.")
                ),
                BundledWorkflow("inpainting", tr("Inpainting"), tr("Only what lies under a mask is painted anew.")),
                BundledWorkflow("controlnet", "ControlNet", tr("Edges or a drawing say where things are.")),
                BundledWorkflow(
                    "control-hints",
                    tr("Soft edges, depth, pose"),
                    tr("Three more images of control, each of which says less than the one before."),
                ),
                BundledWorkflow("lora", "LoRA", tr("A style in a small file, added to the model by any strength.")),
                BundledWorkflow(
                    "super-resolution",
                    tr("Super-resolution"),
                    tr("Images made larger by diffusion, against networks that do it at once."),
                ),
            ),
        ),
    ]
