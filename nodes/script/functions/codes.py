"""Images as codes, the numbers of vectors in a codebook, and what writes them."""

from __future__ import annotations

import torch
from torch.nn.functional import interpolate


def vq_encode(vq, images):
    """Images as codes, one by one."""
    low = 0.0 if vq.config.lookup_from_codebook else -1.0
    found = []
    for image in images.split(1):
        latents = vq.encode(image * (1 - low) + low).latents
        found.append(vq.quantize(latents)[2][2].reshape(1, *latents.shape[-2:]))
    return torch.cat(found)


def vq_decode(vq, codes):
    """Codes as images, one by one; places without a code (-1) are grey."""
    low = 0.0 if vq.config.lookup_from_codebook else -1.0
    found = []
    for values in codes.split(1):
        known = (values >= 0)[..., None].float()
        vectors = vq.quantize.embedding(values.clamp(min=0))
        mean = (vectors * known).sum((1, 2), keepdim=True) / known.sum((1, 2), keepdim=True).clamp(min=1)
        vectors = torch.where((values < 0)[..., None], mean, vectors).permute(0, 3, 1, 2)
        shown = vq.decoder(vq.post_quant_conv(vectors), vectors if vq.config.norm_type == "spatial" else None)
        pixels = ((shown.float() - low) / (1 - low)).clamp(0, 1)
        missing = interpolate((values < 0).float()[:, None], pixels.shape[-2:])
        found.append(torch.where(missing > 0, 0.5, pixels))
    return torch.cat(found)


def with_codes(codes, x, y, width, height, others):
    """Codes with others in a rectangle: those of another image, or one number."""
    codes = codes.clone()
    part = (slice(None), slice(y, y + height), slice(x, x + width))
    codes[part] = others if isinstance(others, int) else others.expand_as(codes)[part]
    return codes


def no_codes(images, side):
    """Images of which nothing stands yet."""
    return torch.full((images, side, side), -1)


def fill_in(transformer, scheduler, texts, codes, scale, temperature, rounds, seed, downscale, aesthetic):
    """Masked codes filled in by rounds, the surest first (Chang et al. 2022): the codes, and the first after each."""
    mask = scheduler.config.mask_token_id
    scheduler.set_timesteps(rounds, (temperature, 0))
    x = codes.masked_fill(codes < 0, mask)
    shares = [float((row == mask).float().mean()) for row in x]
    generators = [torch.Generator().manual_seed(seed + number) for number in range(len(x))]
    tokens, whole = (torch.cat(parts) for parts in zip(*texts, strict=True))
    height, width = (downscale * side for side in x.shape[-2:])
    micro = torch.tensor([[width, height, 0, 0, aesthetic]], dtype=torch.float32).expand(len(texts), -1)
    seen = []
    for t in scheduler.timesteps:
        made = []
        for row, share, generator in zip(x.split(1), shares, generators, strict=True):
            if share:
                logits = transformer(row.expand(len(texts), -1, -1), tokens, whole, micro).float()
                if len(texts) == 2:
                    logits = logits[:1] + scale * (logits[1:] - logits[:1])
                row = scheduler.step(logits, t, row, share, generator).prev_sample
            made.append(row)
        x = torch.cat(made)
        seen.append(x[:1].masked_fill(x[:1] == mask, -1))
    return x, torch.cat(seen)


def write_codes(transformer, tokenizer, text, codes, temperature, top_k, scale, seed):
    """Codes written one after another, each from the text and what stands before it (Ramesh et al. 2021)."""
    config = transformer.config
    texts = [text] if scale == 1 else [text, ""]
    options = {"padding": "max_length", "max_length": config.text_length, "truncation": True, "return_tensors": "pt"}
    words = tokenizer(texts, **options).input_ids
    found = codes.flatten(1).clone()
    for number, row in enumerate(found):
        generator, given, past = torch.Generator().manual_seed(seed + number), words, None
        for place in range(len(row)):
            said = transformer(given, past_key_values=past, use_cache=True, logits_to_keep=1)
            past, logits = said.past_key_values, said.logits[:, -1, config.text_vocab_size :]
            scores = logits[0] if len(logits) == 1 else logits[1] + scale * (logits[0] - logits[1])
            code = draw_code(scores, temperature, top_k, generator)
            row[place] = code[0] if row[place] < 0 else row[place]
            given = (row[place] + config.text_vocab_size).expand(len(texts), 1)
    return found.view_as(codes)


def draw_code(scores, temperature, top_k, generator):
    """A code by its chances, of the likeliest alone where so many are wanted; at 0 degrees the likeliest."""
    if temperature == 0:
        return scores.argmax()[None]
    if top_k:
        scores = scores.masked_fill(scores < scores.topk(min(top_k, len(scores))).values[-1], -torch.inf)
    return torch.multinomial((scores / temperature).softmax(0), 1, generator=generator)
