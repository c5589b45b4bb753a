"""The HTTP endpoints, by OpenAI's resources: they take calls; what runs batches is outside."""
