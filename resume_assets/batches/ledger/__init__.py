"""The ledger: our own tables of batches, items and claims, and who may change their rows.

An item is one candidate's request in one batch; a claim keeps a candidate out of other batches
until its item ends. What happens next is decided elsewhere.
"""
