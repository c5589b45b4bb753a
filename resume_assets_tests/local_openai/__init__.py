"""The local server, driven by the real client."""
