"""What we ask of a model and what we understand of its answer; plain Python, no input or output."""
