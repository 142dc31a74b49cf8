"""What is going on now, told to whoever listens: server-sent events and a WebSocket."""
