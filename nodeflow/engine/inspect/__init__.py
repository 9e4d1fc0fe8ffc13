"""Looking at values: facts about their tensors, and the forms in which they can be seen."""
