"""Documents in: the text of PDF, Word and other files into rows of the candidate table.

Whoever sends a file may have made it to do harm: each is read by a process of its own, with limits,
which gets the file's bytes and gives back text, and has nothing else of ours.
"""
