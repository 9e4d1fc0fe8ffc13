"""The attention of one pass, as the inspector shows it."""

import torch

from nodeflow.engine.inspect.rendering import GLOW
from nodeflow.engine.inspect.word_attention_views import FORMS
from nodeflow.views import Picture, ViewRequest
from nodeflow.wires import Attention


class Alone:
    """A value that nothing stands beside."""

    def vae(self, channels: int) -> None:
        return None


def test_the_attention_of_one_pass_glows_where_a_word_was_looked_at() -> None:
    maps = torch.zeros(2, 4, 4, 3)
    maps[1, 2, 3, 1] = 0.8
    attention = Attention(("<|startoftext|>", "red", "star"), {"4": maps, "8": torch.full((2, 8, 8, 3), 0.25)})
    (form,) = FORMS["Attention"]
    assert form.fits(attention)
    token, layer, picture = form.options(attention)
    assert (token.choices[0], layer.choices, picture.maximum) == ("1 red", ("4", "8"), 1)
    shown = form.make(attention, ViewRequest(Alone(), {"token": "1 red", "layer": "4", "picture": 1}))
    assert isinstance(shown, Picture)
    pixels = torch.frombuffer(bytearray(shown.pixels), dtype=torch.uint8).reshape(shown.height, shown.width, 3)
    assert pixels[2, 3].tolist() == [round(255 * part) for part in GLOW]
    assert pixels[0, 0, 0] < 100
    assert shown.scale == (0.0, pixels.new_tensor(0.8, dtype=torch.float32).item())
