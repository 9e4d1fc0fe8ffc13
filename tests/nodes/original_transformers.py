"""Weights of transformers under the names that they were published with, made from those of diffusers."""

import re
from collections.abc import Iterator

import torch
from torch import Tensor

Weights = dict[str, Tensor]
Names = list[tuple[str, str]]
FLUX: Names = [
    (r"^time_text_embed\.timestep_embedder\.linear_1", "time_in.in_layer"),
    (r"^time_text_embed\.timestep_embedder\.linear_2", "time_in.out_layer"),
    (r"^time_text_embed\.text_embedder\.linear_1", "vector_in.in_layer"),
    (r"^time_text_embed\.text_embedder\.linear_2", "vector_in.out_layer"),
    (r"^time_text_embed\.guidance_embedder\.linear_1", "guidance_in.in_layer"),
    (r"^time_text_embed\.guidance_embedder\.linear_2", "guidance_in.out_layer"),
    (r"^context_embedder", "txt_in"),
    (r"^x_embedder", "img_in"),
    (r"^proj_out", "final_layer.linear"),
    (r"^norm_out\.linear", "final_layer.adaLN_modulation.1"),
    (r"^single_transformer_blocks\.(\d+)\.norm\.linear", r"single_blocks.\1.modulation.lin"),
    (r"^single_transformer_blocks\.(\d+)\.attn\.norm_q\.weight", r"single_blocks.\1.norm.query_norm.scale"),
    (r"^single_transformer_blocks\.(\d+)\.attn\.norm_k\.weight", r"single_blocks.\1.norm.key_norm.scale"),
    (r"^single_transformer_blocks\.(\d+)\.(?:attn\.to_[qkv]|proj_mlp)", r"single_blocks.\1.linear1"),
    (r"^single_transformer_blocks\.(\d+)\.proj_out", r"single_blocks.\1.linear2"),
    (r"^transformer_blocks\.(\d+)\.norm1\.linear", r"double_blocks.\1.img_mod.lin"),
    (r"^transformer_blocks\.(\d+)\.norm1_context\.linear", r"double_blocks.\1.txt_mod.lin"),
    (r"^transformer_blocks\.(\d+)\.attn\.to_[qkv]", r"double_blocks.\1.img_attn.qkv"),
    (r"^transformer_blocks\.(\d+)\.attn\.add_[qkv]_proj", r"double_blocks.\1.txt_attn.qkv"),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_q\.weight", r"double_blocks.\1.img_attn.norm.query_norm.scale"),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_k\.weight", r"double_blocks.\1.img_attn.norm.key_norm.scale"),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_added_q\.weight", r"double_blocks.\1.txt_attn.norm.query_norm.scale"),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_added_k\.weight", r"double_blocks.\1.txt_attn.norm.key_norm.scale"),
    (r"^transformer_blocks\.(\d+)\.attn\.to_out\.0", r"double_blocks.\1.img_attn.proj"),
    (r"^transformer_blocks\.(\d+)\.attn\.to_add_out", r"double_blocks.\1.txt_attn.proj"),
    (r"^transformer_blocks\.(\d+)\.ff\.net\.(\d)(?:\.proj)?", r"double_blocks.\1.img_mlp.\2"),
    (r"^transformer_blocks\.(\d+)\.ff_context\.net\.(\d)(?:\.proj)?", r"double_blocks.\1.txt_mlp.\2"),
]
SD3: Names = [
    (r"^pos_embed\.pos_embed", "pos_embed"),
    (r"^pos_embed\.proj", "x_embedder.proj"),
    (r"^time_text_embed\.timestep_embedder\.linear_1", "t_embedder.mlp.0"),
    (r"^time_text_embed\.timestep_embedder\.linear_2", "t_embedder.mlp.2"),
    (r"^time_text_embed\.text_embedder\.linear_1", "y_embedder.mlp.0"),
    (r"^time_text_embed\.text_embedder\.linear_2", "y_embedder.mlp.2"),
    (r"^proj_out", "final_layer.linear"),
    (r"^norm_out\.linear", "final_layer.adaLN_modulation.1"),
    (r"^transformer_blocks\.(\d+)\.norm1\.linear", r"joint_blocks.\1.x_block.adaLN_modulation.1"),
    (r"^transformer_blocks\.(\d+)\.norm1_context\.linear", r"joint_blocks.\1.context_block.adaLN_modulation.1"),
    (r"^transformer_blocks\.(\d+)\.(attn2?)\.to_[qkv]", r"joint_blocks.\1.x_block.\2.qkv"),
    (r"^transformer_blocks\.(\d+)\.attn\.add_[qkv]_proj", r"joint_blocks.\1.context_block.attn.qkv"),
    (r"^transformer_blocks\.(\d+)\.(attn2?)\.norm_([qk])\.", r"joint_blocks.\1.x_block.\2.ln_\3."),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_added_([qk])\.", r"joint_blocks.\1.context_block.attn.ln_\2."),
    (r"^transformer_blocks\.(\d+)\.(attn2?)\.to_out\.0", r"joint_blocks.\1.x_block.\2.proj"),
    (r"^transformer_blocks\.(\d+)\.attn\.to_add_out", r"joint_blocks.\1.context_block.attn.proj"),
    (r"^transformer_blocks\.(\d+)\.ff\.net\.0\.proj", r"joint_blocks.\1.x_block.mlp.fc1"),
    (r"^transformer_blocks\.(\d+)\.ff\.net\.2", r"joint_blocks.\1.x_block.mlp.fc2"),
    (r"^transformer_blocks\.(\d+)\.ff_context\.net\.0\.proj", r"joint_blocks.\1.context_block.mlp.fc1"),
    (r"^transformer_blocks\.(\d+)\.ff_context\.net\.2", r"joint_blocks.\1.context_block.mlp.fc2"),
]
Z_IMAGE: Names = [
    (r"^all_final_layer\.2-1", "final_layer"),
    (r"^all_x_embedder\.2-1", "x_embedder"),
    (r"\.attention\.to_[qkv]\.", ".attention.qkv."),
    (r"\.attention\.to_out\.0\.", ".attention.out."),
    (r"\.attention\.norm_([qk])\.", r".attention.\1_norm."),
]
FLUX_2: Names = [
    (r"^x_embedder\.", "img_in."),
    (r"^context_embedder\.", "txt_in."),
    (r"^time_guidance_embed\.timestep_embedder\.linear_1\.", "time_in.in_layer."),
    (r"^time_guidance_embed\.timestep_embedder\.linear_2\.", "time_in.out_layer."),
    (r"_modulation(_img|_txt)?\.linear\.", r"_modulation\1.lin."),
    (r"^proj_out\.", "final_layer.linear."),
    (r"^norm_out\.linear\.", "final_layer.adaLN_modulation.1."),
    (r"^single_transformer_blocks\.(\d+)\.attn\.to_qkv_mlp_proj\.", r"single_blocks.\1.linear1."),
    (r"^single_transformer_blocks\.(\d+)\.attn\.to_out\.", r"single_blocks.\1.linear2."),
    (r"^single_transformer_blocks\.(\d+)\.attn\.norm_q\.weight", r"single_blocks.\1.norm.query_norm.scale"),
    (r"^single_transformer_blocks\.(\d+)\.attn\.norm_k\.weight", r"single_blocks.\1.norm.key_norm.scale"),
    (r"^transformer_blocks\.(\d+)\.attn\.to_[qkv]\.", r"double_blocks.\1.img_attn.qkv."),
    (r"^transformer_blocks\.(\d+)\.attn\.add_[qkv]_proj\.", r"double_blocks.\1.txt_attn.qkv."),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_q\.weight", r"double_blocks.\1.img_attn.norm.query_norm.scale"),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_k\.weight", r"double_blocks.\1.img_attn.norm.key_norm.scale"),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_added_q\.weight", r"double_blocks.\1.txt_attn.norm.query_norm.scale"),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_added_k\.weight", r"double_blocks.\1.txt_attn.norm.key_norm.scale"),
    (r"^transformer_blocks\.(\d+)\.attn\.to_out\.0\.", r"double_blocks.\1.img_attn.proj."),
    (r"^transformer_blocks\.(\d+)\.attn\.to_add_out\.", r"double_blocks.\1.txt_attn.proj."),
    (r"^transformer_blocks\.(\d+)\.ff\.linear_in\.", r"double_blocks.\1.img_mlp.0."),
    (r"^transformer_blocks\.(\d+)\.ff\.linear_out\.", r"double_blocks.\1.img_mlp.2."),
    (r"^transformer_blocks\.(\d+)\.ff_context\.linear_in\.", r"double_blocks.\1.txt_mlp.0."),
    (r"^transformer_blocks\.(\d+)\.ff_context\.linear_out\.", r"double_blocks.\1.txt_mlp.2."),
]
QWEN_IMAGE_21: Names = [(r"\.img_mlp\.(?:gate_layer|proj)\.", ".img_mlp.gate_up.")]
KREA_2: Names = [
    (r"^img_in\.", "first."),
    (r"^time_embed\.linear_1\.", "tmlp.0."),
    (r"^time_embed\.linear_2\.", "tmlp.2."),
    (r"^time_mod_proj\.", "tproj.1."),
    (r"^txt_in\.norm\.weight", "txtmlp.0.scale"),
    (r"^txt_in\.linear_1\.", "txtmlp.1."),
    (r"^txt_in\.linear_2\.", "txtmlp.3."),
    (r"^text_fusion\.", "txtfusion."),
    (r"^transformer_blocks\.", "blocks."),
    (r"^final_layer\.linear\.", "last.linear."),
    (r"^final_layer\.norm\.weight", "last.norm.scale"),
    (r"^final_layer\.scale_shift_table", "last.modulation.lin"),
    (r"\.attn\.to_([qkv])\.", r".attn.w\1."),
    (r"\.attn\.to_out\.0\.", ".attn.wo."),
    (r"\.attn\.to_gate\.", ".attn.gate."),
    (r"\.attn\.norm_([qk])\.weight", r".attn.qknorm.\1norm.scale"),
    (r"\.ff\.", ".mlp."),
    (r"\.norm1\.weight", ".prenorm.scale"),
    (r"\.norm2\.weight", ".postnorm.scale"),
    (r"\.scale_shift_table", ".mod.lin"),
]
CHROMA: Names = [
    (r"^distilled_guidance_layer\.layers\.(\d+)\.linear_1", r"distilled_guidance_layer.layers.\1.in_layer"),
    (r"^distilled_guidance_layer\.layers\.(\d+)\.linear_2", r"distilled_guidance_layer.layers.\1.out_layer"),
    (r"^distilled_guidance_layer\.norms\.(\d+)\.weight", r"distilled_guidance_layer.norms.\1.scale"),
    *FLUX,
]
LUMINA_2: Names = [
    (r"^time_caption_embed\.timestep_embedder\.linear_1", "t_embedder.mlp.0"),
    (r"^time_caption_embed\.timestep_embedder\.linear_2", "t_embedder.mlp.2"),
    (r"^time_caption_embed\.caption_embedder", "cap_embedder"),
    (r"^norm_out\.linear_1", "final_layer.adaLN_modulation.1"),
    (r"^norm_out\.linear_2", "final_layer.linear"),
    (r"\.attn\.to_[qkv]\.", ".attention.qkv."),
    (r"\.attn\.to_out\.0\.", ".attention.out."),
    (r"\.attn\.norm_([qk])\.", r".attention.\1_norm."),
    (r"\.feed_forward\.linear_(\d)", r".feed_forward.w\1"),
    (r"\.norm1\.linear", ".adaLN_modulation.1"),
    (r"\.norm1\.(norm\.)?weight", ".attention_norm1.weight"),
    (r"\.norm2\.", ".attention_norm2."),
]
PIXART: Names = [
    (r"^pos_embed\.proj", "x_embedder.proj"),
    (r"^adaln_single\.linear", "t_block.1"),
    (r"^adaln_single\.emb\.timestep_embedder\.linear_1", "t_embedder.mlp.0"),
    (r"^adaln_single\.emb\.timestep_embedder\.linear_2", "t_embedder.mlp.2"),
    (r"^adaln_single\.emb\.resolution_embedder\.linear_1", "csize_embedder.mlp.0"),
    (r"^adaln_single\.emb\.resolution_embedder\.linear_2", "csize_embedder.mlp.2"),
    (r"^adaln_single\.emb\.aspect_ratio_embedder\.linear_1", "ar_embedder.mlp.0"),
    (r"^adaln_single\.emb\.aspect_ratio_embedder\.linear_2", "ar_embedder.mlp.2"),
    (r"^caption_projection\.linear_", "y_embedder.y_proj.fc"),
    (r"^proj_out", "final_layer.linear"),
    (r"^scale_shift_table", "final_layer.scale_shift_table"),
    (r"^transformer_blocks", "blocks"),
    (r"\.attn1\.to_[qkv]\.", ".attn.qkv."),
    (r"\.attn1\.to_out\.0", ".attn.proj"),
    (r"\.attn2\.to_q\.", ".cross_attn.q_linear."),
    (r"\.attn2\.to_[kv]\.", ".cross_attn.kv_linear."),
    (r"\.attn2\.to_out\.0", ".cross_attn.proj"),
    (r"\.ff\.net\.0\.proj", ".mlp.fc1"),
    (r"\.ff\.net\.2", ".mlp.fc2"),
]
SANA: Names = [
    (r"^patch_embed\.proj", "x_embedder.proj"),
    (r"^time_embed\.linear", "t_block.1"),
    (r"^time_embed\.(?:emb\.)?timestep_embedder\.linear_1", "t_embedder.mlp.0"),
    (r"^time_embed\.(?:emb\.)?timestep_embedder\.linear_2", "t_embedder.mlp.2"),
    (r"^time_embed\.guidance_embedder\.linear_1", "cfg_embedder.mlp.0"),
    (r"^time_embed\.guidance_embedder\.linear_2", "cfg_embedder.mlp.2"),
    (r"^caption_norm", "attention_y_norm"),
    (r"\.ff\.conv_(inverted|depth|point)\.", r".mlp.\1_conv.conv."),
    (r"\.attn1\.norm_([qk])\.", r".attn.\1_norm."),
    (r"\.attn2\.norm_([qk])\.", r".cross_attn.\1_norm."),
    *PIXART[8:17],
]
AURA_FLOW: Names = [
    (r"^time_step_proj\.linear_1", "t_embedder.mlp.0"),
    (r"^time_step_proj\.linear_2", "t_embedder.mlp.2"),
    (r"^context_embedder", "cond_seq_linear"),
    (r"^proj_out", "final_linear"),
    (r"^norm_out\.linear", "modF.1"),
    (r"^pos_embed\.pos_embed", "positional_encoding"),
    (r"^pos_embed\.proj", "init_x_linear"),
    (r"^joint_transformer_blocks\.(\d+)\.norm1\.linear", r"double_layers.\1.modX.1"),
    (r"^joint_transformer_blocks\.(\d+)\.norm1_context\.linear", r"double_layers.\1.modC.1"),
    (r"^joint_transformer_blocks\.(\d+)\.attn\.to_([qkv])", r"double_layers.\1.attn.w2\2"),
    (r"^joint_transformer_blocks\.(\d+)\.attn\.to_out\.0", r"double_layers.\1.attn.w2o"),
    (r"^joint_transformer_blocks\.(\d+)\.attn\.add_([qkv])_proj", r"double_layers.\1.attn.w1\2"),
    (r"^joint_transformer_blocks\.(\d+)\.attn\.to_add_out", r"double_layers.\1.attn.w1o"),
    (r"^joint_transformer_blocks\.(\d+)\.ff\.", r"double_layers.\1.mlpX."),
    (r"^joint_transformer_blocks\.(\d+)\.ff_context\.", r"double_layers.\1.mlpC."),
    (r"^single_transformer_blocks\.(\d+)\.norm1\.linear", r"single_layers.\1.modCX.1"),
    (r"^single_transformer_blocks\.(\d+)\.attn\.to_([qkv])", r"single_layers.\1.attn.w1\2"),
    (r"^single_transformer_blocks\.(\d+)\.attn\.to_out\.0", r"single_layers.\1.attn.w1o"),
    (r"^single_transformer_blocks\.(\d+)\.ff\.", r"single_layers.\1.mlp."),
    (r"\.linear_([12])\.weight", r".c_fc\1.weight"),
    (r"\.out_projection\.", ".c_proj."),
]
HUNYUAN_DIT: Names = [
    (r"^time_extra_emb\.timestep_embedder\.linear_1", "t_embedder.mlp.0"),
    (r"^time_extra_emb\.timestep_embedder\.linear_2", "t_embedder.mlp.2"),
    (r"^time_extra_emb\.extra_embedder\.linear_1", "extra_embedder.0"),
    (r"^time_extra_emb\.extra_embedder\.linear_2", "extra_embedder.2"),
    (r"^time_extra_emb\.", ""),
    (r"^text_embedder\.linear_1", "mlp_t5.0"),
    (r"^text_embedder\.linear_2", "mlp_t5.2"),
    (r"^pos_embed\.proj", "x_embedder.proj"),
    (r"^proj_out", "final_layer.linear"),
    (r"^norm_out\.linear", "final_layer.adaLN_modulation.1"),
    (r"\.attn1\.to_[qkv]\.", ".attn1.Wqkv."),
    (r"\.attn2\.to_q\.", ".attn2.q_proj."),
    (r"\.attn2\.to_[kv]\.", ".attn2.kv_proj."),
    (r"\.to_out\.0\.", ".out_proj."),
    (r"\.norm_([qk])\.", r".\1_norm."),
    (r"\.norm2\.", ".norm_of_the_last."),
    (r"\.norm3\.", ".norm2."),
    (r"\.norm_of_the_last\.", ".norm3."),
    (r"\.norm1\.linear\.", ".default_modulation.1."),
    (r"\.norm1\.norm\.", ".norm1."),
    (r"\.ff\.net\.0\.proj\.", ".mlp.fc1."),
    (r"\.ff\.net\.2\.", ".mlp.fc2."),
]
THEIRS, REFINED = r"txt_in.individual_token_refiner.\1", r"^context_embedder\.token_refiner\.refiner_(blocks\.\d+)"
HUNYUAN_IMAGE: Names = [
    (r"^context_embedder\.time_text_embed\.timestep_embedder\.linear_1", "txt_in.t_embedder.mlp.0"),
    (r"^context_embedder\.time_text_embed\.timestep_embedder\.linear_2", "txt_in.t_embedder.mlp.2"),
    (r"^context_embedder\.time_text_embed\.text_embedder", "txt_in.c_embedder"),
    (r"^context_embedder\.proj_in", "txt_in.input_embedder"),
    (r"^context_embedder_2\.linear_", "byt5_in.fc"),
    (r"^context_embedder_2\.norm", "byt5_in.layernorm"),
    (r"^time_guidance_embed\.timestep_embedder\.linear_1", "time_in.mlp.0"),
    (r"^time_guidance_embed\.timestep_embedder\.linear_2", "time_in.mlp.2"),
    (r"^time_guidance_embed\.guidance_embedder\.linear_1", "guidance_in.mlp.0"),
    (r"^time_guidance_embed\.guidance_embedder\.linear_2", "guidance_in.mlp.2"),
    (rf"{REFINED}\.attn\.to_[qkv]", rf"{THEIRS}.self_attn_qkv"),
    (rf"{REFINED}\.attn\.to_out\.0", rf"{THEIRS}.self_attn_proj"),
    (rf"{REFINED}\.ff\.net\.0\.proj", rf"{THEIRS}.mlp.fc1"),
    (rf"{REFINED}\.ff\.net\.2", rf"{THEIRS}.mlp.fc2"),
    (rf"{REFINED}\.norm_out\.linear", rf"{THEIRS}.adaLN_modulation.1"),
    (rf"{REFINED}\.", rf"{THEIRS}."),
    (r"^single_transformer_blocks\.(\d+)\.norm\.linear", r"single_blocks.\1.modulation.linear"),
    (r"^single_transformer_blocks\.(\d+)\.attn\.norm_([qk])", r"single_blocks.\1.\2_norm"),
    (r"^single_transformer_blocks\.(\d+)\.(?:attn\.to_[qkv]|proj_mlp)", r"single_blocks.\1.linear1"),
    (r"^single_transformer_blocks\.(\d+)\.proj_out", r"single_blocks.\1.linear2"),
    (r"^transformer_blocks\.(\d+)\.norm1\.linear", r"double_blocks.\1.img_mod.linear"),
    (r"^transformer_blocks\.(\d+)\.norm1_context\.linear", r"double_blocks.\1.txt_mod.linear"),
    (r"^transformer_blocks\.(\d+)\.attn\.to_[qkv]", r"double_blocks.\1.img_attn_qkv"),
    (r"^transformer_blocks\.(\d+)\.attn\.add_[qkv]_proj", r"double_blocks.\1.txt_attn_qkv"),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_([qk])", r"double_blocks.\1.img_attn_\2_norm"),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_added_([qk])", r"double_blocks.\1.txt_attn_\2_norm"),
    (r"^transformer_blocks\.(\d+)\.attn\.to_out\.0", r"double_blocks.\1.img_attn_proj"),
    (r"^transformer_blocks\.(\d+)\.attn\.to_add_out", r"double_blocks.\1.txt_attn_proj"),
    (r"^transformer_blocks\.(\d+)\.ff\.net\.0\.proj", r"double_blocks.\1.img_mlp.fc1"),
    (r"^transformer_blocks\.(\d+)\.ff\.net\.2", r"double_blocks.\1.img_mlp.fc2"),
    (r"^transformer_blocks\.(\d+)\.ff_context\.net\.0\.proj", r"double_blocks.\1.txt_mlp.fc1"),
    (r"^transformer_blocks\.(\d+)\.ff_context\.net\.2", r"double_blocks.\1.txt_mlp.fc2"),
    (r"^proj_out", "final_layer.linear"),
    (r"^norm_out\.linear", "final_layer.adaLN_modulation.1"),
    (r"^x_embedder", "img_in"),
]
FLUX_3: Names = [
    (r"^x_embedders\.", "emb_in."),
    (r"^context_embedder\.", "txt_in."),
    (r"^mode_blocks\.", "content_mode_blocks."),
    (r"^single_transformer_blocks\.", "single_blocks."),
    (r"^timestep_embedder\.linear_1\.", "time_in.in_layer."),
    (r"^timestep_embedder\.linear_2\.", "time_in.out_layer."),
    (r"^target_timestep_embedder\.linear_1\.", "ref_time_in.in_layer."),
    (r"^target_timestep_embedder\.linear_2\.", "ref_time_in.out_layer."),
    (r"^proj_out\.", "final_layer.image.linear."),
    (r"^norm_out\.linear\.", "final_layer.image.adaLN_modulation.1."),
    (r"_modulations\.(\w+)\.linear\.", r"_modulations.\1.lin."),
    (r"\.attn\.to_([qkv])\.", r".\1_proj."),
    (r"\.attn\.to_out\.0\.", ".attn_out."),
    (r"\.attn\.norm_q\.weight", ".norm.query_norm.scale"),
    (r"\.attn\.norm_k\.weight", ".norm.key_norm.scale"),
    (r"\.ff\.linear_in\.", ".mlp_in."),
    (r"\.ff\.linear_out\.", ".mlp_out."),
]
OVIS: Names = [
    (r"^timestep_embedder\.linear_1", "time_in.in_layer"),
    (r"^timestep_embedder\.linear_2", "time_in.out_layer"),
    (r"^context_embedder_norm", "txt_norm"),
    (r"^transformer_blocks\.(\d+)\.ff\.net\.2", r"double_blocks.\1.img_mlp.down_proj"),
    (r"^transformer_blocks\.(\d+)\.ff_context\.net\.2", r"double_blocks.\1.txt_mlp.down_proj"),
    *FLUX,
]
LONGCAT: Names = [
    (r"^time_embed\.timestep_embedder\.linear_1", "time_in.in_layer"),
    (r"^time_embed\.timestep_embedder\.linear_2", "time_in.out_layer"),
    *FLUX,
]
COSMOS: Names = [
    (r"^text_conditioner\.", "llm_adapter."),
    (r"^patch_embed\.proj\.", "x_embedder.proj.1."),
    (r"^time_embed\.t_embedder\.", "t_embedder.1."),
    (r"^time_embed\.norm\.", "t_embedding_norm."),
    (r"^norm_out\.linear_([12])\.", r"final_layer.adaln_modulation.\1."),
    (r"^proj_out\.", "final_layer.linear."),
    (r"^transformer_blocks\.", "blocks."),
    (r"\.norm1\.linear_", ".adaln_modulation_self_attn."),
    (r"\.norm2\.linear_", ".adaln_modulation_cross_attn."),
    (r"\.norm3\.linear_", ".adaln_modulation_mlp."),
    (r"\.attn1\.", ".self_attn."),
    (r"\.attn2\.", ".cross_attn."),
    (r"\.to_([qkv])\.", r".\1_proj."),
    (r"\.to_out\.0\.", ".output_proj."),
    (r"\.norm_([qk])\.", r".\1_norm."),
    (r"\.ff\.net\.0\.proj\.", ".mlp.layer1."),
    (r"\.ff\.net\.2\.", ".mlp.layer2."),
]
NAMES = {
    "CosmosTransformer3DModel": COSMOS,
    "Flux3Transformer2DModel": FLUX_3,
    "FluxTransformer2DModel": FLUX,
    "OvisImageTransformer2DModel": OVIS,
    "LongCatImageTransformer2DModel": LONGCAT,
    "ChromaTransformer2DModel": CHROMA,
    "Lumina2Transformer2DModel": LUMINA_2,
    "PixArtTransformer2DModel": PIXART,
    "SanaTransformer2DModel": SANA,
    "AuraFlowTransformer2DModel": AURA_FLOW,
    "HunyuanDiT2DModel": HUNYUAN_DIT,
    "HunyuanImageTransformer2DModel": HUNYUAN_IMAGE,
    "SD3Transformer2DModel": SD3,
    "ZImageTransformer2DModel": Z_IMAGE,
    "Flux2Transformer2DModel": FLUX_2,
    "QwenImage21Transformer2DModel": QWEN_IMAGE_21,
    "Krea2Transformer2DModel": KREA_2,
}


SWAPPED = (
    "FluxTransformer2DModel",
    "SD3Transformer2DModel",
    "Flux2Transformer2DModel",
    "AuraFlowTransformer2DModel",
    "HunyuanDiT2DModel",
    "HunyuanImageTransformer2DModel",
    "OvisImageTransformer2DModel",
    "LongCatImageTransformer2DModel",
    "Flux3Transformer2DModel",
)


def original_weights(kind: str, weights: Weights) -> Weights:
    """Queries, keys and values (and what else was one matrix) are put together, in the order that they have."""
    found: dict[str, list[Tensor]] = {}
    for name, value in _in_order(weights):
        new = name
        for old, wanted in NAMES.get(kind, []):
            new = re.sub(old, wanted, new)
        found.setdefault(new, []).append(_swapped(value) if _is_swapped(kind, name, weights) else value)
    if kind == "OvisImageTransformer2DModel":
        found = _parted(found)
    whole = {name: torch.cat(parts) if len(parts) > 1 else parts[0].contiguous() for name, parts in found.items()}
    return {name: value.flatten() if name.endswith(".mod.lin") else value for name, value in whole.items()}


def _parted(weights: dict[str, list[Tensor]]) -> dict[str, list[Tensor]]:
    """The halves of gated layers as layers of their own."""
    found: dict[str, list[Tensor]] = {}
    for name, parts in weights.items():
        if re.search(r"_mlp\.0\.", name):
            up, gate = parts[0].chunk(2)
            found |= {name.replace("_mlp.0.", f"_mlp.{half}_proj."): [value] for half, value in
                      (("up", up), ("gate", gate))}  # fmt: skip
        else:
            found[name] = parts
    return found


def _in_order(weights: Weights) -> Iterator[tuple[str, Tensor]]:
    """Queries before keys before values before all else."""
    letters = {"q": 0, "k": 1, "v": 2}

    def place(name: str) -> int:
        letter = re.search(r"\.(?:to|add)_([qkv])", name)
        return letters[letter[1]] if letter else 3

    return ((name, weights[name]) for name in sorted(weights, key=place))


def _is_swapped(kind: str, name: str, weights: Weights) -> bool:
    """Where the two libraries put shift and scale the other way round: in the last layers."""
    if kind not in SWAPPED:
        return False
    block = re.match(r"transformer_blocks\.(\d+)\.norm1_context\.linear", name)
    last = block is not None and f"transformer_blocks.{block[1]}.ff_context.net.2.weight" not in weights
    return name.startswith("norm_out.linear") or last


def _swapped(value: Tensor) -> Tensor:
    return torch.cat(value.chunk(2)[::-1])
