"""Small servers of the standard library, each in a thread of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer

_POLL = 0.02  # seconds until it sees that it is to end; half a second, by default


@contextmanager
def in_thread(server: BaseServer) -> Iterator[None]:
    """It answers for as long as the block lasts, and is closed then."""
    thread = threading.Thread(target=server.serve_forever, args=(_POLL,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
