"""What a workflow is: its data, the catalogue of nodes it is wired from, checking, and files. No Qt, no torch."""
