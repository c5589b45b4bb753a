"""The calls to OpenAI, each safe to repeat or never repeated, and the errors they raise.

Nothing here reads or writes the ledger.
"""
