"""Dagster on Postgres, and workers: real servers and processes (make distributed)."""
