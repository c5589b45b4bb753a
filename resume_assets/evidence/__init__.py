"""Whether a resume bears out what was read from it, and where in its text.

Deterministic, without a model: values are looked for in the text. What may be believed, and what
becomes of what may not, is decided elsewhere (`batches.records`).
"""
