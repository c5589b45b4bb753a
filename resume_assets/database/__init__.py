"""Connections, the users' candidate table, our own tables, and each dialect's own SQL; no Dagster.

The *ledger* is our own tables (`tables`), which remember every batch and candidate; when its rows
change is up to `batches`. The *table for people*, `aicandidateBatchStatus`, is its copy.
"""
