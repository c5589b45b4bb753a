"""What is kept of how an answer was read, and what of a row is left where columns are refused."""

import json

import pytest

from resume_assets.batches.records.rows import Applied, Row
from resume_assets.extraction.values import LOSSES, Change, Changes

COLUMNS = ["City", "State", "Email"]


def row(changes: Changes, *values: str | None, unread: dict[str, str] | None = None) -> Row:
    return Row(None, values, (1, 0, 1), changes, unread or {})  # type: ignore[arg-type]


def test_an_answer_that_was_taken_as_it_is_leaves_no_trace() -> None:
    assert row({}).reading == (0, 0, None, None)


@pytest.mark.parametrize("change", list(Change))
def test_a_change_counts_as_what_it_is(change: Change) -> None:
    changes = {"City": change, "State": change, "Email": Change.chosen}
    assumed, cut, noted, unread = row(changes).reading
    assert assumed == (2 if change is Change.assumed else 0)
    assert cut == (2 if change in LOSSES - {Change.unread} else 0)
    assert json.loads(noted or "") == changes
    assert unread is None
    applied = Applied()
    applied.changes.update(changes.items())
    assert applied.months_assumed == assumed
    assert applied.values_cut == cut
    assert applied.dates_unread == (2 if change is Change.unread else 0)
    assert applied.refused == ({"City": 1, "State": 1} if change is Change.refused else {})


def test_a_date_that_was_not_read_is_kept_as_it_was() -> None:
    told = {"MostRecentStartDate": "some day"}
    found = row({"MostRecentStartDate": Change.unread}, unread=told).reading
    assert json.loads(found[3] or "") == told


def test_a_row_tells_something_while_a_value_is_left_that_is_not_refused() -> None:
    given = row({"City": Change.cut}, "Austin", "TX", None)
    assert given.tells(COLUMNS)
    rest = given.without(frozenset({"City"}))
    assert rest.tells(COLUMNS)
    assert rest.changes == {"City": Change.refused}
    assert given.changes == {"City": Change.cut}
    assert not given.without(frozenset({"City", "State"})).tells(COLUMNS)
