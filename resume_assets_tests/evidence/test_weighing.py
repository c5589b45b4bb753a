"""A record against its resume: what is counted, and that what stands there plainly costs little."""

import pytest

from resume_assets.evidence import weighing
from resume_assets.evidence.folding import Folded
from resume_assets.evidence.weighing import weigh
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.values import Change, Changes, Weight

NAMES = [column.name for column in COLUMNS]


def record(values: dict[str, str]) -> list[str | None]:
    assert values.keys() <= set(NAMES)
    return [values.get(name) for name in NAMES]


def weighed(values: dict[str, str], text: str, **changes: Change) -> Weight:
    kept: Changes = dict(changes)
    return weigh(record(values), kept, text)


PLAIN = """\
ada@example.com
Ada Nord | (512) 555-0142 | linkedin.com/in/ada-nord, Austin, TX
Senior Welder, Steel & Sons, Dallas, TX
2019-03 to 2021, Éclair Café
Welding, Soldering"""

STAND_THERE = {
    "FirstName": "Ada",
    "LastName": "Nord",
    "Email": "ada@example.com",
    "Phone1": "(512) 555-0142",
    "Linkedin": "linkedin.com/in/ada-nord",
    "City": "Austin",
    "State": "TX",
    "PrimaryTitle": "Senior Welder",
    "MostRecentCompany": "Steel & Sons",
    "MostRecentLocation": "TX",
    "MostRecentStartDate": "2019-03",
    "MostRecentEndDate": "2021-05",
    "SecondMostRecentCompany": "Éclair Café",
    "SecondMostRecentEndDate": "Present",
    "Skill1": "Soldering",
    "Skill2": "Welding",
}


@pytest.fixture
def _unfolded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> Folded:
        raise AssertionError("a resume was folded as a whole")

    monkeypatch.setattr(weighing, "Folded", refused)


@pytest.mark.usefixtures("_unfolded")
def test_what_stands_there_as_it_is_is_found_without_folding() -> None:
    assert weighed(STAND_THERE, PLAIN) == Weight(len(STAND_THERE) - 1, ()), "all but Present"


@pytest.mark.usefixtures("_unfolded")
@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("Email", "a@b.example", "a@b.example"),
        ("Email", "a@b.example", "<a@b.example>"),
        ("Phone1", "555-0142", "(555-0142)"),
        ("State", "TX", "Austin, TX"),
        ("State", "TX", "Austin, TX 78701"),
        ("MostRecentLocation", "TX", "Austin, TX"),
        ("MostRecentStartDate", "2019-03", "2019"),
        ("MostRecentStartDate", "2019-03", "(2019)"),
        ("Skill1", "SQL", "SQL"),
        ("Skill1", "Wound care", "a" * 500 + " wound CARE"),
        ("LastName", "O'Brien", "O'Brien"),
    ],
)
def test_the_same_of_one_value(column: str, value: str, text: str) -> None:
    assert weighed({column: value}, text) == Weight(1, ())


@pytest.mark.usefixtures("_unfolded")
@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("Email", "a@b.example", "aa@b.example"),
        ("Email", "a@b.example", "a@b.example.com"),
        ("Email", "a@b.example", "nobody's"),
        ("State", "TX", "TX"),
        ("State", "TX", "Austin, TXX"),
        ("State", "TX", "Austin, TXX and so on"),
        ("State", "AT", "work, AT&T"),
        ("MostRecentLocation", "TX", "in TX"),
        ("MostRecentLocation", "XX", "Austin, XX"),
        ("MostRecentStartDate", "2019-03", "12019"),
        ("MostRecentStartDate", "2019-03", "20191"),
        ("MostRecentStartDate", "2019-03", "20191 and so on"),
        ("MostRecentStartDate", "2019-03", "2018"),
        ("Skill1", "Go", "let it go"),
        ("Skill1", "TX", "Austin, TX"),
    ],
)
def test_what_is_not_plain_is_looked_at_closely(column: str, value: str, text: str) -> None:
    with pytest.raises(AssertionError, match="folded as a whole"):
        weighed({column: value}, text)


def test_what_is_missing_is_named_in_the_order_of_the_columns() -> None:
    wrong = {"Skill1": "Haskell", "Email": "x@y.example", "State": "WY", "LastName": "Nord"}
    weight = weighed(wrong | {"MostRecentStartDate": "2016-01"}, PLAIN)
    assert weight.checked == 5
    wanted = {"Skill1", "Email", "State", "MostRecentStartDate"}
    assert weight.missing == tuple(name for name in NAMES if name in wanted)


def test_the_same_value_in_two_columns_is_missing_in_both() -> None:
    weight = weighed({"MostRecentCompany": "Globex", "SecondMostRecentCompany": "Globex"}, PLAIN)
    assert weight == Weight(2, ("MostRecentCompany", "SecondMostRecentCompany"))
    dates = {"MostRecentStartDate": "2011-01", "MostRecentEndDate": "2011-04"}
    assert weighed(dates, PLAIN) == Weight(2, ("MostRecentStartDate", "MostRecentEndDate"))


def test_numbers_of_years_count_where_the_model_alone_says_them() -> None:
    column = next(one.name for one in COLUMNS if one.evidence.value == "computed")
    text = "over 12 years of welding"
    assert weighed({column: "12"}, text) == Weight(0, ())
    assert weighed({column: "12"}, text, **{column: Change.claimed}) == Weight(1, ())
    assert weighed({column: "9"}, text, **{column: Change.claimed}) == Weight(1, (column,))
    assert weighed({column: "9"}, text, **{column: Change.cut}) == Weight(0, ())
    assert weighed({}, text, **{column: Change.claimed}) == Weight(0, ())


def test_what_needs_no_evidence_is_not_counted() -> None:
    judged = next(one.name for one in COLUMNS if one.evidence.value == "judged")
    assert weighed({judged: "Energy", "MostRecentEndDate": "Present"}, PLAIN) == Weight(0, ())
