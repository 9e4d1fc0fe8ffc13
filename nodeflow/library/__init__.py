"""Model files on disk: which there are, what each of them is, and where a name leads. Neither Qt nor torch."""
