"""The HTTP endpoints, one module for each of OpenAI's resources."""
