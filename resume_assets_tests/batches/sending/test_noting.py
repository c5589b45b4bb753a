"""Why a step failed is noted in the batch's row, and the failure goes on to whoever asked."""

import pytest

from resume_assets.batches.ledger.lease import LeaseLost, leased
from resume_assets.batches.sending.noting import noted
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.errors import PlatformError
from resume_assets_tests.flow import KEY, Flowing


def test_a_failure_is_noted_and_raised(flow: Flowing) -> None:
    flow.plan()
    with (
        leased(flow.database, KEY) as lease,
        pytest.raises(PlatformError, match="the first line"),
        noted(lease, "submitting"),
    ):
        raise PlatformError("the first line\nand another")
    assert flow.batch().message == "the first line"


def test_a_long_failure_is_noted_as_far_as_there_is_room(flow: Flowing) -> None:
    flow.plan()
    with (
        leased(flow.database, KEY) as lease,
        pytest.raises(PlatformError),
        noted(lease, "submitting"),
    ):
        raise PlatformError("x" * 1_200)
    assert flow.batch().message == "x" * 1_000


def test_a_failure_that_can_t_be_noted_is_raised_all_the_same(flow: Flowing) -> None:
    flow.plan()
    with leased(flow.database, KEY) as lease:
        flow.update(lease_owner="another")
        with (
            pytest.raises(PlatformError, match="what it was about") as raised,
            noted(lease, "submitting"),
        ):
            raise PlatformError("what it was about")
    assert type(raised.value) is PlatformError
    assert flow.batch().message is None


@pytest.mark.parametrize("kind", [LeaseLost, DatabaseFailed])
def test_where_the_database_fails_nothing_more_is_asked_of_it(
    flow: Flowing, kind: type[PlatformError]
) -> None:
    flow.plan()
    with (
        leased(flow.database, KEY) as lease,
        pytest.raises(kind, match="mine"),
        noted(lease, "submitting"),
    ):
        raise kind("mine")
    assert flow.batch().message is None
