"""From a plan to a batch that OpenAI has: claim, request file, upload, creation, and doubt."""
