"""What a run is made of before it starts: the plan, content keys, and what it cost before."""
