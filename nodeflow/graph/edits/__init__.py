"""How a workflow changes: edits that can be taken back, and what a person does as edits."""
