"""Resumes in, clean columns out: a Dagster asset platform on OpenAI's Batch API."""
