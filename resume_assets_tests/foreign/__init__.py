"""Batches through a server that is not ours: OGX, in front of a canned upstream. `make foreign`."""
