"""The workflow's data: nodes, links, annotations, and the catalogue of node specs."""
