"""The life of a batch, from plan to invoice; plain Python, no Dagster."""
