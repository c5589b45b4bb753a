"""A reader for each kind: bytes in, text out. They run only in a process of their own."""
