"""Tests of `resume_assets.commands`."""
