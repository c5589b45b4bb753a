"""One peer at work, run as a script by the peers' own interpreter: nothing of ours but the texts.

`peers_child.py PEER DATABASE FOLDER` prints seconds and the peak of memory as JSON.
"""

import importlib
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from resume_assets.extraction.candidate import Candidate, Position, fields_of, response_format
from resume_assets.extraction.prompt import load_prompt
from resume_assets_tests.benchmarks.children import peak_mb

_MODEL = "gpt-4o-mini-2024-07-18"
_MOST_BYTES = 95_000_000  # openai-batch takes no larger file
_EACH = 9_000  # bytes of a line, about, as long as the peers write it


def _messages(text: str) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": load_prompt("lean").text},
        {"role": "user", "content": text},
    ]


def _resumes(database: str) -> Iterator[tuple[int, str]]:
    with sqlite3.connect(database) as connection:
        yield from connection.execute("SELECT userid, markdownResume FROM aicandidate")


def _paths(folder: Path) -> Iterator[Path]:
    """A path for each request: another file before the limit is reached."""
    count = _MOST_BYTES // _EACH
    number = 0
    while True:
        for _ in range(count):
            yield folder / f"requests-{number}.jsonl"
        number += 1


def _as_pydantic() -> Any:
    """The same model in the library that the peer takes its schemas from."""
    create: Callable[..., Any] = importlib.import_module("pydantic").create_model
    job, candidate = (
        {name: (field.type, ...) for name, field in fields_of(struct).items()}
        for struct in (Position, Candidate)
    )
    jobs: Any = list.__class_getitem__(create("Position", **job))
    return create("Candidate", **candidate | {"positions": (jobs, ...)})


def openbatch(database: str, folder: Path) -> None:
    """As its documentation shows for structured output."""
    collector: Callable[..., Any] = importlib.import_module("openbatch").BatchCollector
    last, collect, wanted = Path(), None, _as_pydantic()
    for (userid, text), path in zip(_resumes(database), _paths(folder), strict=False):
        if path != last:
            last, collect = path, collector(batch_file_path=path)
        assert collect is not None
        collect.chat.completions.parse(
            custom_id=str(userid),
            model=_MODEL,
            response_format=wanted,
            temperature=0.2,
            max_completion_tokens=4_000,
            messages=_messages(text),
        )


def openai_batch(database: str, folder: Path) -> None:
    """As its documentation shows; it numbers its requests itself."""
    make: Callable[..., Any] = importlib.import_module("openai_batch").Batch
    wanted = response_format()
    last, batch = Path(), None
    for (_, text), path in zip(_resumes(database), _paths(folder), strict=False):
        if batch is None or path != last:
            if batch is not None:
                batch.__exit__(None, None, None)
            last, batch = path, make(submission_input_file=str(path)).__enter__()
        batch.add_to_batch(
            model=_MODEL,
            response_format=wanted,
            temperature=0.2,
            max_completion_tokens=4_000,
            messages=_messages(text),
        )
    if batch is not None:
        batch.__exit__(None, None, None)


def main() -> None:
    """Be the peer."""
    peer, database, folder = sys.argv[1:]
    build = {"openbatch": openbatch, "openai_batch": openai_batch}[peer]
    start = time.perf_counter()
    build(database, Path(folder))
    seconds = time.perf_counter() - start
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_mb": peak_mb()}) + "\n")


if __name__ == "__main__":
    main()
