"""How a workflow is evaluated: plan, cache, executor, events, and the worker process with its client."""
