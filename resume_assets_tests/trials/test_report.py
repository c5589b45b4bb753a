"""What a trial's report says, and that it says nothing of a person."""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from resume_assets.trials.report import PRESENT, TrialReport, as_json, from_json, report_of
from resume_assets.trials.report_page import page_of
from resume_assets.trials.report_text import lines_of, signed
from resume_assets.trials.results import TrialResult, VariantResult
from resume_assets.trials.statistics import Figure

OURS = {
    "FirstName": "Zebulon",
    "Email": "zebulon@marker.example",
    "Skill1": "Beekeeping",
    "City": "Markertown",
}


def variant(name: str, records: Mapping[Any, Mapping[str, Any]], **others: Any) -> VariantResult:
    """A variant whose every request went well, but for what is given."""
    facts: dict[str, Any] = {
        "model": name,
        "prompt": "lean",
        "reasons": {},
        "not_borne_out": None,
        "checked": None,
        "requests": 10,
        "input_tokens": 9_000,
        "cached_tokens": 0,
        "cache_write_tokens": 0,
        "output_tokens": 4_000,
        "cost_usd": Decimal("0.05"),
        "seconds": 3_700.0,
    }
    return VariantResult(name=name, records=records, **facts | others)


def trial(*variants: VariantResult, **others: Any) -> TrialResult:
    """A trial of ten resumes."""
    facts: dict[str, Any] = {
        "seed": 7,
        "sample": tuple(range(10)),
        "changed": frozenset(),
        "present": {},
        "gold": {},
    }
    return TrialResult(key="trial-1", variants=variants, **facts | others)


ALL = dict.fromkeys(range(10), OURS)
OTHER = {userid: OURS | {"FirstName": "Zeb"} for userid in range(9)}


def test_a_variants_figures() -> None:
    poor = variant("b", OTHER, reasons={"refused: policy": 1}, cost_usd=None)
    first, second = report_of(trial(variant("a", ALL), poor)).variants
    assert first.usable is not None
    assert second.usable is not None
    assert (first.usable.value, second.usable.value) == (1.0, 0.9)
    assert first.cost_per_thousand_usd == pytest.approx(5.0)
    assert second.cost_per_thousand_usd is None
    assert second.reasons == {"refused: policy": 1}
    assert first.coverage is not None
    assert first.coverage.value == pytest.approx(4 / 78)
    assert first.borne_out is None
    assert first.quality is None


def test_changed_resumes_count_for_nobody() -> None:
    left = dict.fromkeys(range(8), OURS)
    both = trial(variant("a", left), variant("b", left), changed=frozenset({8, 9}))
    report = report_of(both)
    assert report.changed == 2
    assert [one.usable and one.usable.cases for one in report.variants] == [8, 8]
    assert "2 of them changed meanwhile" in "\n".join(lines_of(report))


def test_the_columns_that_differ_most_stand_first_with_the_userids() -> None:
    changed = OTHER | {0: OURS | {"FirstName": "Zeb", "Email": None}}
    (pair,) = report_of(trial(variant("a", ALL), variant("b", changed))).pairs
    assert pair.resumes == 9
    names = [column.column for column in pair.columns]
    assert names == ["FirstName", "Email", "City", "Skill1"]
    first, second, third, _ = pair.columns
    assert (first.equal, first.different, first.only_one) == (0, 9, 0)
    assert first.userids == tuple(map(str, range(9)))
    assert (second.equal, second.only_one, second.userids) == (8, 1, ("0",))
    assert (third.equal, third.userids) == (9, ())
    assert pair.agreement is not None
    assert pair.agreement.value == pytest.approx(26 / 36)


def test_at_most_ten_userids_are_named_for_a_column() -> None:
    many = dict.fromkeys(range(12), OURS)
    others = dict.fromkeys(range(1, 12), OURS | {"City": "Elsewhere", "Email": "x@y.example"})
    result = trial(variant("a", many), variant("b", others), sample=tuple(range(12)))
    (pair,) = report_of(result).pairs
    assert pair.resumes == 11, "that both have"
    # As often different: by name.
    assert [one.column for one in pair.columns] == ["City", "Email", "FirstName", "Skill1"]
    assert [one.compared for one in pair.columns] == [11] * 4
    assert pair.columns[0].userids == tuple(map(str, range(1, 11)))


def test_a_pairs_differences_are_of_the_resumes_that_both_have() -> None:
    less = {userid: {"FirstName": "Zebulon", "Email": None} for userid in range(5)}
    gold = {userid: {"FirstName": "Zebulon", "Email": OURS["Email"]} for userid in range(5)}
    (pair,) = report_of(trial(variant("a", ALL), variant("b", less), gold=gold)).pairs
    assert pair.usable is not None
    assert (pair.usable.value, pair.usable.cases) == (0.5, 10), "of all resumes"
    assert pair.coverage is not None
    assert pair.coverage.value == pytest.approx(3 / 78)
    assert pair.coverage.cases == 5
    assert pair.f1 is not None
    # 2 of 2 and 2, against 1 of 1 and 2.
    assert pair.f1.value == pytest.approx(1 - 2 / 3)
    assert pair.borne_out is None


def test_what_a_variant_tells_of_itself_is_handed_on() -> None:
    told = variant("a", ALL, requests=4, input_tokens=1, cached_tokens=2, cache_write_tokens=3)
    told = replace(told, records=dict.fromkeys(range(9), OURS))
    report = report_of(trial(told, variant("b", {}, requests=0), changed=frozenset({9})))
    first, second = report.variants
    assert (first.requests, first.input_tokens, first.output_tokens) == (4, 1, 4_000)
    assert (first.cached_tokens, first.cache_write_tokens, first.seconds) == (2, 3, 3_700.0)
    assert first.cost_usd == 0.05
    assert first.cost_per_thousand_usd == pytest.approx(12.5)
    assert (first.model, first.prompt) == ("a", "lean")
    assert second.cost_per_thousand_usd is None, "of no request"
    assert (report.trial_key, report.seed, report.resumes, report.changed) == ("trial-1", 7, 10, 1)


def test_the_most_frequent_reason_stands_first() -> None:
    reasons = {"cut: length": 1, "refused: policy": 3, "missing": 2}
    report = report_of(trial(variant("a", {}, reasons=reasons), variant("b", {})))
    assert list(report.variants[0].reasons) == ["refused: policy", "missing", "cut: length"]


def test_known_answers_of_changed_resumes_count_for_nobody() -> None:
    gold = {0: {"FirstName": "Zebulon"}, 9: {"FirstName": "Zebulon", "City": "Markertown"}}
    left = dict.fromkeys(range(9), OURS)
    both = trial(variant("a", left), variant("b", left), gold=gold, changed=frozenset({9}))
    quality = report_of(both).variants[0].quality
    assert quality is not None
    assert quality.known == 1
    assert quality.f1 is not None
    assert quality.f1.value == 1.0


def test_wrong_missing_and_invented_values_in_the_scores() -> None:
    """Of four answers one right, one wrong, one missing; and a value where there is none."""
    gold = {0: {"FirstName": "Zebulon", "State": "TX", "Phone1": "555-0134", "Email": None}}
    given = {0: {"FirstName": "Zebulon", "State": "LA", "Email": "a@b.example"}}
    quality = report_of(trial(variant("a", given), variant("b", {}), gold=gold)).variants[0].quality
    assert quality is not None
    for figure, value in (
        (quality.precision, 1 / 3),
        (quality.recall, 1 / 3),
        (quality.f1, 2 / 6),
    ):
        assert figure is not None
        assert figure.value == pytest.approx(value)
    assert quality.known == 4


def test_evidence_counts_by_resume() -> None:
    checked = dict.fromkeys(range(10), 10)
    made_up = variant("b", ALL, checked=checked, not_borne_out={0: frozenset({"Email", "Phone1"})})
    honest = variant("a", ALL, checked=checked, not_borne_out={})
    report = report_of(trial(honest, made_up))
    assert [one.borne_out and one.borne_out.value for one in report.variants] == [1.0, 0.98]
    assert report.pairs[0].borne_out is not None
    assert report.pairs[0].borne_out.value == pytest.approx(0.02)


def test_quality_is_known_where_answers_are() -> None:
    gold = {0: {"FirstName": "Zebulon", "City": None}, 9: {"FirstName": "Zebulon"}}
    report = report_of(trial(variant("a", ALL), variant("b", OTHER), gold=gold))
    first, second = (one.quality for one in report.variants)
    assert first is not None
    assert second is not None
    assert (first.known, second.known) == (3, 3)
    assert first.recall is not None
    assert first.recall.value == 1.0  # 2 of 2
    assert first.precision is not None
    assert first.precision.value == pytest.approx(2 / 3)  # and a city invented
    # Of resume 0 another name, of resume 9 no record at all.
    assert second.recall is not None
    assert second.recall.value == 0.0


def test_the_present_record_is_compared_and_not_judged() -> None:
    report = report_of(trial(variant("a", ALL), variant("b", ALL), present={3: OURS}))
    names = [(pair.first, pair.second, pair.resumes) for pair in report.pairs]
    assert names == [("a", "b", 10), ("a", PRESENT, 1), ("b", PRESENT, 1)]
    assert report.pairs[1].f1 is None


def test_a_difference_that_may_be_chance_says_so() -> None:
    assert "may be chance" in signed(Figure(0.01, -0.02, 0.04, 200))
    assert "may be chance" not in signed(Figure(0.03, 0.01, 0.05, 200))


@pytest.fixture
def report() -> TrialReport:
    gold = {0: {"FirstName": "Zebulon"}}
    second = variant("gpt-4.1-mini with prompt detailed", OTHER, reasons={"cut: length": 1})
    return report_of(trial(variant("a", ALL), second, present={1: OTHER[1]}, gold=gold))


def test_the_report_holds_no_value_of_a_person(report: TrialReport) -> None:
    told = as_json(report).decode() + "\n".join(lines_of(report)) + page_of(report)
    for value in (*OURS.values(), "Zeb"):
        assert value not in told


def test_json_and_back(report: TrialReport) -> None:
    assert from_json(as_json(report)) == report


def test_a_terminal_of_80_columns_is_wide_enough(report: TrialReport) -> None:
    assert max(map(len, lines_of(report))) < 80


def test_the_page_shows_values_side_by_side_and_runs_nothing() -> None:
    attack = "<script>alert(1)</script>\"'&"
    spoiled = {userid: OURS | {"FirstName": attack} for userid in range(10)}
    result = trial(variant("a", ALL), variant(f"b{attack}", spoiled))
    page = page_of(report_of(result), result)
    assert "Zebulon" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert not re.search(r"\b(?:src|href|on\w+)\s*=", page)
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page


def test_a_trial_of_which_nothing_came_back_is_told_too() -> None:
    nothing = variant("a", {}, reasons={"failed: 404": 10}, cost_usd=Decimal(0), seconds=None)
    result = trial(nothing, replace(nothing, name="b"))
    report = report_of(result)
    assert report.variants[0].usable is not None
    assert report.variants[0].usable.value == 0
    assert report.pairs[0].agreement is None
    assert "gave no record: failed: 404" in "\n".join(lines_of(report))
    assert "not known" in page_of(report, result)
