"""Text that columns can hold."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.extraction.text import (
    clean,
    fit,
    is_placeholder,
    without_surrogates,
)


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("  Zofia ", "Zofia"),
        ("a\x00b", "ab"),
        ("line\r\nnext\tcell", "line next cell"),
        ("no\xa0break", "no break"),
        ("\ufeffBOM\u200b", "BOM"),
        ("right\u202eleft", "rightleft"),
        ("x\x1by\x7f", "xy"),
        ("Z\ud83d", "Z\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("نمی\u200cخواهم", "نمی\u200cخواهم"),
        ("Łódź 日本語", "Łódź 日本語"),
        ("\x00\n", ""),
    ],
)
def test_clean(raw, cleaned):
    assert clean(raw) == cleaned


@given(st.text(st.characters(codec=None)))
def test_clean_properties(text):
    once = clean(text)
    assert clean(once) == once
    assert once == once.strip()
    once.encode()
    assert not any(unicodedata.category(character) == "Cc" for character in once)


@pytest.mark.parametrize(
    "text", ["N/A", "n/a", "(n/a)", "NA", "None", "null", "Unknown", "Not provided.", "-", "—", "…"]
)
def test_placeholders(text):
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text", ["Nu Skin", "Nullarbor", "C", "R", "Unknown Worlds", "None of it", "+"]
)
def test_no_placeholders(text):
    assert not is_placeholder(text)


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("ab cd", 3, "ab"),
        ("a😀", 3, "a😀"),
        ("a😀", 2, "a"),
        ("Łódź", 3, "Łód"),
        ("cafe\u0301s", 4, "caf"),
        ("abc👩\u200d🚀", 6, "abc"),
        ("\u0301" * 9, 4, "\u0301" * 4),
        ("a\ud83d\ude00", 2, "a"),
        ("abc", 0, ""),
        ("", 0, ""),
    ],
)
def test_fit(text, limit, expected):
    assert fit(text, limit) == expected


def test_fit_agrees_with_nvarchar():
    # 255 of NVARCHAR(255) are code units: 127 emoji and one letter.
    assert fit("😀" * 300, 255) == "😀" * 127


@given(st.text(st.characters(codec=None)), st.integers(min_value=0, max_value=40))
def test_fit_properties(text, limit):
    short = fit(text, limit)
    assert text.startswith(short)
    assert units(short) <= limit
    if units(text) <= limit:
        assert short == text
    rest = text[len(short) :]
    assert not (
        short and rest and "\ud800" <= short[-1] <= "\udbff" and "\udc00" <= rest[0] <= "\udfff"
    )


@given(st.text(st.sampled_from("a\ud83d\ude00é")))
def test_without_surrogates(text):
    whole = without_surrogates(text)
    whole.encode()
    if text.isascii():
        assert whole is text
