"""Dates as people and models write them, read as YYYY-MM; nothing here knows of candidates."""

from resume_assets.extraction.dates.reading import standardize_date

__all__ = ["standardize_date"]
