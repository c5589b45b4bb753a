"""A small server that speaks OpenAI's Files and Batches protocol, for trying things without a key.

It is no language model: its answers come from rules (`rules.answer`), it says so in every response
(`openai-organization`, `x-local-server`), in `/v1/models` (`owned_by`) and in each answer's
`system_fingerprint`. It listens on the loopback interface only and keeps its state in one folder.

    server.py        starting and finding it
    routes/          the HTTP endpoints
    validation.py    what a request file must look like
    completions.py   one request, one answer
    worker.py        moves batches through their life
    store.py         its state on disk
    book.py          what it was sent and what it completed, for tests
"""
