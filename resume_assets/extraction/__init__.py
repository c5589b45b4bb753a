"""What we ask of a model and what we understand of its answer; plain Python, no input or output.

A *record* is one candidate's column values. Fitting it to the table that is there is for
`database`, writing it for `batches.records`.
"""
