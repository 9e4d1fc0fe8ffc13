"""How more transformers of the families are asked, as diffusers' pipelines do."""

from __future__ import annotations

import torch
from diffusers.models.embeddings import get_2d_rotary_pos_embed
from diffusers.models.transformers import transformer_ideogram4
from diffusers.pipelines.hunyuandit.pipeline_hunyuandit import get_resize_crop_region_for_grid

from nodes.script.functions.families import packed, unpacked


def pixart(transformer, x, at, tokens, mask):
    """PixArt: of what it predicts the variance is left out; some are told the size of what they paint."""
    told = {"resolution": None, "aspect_ratio": None}
    if transformer.use_additional_conditions:
        height, width = (8 * side for side in x.shape[-2:])
        told["resolution"] = x.new_tensor([[height, width]]).expand(len(x), 2)
        told["aspect_ratio"] = x.new_tensor([[height / width]]).expand(len(x), 1)
    output = transformer(
        x,
        encoder_hidden_states=tokens,
        encoder_attention_mask=mask.to(x.dtype),
        timestep=at.t.expand(len(x)),
        added_cond_kwargs=told,
        return_dict=False,
    )[0]
    return output[:, : x.shape[1]]


def hunyuan_dit(transformer, x, at, tokens, mask):
    """Hunyuan-DiT: of what it predicts the variance is left out; before 1.2 it is told sizes and a style."""
    config, (height, width) = transformer.config, x.shape[-2:]
    rows, columns = height // config.patch_size, width // config.patch_size
    region = get_resize_crop_region_for_grid((rows, columns), 64 // config.patch_size)
    parts = [config.text_len, config.text_len_t5]
    (clip, t5), (clip_mask, t5_mask) = tokens.split(parts, 1), mask.split(parts, 1)
    output = transformer(
        x,
        at.t.expand(len(x)).to(x.dtype),
        encoder_hidden_states=clip[..., : config.cross_attention_dim],
        text_embedding_mask=clip_mask,
        encoder_hidden_states_t5=t5[..., : config.cross_attention_dim_t5].contiguous(),
        text_embedding_mask_t5=t5_mask,
        image_meta_size=x.new_tensor([[1024, 1024, 8 * height, 8 * width, 0, 0]]).repeat(len(x), 1),
        style=torch.zeros(len(x), dtype=torch.long),
        image_rotary_emb=get_2d_rotary_pos_embed(
            config.attention_head_dim, region, (rows, columns), device=x.device, output_type="pt"
        ),
        return_dict=False,
    )[0]
    return output[:, : x.shape[1]]


def aura_flow(transformer, x, at, tokens):
    """AuraFlow."""
    times = at.t.expand(len(x)).to(x.dtype) / 1000
    return transformer(x, encoder_hidden_states=tokens, timestep=times, return_dict=False)[0]


def grid(x, first=(0, 0, 0)):
    """Time, row and column of each patch of 2 x 2 cells, from the first on."""
    time, top, left = first
    rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
    axes = torch.tensor([time]), torch.arange(top, top + rows), torch.arange(left, left + columns)
    return torch.cartesian_prod(*axes).to(x)


def bria(transformer, x, at, tokens):
    """Bria 3.2: FLUX's blocks, told times up to 1000."""
    output = transformer(
        hidden_states=packed(x),
        timestep=at.t.expand(len(x)),
        encoder_hidden_states=tokens,
        txt_ids=x.new_zeros(tokens.shape[1], 3),
        img_ids=grid(x),
        return_dict=False,
    )[0]
    return unpacked(output, x)


def chroma(transformer, x, at, tokens, mask):
    """Chroma: FLUX's blocks, which add to what they look at whether it is more than filling."""
    patches = packed(x)
    output = transformer(
        hidden_states=patches,
        timestep=at.t.expand(len(x)).to(x.dtype) / 1000,
        encoder_hidden_states=tokens,
        txt_ids=x.new_zeros(tokens.shape[1], 3),
        img_ids=grid(x),
        attention_mask=torch.cat([mask, mask.new_ones(patches.shape[:2])], 1).to(x.dtype),
        return_dict=False,
    )[0]
    return unpacked(output, x)


def along_diagonal(transformer, x, at, tokens, first=(0, 0, 0)):
    """Ovis-Image: FLUX's shape, whose words lie one after another along a diagonal."""
    words = torch.arange(tokens.shape[1]).to(x)
    output = transformer(
        hidden_states=packed(x),
        timestep=at.t.expand(len(x)).to(x.dtype) / 1000,
        encoder_hidden_states=tokens,
        txt_ids=torch.stack([torch.zeros_like(words), words, words], 1),
        img_ids=grid(x, first),
        return_dict=False,
    )[0]
    return unpacked(output, x)


def behind_words(transformer, x, at, tokens):
    """LongCat-Image: the same, and the image behind as many words as are read."""
    return along_diagonal(transformer, x, at, tokens, (1, 512, 512))


def anima(parts, x, at, tokens, mask, ids):
    """Anima: an image is a film of one frame; a part of its own asks what was read by the same text's tokens of T5."""
    transformer, conditioner = parts
    text = conditioner(
        source_hidden_states=tokens,
        target_input_ids=ids.clamp(min=0),
        target_attention_mask=ids >= 0,
        source_attention_mask=mask,
    )
    return transformer(
        hidden_states=x[:, :, None],
        timestep=at.t.expand(len(x)).to(x.dtype) / 1000,
        encoder_hidden_states=text,
        padding_mask=x.new_zeros(1, 1, *x.shape[-2:]),
        return_dict=False,
    )[0][:, :, 0]


def cogview_4(transformer, x, at, tokens):
    """CogView 4: it is told how large an image is and that it is whole."""
    height, width = (8 * side for side in x.shape[-2:])
    size = x.new_tensor([[height, width]]).expand(len(x), 2)
    return transformer(
        hidden_states=x,
        encoder_hidden_states=tokens,
        timestep=at.t.expand(len(x)),
        original_size=size,
        target_size=size,
        crop_coords=torch.zeros_like(size),
        return_dict=False,
    )[0]


def ernie(transformer, x, at, tokens):
    """ERNIE-Image: it is told how long each text is."""
    lengths = torch.full((len(x),), tokens.shape[1])
    times = at.t.expand(len(x)).to(x.dtype)
    return transformer(hidden_states=x, timestep=times, text_bth=tokens, text_lens=lengths, return_dict=False)[0]


def fibo(transformer, x, at, tokens):
    """Fibo: each cell is a token; each block is led by a layer of the text."""
    rows, columns = x.shape[-2:]
    layers = list(tokens.split(transformer.config.text_encoder_dim, -1))
    count = len(transformer.transformer_blocks) + len(transformer.single_transformer_blocks)
    places = torch.cartesian_prod(torch.arange(1), torch.arange(rows), torch.arange(columns))
    output = transformer(
        hidden_states=x.flatten(2).transpose(1, 2),
        timestep=at.t.expand(len(x)).to(x.dtype),
        encoder_hidden_states=torch.cat([layers[-1], layers[-2]], -1),
        text_encoder_layers=[*layers, *layers[-1:] * (count - len(layers))][-count:],
        txt_ids=x.new_zeros(tokens.shape[1], 3),
        img_ids=places.to(x),
        joint_attention_kwargs={},
        return_dict=False,
    )[0]
    return output.transpose(1, 2).unflatten(-1, (rows, columns))


def lumina_2(transformer, x, at, tokens, mask):
    """Lumina 2: its times run from noise to image, and so does what it predicts."""
    times = 1 - at.t.expand(len(x)) / 1000
    given = {"encoder_hidden_states": tokens, "encoder_attention_mask": mask}
    return -transformer(hidden_states=x, timestep=times, **given, return_dict=False)[0]


def sana(transformer, x, at, tokens, mask):
    """Sana: linear attention on strongly compressed latents."""
    return sana_at(transformer, x, at.t * transformer.config.timestep_scale, tokens, mask)


def sana_sprint(transformer, guidance, x, at, tokens, mask):
    """Sana Sprint, which is told its guidance, and the time as a share."""
    told = torch.full((len(x),), float(guidance)) * transformer.config.guidance_embeds_scale
    return sana_at(transformer, x, at.t / 1000, tokens, mask, told)


def sana_at(transformer, x, time, tokens, mask, guidance=None):
    """What Sana's transformer predicts at a time."""
    output = transformer(
        x,
        encoder_hidden_states=tokens,
        encoder_attention_mask=mask.to(x.dtype),
        timestep=time.expand(len(x)),
        guidance=guidance,
        return_dict=False,
    )[0]
    return output[:, : x.shape[1]]


def hidream(transformer, x, at, tokens, pooled):
    """HiDream: of each token T5's numbers come first, and every layer of Llama's behind; it predicts towards the
    image."""
    first, width = transformer.config.caption_channels
    return -transformer(
        hidden_states=x,
        timesteps=at.t.expand(len(x)),
        encoder_hidden_states_t5=tokens[..., :first],
        encoder_hidden_states_llama3=torch.stack(tokens[..., first:].split(width, -1)),
        pooled_embeds=pooled,
        return_dict=False,
    )[0]


def hunyuan(transformer, guidance, x, at, tokens, mask):
    """HunyuanImage: what is to be written stands behind the text; a distilled one is told its guidance."""
    return transformer(
        hidden_states=x,
        timestep=at.t.expand(len(x)).to(x.dtype),
        encoder_hidden_states=tokens[:, :-128],
        encoder_attention_mask=mask[:, :-128],
        encoder_hidden_states_2=tokens[:, -128:, : transformer.config.text_embed_2_dim],
        encoder_attention_mask_2=mask[:, -128:],
        guidance=x.new_full((len(x),), 1000 * guidance) if transformer.config.guidance_embeds else None,
        return_dict=False,
    )[0]


def ideogram(parts, x, at, tokens):
    """Ideogram 4: one row of words and patches; another network paints without a text."""
    layers, told = 13, transformer_ideogram4
    woven = tokens.unflatten(-1, (layers, -1)).transpose(-1, -2).flatten(-2)
    length, (rows, columns) = tokens.shape[1], x.shape[-2:]
    patches = x.flatten(2).transpose(1, 2)
    places = torch.cartesian_prod(torch.arange(1), torch.arange(rows), torch.arange(columns))
    words = torch.arange(length)[:, None].expand(-1, 3)
    kinds = torch.tensor([told.LLM_TOKEN_INDICATOR] * length + [told.OUTPUT_IMAGE_INDICATOR] * (rows * columns))
    output = parts[0 if length else -1](
        hidden_states=torch.cat([patches.new_zeros(len(x), length, patches.shape[-1]), patches], 1),
        timestep=(1 - at.t.expand(len(x)).float() / 1000).to(x.dtype),
        encoder_hidden_states=torch.cat([woven, woven.new_zeros(len(x), rows * columns, woven.shape[-1])], 1),
        position_ids=torch.cat([words, places + told.IMAGE_POSITION_OFFSET]).expand(len(x), -1, -1),
        segment_ids=torch.ones(len(x), len(kinds), dtype=torch.long),
        indicator=kinds.expand(len(x), -1),
        return_dict=False,
    )[0]
    return -output[:, length:].transpose(1, 2).unflatten(-1, (rows, columns))


def kandinsky_5(transformer, x, at, tokens, pooled):
    """Kandinsky 5: an image is a film of one frame, channels last."""
    rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
    found = transformer(
        hidden_states=x.permute(0, 2, 3, 1)[:, None],
        encoder_hidden_states=tokens,
        pooled_projections=pooled,
        timestep=at.t.expand(len(x)).to(x.dtype),
        visual_rope_pos=[torch.arange(side) for side in (1, rows, columns)],
        text_rope_pos=torch.arange(tokens.shape[1]),
    ).sample
    return found[:, 0].permute(0, 3, 1, 2)


def prx(transformer, x, at, tokens, mask):
    """PRX: the image asks the text and is not asked by it."""
    times = at.t.expand(len(x)).float() / 1000
    given = {"encoder_hidden_states": tokens, "attention_mask": mask}
    return transformer(hidden_states=x, timestep=times, **given, return_dict=False)[0]


def z_image_omni(transformer, x, at, tokens, mask, slots=None, *shown):
    """Z-Image-Omni: what SigLIP sees in images, and their latents, free of noise, before the one that it paints."""
    count = len(shown) // 2
    seen, latents = [one[0] for one in shown[:count]], shown[count:]
    places = torch.zeros_like(mask) if slots is None else slots
    output = transformer(
        x=[[*(latent[number, :, None] for latent in latents), one[:, None]] for number, one in enumerate(x)],
        t=(1 - at.t.expand(len(x)) / 1000).to(x.dtype),
        cap_feats=[
            list(row[kept].tensor_split(where[kept].nonzero()[:, 0].tolist()))
            for row, kept, where in zip(tokens, mask, places, strict=True)
        ],
        siglip_feats=[[*seen, None] if seen else None for _ in x],
        image_noise_mask=[[0] * len(latents) + [1] for _ in x],
        return_dict=False,
    )[0]
    return -torch.stack(output)[:, :, 0]
