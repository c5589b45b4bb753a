import pytest

from resume_assets.extraction.candidate import Evidence
from resume_assets_tests.evidence.reach import Reach, measure, table


@pytest.fixture(scope="module")
def reach() -> dict[Evidence, Reach]:
    return measure()


def test_true_values_are_found_and_foreign_ones_are_not(reach: dict[Evidence, Reach]):
    poor = {kind: its for kind, its in reach.items() if its.found < 0.995 * its.true}
    lax = {kind: its for kind, its in reach.items() if its.passed > 0.005 * its.foreign}
    assert (poor, lax) == ({}, {})


def test_every_kind_that_is_looked_for_is_measured(reach: dict[Evidence, Reach]):
    assert set(reach) == set(Evidence) - {Evidence.judged, Evidence.computed}
    assert sum(its.true for its in reach.values()) > 1_000
    assert min(its.foreign for its in reach.values()) > 300


def test_no_contact_of_another_resume_passes(reach: dict[Evidence, Reach]):
    for kind in (Evidence.email, Evidence.phone, Evidence.link):
        assert reach[kind].passed == 0


def test_the_table_tells_each_kind_and_all():
    lines = table({Evidence.email: Reach(3, 4, 1, 200)}).splitlines()
    assert lines[2] == "| email | 3 of 4 (75.0%) | 1 of 200 (0.50%) |"
    assert lines[3].startswith("| all | 3 of 4")
