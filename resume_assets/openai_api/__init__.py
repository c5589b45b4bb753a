"""The calls to OpenAI, each with its own safety, and the errors they raise; no batch of ours."""
