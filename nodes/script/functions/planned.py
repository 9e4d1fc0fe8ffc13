"""GLM-Image: a language model plans an image in tokens, and a transformer paints by them (Z.ai 2026)."""

from __future__ import annotations

import torch
from diffusers import GlmImagePipeline
from diffusers.models.transformers.transformer_glm_image import GlmImageKVCache
from PIL import Image
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper


def encode_glyphs(text, tokenizer, model, planner=None):
    """What ByT5 reads in quotation marks, all of it one behind the other."""
    quoted = GlmImagePipeline.get_glyph_texts(None, text)[0] or [""]
    first = [tokenizer.pad_token_id] * ((len(quoted) + 1) % 2)  # as the model was trained, whatever for
    rows = [torch.tensor(first + one) for one in tokenizer(quoted, max_length=2048, truncation=True).input_ids]
    ids = torch.nn.utils.rnn.pad_sequence(rows, True, tokenizer.pad_token_id)
    kept = torch.nn.utils.rnn.pad_sequence([torch.ones_like(row) for row in rows], True)
    return (model(ids, attention_mask=kept).last_hidden_state[kept.bool()][None],)


def encode_planned(text, tokenizer, model, planner, size, seed, drawing, images, latents):
    """The same, the plan of an image of that height and width, and images that are shown, as tokens and latents."""
    ids, seen = plan(*planner, text, images, size, torch.Generator().manual_seed(seed), drawing)
    return *encode_glyphs(text, tokenizer, model), ids, *seen, *latents


def plan(processor, model, text, images, size, generator, drawing):
    """Draw the tokens of an image one by one: without images that are shown those of a small one come before."""
    content = [{"type": "image", "image": shown_as(image)} for image in images]
    content.append({"type": "text", "text": text.replace(processor.image_token, "")})
    options = {"tokenize": True, "return_dict": True, "return_tensors": "pt"}
    asked = [[{"role": "user", "content": content}]]
    asked = dict(processor.apply_chat_template(asked, target_h=size[0], target_w=size[1], **options))
    grids = asked["image_grid_thw"][len(images) :]
    total, (rows, columns) = int(grids.prod(-1).sum()), grids[0, 1:].tolist()
    codes, inner = model.config.vq_config.num_embeddings, model.model
    model.config.image_token_id = inner.config.image_token_id = processor.image_token_id
    seen = []
    if images:
        shown = asked["image_grid_thw"][: len(images)]
        features = inner.get_image_features(asked["pixel_values"], shown).pooler_output
        pairs = zip(features, shown.tolist(), strict=True)
        seen = [doubled(inner.get_image_tokens([one]), *grid[1:])[None, ..., None] for one, grid in pairs]
    inner.rope_deltas = None
    made, given, cache = [], asked, None
    while len(made) < total:
        said = model(**given, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache = said.past_key_values
        made.append(drawn_token(said.logits[0, -1].float(), codes, generator, *drawing))
        given = {"input_ids": torch.tensor([[made[-1]]])}
    return doubled(torch.tensor(made[-rows * columns :]), rows, columns).reshape(1, -1), seen


def shown_as(image):
    """An image as Pillow has it."""
    return Image.fromarray((image[0] * 255).round().to(torch.uint8).permute(1, 2, 0).numpy())


def doubled(tokens, rows, columns):
    """Tokens of 32 x 32 pixels as those of 16 x 16 that they stand for."""
    return tokens.reshape(rows, columns).repeat_interleave(2, 0).repeat_interleave(2, 1)


def drawn_token(logits, codes, generator, temperature, top_k, top_p):
    """One of the first tokens, drawn by their chances; drawn again where it is another."""
    if not temperature:
        return int(logits[:codes].argmax())
    scores = TemperatureLogitsWarper(float(temperature))(None, logits[None])
    scores = TopKLogitsWarper(top_k)(None, scores) if top_k else scores
    scores = TopPLogitsWarper(top_p)(None, scores) if top_p < 1 else scores
    shares = scores[0].softmax(0)
    token = int(torch.multinomial(shares, 1, generator=generator))
    if token < codes:
        return token
    left = shares[:codes] if shares[:codes].any() else logits[:codes].softmax(0)
    return int(torch.multinomial(left, 1, generator=generator))


def glm_image(transformer, x, at, tokens, ids=None, *shown):
    """Each patch is told the token that was planned for it; references are looked at in every layer."""
    count = len(shown) // 2
    sides = [8 * side for side in x.shape[-2:]]
    patches = (x.shape[-2] // transformer.config.patch_size) * (x.shape[-1] // transformer.config.patch_size)
    planned = torch.full((len(x), patches), -1) if ids is None else ids
    cache = None
    if shown:
        cache = GlmImageKVCache(num_layers=transformer.config.num_layers)
        cache.set_mode("write")
        for seen, latent in zip(shown[:count], shown[count:], strict=True):
            size = x.new_tensor([[8 * side for side in latent.shape[-2:]]])
            ask_planned(transformer, latent[:1], tokens[:1, :0], seen[:1].reshape(1, -1), x.new_zeros(1), size, cache)
        cache.set_mode("read")
    size = x.new_tensor([sides]).expand(len(x), 2)
    return ask_planned(transformer, x, tokens, planned, at.t.expand(len(x)) - 1, size, cache)


def ask_planned(transformer, x, tokens, planned, times, size, cache):
    """Ask the network with a plan, of which -1 is none."""
    return transformer(
        hidden_states=x,
        encoder_hidden_states=tokens,
        prior_token_id=planned.clamp(min=0),
        prior_token_drop=planned < 0,
        timestep=times,
        target_size=size,
        crop_coords=torch.zeros_like(size),
        kv_caches=cache,
        return_dict=False,
    )[0]
