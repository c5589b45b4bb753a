"""Tests of the sample resumes."""
