"""Tests of the answers by rules."""
