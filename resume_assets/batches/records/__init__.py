"""Answers become columns of the candidate table, and what stands there is audited.

Nothing here calls OpenAI.
"""
