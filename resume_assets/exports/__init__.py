"""Records out: the columns that we wrote, into a file of the user's: JSON Resume, CSV, Parquet.

It reads the candidate table page by page and changes nothing in it. What is in a file once it is
written is the user's own: `forget` knows nothing of it.
"""
