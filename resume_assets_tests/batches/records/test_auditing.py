"""The audit finds what is wrong in the database, whoever wrote it there."""

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.batches.records.auditing import (
    Account,
    Audit,
    BorneOut,
    DateAudit,
    Finding,
    audit,
    audit_record,
    is_valid_date,
)
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


def offends(**columns: str | datetime.date | None) -> list[str]:
    """In which ways a record's dates offend in November 2026, each with its column."""
    found = DateAudit()
    audit_record(found, "7", columns, this_month="2026-11")
    findings = {
        "format": found.formats,
        "order": found.order,
        "future": found.future,
        "newest first": found.newest_first,
    }
    assert {finding.looked_at for finding in findings.values()} == {1}
    return [f"{name}: {column}" for name, one in findings.items() for _, column in one.offenders]


def test_what_is_just_in_order_offends_in_no_way() -> None:
    month = {"MostRecentStartDate": "2026-11", "MostRecentEndDate": "2026-11"}
    same = {"SecondMostRecentStartDate": "2026-11", "SecondMostRecentEndDate": "2026-11"}
    assert offends() == []
    assert offends(**month) == []  # within a month, and this one is not to come
    assert offends(**month, **same) == []
    assert offends(MostRecentStartDate="2026-12", MostRecentEndDate="Present") == [
        "future: MostRecentStartDate"
    ]
    assert offends(**{**month, "MostRecentEndDate": "2026-10"}) == ["order: MostRecentStartDate"]
    assert offends(**month, **{**same, "SecondMostRecentEndDate": "Present"}) == [
        "newest first: SecondMostRecentStartDate"
    ]


def test_of_two_that_end_together_the_later_start_comes_first() -> None:
    ends = {"MostRecentEndDate": "Present", "SecondMostRecentEndDate": "Present"}
    starts = {"MostRecentStartDate": "2020-01", "SecondMostRecentStartDate": "2019-01"}
    assert offends(**ends, **starts) == []
    starts["SecondMostRecentStartDate"] = "2020-02"
    assert offends(**ends, **starts) == ["newest first: SecondMostRecentStartDate"]


def test_an_order_is_judged_only_where_all_four_dates_are_known() -> None:
    whole: dict[str, str | None] = {
        "MostRecentStartDate": "2010-01",
        "MostRecentEndDate": "2011-01",
        "SecondMostRecentStartDate": "2012-01",
        "SecondMostRecentEndDate": "2013-01",
    }
    assert offends(**whole) == ["newest first: SecondMostRecentStartDate"]
    for name in whole:
        assert offends(**{**whole, name: None}) == []


def test_a_date_of_a_date_column_is_compared_by_its_month() -> None:
    november = datetime.date(2026, 11, 30)
    assert offends(MostRecentStartDate=november, MostRecentEndDate="2026-11") == []
    assert offends(MostRecentStartDate=datetime.date(2026, 12, 1)) == [
        "future: MostRecentStartDate"
    ]


def test_fifty_are_named_and_all_are_counted() -> None:
    found = Finding()
    for number in range(51):
        found.add(str(number), "City")
    assert (found.by_column, len(found.offenders)) == ({"City": 51}, 50)


def accounted(*, of: int = 2, open_claims: int = 0, **sent: int) -> Account:
    return Account(of, dict(sent), {}, open_claims, dict(sent))


def test_an_account_is_balanced_where_each_has_an_end_and_none_is_claimed() -> None:
    assert accounted(succeeded=1, refused=1).is_balanced
    assert not accounted(succeeded=1).is_balanced
    assert not accounted(succeeded=2, refused=1).is_balanced
    assert not accounted(succeeded=2, open_claims=1).is_balanced
    for still in ("claimed", "submitted"):
        waits = accounted(succeeded=1, **{still: 1})
        assert (waits.open_items, waits.is_balanced) == (1, False)


@pytest.mark.parametrize(
    ("other", "share"),
    [
        *((state, 0.5) for state in ("refused", "failed", "invalid", "missing")),
        *((state, 1.0) for state in ("released", "expired", "cancelled", "stale", "forgotten")),
        ("undone", 1.0),  # it was written, whatever a person thought of it
    ],
)
def test_the_usable_share_is_of_those_that_were_answered(other: str, share: float) -> None:
    assert accounted(succeeded=1, **{other: 1}).usable_share == share


def test_where_no_value_was_looked_for_there_is_no_share() -> None:
    assert BorneOut(0, Finding()).share is None
    missing = Finding()
    missing.add("1", "City")
    assert BorneOut(4, missing).share == 0.75
