"""The app's side of the engine: the queue of jobs, the worker process it starts, and what that prints."""
