import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.evaluation import (
    ColumnScore,
    Evaluation,
    Verdict,
    compare,
    evaluate,
)

RIGHT, WRONG, MISSING = Verdict.right, Verdict.wrong, Verdict.missing

values = st.none() | st.text(max_size=20)
records = st.dictionaries(st.sampled_from([column.name for column in COLUMNS]), values)


@pytest.mark.parametrize(
    ("column", "expected", "actual", "verdict"),
    [
        ("FirstName", "Jane", "Jane", RIGHT),
        ("FirstName", "Jane", "  JANE ", RIGHT),
        ("FirstName", "Jane", "Janet", WRONG),
        ("FirstName", "Jane", None, MISSING),
        ("FirstName", "Jane", "", MISSING),
        ("FirstName", None, None, RIGHT),
        ("FirstName", None, "", RIGHT),
        ("FirstName", None, "Jane", WRONG),
        ("LastName", "Łódzki", "Lodzki", WRONG),
        ("LastName", "O'Brien", "O’Brien", RIGHT),
        ("MostRecentCompany", "Front Range Builders, Inc.", "Front Range Builders Inc", RIGHT),
        ("MostRecentCompany", "Café Zahra", "Cafe\u0301 Zahra", RIGHT),
        ("MostRecentStartDate", "2019-03", "2019-04", WRONG),
        ("Phone1", "(512) 555-0142", "+1 512.555.0142", RIGHT),
        ("Phone1", "(512) 555-0142", "(512) 555-0143", WRONG),
        ("Phone1", "555-0134", "5550134", RIGHT),
        ("Linkedin", "linkedin.com/in/jane", "https://www.linkedin.com/in/jane/", RIGHT),
        ("Linkedin", "linkedin.com/in/jane", "linkedin.com/in/john", WRONG),
        ("Bachelors", "B.S. in Nursing", "Bachelor of Science in Nursing", RIGHT),
        ("Bachelors", "B.S. in Nursing", "Bachelor of Science in Physics", WRONG),
        ("Masters", "MBA", "Master of Business Administration", RIGHT),
        ("Certifications", "PMP, OSHA 30", "OSHA 30, pmp", RIGHT),
        ("Certifications", "PMP, OSHA 30", "PMP", WRONG),
        ("YearsofExperience", "5", "5.0", RIGHT),
        ("YearsofExperience", "5", "6", WRONG),
    ],
)
def test_one_column(column, expected, actual, verdict):
    assert compare({column: expected}, {column: actual}) == {column: verdict}


def test_a_place_within_a_list_does_not_matter():
    assert compare({"Skill1": "Triage"}, {"Skill7": "triage"}) == {"Skill1": RIGHT}
    assert compare({"PrimaryTitle": "Nurse"}, {"TertiaryTitle": "Nurse"}) == {"PrimaryTitle": RIGHT}
    assert compare({"Email": "a@example.com"}, {"Email2": "A@example.com"}) == {"Email": RIGHT}


def test_but_lists_are_not_mixed():
    actual = {"SoftwareApp1": "Excel", "PrimaryCategory": "Nursing", "SecondMostRecentCompany": "A"}
    assert compare({"Skill1": "Excel"}, actual) == {"Skill1": MISSING}
    assert compare({"PrimaryTitle": "Nursing"}, actual) == {"PrimaryTitle": MISSING}
    assert compare({"MostRecentCompany": "A"}, actual) == {"MostRecentCompany": MISSING}


def test_what_is_not_expected_is_not_judged():
    assert compare({}, {"FirstName": "Jane"}) == {}


def test_adding_up():
    evaluation = evaluate(
        [
            ({"City": "Austin", "State": "TX"}, {"City": "Austin", "State": None}),
            ({"City": "Austin", "State": None}, {"City": "Waco", "State": None}),
        ]
    )
    assert evaluation.records == 2
    assert evaluation.columns == {
        "City": ColumnScore("City", right=1, wrong=1),
        "State": ColumnScore("State", right=1, missing=1),
    }
    assert (evaluation.right, evaluation.expected, evaluation.share) == (2, 4, 0.5)
    assert evaluation.columns["City"].accuracy == 0.5
    in_order = evaluation.in_order(["State", "Phone1", "City"])
    assert [score.column for score in in_order] == ["State", "City"]


def test_of_nothing_all_is_met():
    assert Evaluation().share == 1.0
    assert ColumnScore("City").accuracy == 1.0


@given(records)
def test_a_record_meets_itself(record):
    assert set(compare(record, record).values()) <= {RIGHT}


@given(st.lists(st.tuples(records, records), max_size=5), st.lists(st.tuples(records, records)))
def test_evaluations_add_up_in_parts(first, second):
    together = evaluate([*first, *second])
    merged = evaluate(first)
    merged.merge(evaluate(second))
    assert merged == together
    assert together.expected == sum(len(expected) for expected, _ in [*first, *second])
    assert 0.0 <= together.share <= 1.0
