"""The gRPC edge: messages to values and back, errors to status, and the life of the server."""
