"""Images on disk, searchable by what they were made with: their facts, and an index of them. No Qt, no torch."""
