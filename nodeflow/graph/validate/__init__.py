"""What is wrong with a workflow, and what a run of it is about."""
