"""Text that columns can hold."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.extraction.text import (
    Cleaned,
    clean,
    cleaned,
    fit,
    is_clean,
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


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        # NUL and the two last digits: what a model writes that may escape controls only
        ("M\0fcller", "Müller"),
        ("T\0dcV S\0dcD", "TÜV SÜD"),
        ("Jos\0e9", "José"),
        ("\0c5se", "Åse"),
        ("Ren\0E9e", "Renée"),
        ("\0e9\0e8", "éè"),
        ("R\x0026D", "R&D"),
        ("O\x0027Brien", "O'Brien"),
        ("M\xadul\xadler", "Muller"),
        # the same of letters beyond Latin-1
        ("Pawe\x0142", "Paweł"),
        ("Pawe\x000142", "Paweł"),
        ("Vi\x1ec7t Nam", "Việt Nam"),
        ("\x041c\x043e\x0441\x043a\x0432\x0430", "Москва"),
        ("\x00041c\x00043e", "Мо"),
        ("\x1e00re", "Ḁre"),
        ("Mar\0a0May", "Mar May"),
        ("O\x19Brien", "O’Brien"),
        ("O\x002019Brien", "O’Brien"),
        ("2015 \x13 2018", "2015 – 2018"),
        # Windows' signs where Latin-1 has controls
        ("O\x92Brien", "O’Brien"),
        ("2015\x962018", "2015–2018"),
        ("12\x80", "12€"),
        ("\x9fves", "Ÿves"),
        # escapes as text
        ("M\\u00fcller", "Müller"),
        ("M\\u0000fcller", "Müller"),
        ("R\\u0026D", "R&D"),
        ("\\ud83d\\ude00", "😀"),
        # entities
        ("R&amp;D", "R&D"),
        ("S&atilde;o Paulo", "São Paulo"),
        ("Mar&nbsp;2019", "Mar 2019"),
        ("Mar&nbsp2019", "Mar 2019"),
        ("O&#39;Brien &#x26; Co", "O'Brien & Co"),
        ("2015 &ndash; 2018", "2015 – 2018"),
        ("&lt;b&gt;", "<b>"),
        ("fa&shy;mi&zwnj;ly", "fami\u200cly"),
        # twice escaped: only where nobody can have meant the entity
        ("R&amp;amp;D", "R&D"),
        ("S&amp;atilde;o", "São"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("&amp;#39;", "&#39;"),
        # none of these
        ("Q&A", "Q&A"),
        ("AT&T; P&L;", "AT&T; P&L;"),
        ("R&Degree", "R&Degree"),
        ("x&notit;", "x&notit;"),
        ("C:\\users", "C:\\users"),
    ],
)
def test_escapes_are_read(raw, read):
    assert cleaned(raw) == Cleaned(read, odd=False)
    assert clean(raw) == read


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        ("a\0b", "ab"),
        ("M\x07ller", "Mller"),
        ("M\0llerei", "Mllerei"),
        ("Pawe\x0f", "Pawe"),
        ("ab\x1fcd", "ab cd"),
        ("Nr\x0041", "Nr41"),
        ("a\x0378\x0379", "a7879"),  # two escapes, but of no letters
        ("Mar\x002019", "Mar2019"),  # a year, rather than an apostrophe
        ("Fr\x00Edison", "FrEdison"),
        ("Nr\x0531", "Nr31"),
        ("a\x0250b", "a50b"),  # the first that is not of the Latin scripts
        ("ab\x1f00", "ab 00"),
        ("Mar\0\0ch", "March"),
    ],
)
def test_controls_in_a_word_are_odd(raw, left):
    assert cleaned(raw) == Cleaned(left, odd=raw != "Pawe\x0f")


@pytest.mark.parametrize("raw", ["\0Acme", "Acme\0\0", "Acme \x07 Inc", "no\xa0break", "a\u200bb"])
def test_other_hidden_characters_are_not(raw):
    assert not cleaned(raw).odd


@given(st.binary())
def test_every_letter_of_latin_1_escaped_as_models_do(content):
    text = content.decode("latin-1")
    letters = "".join(c for c in text if c.isalpha() and c > "\x9f")
    escaped = "".join(f"\0{ord(letter):02x}" for letter in letters)
    assert cleaned(escaped) == Cleaned(letters, odd=False)


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))).filter(is_clean))
def test_clean_text_stays(text):
    assert cleaned(text) == Cleaned(text.strip(), odd=False)


@given(st.text(st.characters(codec=None)))
def test_clean_properties(text):
    once = clean(text)
    assert clean(once) == once
    assert once == once.strip()
    once.encode()
    assert not any(unicodedata.category(character) == "Cc" for character in once)


@pytest.mark.parametrize(
    "text",
    [
        *("N/A", "n/a", "(n/a)", "NA", "None", "null", "Unknown", "Not provided.", "-", "—", "…"),
        *("...", '[("not applicable")]'),
    ],
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
        ("abc👍🏻", 6, "abc"),  # the lightest and the darkest skin, and their neighbours
        ("abc👍🏿", 6, "abc"),
        ("abc👍🏺", 6, "abc👍"),
        ("abc👍🐀", 6, "abc👍"),
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
