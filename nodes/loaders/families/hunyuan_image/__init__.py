"""HunyuanImage 2.1 (Tencent Hunyuan 2025)."""
