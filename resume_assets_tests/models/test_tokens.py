"""Counting and cutting: exact, offline, and quick whatever the text is."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resume_assets.models import tokens
from resume_assets.models.tokens import (
    MARKER,
    PIECE,
    TokenCounter,
    count,
    counter_for,
    cut_middle,
    estimated_overhead,
)
from resume_assets.models.vocabularies import load_encoding

COUNTER = counter_for("gpt-4o-mini-2024-07-18")
RESUME = "Jane Doe\nData Engineer, Acme (2019-03 to Present)\n- moved 40 pipelines, cut cost 30%\n"


def test_known_counts():
    # Published in OpenAI's cookbook for o200k_base and cl100k_base.
    assert load_encoding("o200k_base").encode("tiktoken is great!") == [
        83,
        8251,
        2488,
        382,
        2212,
        0,
    ]
    assert load_encoding("cl100k_base").encode("tiktoken is great!") == [
        83,
        1609,
        5963,
        374,
        2294,
        0,
    ]


def test_special_tokens_in_a_resume_are_text():
    assert count("<|endoftext|>") > 1
    assert COUNTER.count_many(["<|endofprompt|>"]) == [count("<|endofprompt|>")]


@pytest.mark.parametrize("encoding", ["o200k_base", "cl100k_base"])
@pytest.mark.parametrize(
    "unit",
    [RESUME, "word word2 3 ", "a,b;c\n\n• d\r\n/ e", "naïve Łódź 日本語 résumé\n", "x \t\n 1\n"],
)
def test_long_texts_count_the_same_in_pieces(encoding, unit):
    counter = TokenCounter(encoding)
    text = unit * (4 * PIECE // len(unit))
    assert len(text) > 3 * PIECE
    assert counter.count(text) == len(counter.encoding.encode_ordinary(text))


@given(st.text(st.sampled_from("ab Z9\n\r\t/-'é日😀 .\u0301"), min_size=40, max_size=200))
def test_borders_never_change_the_tokens(text):
    border = tokens._safe_border(text, len(text) // 2, len(text) - 1)
    if border < len(text) - 1:  # not the forced one
        for encoding in map(load_encoding, ("o200k_base", "cl100k_base")):
            parts = (text[:border], text[border:])
            whole = encoding.encode_ordinary(text)
            assert [token for part in parts for token in encoding.encode_ordinary(part)] == whole


@given(st.text(st.sampled_from("ab \n/'1"), min_size=2, max_size=60), st.data())
def test_a_border_is_behind_the_start_and_at_the_end_at_most(text, data):
    low = data.draw(st.integers(0, len(text) - 2))
    high = data.draw(st.integers(low + 1, len(text) - 1))
    assert low < tokens._safe_border(text, low, high) <= high


@pytest.mark.parametrize(
    ("text", "high", "border"),
    [
        ("aaaa\nbbbb cccc", 12, 5),  # a line's end goes before a space
        ("a\nbb\ncc\ndd", 7, 5),  # the last one
        ("aaaa\n/bb cccc", 12, 8),  # but not before a slash,
        ("aaaa\n bb cccc", 12, 8),  # nor a space
        ("aaaa bbbb cccc", 12, 9),
        ("aaaa  bbbb", 9, 9),  # nowhere
        ("aaaa 1bbb", 8, 8),
        ("aaa- bbb", 7, 7),
        ("aaa1 bbb", 7, 4),
        (" aaaabbbb", 8, 8),
    ],
)
def test_where_a_text_is_parted(text, high, border):
    assert tokens._safe_border(text, 0, high) == border


def test_what_the_fast_counter_leaves_is_counted_all_the_same():
    texts = ["\u0378", RESUME, "\U00010d4e", RESUME * 2]
    assert COUNTER.count_many(texts) == [
        len(COUNTER.encoding.encode_ordinary(text)) for text in texts
    ]


def test_count_many_is_count_in_order_whatever_the_threads():
    texts = [RESUME * (index % 40) for index in range(2_000)]
    expected = [COUNTER.count(text) for text in texts]
    assert COUNTER.count_many(texts) == expected
    assert COUNTER.count_many(texts, threads=1) == expected
    assert COUNTER.count_many(texts, threads=3) == expected
    assert COUNTER.count_many([]) == []


@pytest.mark.parametrize(
    "text",
    [
        "a" * 5_000_000,
        " " * 5_000_000,
        "\n" * 5_000_000,
        "\t \r\n" * 1_200_000,
        "日" * 1_000_000,
        "-" * 5_000_000,
        "\u0301" * 1_000_000,
        "\x00" * 1_000_000,
    ],
    ids=["word", "spaces", "lines", "mixed", "cjk", "dashes", "accents", "nul"],
)
def test_endless_texts_neither_crash_nor_take_long(text):
    started = time.monotonic()
    assert COUNTER.count(text) > 1_000
    short, size = COUNTER.cut_middle(text, 2_000)
    assert size <= 2_000
    assert len(short) < len(text)
    assert time.monotonic() - started < 20  # about a second; tiktoken alone dies on some of them


def test_a_text_that_fits_is_left_alone():
    size = count(RESUME)
    assert cut_middle(RESUME, size) == (RESUME, size)
    assert COUNTER.fits(RESUME, size) == size
    assert COUNTER.fits(RESUME, size - 1) is None


def test_the_middle_is_lost_never_the_ends():
    text = "START of it\n" + RESUME * 3_000 + "END of it"
    short, size = cut_middle(text, 10_000)
    assert size == count(short)
    assert size == 10_000
    head, tail = short.split(MARKER)
    assert text.startswith(head)
    assert text.endswith(tail)
    assert 0.65 < count(head) / size < 0.75


def test_too_little_room_keeps_the_start():
    assert cut_middle(RESUME, 0) == ("", 0)
    assert cut_middle(RESUME, 1) == ("Jane", 1)
    assert cut_middle(RESUME, 3) == ("Jane Doe\n", 3)
    marker = count(MARKER)
    short, size = cut_middle(RESUME, marker + 1)  # for one token beside it
    assert RESUME.startswith(short)
    assert size == marker + 1
    assert cut_middle(RESUME, marker + 2) == (f"Jane{MARKER}%\n", marker + 2)


@settings(max_examples=200)
@given(st.text(max_size=300), st.integers(min_value=-1, max_value=120))
def test_cut_properties(text, limit):
    short, size = cut_middle(text, limit)
    assert size == count(short)
    assert size <= max(limit, 0)
    if count(text) <= limit:
        assert short == text
    elif MARKER in short and MARKER not in text:
        head, tail = short.split(MARKER)
        assert text.startswith(head)
        assert text.endswith(tail)
        assert len(head) + len(tail) < len(text)


def test_lone_surrogates_are_counted_and_cut():
    text = "caf\ud83d " * 2_000
    assert COUNTER.count(text) > 0
    short, size = cut_middle(text, 100)
    assert size <= 100
    short.encode()


def test_overhead_is_the_fixed_text_and_the_roles():
    """Three tokens open the answer; each of two messages has three, and one for its role."""
    assert estimated_overhead("hello world", COUNTER) == 2 + 3 + 4 + 4
