"""The fast counter counts as tiktoken does, or is not asked, or is not used."""

import logging
import unicodedata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resume_assets import samples
from resume_assets.models import fast_counting
from resume_assets.models.fast_counting import (
    EXPECTED,
    TRIED,
    FastCounter,
    fast_counter,
    is_known,
)
from resume_assets.models.tokens import TokenCounter, counter_for
from resume_assets.models.vocabularies import load_encoding

pytest.importorskip("toktok", reason="the extra `fast` is not installed")

ENCODINGS = sorted(EXPECTED)
MONTHS = Path(fast_counting.__file__).parents[1] / "extraction/dates/months_of_the_world.txt"
JOINED = (" ", "\n", "\t", "'s", "1", "a", "B", ".", "\u00ad", "\u200d", "\ufe0f", "<|endoftext|>")

characters = st.characters(exclude_categories=["Cs"])
PAGE = 64  # characters that stand together


def _of_page(page: int) -> st.SearchStrategy[str]:
    points = range(page * PAGE, (page + 1) * PAGE)
    those = [chr(point) for point in points if not 0xD800 <= point < 0xE000]
    return st.text(st.sampled_from(those or ["a"]), max_size=6)


blocks = st.integers(0, 0x10FFFF // PAGE).flatmap(_of_page)
mixtures = st.lists(st.one_of(blocks, st.sampled_from(JOINED), st.text(characters)), max_size=8)


def fast(encoding: str) -> FastCounter:
    counter = fast_counter(encoding)
    assert counter is not None
    return counter


def agrees(encoding: str, text: str) -> bool:
    """Whether it counts as tiktoken does, or leaves that to it."""
    counted = fast(encoding).count(text)
    return counted is None or counted == len(load_encoding(encoding).encode_ordinary(text))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_it_is_tried_with_is_tiktokens_own_count(encoding: str) -> None:
    encode = load_encoding(encoding).encode_ordinary
    assert [len(encode(text)) for text in TRIED] == [*EXPECTED[encoding]]
    assert all(map(is_known, TRIED))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_character_that_it_is_asked_about_by_itself_and_among_others(encoding: str) -> None:
    encode = load_encoding(encoding).encode_ordinary
    texts = [
        f"{character} a{character}b 1{character}"
        for character in map(chr, range(0x30000))
        if is_known(character)
    ]
    assert len(texts) > 90_000
    count = fast(encoding).count
    together = ["".join(texts[start : start + 50]) for start in range(0, len(texts), 50)]
    assert [text for text in together if count(text) != len(encode(text))] == []


@settings(max_examples=500)
@given(mixtures)
def test_any_text(parts: list[str]) -> None:
    for encoding in ENCODINGS:
        assert agrees(encoding, "".join(parts))


def test_months_in_forty_languages_and_all_samples() -> None:
    texts = MONTHS.read_text(encoding="utf-8").splitlines()
    texts += [sample.text for sample in samples.load() if sample.text]
    for encoding in ENCODINGS:
        assert all(agrees(encoding, text) for text in texts)
    assert sum(map(is_known, texts)) / len(texts) > 0.95


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\U0001f1e6\ud83d", "\U00010d4e", "\u0378"])
def test_what_versions_of_unicode_may_differ_in_is_left_to_tiktoken(text: str) -> None:
    assert fast("o200k_base").count(text) is None
    assert counter_for("gpt-4o-mini-2024-07-18").count(text) == len(
        load_encoding("o200k_base").encode_ordinary(text)
    )


@pytest.mark.parametrize(
    "text", ["", "plain", "Łódź", "“é”", "Москва", "東京", "🚀", "𝐁𝐨𝐥𝐝", "\ue000"]
)
def test_what_resumes_hold_is_counted_fast(text: str) -> None:
    assert is_known(text)
    assert not any(unicodedata.category(character) == "Cs" for character in text)


def test_long_texts_are_counted_piece_by_piece_as_without_it() -> None:
    long = "".join(sample.text for sample in samples.load() if sample.text) * 3
    for encoding in ENCODINGS:
        slow = TokenCounter(encoding)
        quick = TokenCounter(encoding, fast(encoding))
        assert quick.count(long) == slow.count(long)
        for most in (1, 10_000, slow.count(long)):
            assert quick.fits(long, most) == slow.fits(long, most)
            assert quick.cut_middle(long, most) == slow.cut_middle(long, most)


def without_cache(monkeypatch: pytest.MonkeyPatch, module: Any) -> FastCounter | None:
    """What `fast_counter` finds where this is the module."""

    def imported(_: str) -> Any:
        if module is None:
            raise ImportError
        return module

    monkeypatch.setattr(fast_counting, "import_module", imported)
    return fast_counter.__wrapped__("o200k_base")


def test_where_it_is_not_installed_tiktoken_counts(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert without_cache(monkeypatch, None) is None
    assert not caplog.records


@pytest.mark.parametrize(
    "count",
    [
        lambda texts, _e, _t: [len(texts[0])],
        lambda _x, _e, _t: [1],
        lambda texts, encoding: [0],
    ],
)
def test_one_that_counts_otherwise_is_not_used_and_that_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, count: Any
) -> None:
    with caplog.at_level(logging.WARNING):
        assert without_cache(monkeypatch, SimpleNamespace(batch_count=count)) is None
    assert "does not count as tiktoken does, and is not used" in caplog.text
