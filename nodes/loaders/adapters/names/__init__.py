"""Names by which adapter files call the layers of networks, a kind of network a file. No nodes here.

A new family is a file with a table of `renamed.Row`, and a line in `tables.TABLES`.
"""
