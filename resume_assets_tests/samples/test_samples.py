import re
from collections import Counter

import pytest

from resume_assets.evaluation import Since
from resume_assets.evaluation.groups import GROUP_OF, JOB_COLUMNS, JUDGEMENT
from resume_assets.extraction import numbers
from resume_assets.extraction.candidate import COLUMNS, ColumnKind
from resume_assets.extraction.text import text_hash
from resume_assets.samples import Sample, gold, load
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
    lengths = [
        tokens.count(sample.text)
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
        if value is None or isinstance(value, Since):
            continue
        assert isinstance(value, str)
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
        assert value is None or str(value).casefold() in text


def test_a_badly_named_or_headless_file_is_an_error():
    from resume_assets import samples

    with pytest.raises(ValueError, match="begins with"):
        samples._read("nobody.md", "+++\nnote = 'x'\n+++\n")
    with pytest.raises(ValueError, match="begins with"):
        samples._read("17-x.md", "note = 'x'\n")


def test_each_column_that_is_no_matter_of_taste_has_ten_known_answers_and_ten_nulls():
    known: Counter[str] = Counter()
    nulls: Counter[str] = Counter()
    for sample in SENDABLE:
        for column, value in sample.expected.items():
            (nulls if value is None else known)[column] += 1
    for column, group in GROUP_OF.items():
        least = 0 if group == JUDGEMENT else 10
        assert (known[column] >= least, nulls[column] >= least) == (True, True), column
        if group == JUDGEMENT:
            assert known[column] == nulls[column] == 0


def test_the_gold_is_what_can_be_sent():
    assert {known.userid for known in gold()} == {str(sample.userid) for sample in SENDABLE}
    hashes = {text_hash(sample.text) for sample in SENDABLE if sample.text}
    assert {known.text_hash for known in gold()} == hashes


@pytest.mark.parametrize("sample", SENDABLE, ids=lambda sample: str(sample.userid))
def test_known_years_are_those_of_the_known_jobs(sample: Sample):
    """Worked out when the answers were written, and here once more, from the known dates."""
    spans = []
    for job in JOB_COLUMNS:
        start, end = (sample.expected.get(job[part]) for part in ("StartDate", "EndDate"))
        if start is not None:
            assert isinstance(start, str)
            assert isinstance(end, str)
            spans.append((start, end))
    for column in ("YearsofExperience", "AvgTenure"):
        value = sample.expected.get(column)
        if isinstance(value, str):
            jobs = [numbers.job(start, end, None, 12 * 2026) for start, end in spans]
            years = (
                numbers.average_tenure(jobs)
                if column == "AvgTenure"
                else numbers.years_of_experience(jobs, None)
            )
            assert float(value) == pytest.approx(float(years.text or "nan"), abs=0.1)
        elif isinstance(value, Since):
            assert value.month == min(start for start, _ in spans)
            assert max(end for _, end in spans) == "Present"


def test_shorthands_become_columns():
    from resume_assets import samples

    head = """+++
note = "n"
empty = ["City", "Years"]
line_end = "\\r\\n"
positions = [["A", "2019-01", "", "?"], ["B"], "..."]
Phone = ["555-0134"]
SoftwareLanguage = ["C", "..."]
since = { LengthinUS = "2015-06" }
+++
one
two
"""
    assert samples._read("7-x.md", head) == Sample(
        7,
        "one\r\ntwo\r\n",
        {
            "City": None,
            "LengthinUS": Since("2015-06"),
            "YearsofExperience": None,
            "AvgTenure": None,
            "MostRecentCompany": "A",
            "MostRecentStartDate": "2019-01",
            "MostRecentEndDate": None,
            "SecondMostRecentCompany": "B",
            "Phone1": "555-0134",
            "Phone2": None,
            "PrimarySoftwareLanguage": "C",
        },
        "n",
    )


def test_after_the_last_position_there_is_no_other():
    from resume_assets import samples

    head = '+++\nnote = "n"\npositions = [["A", "2019-01", "Present", "?"]]\n+++\n'
    expected = samples._read("7-x.md", head).expected
    rest = [column for job in JOB_COLUMNS[1:] for column in job.values()]
    assert [expected[column] for column in rest] == [None] * 24
    assert "MostRecentLocation" not in expected
    nobody = samples._read("7-x.md", '+++\nnote = "n"\npositions = []\n+++\n').expected
    assert nobody == dict.fromkeys(column for job in JOB_COLUMNS for column in job.values())
