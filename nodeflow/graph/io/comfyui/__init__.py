"""ComfyUI's workflows: found in files and pictures, read as they are, and brought into the flat form that runs."""
