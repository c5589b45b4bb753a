"""A small server that speaks OpenAI's Files and Batches protocol, for trying things without a key.

It is no language model: its answers come from rules (`rules.answer`), and it says so in the header
`x-local-server` of every response, in `/v1/models` (`owned_by`) and in each answer's
`system_fingerprint`. It listens on the loopback interface only and keeps its state in one folder.
It shares `models` with the pipeline and knows nothing of its batches and database.

    server.py        starting and finding it: `running`, `serve`, `connect`
    routes/          the HTTP endpoints
    validation.py    what a request file must look like
    completions.py   one request, one answer
    answering.py     many requests, with helper processes
    worker.py        moves batches through their life, by `stages`, `working` and `finishing`
    azure.py         Azure OpenAI's ways, around the same server
    leases.py        one worker at a time for each batch, whatever process dies
    store.py         its state on disk
    book.py          what it was sent and what it completed, for tests
"""
