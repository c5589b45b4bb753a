"""A helper of the tests: turns each parcel round, and does worse where it is told to."""

import os
import signal
import sys

from resume_assets import beside


def work(parcel: bytes) -> bytes:
    """What is made of a parcel."""
    if parcel == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    if parcel == b"raise":
        raise RuntimeError("Zofia")
    if parcel == b"print":
        sys.stdout.buffer.write(b"Zofia, and no parcel\n")
    return parcel[::-1]


if __name__ == "__main__":
    beside.serve(work, doing="turning round")
