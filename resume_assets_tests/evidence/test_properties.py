"""Whatever layout does to a value, it is found; what was never there is not."""

import random
import string
import unicodedata

from hypothesis import assume, example, given
from hypothesis import strategies as st

from resume_assets.evidence.finding import find
from resume_assets.evidence.folding import Folded, fold, quick, quick_values
from resume_assets.evidence.weighing import weigh
from resume_assets.extraction.candidate import COLUMNS, Evidence
from resume_assets.extraction.text import clean
from resume_assets.samples import load
from resume_assets_tests.evidence.reach import KINDS, values

TEXTS = {one.userid: one.text for one in load() if one.text and len(one.text) < 20_000}
VALUES = [one for one in values() if one[0] in TEXTS]
WORDED = [
    (kind, value)
    for _, kind, value in VALUES
    if kind in (Evidence.phrase, Evidence.company, Evidence.degree, Evidence.skill)
    and len(fold(value)) > 4
]
letters = st.text(string.ascii_lowercase, min_size=6, max_size=12)
words = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=60)


@st.composite
def disguised(draw: st.DrawFn, value: str) -> str:
    """The value as another layout may have it."""
    chance = random.Random(draw(st.integers(0, 1_000_000)))
    text = chance.choice((str.upper, str.lower, str.title, str.swapcase, str))(value)
    if chance.random() < 0.5:
        text = unicodedata.normalize(chance.choice(("NFC", "NFD", "NFKD")), text)
    if chance.random() < 0.3:
        text = "".join(
            c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)
        )
    text = chance.choice((" ", "  ", "\n", "\u00a0", "\t", " \n > ")).join(text.split(" "))
    if chance.random() < 0.3:  # an invisible sign somewhere within
        at = chance.randrange(1, len(text))
        text = text[:at] + chance.choice("\u00ad\u200b\u2060") + text[at:]
    return text


@given(data=st.data(), one=st.sampled_from(WORDED), before=words, after=words)
def test_a_value_is_found_in_any_layout(
    data: st.DataObject, one: tuple[Evidence, str], before: str, after: str
):
    kind, value = one
    text = data.draw(disguised(value))
    found = find(kind, value, Folded(f"{before} | {text} | {after}"))
    assert found
    assert all(0 <= start < end for start, end in found)


@given(one=st.sampled_from(VALUES), word=letters)
def test_an_invented_word_makes_a_value_foreign(one: tuple[int, Evidence, str], word: str):
    userid, kind, value = one
    text = TEXTS[userid]
    assume(word not in fold(text).replace(" ", "") and kind not in (Evidence.year, Evidence.state))
    invented = {
        Evidence.email: f"{word}@example.com",
        Evidence.link: f"linkedin.com/in/{word}",
        Evidence.phone: "555" + "".join(str(ord(letter) % 10) for letter in word),
        Evidence.place: f"{word.title()}, TX",
    }.get(kind, f"{value} {word.title()}")
    assume(kind is not Evidence.phone or invented not in text)
    assert find(kind, invented, Folded(text)) is None


@given(
    number=st.integers(1_000_000, 999_999_999_999),
    gaps=st.lists(st.sampled_from(" .-"), min_size=3),
)
def test_a_phone_is_found_with_other_gaps(number: int, gaps: list[str]):
    digits = str(number)
    written = "".join(
        digit + (gaps[index % len(gaps)] if index in (2, 5) else "")
        for index, digit in enumerate(digits)
    )
    assert find(Evidence.phone, digits, Folded(f"Tel. {written}, home"))
    if len(digits) > 7:
        other = digits[:-1] + str((int(digits[-1]) + 1) % 10)
        assert find(Evidence.phone, other, Folded(f"Tel. {written}, home")) is None


@given(year=st.integers(1950, 2049), other=st.integers(1950, 2049))
def test_a_year_is_found_and_no_other(year: int, other: int):
    resume = Folded(f"since {year} | 12 wells")
    assert find(Evidence.year, f"{year}-03", resume)
    assert year == other or find(Evidence.year, f"{other}-03", resume) is None


anything = st.text(max_size=80)


@given(text=anything)
@example("&amp;amp; &lt; &#82;")
@example("\ud800 \U0001f600")
@example("İ ǆ ﬃ ½ ㎏")
def test_folding_ends_and_is_stable(text: str):
    assert fold(fold(text)) == fold(text) or "&" in text
    assert Folded(text).words == f" {fold(text)} "


@given(text=anything)
def test_each_folded_word_has_its_place(text: str):
    resume = Folded(text)
    starts, places = resume._places
    assert len(starts) == len(places) == len(resume.words.split())
    for start, (first, last) in zip(starts, places, strict=True):
        word = resume.words[start : resume.words.index(" ", start)]
        assert word in fold(text[first:last]).split()


@given(value=anything, before=anything, after=anything)
def test_what_is_quickly_found_is_found(value: str, before: str, after: str):
    """The quick look is a short cut, and no other opinion."""
    value = clean(value)  # as those of a record are
    text = before + value + after
    (quickly,) = quick_values([value])
    if len(quickly) >= 3 and f" {quickly} " in quick(text):
        assert find(Evidence.phrase, value, Folded(text)) is not None


@given(
    owner=st.sampled_from(sorted({userid for userid, *_ in VALUES})), seed=st.integers(0, 10_000)
)
def test_a_record_is_weighed_as_its_values_are(owner: int, seed: int):
    """With values of other samples mixed in: the quick way and the whole one agree."""
    chance = random.Random(seed)
    record = dict.fromkeys(column.name for column in COLUMNS)
    for column in record:
        pool = [value for _, kind, value in chance.sample(VALUES, 60) if kind is KINDS[column]]
        record[column] = chance.choice(pool) if pool and chance.random() < 0.7 else None
    text = TEXTS[owner]
    resume = Folded(text)
    missing = tuple(
        column
        for column, value in record.items()
        if value is not None and find(KINDS[column], value, resume) is None
    )
    assert weigh([*record.values()], {}, text).missing == missing


_DATES = st.sampled_from(["2019-03", "1999-12", "Present"])
_TEXTS = st.sampled_from(["TX", "12", "a@b.example", "Łódź"]) | st.text(max_size=12).map(clean)


@st.composite
def _records(draw: st.DrawFn) -> list[str | None]:
    """A few values, each of the kind that its column may hold."""
    record: list[str | None] = [None] * len(COLUMNS)
    for index in draw(st.lists(st.integers(0, len(COLUMNS) - 1), max_size=12)):
        is_date = COLUMNS[index].evidence is Evidence.year
        record[index] = draw(_DATES if is_date else _TEXTS) or None
    return record


@given(_records(), st.text(max_size=60))
@example([None] * len(COLUMNS), "Nobody")
@example(["Jane", *[None] * (len(COLUMNS) - 1)], "")
def test_whatever_the_record_it_is_weighed(record: list[str | None], text: str):
    weight = weigh(record, {}, text)
    assert len(weight.missing) <= weight.checked <= sum(value is not None for value in record)


def test_a_record_of_one_value_of_each_kind_alone():
    # None of the quick looks may need a value of its own kind.
    for index, column in enumerate(COLUMNS):
        record: list[str | None] = [None] * len(COLUMNS)
        record[index] = "2019-03" if column.evidence is Evidence.year else "Zyx Qvw"
        weight = weigh(record, {}, "Another text altogether, of 1999.")
        assert set(weight.missing) <= {column.name}
