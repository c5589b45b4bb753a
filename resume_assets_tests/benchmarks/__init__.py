"""Benchmarks: `make bench`. Each figure is a ratio against a floor or a peer of the same run.

Noise of a shared machine hits both sides alike, as they take turns; what counts is the median.
"""
