"""Layout of nodes: aligning, tidying, layered drawing."""
