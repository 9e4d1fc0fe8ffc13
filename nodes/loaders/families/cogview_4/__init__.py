"""CogView 4 (Zhipu AI 2025), after CogView 3 (Zheng et al. 2024, arXiv:2403.05121)."""
