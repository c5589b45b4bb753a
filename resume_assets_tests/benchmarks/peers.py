"""The same requests, built by other public packages that make Batch API files.

Each gets the texts, the instructions and the schema from us, and writes the same lines to files of
at most 100 MB, the most that one of them takes. They are installed into an environment of the
benchmark's own, in `.bench/`.

What they leave out: claiming, so that no resume is in two batches; splitting by the limits (done
for them here); counting tokens, and cutting what is longer than the model's window; a hash of what
was sent, and a ledger; files that are there whole or not at all, private, and safe on the disk.
"""

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

from resume_assets_tests.benchmarks import children, data, peers_child
from resume_assets_tests.benchmarks.figures import FOLDER, Figure, figure, ratio

_ENVIRONMENT = FOLDER / "peers"
_PACKAGES = {"openbatch": "openbatch==0.0.4", "openai_batch": "openai-batch==0.3.4"}
_UNNAMED = (
    "httpx",  # imported by openai-batch, which does not ask for it
    "msgspec",  # by our schema, which they are given
)


def _python() -> Path:
    """The interpreter of the peers' environment, made where it is missing."""
    python = _ENVIRONMENT / "bin" / "python"
    mark = _ENVIRONMENT / "installed"
    packages = (*_PACKAGES.values(), *_UNNAMED)
    wanted = "\n".join(packages)
    if not mark.exists() or mark.read_text() != wanted:
        venv.create(_ENVIRONMENT, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(install, check=True, capture_output=True)
        mark.write_text(wanted)
    return python


def _run(python: Path, peer: str, rows: int) -> dict[str, float]:
    folder = FOLDER / "peer-files"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    done = subprocess.run(
        [python, Path(peers_child.__file__), peer, data.queue(rows), folder],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    shutil.rmtree(folder)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(rows: int, rounds: int) -> Iterator[Figure]:
    """Seconds and peaks of memory: peers over ours."""
    python = _python()
    data.queue(rows)
    ours: list[float] = []
    peak: list[float] = []
    theirs: dict[str, list[dict[str, float]]] = {name: [] for name in _PACKAGES}
    for _ in range(min(rounds, 2)):
        built = children.run("building", "build_once", rows=rows)
        ours.append(built.value["seconds"])
        peak.append(built.peak_mb)
        for name, found in theirs.items():
            found.append(_run(python, name, rows))
    what = f"{rows:,} requests; theirs without claims, tokens, limits, hashes or a ledger"
    yield figure("our_build_seconds", ours, "s", f"{sys.implementation.name}, all cores")
    yield figure("our_build_peak_mb", peak, "MB")
    for name, found in theirs.items():
        seconds = [one["seconds"] for one in found]
        yield ratio(f"{name}_over_ours", seconds, ours, what)
        yield figure(f"{name}_seconds", seconds, "s", _PACKAGES[name])
        yield figure(f"{name}_peak_mb", [one["peak_mb"] for one in found], "MB", "")
