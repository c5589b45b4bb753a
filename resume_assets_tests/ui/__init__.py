"""Dagster's UI in a real Chromium: what a person sees of the platform."""
