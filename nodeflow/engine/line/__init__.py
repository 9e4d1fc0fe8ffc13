"""How app and worker talk: the client with its queue, the process it starts, and what that prints."""
