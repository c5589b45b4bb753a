"""What OpenAI says of batches that are out, and the answers of those that ended.

It polls, downloads and reads, and notes all that in the ledger; it changes no candidate.
"""
