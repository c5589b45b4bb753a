"""Word's old binary format, by a program that is on PATH: LibreOffice, or antiword.

It runs in a folder of its own that is deleted afterwards, in a session that is ended as a whole,
with the kernel's limits on it.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from resume_assets.documents.kinds import Kind
from resume_assets.documents.limits import CONVERTING_SECONDS, MOST_BYTES
from resume_assets.documents.reasons import Reason, Unreadable

_OFFICES = ("soffice", "libreoffice")
_ANTIWORD = "antiword"
_LIMITED = (
    "import sys\n"
    "from resume_assets.documents.limits import limit_a_converter\n"
    "limit_a_converter()\n"
    "import os\n"
    "os.execv(sys.argv[1], sys.argv[1:])\n"
)


@dataclass(frozen=True, slots=True)
class Converted:
    """A document in a kind that has a reader, and what made it so."""

    kind: Kind
    data: bytes
    converter: str


def converter() -> str | None:
    """The path of the program that would convert; None where there is none."""
    for name in (*_OFFICES, _ANTIWORD):
        if (found := shutil.which(name)) is not None:
            return found
    return None


def convert(data: bytes) -> Converted:
    """A .doc as a .docx, or as text. Raises Unreadable."""
    program = converter()
    if program is None:
        raise Unreadable(Reason.no_converter)
    with tempfile.TemporaryDirectory(prefix="resume_assets_") as name:  # 0700
        folder = Path(name)
        source = folder / "document.doc"
        source.write_bytes(data)
        if Path(program).name == _ANTIWORD:
            text = _run([program, "-m", "UTF-8.txt", "-w", "0", str(source)], folder)
            return Converted(Kind.text, text, _ANTIWORD)
        profile = (folder / "profile").as_uri()
        _run(
            [
                program,
                f"-env:UserInstallation={profile}",
                "--headless",
                "--norestore",
                "--convert-to",
                "docx:MS Word 2007 XML",
                "--outdir",
                name,
                str(source),
            ],
            folder,
        )
        target = folder / "document.docx"
        if not target.is_file():
            raise Unreadable(Reason.broken)
        if target.stat().st_size > MOST_BYTES:
            raise Unreadable(Reason.too_large)
        return Converted(Kind.docx, target.read_bytes(), "LibreOffice")


def _run(command: Sequence[str], folder: Path) -> bytes:
    """What it writes to standard output. Raises Unreadable."""
    limited = [sys.executable, "-c", _LIMITED, *command] if sys.platform != "win32" else command
    process = subprocess.Popen(  # noqa: S603 (found on PATH; the document is a file in our folder)
        limited,
        cwd=folder,
        env={
            **os.environ,
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=CONVERTING_SECONDS)
    except subprocess.TimeoutExpired:
        raise Unreadable(Reason.too_much) from None
    finally:
        _end(process)
    if process.returncode < 0:
        raise Unreadable(Reason.too_much)
    if process.returncode != 0:
        raise Unreadable(Reason.broken)
    return output


def _end(process: subprocess.Popen[bytes]) -> None:
    """It and all that it started."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
