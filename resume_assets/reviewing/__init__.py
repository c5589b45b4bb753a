"""The review page: a batch's records beside the resumes that they were read from, for people.

It reads what is known of a batch and changes nothing; what a person says of the values is kept by
the browser, and saved as a file of known answers that `evaluation` takes.
"""
