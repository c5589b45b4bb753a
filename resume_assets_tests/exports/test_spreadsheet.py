"""No formula hides in a cell, whatever separates cells where the file is opened."""

import csv
import io
import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.exports.spreadsheet import harmless, lines, readable
from resume_assets_tests.exports.recorded import WRITTEN

SIGNS = "=+-@＝＋－＠"
HOSTILE = st.text(st.sampled_from([*SIGNS, *"'\" ,;|\t\r\n\vab1"]), max_size=12)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1 512 555 0142", "'+1 512 555 0142"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        ("\t=1", "\t'=1"),
        ("\r=1", "\r'=1"),
        ("  =1", "  '=1"),
        ("'=1", "''=1"),
        ('"=1', "\"'=1"),
        ("a;=cmd|'/c calc'!A1;b", "a;'=cmd|'/c calc'!A1;b"),
        ("first\n=1", "first\n'=1"),
        ("first\n- second", "first\n'- second"),
        # These are as they were
        ("C++", "C++"),
        ("ada@example.com", "ada@example.com"),
        ("(512) 555-0142", "(512) 555-0142"),
        ("2019-07", "2019-07"),
        ("'tis", "'tis"),
        ("O'Brien", "O'Brien"),
        ("", ""),
    ],
)
def test_a_sign_that_begins_a_cell_has_an_apostrophe(value: str, cell: str) -> None:
    assert harmless(value) == cell
    assert readable(cell) == value


@given(st.one_of(HOSTILE, st.text()))
def test_every_text_comes_back(text: str) -> None:
    assert readable(harmless(text)) == text


@given(
    st.lists(st.one_of(HOSTILE, st.text()), min_size=1, max_size=4),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_no_cell_begins_a_formula_however_the_file_is_read(row: list[str], delimiter: str) -> None:
    """By a reader that knows the separator, and by one that parts at every one, minding no quotes.

    The second is worse than any spreadsheet.
    """
    text = lines([row])
    for found in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        assert not [cell for cell in found if cell.lstrip().startswith(tuple(SIGNS))]
    for cell in re.split(r"[,;|\t\r\n\v]", text):
        assert not cell.strip('" ').startswith(tuple(SIGNS))


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_a_row_is_read_back_by_any_csv_reader(row: list[str]) -> None:
    [found] = (
        csv.reader(io.StringIO(lines([row]), newline="")) if any(row) or len(row) > 1 else [row]
    )
    expected = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in row]
    assert [readable(cell) for cell in found] == expected


def test_values_that_are_no_text() -> None:
    row = [None, -5, Decimal("1E+2"), date(2019, 7, 1), WRITTEN, 2.5]
    assert lines([row]) == ",-5,100,2019-07-01,2026-11-27 10:15:00,2.5\r\n"
