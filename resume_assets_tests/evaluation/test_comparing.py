"""Which value is compared with which: lists as sets, jobs one to one."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.evaluation import Agreement, Not, Verdict, agreement, judge
from resume_assets.evaluation.groups import JOB_COLUMNS
from resume_assets.extraction.candidate import COLUMNS

RIGHT, WRONG, MISSING = Verdict.right, Verdict.wrong, Verdict.missing
INVENTED, EMPTY = Verdict.invented, Verdict.empty

NAMES = [column.name for column in COLUMNS]
values = st.none() | st.text(max_size=12) | st.sampled_from(["2019-03", "Present", "4.5", "A, B"])
records = st.dictionaries(st.sampled_from(NAMES), values)


def verdicts(known: dict[str, Any], record: dict[str, Any]) -> dict[str, Verdict]:
    """For known answers of which no column has several."""
    found = list(judge(known, record))
    assert len(dict(found)) == len(found)
    return dict(found)


def with_jobs(*jobs: tuple[str | None, ...]) -> dict[str, Any]:
    """A record of these jobs (company, start, end, location), and no others."""
    record: dict[str, Any] = {column: None for job in JOB_COLUMNS for column in job.values()}
    for columns, job in zip(JOB_COLUMNS, jobs, strict=False):
        parts = ("Company", "StartDate", "EndDate", "Location")
        record |= {columns[part]: value for part, value in zip(parts, job, strict=True)}
    return record


A = ("Ironclad Fabrication LLC", "2018-04", "Present", "Tulsa, OK")
B = ("Red River Pipeline", "2014-01", "2018-03", "Ardmore, OK")
C = ("Broken Arrow Steel", "2010-08", "2013-12", None)
EXTRA = ("Self-employed", "2024-01", "Present", "Remote")


@pytest.mark.parametrize(
    ("known", "value", "verdict"),
    [
        ("Austin", "AUSTIN", RIGHT),
        ("Austin", "Waco", WRONG),
        ("Austin", None, MISSING),
        ("Austin", "", MISSING),
        (None, None, EMPTY),
        ("", None, EMPTY),
        (None, "", EMPTY),
        (None, "Waco", INVENTED),
        (Not("Waco"), "waco", WRONG),
        (Not("Waco"), "Austin", None),
        (Not("Waco"), None, None),
        (Not(None), None, MISSING),
        (Not(None), "Austin", None),
    ],
)
def test_one_column(known: Any, value: str | None, verdict: Verdict | None):
    expected = {} if verdict is None else {"City": verdict}
    assert verdicts({"City": known}, {"City": value}) == expected


def test_what_is_not_known_is_not_judged():
    assert verdicts({}, {"FirstName": "Jane", "Skill1": "Law", "MostRecentCompany": "A"}) == {}


def test_a_column_that_a_record_does_not_name_is_null():
    assert verdicts({"City": "Austin", "State": None}, {}) == {"City": MISSING, "State": EMPTY}


class TestLists:
    def test_a_place_within_a_list_does_not_matter(self):
        assert verdicts({"Skill1": "Triage"}, {"Skill7": "triage"}) == {"Skill1": RIGHT}
        assert verdicts({"Email": "a@x.org"}, {"Email2": "A@x.org"}) == {"Email": RIGHT}

    def test_a_list_ends_with_its_first_known_null(self) -> None:
        assert verdicts({"Email": None}, {"Email": "a@x.org"}) == {"Email": INVENTED}
        assert verdicts({"Skill2": None}, {"Skill1": "Sql", "Skill2": "Go"}) == {"Skill2": INVENTED}
        assert verdicts({"Skill2": None}, {"Skill1": "Sql"}) == {"Skill2": EMPTY}

    def test_lists_are_not_mixed(self):
        record = {"SoftwareApp1": "Excel", "PrimaryCategory": "Nursing"}
        assert verdicts({"Skill1": "Excel"}, record) == {"Skill1": MISSING}
        assert verdicts({"PrimaryTitle": "Nursing"}, record) == {"PrimaryTitle": MISSING}

    def test_a_value_counts_once(self):
        known = {"Phone1": "(512) 555-0142", "Phone2": "512.555.0142"}
        found = verdicts(known, {"Phone1": "(512) 555-0142"})
        assert sorted(found.values()) == [MISSING, RIGHT]

    def test_another_phone_is_wrong_though_only_one_is_known(self):
        assert verdicts({"Phone1": "555-0134"}, {"Phone1": "555-0135"}) == {"Phone1": WRONG}

    def test_other_skills_are_no_fault_where_not_all_are_known(self):
        known = {"Skill1": "Triage", "Skill2": "Dialysis"}
        record = {f"Skill{n}": f"Other {n}" for n in range(1, 8)} | {"Skill9": "Triage"}
        assert verdicts(known, record) == {"Skill1": RIGHT, "Skill2": MISSING}

    def test_other_skills_are_a_fault_where_all_are_known(self):
        known = {"Skill1": "Triage", "Skill2": "Dialysis"} | {
            f"Skill{n}": None for n in range(3, 11)
        }
        found = verdicts(known, {"Skill1": "Triage", "Skill2": "Law", "Skill3": "Art"})
        assert found["Skill1"] is RIGHT
        assert found["Skill2"] is WRONG
        assert [found[f"Skill{n}"] for n in range(3, 11)] == [INVENTED, *[EMPTY] * 7]

    def test_a_second_phone_that_is_none(self):
        known = {"Phone1": "555-0134", "Phone2": None}
        record = {"Phone1": "555-0199", "Phone2": "555-0134"}
        assert verdicts(known, record) == {"Phone1": RIGHT, "Phone2": INVENTED}

    @pytest.mark.parametrize(
        ("known", "record", "expected"),
        [
            # Each value that is left over stands in the place of one known answer.
            (("555-0134", "555-0135"), ("555-0198", "555-0199"), [WRONG, WRONG]),
            (("555-0134", "555-0135"), ("555-0198", None), [WRONG, MISSING]),
            ((None, None), ("555-0198", "555-0199"), [INVENTED, INVENTED]),
            ((None, None), ("555-0198", None), [INVENTED, EMPTY]),
            ((Not("555-0134"), None), ("555-0198", None), [EMPTY]),
            ((Not("555-0134"), None), ("555-0198", "555-0199"), [INVENTED]),
        ],
    )
    def test_what_is_left_over_of_two_phones(
        self, known: tuple[Any, Any], record: tuple[str, str | None], expected: list[Verdict]
    ) -> None:
        columns = ("Phone1", "Phone2")
        found = verdicts(
            dict(zip(columns, known, strict=True)), dict(zip(columns, record, strict=True))
        )
        assert [found[column] for column in columns if column in found] == expected

    def test_a_column_that_is_not_known_holds_one_value_of_its_own(self) -> None:
        one, two = {"Phone1": "555-0134"}, {"Phone1": "555-0134", "Phone2": "555-0135"}
        assert verdicts({"Phone2": None}, one) == {"Phone2": EMPTY}
        assert verdicts({"Phone2": None}, two) == {"Phone2": INVENTED}

    def test_a_skill_is_wrong_where_the_others_leave_it_no_room(self) -> None:
        ranks = ("Primary", "Secondary", "Tertiary")
        others = [(f"{rank}SoftwareLanguage", rank) for rank in ranks]
        known = {"PrimarySoftwareLanguage": "Go"}
        assert verdicts(known, dict(others)) == {"PrimarySoftwareLanguage": WRONG}
        assert verdicts(known, dict(others[:2])) == {"PrimarySoftwareLanguage": MISSING}

    def test_a_value_that_is_known_to_be_wrong(self):
        known = {"Skill1": Not("Cooking"), "Skill2": "Law"}
        assert verdicts(known, {"Skill5": "cooking", "Skill6": "Law"}) == {
            "Skill1": WRONG,
            "Skill2": RIGHT,
        }
        assert verdicts(known, {"Skill5": "Baking", "Skill6": "Law"}) == {"Skill2": RIGHT}

    def test_a_null_that_is_known_to_be_wrong(self):
        known = {"Phone1": "555-0134", "Phone2": Not(None)}
        assert verdicts(known, {"Phone1": "555-0134"}) == {"Phone1": RIGHT, "Phone2": MISSING}
        assert verdicts(known, {"Phone1": "555-0134", "Phone2": "555-0135"}) == {"Phone1": RIGHT}

    @pytest.mark.parametrize(
        ("known", "value", "expected"),
        [
            ("PMP, OSHA 30", "OSHA 30, pmp", [RIGHT, RIGHT]),
            ("PMP, OSHA 30", "PMP", [MISSING, RIGHT]),
            ("PMP, OSHA 30", "PMP, BLS", [RIGHT, WRONG]),
            ("PMP", "PMP, BLS, CPR", [INVENTED, INVENTED, RIGHT]),
            ("PMP, OSHA 30", None, [MISSING, MISSING]),
            (None, "PMP, BLS", [INVENTED, INVENTED]),
            (None, None, [EMPTY]),
            (Not("PMP"), "PMP", [WRONG]),
            (Not("PMP"), "BLS", []),
        ],
    )
    def test_a_list_in_one_column_is_judged_item_by_item(
        self, known: Any, value: str | None, expected: list[Verdict]
    ):
        found = judge({"Certifications": known}, {"Certifications": value})
        assert sorted(verdict for _, verdict in found) == expected


class TestJobs:
    def test_their_order_does_not_matter(self):
        found = verdicts(with_jobs(A, B, C), with_jobs(C, A, B))
        assert set(found.values()) == {RIGHT, EMPTY}

    def test_an_extra_one_in_front_costs_its_own_columns_alone(self):
        found = verdicts(with_jobs(A, B, C), with_jobs(EXTRA, A, B, C))
        invented = {column for column, verdict in found.items() if verdict is INVENTED}
        assert invented == set(JOB_COLUMNS[3].values())
        assert {found[name] for name in found if name not in invented} == {RIGHT, EMPTY}

    def test_an_extra_one_is_no_fault_where_not_all_are_known(self):
        known = {column: value for column, value in with_jobs(A, B).items() if value is not None}
        assert set(verdicts(known, with_jobs(EXTRA, A, B)).values()) == {RIGHT}

    def test_nor_where_one_between_is_not_known(self):
        known = with_jobs(A, B, C)
        for column in JOB_COLUMNS[1].values():
            del known[column]
        assert set(verdicts(known, with_jobs(A, B, C)).values()) == {RIGHT, EMPTY}

    def test_but_it_is_where_a_third_is_known_to_be_none(self):
        known = {"MostRecentCompany": A[0], "ThirdMostRecentCompany": None}
        assert set(verdicts(known, with_jobs(A, B)).values()) == {RIGHT, EMPTY}
        assert set(verdicts(known, with_jobs(EXTRA, A, B)).values()) == {RIGHT, INVENTED}

    def test_a_missing_one_costs_its_own_columns_alone(self):
        found = verdicts(with_jobs(A, B, C), with_jobs(A, C))
        assert {name for name, verdict in found.items() if verdict is MISSING} == set(
            JOB_COLUMNS[1].values()
        )
        assert WRONG not in found.values()

    def test_another_date_or_name_is_wrong_in_its_own_column(self):
        changed = ("Ironclad Fabrications", "2017-04", "Present", "Tulsa, OK")
        found = verdicts(with_jobs(A, B), with_jobs(B, changed))
        assert {name for name, verdict in found.items() if verdict is WRONG} == {
            "MostRecentCompany",
            "MostRecentStartDate",
        }

    def test_the_same_employer_twice_is_told_apart_by_its_dates(self):
        first, second = ("Saguaro", "2021-05", "Present", None), ("Saguaro", "2018-02", None, None)
        found = verdicts(with_jobs(first, second), with_jobs(second, first))
        assert set(found.values()) == {RIGHT, EMPTY}

    def test_a_job_with_nothing_in_common_is_wrong(self):
        found = verdicts({"MostRecentCompany": "Acme"}, {"MostRecentCompany": "Zenith"})
        assert found == {"MostRecentCompany": WRONG}

    def test_a_common_employer_says_more_than_what_both_lack(self):
        known = with_jobs(("Ironclad", None, None, None))
        record = with_jobs(("Zenith", None, None, None), ("Ironclad", "2019-01", None, None))
        found = verdicts(known, record)
        assert found["MostRecentCompany"] is RIGHT
        assert found["MostRecentStartDate"] is INVENTED

    @pytest.mark.parametrize(
        ("known", "one", "other"),
        [
            # A company says as much as both of the dates, a place as much as a common year.
            (
                ("Acme", "2019-01", "2020-01", None),
                ("Acme", "1990-02", "1991-02", None),
                ("Zenith", "2019-01", "2020-01", None),
            ),
            (
                (None, "2019-03", None, "Austin, TX"),
                (None, "2019-09", None, "Tulsa, OK"),
                (None, "1990-01", None, "Austin, TX"),
            ),
        ],
    )
    def test_of_two_that_are_as_much_alike_the_one_in_its_place_is_meant(
        self,
        known: tuple[str | None, ...],
        one: tuple[str | None, ...],
        other: tuple[str | None, ...],
    ) -> None:
        told = {name: value for name, value in with_jobs(known).items() if value is not None}
        for first, second in ((one, other), (other, one)):
            found = verdicts(told, with_jobs(first, second))
            expected = zip(JOB_COLUMNS[0].values(), known, first, strict=True)
            assert found == {
                name: RIGHT if value == its else WRONG
                for name, value, its in expected
                if value is not None
            }

    def test_one_that_could_stand_for_either_of_two_stands_for_one(self):
        known = {"MostRecentCompany": "Acme", "SecondMostRecentCompany": "Zenith"}
        found = verdicts(known, {"ThirdMostRecentCompany": "Iron Works"})
        assert sorted(found.values()) == [MISSING, WRONG]

    def test_a_known_null_within_a_job(self):
        known = with_jobs(C)
        assert verdicts(known, with_jobs((*C[:3], "Tulsa, OK")))["MostRecentLocation"] is INVENTED

    def test_a_value_known_to_be_wrong_stays_with_its_job(self):
        known = {"SecondMostRecentCompany": B[0], "SecondMostRecentEndDate": Not("2018-03")}
        assert verdicts(known, with_jobs(EXTRA, A, B)) == {
            "SecondMostRecentCompany": RIGHT,
            "SecondMostRecentEndDate": WRONG,
        }
        better = (B[0], B[1], "2018-04", B[3])
        assert verdicts(known, with_jobs(EXTRA, A, better)) == {"SecondMostRecentCompany": RIGHT}

    def test_a_job_of_which_only_a_wrong_null_is_known(self):
        known = {"MostRecentCompany": Not(None)}
        assert verdicts(known, {}) == {"MostRecentCompany": MISSING}
        assert verdicts(known, with_jobs(A)) == {}


@given(records)
def test_a_record_meets_itself(record: dict[str, Any]):
    assert {verdict for _, verdict in judge(record, record)} <= {RIGHT, EMPTY}


@given(records, st.randoms(use_true_random=False), st.sets(st.sampled_from(NAMES)))
def test_a_record_meets_itself_with_its_jobs_in_any_order(
    record: dict[str, Any], chance: random.Random, unknown: set[str]
):
    """Also where of the known answers only some are told."""
    order = list(JOB_COLUMNS)
    chance.shuffle(order)
    moved = dict(record)
    for there, here in zip(JOB_COLUMNS, order, strict=True):
        for part, column in there.items():
            moved[column] = record.get(here[part])
    known = {name: value for name, value in record.items() if name not in unknown}
    # A job of which nothing is told is in nobody's way only if those after it are not ruled out.
    for job in JOB_COLUMNS:
        told = [known.get(column) for column in job.values() if column in known]
        if not any(told):
            for column in job.values():
                known.pop(column, None)
    assert {verdict for _, verdict in judge(known, moved)} <= {RIGHT, EMPTY}


jobs = st.lists(
    st.tuples(
        st.integers(1, 9_999).map("Company number {}".format),
        st.integers(1970, 2010).map("{}-05".format),
        st.integers(2011, 2025).map("{}-07".format),
        st.sampled_from(["Austin, TX", "Tulsa, OK", None]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda job: job[0],
)


@given(jobs)
def test_an_extra_job_in_front_costs_only_its_own_columns(known: list[tuple[str | None, ...]]):
    found = verdicts(with_jobs(*known), with_jobs(EXTRA, *known))
    faulty = {column for column, verdict in found.items() if verdict not in (RIGHT, EMPTY)}
    assert faulty == set(JOB_COLUMNS[len(known)].values())


@given(records, records)
def test_each_known_answer_has_one_verdict(known: dict[str, Any], record: dict[str, Any]):
    told = [column for column, _ in judge(known, record)]
    assert set(told) == set(known)
    rest = [column for column in told if column != "Certifications"]
    assert len(set(rest)) == len(rest)


@given(records, records)
def test_agreement_is_that_of_the_verdicts(one: dict[str, Any], other: dict[str, Any]):
    assert set(agreement(one, one).values()) <= {Agreement.equal}
    found = agreement(one, other)
    assert set(found) <= set(NAMES)
    assert all(one.get(name) or other for name in found)


def test_agreement_by_column():
    one = {"City": "Austin", "State": "TX", "Email": "a@x.org", "Masters": None, "Skill1": "Law"}
    two = {"City": "Waco", "State": "Texas", "Linkedin": "x", "Skill2": "law", "Skill3": "Art"}
    assert agreement(one | with_jobs(A, B), two | with_jobs(B, A, C)) == {
        "City": Agreement.different,
        "State": Agreement.equal,
        "Email": Agreement.only_one,
        "Linkedin": Agreement.only_one,
        "Skill1": Agreement.equal,
        "Skill2": Agreement.only_one,
        **{column: Agreement.equal for job in JOB_COLUMNS[:2] for column in job.values()},
        **{
            column: Agreement.only_one
            for part, column in JOB_COLUMNS[2].items()
            if part != "Location"
        },
    }


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("PMP, BLS", "BLS, PMP", Agreement.equal),
        ("PMP, BLS", "PMP", Agreement.different),
        ("PMP", "BLS", Agreement.different),
        ("PMP", None, Agreement.only_one),
        (None, "PMP, BLS", Agreement.only_one),
    ],
)
def test_agreement_on_a_list_in_one_column(one: str | None, other: str | None, expected: Agreement):
    found = agreement({"Certifications": one}, {"Certifications": other})
    assert found == {"Certifications": expected}
