"""The life of a batch, from plan to cost; plain Python, no Dagster.

Its assets, jobs and sensors are in the modules above, and only call what is here.
"""
