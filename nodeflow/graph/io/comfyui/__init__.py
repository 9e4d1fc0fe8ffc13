"""ComfyUI's workflows: found in files and images, read as they are, and brought into the flat form that runs."""
