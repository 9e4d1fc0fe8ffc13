"""Models out of their parts, whatever lies where: the shape that every family fills in, and what is made of it."""
