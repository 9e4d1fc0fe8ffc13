"""The service for scripts: ComfyUI's interface over HTTP and WebSocket, on this machine only. No Qt, no torch."""
