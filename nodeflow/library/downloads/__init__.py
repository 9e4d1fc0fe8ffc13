"""Models from the net: what there is to fetch, and fetching it so that it can be paused. Nothing begins by itself."""
