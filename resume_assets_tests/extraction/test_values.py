"""The texts of one kind of column: what is remembered of them, and what is no value."""

import pytest

from resume_assets.extraction import values
from resume_assets.extraction.candidate import Candidate, Fills, Position, fields_of, fills
from resume_assets.extraction.values import Change, Kind, Reading

CITY = fills(fields_of(Candidate)["city"])
COMPANY = fills(fields_of(Position)["company"])


def test_what_is_remembered_has_a_limit_and_changes_no_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = [f"Company {number}" for number in range(9)] + [f"**Bold {n}**" for n in range(9)]
    expected = [Kind(COMPANY).read(text) for text in texts]
    assert expected[0] == Reading("Company 0", None)
    assert expected[9] == Reading("Bold 0", Change.mended)
    monkeypatch.setattr(values, "_REMEMBERED", 4)
    kind = Kind(COMPANY)
    for _ in range(2):
        for text, reading in zip(texts, expected, strict=True):
            assert kind.read(text) == reading
            assert len(kind.plain) + len(kind.odd) <= 4


def test_a_long_text_is_not_remembered() -> None:
    kind = Kind(COMPANY)
    assert kind.read("a" * 100) == ("a" * 100, None)
    assert kind.read("a" * 101) == ("a" * 101, None)
    assert kind.plain == {"a" * 100}
    assert kind.odd == {}


@pytest.mark.parametrize(
    ("shaped", "reading"),
    [
        ("", Reading(None, Change.nulled)),
        ("Bolt", Reading("Bolt", Change.cut)),
        ("Bolt & Nut", Reading("Bolt & Nut", Change.mended)),
    ],
)
def test_a_shape_that_leaves_nothing_makes_no_value(shaped: str, reading: Reading) -> None:
    assert Kind(CITY, lambda _: shaped).read("Bolt, Nut") == reading


@pytest.mark.parametrize("text", ["N/A", "-", "] }"])
def test_what_is_no_value_is_none(text: str) -> None:
    assert Kind(COMPANY).read(text).value is None


def test_a_column_that_takes_placeholders_has_them() -> None:
    assert Kind(Fills(("Note",), never=())).read("N/A") == Reading("N/A", None)


def test_a_text_that_is_short_in_letters_and_long_in_code_units_is_cut() -> None:
    """NVARCHAR(255) counts an emoji as two: 127 of them, and one letter."""
    assert Kind(COMPANY).read("A" + "😀" * 150) == Reading("A" + "😀" * 127, Change.cut)


@pytest.mark.parametrize(
    ("given", "inner"),
    [
        ("**Lead**", "Lead"),
        ("***Lead***", "Lead"),
        ("`Lead`", "Lead"),
        ("# [Acme](https://acme.example)", "Acme"),
        ("* ![Acme](logo.png)", "Acme"),
        ("> **[Acme](https://acme.example)**", "Acme"),
        ("**C# Guild**", "C# Guild"),
        ("# C# Guild", "C# Guild"),
    ],
)
def test_the_markdown_around_a_text_is_no_part_of_it(given: str, inner: str) -> None:
    assert values.bare(given) == inner
    assert Kind(COMPANY).read(given) == Reading(inner, Change.mended)


@pytest.mark.parametrize("text", ["Łódź ", "Łódź\u00a0", "Łódź\n", " Łódź", "Acme "])
def test_white_space_around_a_text_makes_it_none_that_is_plain(text: str) -> None:
    kind = Kind(CITY)
    assert not kind.is_plain(text)
    assert kind.read(text).value == text.strip()
