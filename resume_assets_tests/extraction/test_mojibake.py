"""Resumes that were read in the wrong encoding."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.extraction.mojibake import unmangled
from resume_assets.samples import load

_WORDS = """
    Müller Größe Straße café résumé naïve José García Peña São Conceição Łódź Wiśniewski Ångström
    Özgür Şahin Dvořák Čapek Москва Иванов Αθήνα Ελλάδα — – “quoted” • Don’t Zoë Citroën © 5°C"""
WORDS = _WORDS.split()


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
def test_utf_8_read_as_windows(word, wrong):
    try:
        mangled = word.encode().decode(wrong)
    except UnicodeDecodeError:
        pytest.skip("Windows-1252 has no such byte")
    # Beside others: by themselves Åž or ÄŒ may be meant.
    for text in (f"Ã¼ {mangled}", f"# CV\n\n{mangled} and more\nÃ¼\n"):
        assert word in unmangled(text)
        assert mangled not in unmangled(text)


@pytest.mark.parametrize(
    ("mangled", "right"),
    [
        ("Fran√ßois", "François"),
        ("ÃƒÂ¼ber", "über"),
        ("O\x92Brien", "O’Brien"),
        ("RÃ©sumÃ© — 日本 — José", "Résumé — 日本 — José"),  # only a part of the line
        ("Åžahin, MÃ¼nchen", "Şahin, München"),
        ("Müller\nMÃ¼ller", "Müller\nMüller"),
        ("CÃ”TE D’AZUR", "CÔTE D’AZUR"),
    ],
)
def test_other_ways(mangled, right):
    assert unmangled(mangled) == right


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "SÃO PAULO, AVALIAÇÃO",
        "IRMÃ “Maria” and “MANHÔ",
        "CAFÉ™ É… BÜRO–KÖLN Straße» Être «ô» l’été “à”",
        "A SÉ—A Ä–Z SÉ–CE",
        "√ done √100 10 °C ± 5 Ω",
        "à l’école — « été »",
        "日本語 Русский Ελληνικά العربية हिन्दी",
        "Łódź Ś Ż • Größe",
    ],
)
def test_good_text_is_not_touched(text):
    assert unmangled(text) is text


def test_the_samples_are_not_touched():
    texts = [sample.text for sample in load() if sample.text]
    assert texts
    assert [text for text in texts if unmangled(text) is not text] == []


@given(st.lists(st.sampled_from(WORDS), min_size=1).map(" ".join))
def test_good_words_in_any_order(text):
    assert unmangled(text) is text


@given(st.text(st.characters(codec=None)))
def test_any_text(text):
    assert isinstance(unmangled(text), str)
    if text.isascii():
        assert unmangled(text) is text


def test_long_lines_take_no_time():
    rng = random.Random(0)
    line = " ".join(rng.choices(WORDS, k=20_000)) + " MÃ¼ller"
    assert unmangled(line).endswith(" Müller")
