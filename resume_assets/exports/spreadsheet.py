"""CSV that a spreadsheet opens unharmed: UTF-8 with its mark, and no cell is taken for a formula.

A resume may hold `=HYPERLINK(…)`, and a spreadsheet would run it on a recruiter's machine. So an
apostrophe is put before each sign that can begin a formula, wherever a cell might begin: at the
start of a value, and after whatever separates cells or rows in some country. `readable` takes
exactly these apostrophes away again. Source: OWASP, "CSV Injection".
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from resume_assets.extraction.text import without_surrogates

MARK = "\N{BYTE ORDER MARK}"
"""Without it Excel reads UTF-8 as the code page of its country."""

# With the full-width forms, which East Asian spreadsheets take for the same.
_SIGN = "[=+\\-@＝＋－＠]"
_BEGIN = "(?:^|[,;|\\t\\r\\n\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029])[\\s\"']*"
_HARMFUL = re.compile(f"({_BEGIN})(?={_SIGN})")
_GUARDED = re.compile(f"({_BEGIN})'(?={_SIGN})")


def harmless(text: str) -> str:
    """The text with an apostrophe before each sign that might begin a formula."""
    return _HARMFUL.sub(r"\1'", text)


def readable(text: str) -> str:
    """The text as it was before `harmless`."""
    return _GUARDED.sub(r"\1", text)


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV by RFC 4180, without the mark; NULL is an empty cell."""
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerows([*map(_cell, row)] for row in rows)
    return written.getvalue()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return harmless(without_surrogates(value))
        case datetime():
            return value.isoformat(" ")
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case _:
            return str(value)
