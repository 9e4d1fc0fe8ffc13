"""The page of a form: its fields, its images, and where it is arranged."""
