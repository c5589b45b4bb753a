"""What is known of OpenAI's models: prices, limits, what a request may carry, tokens."""
