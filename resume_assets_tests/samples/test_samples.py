import re

import pytest

from resume_assets.extraction.candidate import COLUMNS, ColumnKind
from resume_assets.samples import Sample, load
from resume_assets.samples.filler import filler

SAMPLES = load()
SENDABLE = [sample for sample in SAMPLES if sample.text is not None and sample.text.strip()]
KINDS = {column.name: column.kind for column in COLUMNS}


def test_there_are_enough_and_each_is_one_of_its_kind():
    assert len(SAMPLES) >= 45
    assert len({sample.userid for sample in SAMPLES}) == len(SAMPLES)
    assert len({sample.note for sample in SAMPLES}) == len(SAMPLES)
    assert [sample.userid for sample in SAMPLES] == sorted(sample.userid for sample in SAMPLES)


def test_some_must_never_be_sent():
    texts = [sample.text for sample in SAMPLES]
    assert None in texts
    assert "" in texts
    assert any(text and not text.strip() for text in texts)
    assert all(sample.expected == {} for sample in SAMPLES if sample not in SENDABLE)


def test_some_are_longer_than_a_window_of_128k_tokens():
    tokens = pytest.importorskip("resume_assets.models.tokens")
    encoding = tokens.encoding_for("gpt-4o-mini-2024-07-18")
    lengths = [
        len(encoding.encode_ordinary(sample.text))
        for sample in SENDABLE
        if sample.text is not None and len(sample.text) > 100_000
    ]
    assert len(lengths) >= 2
    assert min(lengths) > 128_000


def test_they_are_the_same_each_time():
    assert load() == SAMPLES
    assert filler(5_000, 1) == filler(5_000, 1) != filler(5_000, 2)
    assert 5_000 <= len(filler(5_000, 1)) < 5_200


@pytest.mark.parametrize("sample", SENDABLE, ids=lambda sample: str(sample.userid))
def test_known_answers_are_values_that_their_columns_take(sample: Sample):
    assert sample.expected
    for column, value in sample.expected.items():
        kind = KINDS[column]
        if value is None:
            continue
        assert value == value.strip() != ""
        if kind is ColumnKind.start_date:
            assert re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])", value), column
        elif kind is ColumnKind.end_date:
            assert re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])|Present", value), column
        elif column == "State":
            assert re.fullmatch(r"[A-Z]{2}", value)


@pytest.mark.parametrize("sample", SENDABLE, ids=lambda sample: str(sample.userid))
def test_people_are_invented(sample: Sample):
    text = sample.text or ""
    addresses = re.findall(r"[\w.+-]+@([\w.-]+\w)", text.casefold())
    assert all(re.fullmatch(r"(?:\w+\.)?example\.(?:com|org)", address) for address in addresses)
    american = re.findall(r"\(?\b\d{3}\)?[-. ](\d{3})[-. ](\d{4})\b", text.replace("+", "\n+"))
    for exchange, line in american:
        assert (exchange, line[:2]) == ("555", "01"), (exchange, line)


@pytest.mark.parametrize("sample", SENDABLE, ids=lambda sample: str(sample.userid))
def test_contact_answers_stand_in_the_text(sample: Sample):
    text = (sample.text or "").casefold()
    for column in ("Phone1", "Phone2"):
        value = sample.expected.get(column)
        assert value is None or value.casefold() in text


def test_a_badly_named_or_headless_file_is_an_error():
    from resume_assets import samples

    with pytest.raises(ValueError, match="begins with"):
        samples._read("nobody.md", "+++\nnote = 'x'\n+++\n")
    with pytest.raises(ValueError, match="begins with"):
        samples._read("17-x.md", "note = 'x'\n")


def test_shorthands_become_columns():
    from resume_assets import samples

    read = samples._read(
        "7-x.md",
        '+++\nnote = "n"\nempty = ["City"]\nline_end = "\\r\\n"\n'
        'positions = [["A", "2019-01", "", "?"], ["B"], "..."]\n+++\none\ntwo\n',
    )
    assert read == Sample(
        7,
        "one\r\ntwo\r\n",
        {
            "City": None,
            "MostRecentCompany": "A",
            "MostRecentStartDate": "2019-01",
            "MostRecentEndDate": None,
            "SecondMostRecentCompany": "B",
        },
        "n",
    )
