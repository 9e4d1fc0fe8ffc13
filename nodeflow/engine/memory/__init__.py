"""What a run computes on, and where networks lie."""
