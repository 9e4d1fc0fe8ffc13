"""What is told of a run afterwards: its report, contact sheets, the time it still takes."""
