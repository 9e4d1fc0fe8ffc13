"""Files in the layouts that people have, as names and shapes of their tensors, by kind."""

from tests.library.layouts.autoencoders import AUTOENCODERS
from tests.library.layouts.controls import CONTROLS
from tests.library.layouts.foreign import CONTROL_FAMILIES, OTHER_LORAS, VARIANTS
from tests.library.layouts.loras import LORAS
from tests.library.layouts.networks import NETWORKS
from tests.library.layouts.partial_loras import PARTIAL_LORAS
from tests.library.layouts.texts import TEXT

EVERY = {
    f"{group}: {name}": layout
    for group, layouts in (
        ("network", NETWORKS),
        ("text", TEXT),
        ("vae", AUTOENCODERS),
        ("control", CONTROLS),
        ("lora", LORAS),
        ("lora for a part", PARTIAL_LORAS),
        ("variant", VARIANTS),
        ("controlnet of", CONTROL_FAMILIES),
        ("other lora", OTHER_LORAS),
    )
    for name, layout in layouts.items()
}
