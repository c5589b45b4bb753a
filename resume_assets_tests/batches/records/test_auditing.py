"""The audit finds what is wrong in the database, whoever wrote it there."""

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.batches.records.auditing import Audit, audit, is_valid_date
from resume_assets_tests.flow import KEY, Flowing


@pytest.fixture
def done(flow: Flowing) -> Flowing:
    flow.until_done()
    return flow


def look(flow: Flowing) -> Audit:
    return flow.database.read(
        lambda connection: audit(connection, flow.database, KEY, max_attempts=3)
    )


def test_a_batch_without_fault_passes(done: Flowing):
    found = look(done)
    assert found.dates.formats.looked_at == 3
    for finding in (
        found.dates.formats,
        found.dates.order,
        found.dates.future,
        found.dates.newest_first,
    ):
        assert finding.passed, finding
    assert found.account.is_balanced
    assert found.account.usable_share == 1.0
    assert found.given_up == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("MostRecentStartDate", "March 2019"),
        ("MostRecentStartDate", "2019-13"),
        ("MostRecentStartDate", "Present"),
        ("SeventhMostRecentEndDate", "present"),
        ("SeventhMostRecentEndDate", "2019-3"),
        ("SeventhMostRecentEndDate", ""),
    ],
)
def test_an_ill_formed_date_is_found_with_its_id_and_column(done: Flowing, column, value):
    done.change(2, **{column: value})
    formats = look(done).dates.formats
    assert formats.offenders == [("2", column)]
    assert formats.by_column == {column: 1}


def test_a_start_after_its_end_is_found(done: Flowing):
    done.change(1, SecondMostRecentStartDate="2015-05", SecondMostRecentEndDate="2014-01")
    assert look(done).dates.order.offenders == [("1", "SecondMostRecentStartDate")]


def test_a_start_in_the_future_is_found(done: Flowing):
    done.change(1, MostRecentStartDate="2098-01")
    assert look(done).dates.future.offenders == [("1", "MostRecentStartDate")]


def test_an_end_in_the_future_is_found_and_present_is_none(done: Flowing):
    done.change(1, MostRecentEndDate="2098-01")
    done.change(2, MostRecentEndDate="Present")
    assert look(done).dates.future.offenders == [("1", "MostRecentEndDate")]


def test_what_was_done_to_values_is_added_up(done: Flowing):
    items = done.database.ledger.items
    for userid, changes in (
        (1, {"City": "cut", "Skill1": "mended"}),
        (2, {"City": "cut"}),
        (3, None),
    ):
        noted = items.update().where(items.c.userid == userid)
        noted = noted.values(changes=changes and json.dumps(changes))
        done.database.write(lambda connection: connection.execute(noted))  # noqa: B023
    losses = look(done).losses
    assert losses.changes == {("City", "cut"): 2, ("Skill1", "mended"): 1}
    assert losses.lost == [("1", "City", "cut"), ("2", "City", "cut")]
    assert not losses.passed


def test_where_nothing_was_written_nothing_is_lost(done: Flowing):
    items = done.database.ledger.items
    expired = items.update().values(state="expired", values_cut=2)
    done.database.write(lambda connection: connection.execute(expired))
    found = look(done)
    losses = found.losses
    assert losses.passed
    assert (losses.truncated, losses.values_cut) == (0, 0)
    assert (losses.months_assumed, losses.dates_unread) == (0, 0)
    assert found.account.usable_share is None


def test_positions_out_of_order_are_found(done: Flowing):
    done.change(
        3,
        MostRecentStartDate="2010-01",
        MostRecentEndDate="2012-01",
        SecondMostRecentStartDate="2015-01",
        SecondMostRecentEndDate="Present",
    )
    assert look(done).dates.newest_first.offenders == [("3", "SecondMostRecentStartDate")]


def test_a_record_that_someone_else_processed_is_not_ours_to_judge(done: Flowing):
    done.change(
        2,
        MostRecentStartDate="nonsense",
        LastProcessed=datetime.datetime(2030, 1, 1),  # noqa: DTZ001 (a column without zone)
    )
    assert look(done).dates.formats.looked_at == 2


def test_a_claim_that_is_left_over_is_found(done: Flowing):
    claims = done.database.ledger.claims
    done.database.write(
        lambda connection: connection.execute(claims.insert().values(userid=1, batch_key=KEY))
    )
    account = look(done).account
    assert not account.is_balanced
    assert account.open_claims == 1


def test_an_item_that_is_lost_is_found(done: Flowing):
    items = done.database.ledger.items
    done.database.write(
        lambda connection: connection.execute(items.delete().where(items.c.userid == 1))
    )
    assert not look(done).account.is_balanced


@given(st.text(max_size=12), st.booleans())
def test_only_a_real_month_or_present_is_a_date(text: str, end: bool):
    valid = is_valid_date(text, end=end)
    if text == "Present":
        assert valid is end
    elif valid:
        year, month = text.split("-")
        assert 1900 <= int(year) <= 2099
        assert 1 <= int(month) <= 12
        assert len(text) == 7
        assert text.isascii()
