"""Batches whose files are in a real S3 server, which dies and hangs: `make stores`."""
