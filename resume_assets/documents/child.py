"""The process that reads one file: bytes on standard input, JSON on standard output, nothing else.

`python -m resume_assets.documents.child KIND`. It limits itself before it loads a library, and
whatever the file does to it, the process that started it gets an answer or none.
"""

import json
import sys
from importlib import import_module

from resume_assets.documents.kinds import Kind
from resume_assets.documents.limits import limit_this_process
from resume_assets.documents.reasons import Reason, Unreadable
from resume_assets.documents.tidying import tidied

_READERS = {
    Kind.pdf: "pdf",
    Kind.docx: "docx",
    Kind.odt: "odt",
    Kind.rtf: "rtf",
    Kind.html: "html",
    Kind.text: "plain",
}


def main() -> None:
    """Read, answer, end."""
    limit_this_process()
    kind, data = Kind(sys.argv[1]), sys.stdin.buffer.read()
    answer = json.dumps(_answer(kind, data))
    sys.stdout.write(answer)
    sys.stdout.flush()


def _answer(kind: Kind, data: bytes) -> dict[str, object]:
    try:
        reader = import_module(f"resume_assets.documents.readers.{_READERS[kind]}")
        found = reader.read(data)
        text = tidied(found.text)
    except Unreadable as unreadable:
        return {"reason": unreadable.reason}
    except (MemoryError, RecursionError):
        return {"reason": Reason.too_much}
    except Exception as error:  # noqa: BLE001 (a library that a file has confused)
        return {"reason": Reason.broken, "error": type(error).__name__}
    return {"text": text, "library": found.library, "pages": found.pages}


if __name__ == "__main__":
    main()
