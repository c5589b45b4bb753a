"""The users' candidate table, our ledger, and each dialect's own SQL; no Dagster."""
