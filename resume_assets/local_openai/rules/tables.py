"""Jobs in a table: one a row, the columns named by its first row."""

from collections.abc import Iterator, Sequence
from typing import Final

from resume_assets.local_openai.rules.headers import Header, read_header
from resume_assets.local_openai.rules.periods import find_periods
from resume_assets.local_openai.rules.vocabulary import LABELS, fold

_KINDS: Final = ("company", "title", "place", "dates", "from", "to")


def is_job_table(rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether most rows hold a date."""
    dated = sum(any(find_periods(cell) for cell in row) for row in rows)
    return dated >= 1 and dated >= (len(rows) - 1) / 2


def read_table(rows: Sequence[tuple[str, ...]]) -> Iterator[Header]:
    """The job of each row that has a date."""
    columns = _columns(rows[0])
    for row in rows[1:] if columns else rows:
        if not any(find_periods(cell) for cell in row):
            continue
        if "company" in columns or "title" in columns:
            yield _by_columns(row, columns)
        else:
            yield read_header([" | ".join(cell for cell in row if cell)])


def _columns(row: tuple[str, ...]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for at, cell in enumerate(row):
        for kind in _KINDS:
            if fold(cell).strip(" .:") in LABELS[kind]:
                columns.setdefault(kind, at)
                break
    return columns


def _by_columns(row: tuple[str, ...], columns: dict[str, int]) -> Header:
    def cell(kind: str) -> str | None:
        at = columns.get(kind)
        return row[at] or None if at is not None and at < len(row) else None

    header = Header(cell("company"), cell("title"), cell("from"), cell("to"), cell("place"))
    dates = cell("dates")
    if dates is None and header.start is None:
        dates = " | ".join(row)
    periods = find_periods(dates or "")
    if periods:
        header.start, header.end = periods[0].start, periods[0].end
    return header
