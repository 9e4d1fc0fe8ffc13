"""Reading of prompts: weights and chunks, the same for what encodes them and for what shows their tokens."""
