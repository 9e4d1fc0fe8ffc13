"""Evaluation of workflows: plan, cache, executor, events, and the worker process with its client."""
