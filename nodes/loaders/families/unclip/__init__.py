"""unCLIP: priors and decoders of Karlo and Kandinsky 2."""
