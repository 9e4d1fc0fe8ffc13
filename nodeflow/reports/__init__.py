"""Reports of a run: its table, contact sheets, the time it still takes."""
