"""What evidence costs: a record against its resume, in processor time of one core."""

import time
from collections.abc import Iterator
from datetime import date

from resume_assets.evidence.weighing import weigh
from resume_assets.extraction.mapping import to_record
from resume_assets.extraction.responses import read_line
from resume_assets_tests.benchmarks import data
from resume_assets_tests.benchmarks.figures import Figure, figure

_ROWS = 2_000
_OTHER = 7  # candidates further is the resume of somebody else


def measure(rows: int, rounds: int) -> Iterator[Figure]:
    """`weigh_us`; `weigh_invented_us`: of records that were read from other resumes."""
    count = min(rows, _ROWS)
    texts = list(data.resumes(count))
    records = []
    for number in range(1, count + 1):
        candidate = read_line(data.answer_line(number, "1")).candidate
        if candidate is None:
            raise ValueError("the benchmark's own answers are not usable")
        records.append(to_record(candidate, date(2026, 11, 1)))
    others = texts[_OTHER:] + texts[:_OTHER]
    for name, against, what in (
        ("weigh_us", texts, "a record against its resume of 4 kB"),
        ("weigh_invented_us", others, "the same where little of it stands there"),
    ):
        seconds = []
        for _ in range(rounds):
            start = time.process_time()
            for record, text in zip(records, against, strict=True):
                weigh(record.values, record.changes, text)
            seconds.append((time.process_time() - start) / count * 1e6)
        yield figure(name, seconds, "us", what)
