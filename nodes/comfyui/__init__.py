"""ComfyUI's workflows as nodeflow's: what each of its classes becomes here, a small file a group of classes.

It is no room: no node stands in it, and nothing of it needs torch.
"""
