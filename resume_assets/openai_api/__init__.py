"""The calls to OpenAI: what each may do and raise, and what the API allows. Knows no batch of ours."""
