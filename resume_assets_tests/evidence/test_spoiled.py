"""What a poor model makes up, from its answer to what is written, counted and shown."""

import pytest

from resume_assets_tests.evidence.spoiled import TWELVE, noted, run, table
from resume_assets_tests.flow import Flowing, flow_at


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory):
    with flow_at(tmp_path_factory.mktemp("spoiled")) as opened:
        yield opened


@pytest.fixture(scope="module")
def items(flow: Flowing):
    return run(flow)


@pytest.mark.parametrize("one", TWELVE, ids=lambda one: one.what)
def test_what_is_made_up_is_counted_by_its_column_and_nothing_else_is(items, one):
    assert noted(items[one.userid]) == ([one.column] if one.caught else [])


def test_contacts_that_stand_nowhere_are_not_written(flow: Flowing, items):
    """The wrong companies, years and skills are: a person looks at those that the check names."""
    cleared = {
        one.userid for one in TWELVE if getattr(flow.candidate(one.userid), one.column) is None
    }
    assert cleared == {1001, 1002, 1003}
    for userid in cleared:
        assert "not in the resume" in items[userid].changes


def test_the_table_says_so(flow: Flowing, items):
    lines = table(items, flow).splitlines()[2:]
    assert len(lines) == len(TWELVE) == 12
    assert sum("| yes | no, NULL |" in line for line in lines) == 3
    assert sum("| no | yes |" in line for line in lines) == 3
