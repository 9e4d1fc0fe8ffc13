"""What every training shares: the loop, checkpoints, export."""
