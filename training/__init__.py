"""How the starter models were made: drawn, captioned pictures, a checker, and training on two CPU cores."""
