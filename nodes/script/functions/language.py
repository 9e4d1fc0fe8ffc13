"""Texts as the families' text encoders read them."""

from __future__ import annotations

import math

import torch
from diffusers.pipelines.flux2.system_messages import SYSTEM_MESSAGE
from torch.nn.functional import pad
from transformers import Qwen2VLImageProcessor

from nodes.script.functions.texts import clip_tokens, t5_states


def encode_pair(text, clip, t5):
    """FLUX.1: T5 gives the tokens, CLIP the text as a whole."""
    tokenizer, encoder = clip
    tokens = t5_states(text, *t5, 512)
    return tokens, encoder(clip_tokens(text, tokenizer, encoder).input_ids).pooler_output


def requested(text, tokenizer, bare, system="", **options):
    """A text as a request, by the tokenizer's own template where it brings one."""
    if not tokenizer.chat_template:
        return bare.format(text=text, system=system)
    asked = [{"role": "user", "content": text}]
    if system:
        said = ("system", system), ("user", text)
        asked = [{"role": role, "content": [{"type": "text", "text": words}]} for role, words in said]
    return tokenizer.apply_chat_template(asked, tokenize=False, **options)


def chat_states(asked, tokenizer, model, layer, dropped):
    """The states of a layer for a request, without its first tokens, filled up; and which are more than filling."""
    options = {"padding": True, "padding_side": "right", "truncation": True, "return_tensors": "pt"}
    found = tokenizer([asked], max_length=512 + dropped, **options)
    said = model(input_ids=found.input_ids, attention_mask=found.attention_mask, output_hidden_states=True)
    tokens, mask = said.hidden_states[layer][:, dropped:], found.attention_mask[:, dropped:]
    rest = 512 - tokens.shape[1]
    return pad(tokens, (0, 0, 0, rest)), pad(mask, (0, rest)).bool()


def encode_z_image(text, tokenizer, model):
    """The last layer but one of Qwen 3."""
    bare = "<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
    asked = requested(text, tokenizer, bare, add_generation_prompt=True, enable_thinking=True)
    return chat_states(asked, tokenizer, model, -2, 0)


def encode_qwen_image(text, tokenizer, model):
    """What Qwen 2.5 VL reads in a text that it is asked to describe."""
    asked = (
        "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity, text, spatial "
        f"relationships of the objects and background:<|im_end|>\n<|im_start|>user\n{text}<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    return chat_states(asked, tokenizer, model, -1, 34)


def encode_qwen_image_edit(text, tokenizer, model, *images):
    """What Qwen 2.5 VL reads in a text about images."""
    before = (
        "<|im_start|>system\nDescribe the key features of the input image (color, shape, size, texture, objects, "
        "background), then explain how the user's text instruction should alter or modify the image. Generate a new "
        "image that meets the user's requirements while maintaining consistency with the original input where "
        "appropriate.<|im_end|>\n<|im_start|>user\n"
    )
    shown = (f"Picture {number + 1}: {SHOWN}" for number in range(len(images)))
    eyes = {"patch_size": 14, "size": {"shortest_edge": 3136, "longest_edge": 12845056}}
    tokens, slots = seeing_states(text, tokenizer, model, before + "".join(shown), 64, images, eyes)
    return tokens, torch.ones(slots.shape, dtype=torch.bool)


def encode_qwen_image_21(text, tokenizer, model, *images):
    """What Qwen3-VL reads in a text, and sees in images that it is about; which tokens are of those."""
    system = "<|im_start|>system\nComprehend and analyze the provided prompt.<|im_end|>\n"
    shown = " ".join(f"<image{number + 1}>{SHOWN}" for number in range(len(images)))
    colours = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    eyes = {"patch_size": 16, "size": {"shortest_edge": 65536, "longest_edge": 16777216}, **colours}
    before = f"{system}<|im_start|>user\n{shown}"
    dropped = len(tokenizer(system, add_special_tokens=False).input_ids)
    hook = model.language_model.norm.register_forward_hook(lambda _, inputs, output: inputs[0])
    tokens, slots = seeing_states(text or " ", tokenizer, model, before, dropped, images, eyes)
    hook.remove()
    return tokens, torch.ones_like(slots), slots


def encode_krea_2(text, tokenizer, model, layers):
    """Every third layer of what Qwen3-VL reads in a text."""
    before = (
        "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity, text, "
        "spatial relationships of the objects and background:<|im_end|>\n<|im_start|>user\n"
    )
    tapped = [2 + 3 * number for number in range(layers)]
    tokens, slots = seeing_states(text, tokenizer, model, before, 34, layers=tapped, most=507)
    return tokens, torch.ones(slots.shape, dtype=torch.bool)


SHOWN = "<|vision_start|><|image_pad|><|vision_end|>"


ASKED = "<|im_end|>\n<|im_start|>assistant\n"


def seeing_states(text, tokenizer, model, before, dropped, images=(), eyes=None, layers=(-1,), most=None, after=ASKED):
    """States of some layers for a text and images that it is about, and which tokens are of images."""
    numbers = tokenizer(before + text, add_special_tokens=False).input_ids
    numbers = numbers[: most + dropped] if most else numbers
    numbers += tokenizer(after, add_special_tokens=False).input_ids
    place, seen = tokenizer.convert_tokens_to_ids("<|image_pad|>"), {}
    if images:
        pixels = [(image[0] * 255).round().to(torch.uint8) for image in images]
        processor = Qwen2VLImageProcessor(merge_size=2, temporal_patch_size=2, **eyes)
        found = processor(images=pixels, return_tensors="pt")
        seen = {name: found[name] for name in ("pixel_values", "image_grid_thw")}
        counts = (seen["image_grid_thw"].prod(-1) // 4).tolist()
        numbers = [one for token in numbers for one in ([token] * counts.pop(0) if token == place else [token])]
    ids = torch.tensor([numbers])
    if images:
        model.config.image_token_id = place
        seen["mm_token_type_ids"] = (ids == place).long()
    said = model(input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True, **seen)
    return torch.cat([said.hidden_states[layer] for layer in layers], -1)[:, dropped:], (ids == place)[:, dropped:]


def padded_states(asked, tokenizer, model, layers, side):
    """States of some layers for a request that is filled up before it is read."""
    options = {"padding": "max_length", "padding_side": side, "max_length": 512, "truncation": True}
    found = tokenizer([asked], return_tensors="pt", add_special_tokens=False, **options)
    said = model(input_ids=found.input_ids, attention_mask=found.attention_mask, output_hidden_states=True)
    return (torch.cat([said.hidden_states[layer] for layer in layers], -1),)


def encode_klein(text, tokenizer, model):
    """FLUX.2 Klein: three layers of Qwen 3."""
    bare = "<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    asked = requested(text, tokenizer, bare, add_generation_prompt=True, enable_thinking=False)
    return padded_states(asked, tokenizer, model, (9, 18, 27), "right")


def encode_flux_2(text, tokenizer, model):
    """FLUX.2: three layers of Mistral Small."""
    bare = "<s>[SYSTEM_PROMPT]{system}[/SYSTEM_PROMPT][INST]{text}[/INST]"
    asked = requested(text.replace("[IMG]", ""), tokenizer, bare, SYSTEM_MESSAGE, add_generation_prompt=False)
    return padded_states(asked, tokenizer, model, (10, 20, 30), tokenizer.padding_side)


def encode_flux_3(text, tokenizer, model):
    """FLUX.3: eight layers of Qwen3-VL, in a window of a round number of tokens."""
    bare = "<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
    read = tokenizer(requested(text, tokenizer, bare, add_generation_prompt=True)).input_ids
    count = math.ceil(len(read) / 80) * 80
    ids = torch.full((1, count), tokenizer.pad_token_id)
    ids[0, : len(read)] = torch.tensor(read)
    mask = (torch.arange(count) < len(read)).long()[None]
    places = torch.arange(count)[None].masked_fill(mask == 0, 1)
    options = {"output_hidden_states": True, "use_cache": False}
    said = model(input_ids=ids, attention_mask=mask, position_ids=places, **options)
    return (torch.cat([said.hidden_states[layer] for layer in range(4, 36, 4)], -1),)


def with_latents(condition, *latents):
    """A text with images that a network is shown besides."""
    return (*condition, *latents)


def with_tokens(condition, tokens, strength):
    """A text with what an image shows behind it."""
    first, *rest = condition
    return torch.cat([first, strength * tokens], 1), *rest


def encode_z_image_omni(text, tokenizer, model, sight=None, *images):
    """Z-Image-Omni: a text in pieces, between which images stand; which tokens are right behind one, and what SigLIP 2
    sees in each."""
    if not images:
        return encode_z_image(text, tokenizer, model)
    begin, end = "<|vision_start|>", "<|vision_end|>"
    asked = f"{end}{text}<|im_end|>\n<|im_start|>assistant\n{begin}"
    pieces = [f"<|im_start|>user\n{begin}", *[f"{end}{begin}"] * (len(images) - 1), asked, f"{end}<|im_end|>"]
    options = {"max_length": 512, "truncation": True, "return_tensors": "pt"}
    read = [
        model(input_ids=tokenizer([piece], **options).input_ids, output_hidden_states=True).hidden_states[-2]
        for piece in pieces
    ]
    tokens = torch.cat(read, 1)
    slots = torch.zeros(tokens.shape[:2], dtype=torch.bool)
    begun = 0
    for states in read[:-1]:
        begun += states.shape[1]
        slots[:, begun] = True
    return tokens, torch.ones_like(slots), slots, *(seen_in_patches(image, *sight) for image in images)


def seen_in_patches(image, eyes, sight):
    """What SigLIP 2 sees in an image, patch by patch."""
    given = eyes(images=[(image[0] * 255).round().to(torch.uint8)], return_tensors="pt")
    rows, columns = given.spatial_shapes[0].tolist()
    return sight(**given).last_hidden_state[:, : rows * columns].unflatten(1, (rows, columns))
