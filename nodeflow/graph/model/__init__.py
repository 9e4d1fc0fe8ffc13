"""What a workflow is: nodes, links, annotations, and the catalogue of node specs."""
