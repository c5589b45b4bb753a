"""Tests of `resume_assets.assets`."""
