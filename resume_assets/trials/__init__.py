"""Trials: the same resumes through several models and prompts, so that people can choose.

A trial's answers go into tables of ours, never into the candidate table, whose rows a trial neither
claims nor marks. How a request is planned, sent, paid, collected and read is in `batches`.
"""
