"""What is known of OpenAI's models: prices, limits, what a request may carry, tokens.

Knowledge alone: nothing here calls OpenAI or knows of batches in the ledger.
"""
