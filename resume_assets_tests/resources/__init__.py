"""Tests of `resume_assets.resources`."""
