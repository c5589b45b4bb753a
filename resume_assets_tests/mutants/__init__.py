"""`make mutants`: a sample of small changes to the code, and whether a test notices each.

No tool that is kept up tries a seeded sample of lines against the tests that cover each line, in
processes: mutmut 3 knows functions, not lines, and leaves decorated ones out (every context manager
and property); cosmic-ray runs the whole suite for each change, in the working tree itself.

    changes    which changes there are: pure, a source text in, changes out
    copies     the project copied to where a change may be made, and pytest run there
    recorder   a pytest plugin: which test executes which line, or stops at the first failure
    records    what was recorded, kept and brought up to date
    covering   the tests that cover a change, the most promising first
    accepted   changes that nobody could see, each with its reason
    __main__   the command
"""
