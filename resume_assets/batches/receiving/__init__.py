"""From OpenAI first saying that a batch ended to answers understood; changes no candidate."""
