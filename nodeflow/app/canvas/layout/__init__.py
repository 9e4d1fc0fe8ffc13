"""Where nodes stand: aligning, tidying, layered drawing."""
