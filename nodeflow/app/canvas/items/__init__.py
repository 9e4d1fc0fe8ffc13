"""Items drawn on the canvas: nodes, ports, wires, frames, notes."""
