"""What is kept of how an answer was read, and what of a row is left where columns are refused."""

import json
from dataclasses import replace
from typing import Any

import pytest

from resume_assets.batches.ledger.digests import digests_of
from resume_assets.batches.records.rows import Applied, Row, _digests, rows_without, to_write
from resume_assets.database.candidates import CandidateTable, Target
from resume_assets.extraction.candidate import COLUMNS as ALL
from resume_assets.extraction.values import LOSSES, Change, Changes, Weight

COLUMNS = ["City", "State", "Email"]


def row(changes: Changes, *values: str | None, unread: dict[str, str] | None = None) -> Row:
    weight = Weight(5, ("City", "Email"))
    return Row(None, values, (1, 0, 1), changes, unread or {}, weight)  # type: ignore[arg-type]


def test_an_answer_that_was_taken_as_it_is_leaves_no_trace() -> None:
    assert row({}).reading[:4] == (0, 0, None, None)


def test_what_the_resume_does_not_bear_out_is_kept_by_name() -> None:
    assert row({}).reading[4:] == (5, 2, '["City","Email"]')
    assert row({"City": Change.cut}).reading[4:] == (5, 2, '["City","Email"]')
    sound = replace(row({}), weight=Weight(5, ()))
    assert sound.reading[4:] == (5, 0, None)
    applied = Applied()
    applied.add([row({}), sound])
    assert (applied.values_checked, applied.not_borne_out) == (10, {"City": 1, "Email": 1})
    assert applied.share_borne_out == 0.8


@pytest.mark.parametrize("change", list(Change))
def test_a_change_counts_as_what_it_is(change: Change) -> None:
    changes = {"City": change, "State": change, "Email": Change.chosen}
    assumed, cut, noted, unread = row(changes).reading[:4]
    assert assumed == (2 if change is Change.assumed else 0)
    assert cut == (2 if change in LOSSES - {Change.unread} else 0)
    assert json.loads(str(noted)) == changes
    assert unread is None
    applied = Applied()
    applied.changes.update(changes.items())
    assert applied.months_assumed == assumed
    assert applied.values_cut == cut
    assert applied.dates_unread == (2 if change is Change.unread else 0)
    assert applied.refused == ({"City": 1, "State": 1} if change is Change.refused else {})


def test_what_was_done_to_values_is_counted_by_column_over_all_records() -> None:
    applied = Applied()
    applied.add([row({"City": Change.cut}), row({})])
    applied.add([row({"City": Change.cut, "State": Change.refused})])
    assert applied.written == 3
    assert applied.changes == {("City", Change.cut): 2, ("State", Change.refused): 1}


def test_a_date_that_was_not_read_is_kept_as_it_was() -> None:
    told = {"MostRecentStartDate": "some day"}
    found = row({"MostRecentStartDate": Change.unread}, unread=told).reading
    assert json.loads(str(found[3])) == told


def test_a_row_tells_something_while_a_value_is_left_that_is_not_refused() -> None:
    given = row({"City": Change.cut}, "Austin", "TX", None)
    assert given.tells(COLUMNS)
    rest = given.without(frozenset({"City"}))
    assert rest.tells(COLUMNS)
    assert rest.changes == {"City": Change.refused}
    assert given.changes == {"City": Change.cut}
    assert not given.without(frozenset({"City", "State"})).tells(COLUMNS)


def table_of(*columns: str) -> CandidateTable:
    """A table that has only these columns, each in another spelling."""
    numbers = {column.name: number for number, column in enumerate(ALL)}
    targets = tuple(Target(numbers[name], name.upper(), None) for name in columns)
    parts: list[Any] = [*[None] * 5, targets, {}]
    return CandidateTable(*parts)


def test_digests_stand_at_the_place_of_their_column_whatever_the_table_lacks() -> None:
    values = {"City": "Turku", "Email": None, "State": "TX"}
    whole = digests_of([values.get(column.name) for column in ALL])
    assert _digests(table_of(*values), [*values.values()]) == whole
    assert _digests(table_of(*(column.name for column in ALL)), [None] * len(ALL)) == digests_of(
        [None] * len(ALL)
    )


def test_only_what_is_not_refused_is_written() -> None:
    there = table_of(*COLUMNS)
    one, other = row({}, "Austin", "TX", None), row({}, "Turku", None, "a@b.example")
    names, values = to_write([one, other], there)
    assert (names, values) == (["CITY", "STATE", "EMAIL"], [one.values, other.values])
    names, values = to_write([one.without(frozenset({"State"}))], there)
    assert (names, values) == (["CITY", "EMAIL"], [["Austin", None]])
    assert to_write([], there) == (["CITY", "STATE", "EMAIL"], [])


def test_rows_are_told_apart_though_they_are_alike() -> None:
    one, other = row({}, "Austin"), row({}, "Austin")
    [left] = rows_without([one, other], [one])
    assert left is other
