"""The bill: by the usage of every answer, at the prices of the catalogue."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from resume_assets.batches.costing import NotApplied
from resume_assets.batches.planning.estimates import measured_output, measured_overhead
from resume_assets_tests.flow import KEY, Flowing


def test_the_bill_adds_up_the_usage_of_the_answers(flow: Flowing):
    flow.until_collected()
    flow.apply()
    bill = flow.settle()
    items = flow.items().values()
    tokens_in = sum(item.input_tokens for item in items)
    tokens_out = sum(item.output_tokens for item in items)
    assert (bill.batch.input_tokens, bill.batch.output_tokens) == (tokens_in, tokens_out)
    million = Decimal(1_000_000)
    standard = (tokens_in * Decimal("0.15") + tokens_out * Decimal("0.60")) / million
    assert float(bill.batch.standard_cost) == pytest.approx(float(standard), abs=1e-6)
    assert float(bill.batch.batch_cost) == pytest.approx(float(standard) / 2, abs=1e-6)
    assert bill.saving == pytest.approx(float(standard) / 2, abs=2e-6)
    assert bill.cost_per_resume == pytest.approx(float(standard) / 6, abs=1e-6)


def test_the_running_total_is_of_all_batches(flow: Flowing):
    first = flow.until_done("first", rows=1)
    flow.until_collected("second")
    flow.apply("second")
    bill = flow.settle("second")
    both = float(first.batch_cost) + float(bill.batch.batch_cost)
    assert bill.totals.cost == pytest.approx(both)


def test_settling_again_changes_nothing(flow: Flowing):
    before = flow.until_done()
    after = flow.settle().batch
    assert (after.batch_cost, after.done_at) == (before.batch_cost, before.done_at)


def test_an_unknown_price_is_no_price(flow: Flowing):
    batches = flow.database.ledger.batches
    flow.until_collected()
    flow.apply()
    flow.database.write(
        lambda connection: connection.execute(batches.update().values(model="their-own-7b"))
    )
    bill = flow.settle()
    assert bill.batch.batch_cost is None
    assert bill.saving is None
    assert bill.batch.input_tokens > 0


def test_a_bill_needs_written_records(flow: Flowing):
    flow.until_collected()
    with pytest.raises(NotApplied, match=KEY):
        flow.settle()


def test_what_came_back_corrects_the_next_estimate(flow: Flowing):
    batch = flow.until_done()

    def measured(of: Callable[..., float | None]) -> float | None:
        return flow.database.read(
            lambda connection: of(connection, flow.database, flow.settings.model)
        )

    texts = sum(item.estimated_tokens for item in flow.items().values())
    assert measured(measured_overhead) == pytest.approx((batch.input_tokens - texts) / 3)
    assert measured(measured_output) == pytest.approx(batch.output_tokens / 3)
    flow.seed({9: "# A later one\n\nA resume"})
    later = flow.until_built("later")
    assert later.overhead_tokens == pytest.approx(measured(measured_overhead))
