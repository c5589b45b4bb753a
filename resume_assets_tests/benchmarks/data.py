"""Invented resumes and answers by the thousand, and databases full of them, kept in `.bench/`.

A resume is 4 kB: what its answer tells, then lines from the samples, in an order of its own; an
answer is about 2.6 kB, with all fields filled, as models write them.
"""

import random
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from resume_assets import samples
from resume_assets.database.connect import Database, from_url
from resume_assets.database.setup import initialise
from resume_assets.extraction.responses import read_line
from resume_assets.settings import Settings
from resume_assets_tests.benchmarks.figures import FOLDER
from resume_assets_tests.extraction.answers import full_answer, output_line

CHARACTERS = 4_000
MODEL = "gpt-4o-mini-2024-07-18"


def settings(**values: Any) -> Settings:
    """The defaults, whatever the environment says."""
    return Settings.model_construct(home=FOLDER / "home", **values)


def opened(path: Path) -> Database:
    """The SQLite database in that file, with the platform's own pragmas."""
    return from_url(sa.URL.create("sqlite", database=str(path)), settings())


def resumes(rows: int, *, characters: int = CHARACTERS) -> Iterator[str]:
    """As many different resumes, the same ones each time; the first is that of candidate 1.

    Each has what `answer` reads from it, as resumes write it, among lines of other people.
    """
    texts = [sample.text for sample in samples.load() if sample.text and len(sample.text) < 20_000]
    lines = [line for text in texts for line in text.splitlines() if 0 < len(line) < 200]
    # Other scripts cost tiktoken several times as much a byte: a floor that is no floor. And two
    # samples are HTML, lines of which would be in every third resume.
    lines = [line for line in lines if line.isascii() and not re.search("&[a-z]+;", line)]
    for number in range(1, rows + 1):
        chance = random.Random(number)
        text = "\n".join(_told(answer(number))) + "\n"
        while len(text) < characters:
            text += "\n".join(chance.choices(lines, k=20)) + "\n"
        yield text[:characters]


def _told(facts: dict[str, Any]) -> Iterator[str]:
    """The lines that tell these facts; every tenth skill is the model's own idea."""
    yield f"# {facts['first_name']} {facts['last_name']}"
    yield ", ".join(facts["titles"])
    yield ", ".join((facts["street"], facts["city"], facts["state"]))
    yield " | ".join((*facts["phones"], *facts["emails"], facts["linkedin"]))
    for title, job in zip(facts["titles"] * 3, facts["positions"], strict=False):
        dates = " - ".join(_written(job[name]) for name in ("start", "end"))
        place = job["location"].replace("ó", "o")  # as many resumes do
        yield f"**{job['company']}**, {place} | {title} | {dates}"
    yield f"Education: {facts['bachelors']}; {facts['masters']}"
    yield f"Certifications: {'; '.join(facts['certifications'])}"
    yield f"Skills: {', '.join(facts['skills'][:-1])}"
    things = (*facts["software_languages"], *facts["software_apps"], *facts["hardware"])
    yield f"Tools: {', '.join(things)}"


def _written(date: str) -> str:
    year, _, month = date.partition("-")
    return f"{month}/{year}" if month else date


def answer(number: int) -> dict[str, Any]:
    """What a model reads from candidate `number`: ISO months mostly, the odd bare year or word."""
    chance = random.Random(number)
    year = 2026
    positions = []
    for index in range(chance.randint(2, 8)):
        start = year - chance.randint(1, 4)
        months = chance.randint(1, 12), chance.randint(1, 12)
        ways = (f"{start}-{months[0]:02}", f"{start}-{months[0]:02}", f"{start}")
        positions.append(
            {
                "company": f"Company {chance.randint(1, 30_000)} Incorporated",
                "start": chance.choice(ways),
                "end": "Present" if not index else f"{year}-{months[1]:02}",
                "location": chance.choice(("Austin, TX", "Kraków, Poland", "Reno, NV", "IL")),
            }
        )
        year = start
    return full_answer(
        first_name=f"First{number}",
        last_name=f"Last{number}",
        emails=[f"candidate{number}@example.com"],
        positions=positions,
        skills=[f"Skill {chance.randint(1, 5_000)}" for _ in range(10)],
        software_apps=[f"App {chance.randint(1, 5_000)}" for _ in range(5)],
        summary=" ".join(f"Did thing {chance.randint(1, 10_000)} for years." for _ in range(8)),
    )


def answer_line(number: int, custom_id: str) -> bytes:
    """A line of an output file, with that answer."""
    return orjson.dumps(output_line(answer(number), custom_id=custom_id)) + b"\n"


def queue(rows: int, *, huge: bool = False) -> Path:
    """A database in which so many resumes wait, made once; `huge`: one more, of 50 MB."""
    path = FOLDER / f"queue-{rows}{'-huge' if huge else ''}.db"
    if path.exists():
        return path
    FOLDER.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    _discard(part)
    database = opened(part)
    initialise(database)
    start = datetime(2026, 1, 1)  # noqa: DTZ001 (a column without zone)
    texts = resumes(rows)
    first = 1
    while page := [text for _, text in zip(range(1_000), texts, strict=False)]:
        values = [
            (first + index, text, start + timedelta(seconds=first + index))
            for index, text in enumerate(page)
        ]
        _insert(database, values)
        first += len(page)
    if huge:
        block = "\n".join(resumes(50))
        _insert(database, [(first, (block * 300)[:50_000_000], start)])
    database.dispose()
    return part.rename(path)


def _insert(database: Database, values: list[tuple[int, str, datetime]]) -> None:
    there = database.candidates
    names = (there.userid.name, there.text.name, there.modified.name)
    database.write(
        lambda connection: database.dialect.insert_rows(connection, there.table, names, values)
    )


def fresh_copy(path: Path, name: str) -> Path:
    """A copy to be worked on; of an earlier one with that name nothing is left."""
    target = FOLDER / name
    _discard(target)
    shutil.copyfile(path, target)
    return target


def _discard(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def check_answers() -> None:
    """Make sure that the invented answers are usable ones. Raises ValueError."""
    answer = read_line(answer_line(1, "1"))
    if answer.candidate is None:
        raise ValueError(f"the benchmark's own answers are not usable: {answer.reason}")
