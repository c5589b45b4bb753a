"""`docs/` held against the code: what is generated, what is typed, what is linked."""
