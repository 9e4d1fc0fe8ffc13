"""Planning of a run before it starts: the plan, content keys, and what it cost before."""
