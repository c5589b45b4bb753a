"""The measures, as their docstrings define them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.evaluation import Report, Score, Verdict, score
from resume_assets.evaluation.groups import GROUP_OF, GROUPS
from resume_assets.evaluation.measures import FIGURES
from resume_assets.extraction.candidate import COLUMNS
from resume_assets_tests.evaluation.test_comparing import records

counts = st.integers(0, 1_000)
scores = st.builds(Score, counts, counts, counts, counts, counts)


def test_each_share_from_its_counts():
    one = Score(right=6, wrong=2, missing=4, invented=1, empty=7)
    assert (one.known, one.nulls, one.cases, one.met) == (12, 8, 20, 13)
    assert one.accuracy == 13 / 20
    assert one.precision == 6 / 9
    assert one.recall == 6 / 12
    assert one.f1 == 12 / (12 + 4 + 4 + 1)
    assert one.coverage == 8 / 12


def test_of_nothing_there_is_no_share():
    assert Score().as_dict() == dict.fromkeys(FIGURES[:6], 0) | dict.fromkeys(FIGURES[6:])
    only_nulls = Score(empty=3)
    assert only_nulls.accuracy == 1.0
    assert (only_nulls.precision, only_nulls.recall, only_nulls.f1) == (None, None, None)


@given(scores)
def test_shares_are_shares_and_f1_is_the_harmonic_mean(one: Score):
    for share in (one.accuracy, one.precision, one.recall, one.f1, one.coverage):
        assert share is None or 0.0 <= share <= 1.0
    if one.precision and one.recall:
        mean = 2 * one.precision * one.recall / (one.precision + one.recall)
        assert one.f1 == pytest.approx(mean)


@given(scores, scores)
def test_counts_add_up(one: Score, other: Score):
    both = one + other
    assert both.cases == one.cases + other.cases
    assert both.right == one.right + other.right


@given(st.sampled_from(Verdict))
def test_each_verdict_has_its_count(verdict: Verdict):
    one = Score()
    one.count(verdict)
    assert one.cases == 1
    assert getattr(one, verdict) == 1


def test_by_column_group_and_in_all():
    report = score(
        [
            ({"City": "Austin", "State": "TX"}, {"City": "Austin", "State": None}),
            ({"City": "Austin", "State": None, "Email": "a@x.org"}, {"City": "Waco"}),
        ]
    )
    assert report.records == 2
    assert report.by_column == {
        "City": Score(right=1, wrong=1),
        "State": Score(missing=1, empty=1),
        "Email": Score(missing=1),
    }
    assert report.by_group == {
        "address": Score(right=1, wrong=1, missing=1, empty=1),
        "contact": Score(missing=1),
    }
    assert report.total == Score(right=1, wrong=1, missing=2, empty=1)
    assert [column for column, _ in report.worst_first()] == ["City", "State", "Email"]


def test_nothing_is_a_report_too():
    assert score([]) == Report()
    assert Report().total == Score()


@given(st.lists(st.tuples(records, records), max_size=4))
def test_sums_are_those_of_the_columns(pairs: list[tuple[dict[str, Any], dict[str, Any]]]):
    report = score(pairs)
    assert list(report.by_column) == [c.name for c in COLUMNS if c.name in report.by_column]
    assert list(report.by_group) == [group for group in GROUPS if group in report.by_group]
    assert report.total == sum(report.by_group.values(), Score())
    known = [(column, value) for one, _ in pairs for column, value in one.items()]
    assert set(report.by_column) == {column for column, _ in known}
    for column, one in report.by_column.items():
        if column != "Certifications":  # which has a case for each item
            told = [value for name, value in known if name == column]
            assert one.cases == len(told)
            assert one.known == sum(bool(value and value.strip()) for value in told)


@given(records)
def test_a_record_against_itself_is_perfect(record: dict[str, Any]):
    total = score([(record, record)]).total
    assert total.accuracy in (1.0, None)
    assert total.f1 in (1.0, None)
    assert (total.wrong, total.missing, total.invented) == (0, 0, 0)


def test_each_column_has_a_group():
    assert set(GROUP_OF) == {column.name for column in COLUMNS}
    assert set(GROUP_OF.values()) == set(GROUPS)


def test_a_report_is_json():
    told = score([({"City": "Austin"}, {"City": "Waco"})]).as_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["records"] == 1
    assert told["columns"]["City"]["group"] == "address"
    assert told["columns"]["City"]["wrong"] == told["groups"]["address"]["wrong"] == 1
    assert "Austin" not in json.dumps(told)
