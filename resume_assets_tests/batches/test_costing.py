"""The bill: by the usage of every answer, at the prices of the catalogue."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from resume_assets.batches.costing import NotApplied, Settlement, Totals, totals
from resume_assets.batches.planning.asked import asked_now
from resume_assets.batches.planning.estimates import measured_output, measured_overhead
from resume_assets.batches.receiving.collecting import NotEnded
from resume_assets.batches.receiving.contradictions import LEAST_LOOKS
from resume_assets.models.catalogue import find_model
from resume_assets_tests.flow import KEY, Flowing, resume
from resume_assets_tests.local_openai.faults import each_line, rewrite


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


def test_the_estimate_is_compared_with_what_the_answered_requests_took(flow: Flowing):
    flow.until_ended()
    lost = each_line(lambda line: None if line["custom_id"] == "3" else line)
    assert rewrite(flow.server_folder, flow.batch().output_file_id, lost)
    flow.collect()
    flow.apply()
    bill = flow.settle()
    items = flow.items()
    texts = sum(items[userid].estimated_tokens for userid in (1, 2))
    expected = round(texts + 2 * bill.batch.overhead_tokens)
    assert bill.estimated_tokens_of_answered == expected
    assert bill.batch.input_tokens == sum(items[userid].input_tokens for userid in (1, 2))
    assert bill.estimate_error == pytest.approx(bill.batch.input_tokens / expected - 1)
    assert bill.batch.overhead_measured == pytest.approx((bill.batch.input_tokens - texts) / 2)


def test_a_batch_without_an_answer_costs_nothing_and_says_nothing(flow: Flowing):
    flow.until_ended()
    assert rewrite(flow.server_folder, flow.batch().output_file_id, lambda _: [])
    for _ in range(LEAST_LOOKS - 1):
        with pytest.raises(NotEnded, match="empty"):
            flow.collect()
    with pytest.raises(NotEnded):
        flow.collect()
    flow.later(hours=1)
    flow.collect()  # it has lasted: that is all there is
    flow.apply()
    bill = flow.settle()
    assert (bill.batch.batch_cost, bill.batch.input_tokens) == (0, 0)
    assert (bill.cost_per_resume, bill.estimate_error) == (None, None)
    assert (bill.batch.overhead_measured, bill.totals.cost, bill.totals.saving) == (None, 0, 0)


def test_the_running_total_is_of_all_batches(flow: Flowing):
    first = flow.until_done("first", rows=1)
    flow.until_collected("second")
    flow.apply("second")
    bill = flow.settle("second")
    both = float(first.batch_cost) + float(bill.batch.batch_cost)
    assert bill.totals.cost == pytest.approx(both)
    assert bill.totals.saving == pytest.approx(both)  # a batch costs half


def test_settling_again_changes_nothing(flow: Flowing):
    flow.until_collected()
    flow.apply()
    before, after = flow.settle(), flow.settle()
    assert before.batch.low_share is False
    assert _without_lease(after) == _without_lease(before)


def _without_lease(bill: Settlement) -> list[Any]:
    batch = {**bill.batch._mapping, "lease_owner": None, "lease_until": None}
    return [batch, bill.estimated_tokens_of_answered, bill.totals.cost, bill.totals.saving]


@pytest.mark.parametrize(
    ("usable", "least", "is_low"), [(1, 0.5, True), (2, 0.5, False), (2, 2 / 3, False)]
)
def test_a_low_share_is_one_below_what_is_asked_for(
    flow: Flowing, usable: int, least: float, is_low: bool
):
    flow.set(usable_share=least)
    flow.until_ended()
    refused = each_line(lambda line: _refused(line) if int(line["custom_id"]) > usable else line)
    assert rewrite(flow.server_folder, flow.batch().output_file_id, refused)
    batch = flow.bring_in()
    assert (batch.succeeded, batch.low_share) == (usable, is_low)


def _refused(line: Any) -> Any:
    line["response"]["body"]["choices"][0]["message"].update(refusal="I can't.", content=None)
    return line


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
    assert (bill.totals.cost, bill.totals.saving) == (0, 0)
    assert bill.batch.input_tokens > 0


def use(flow: Flowing, userid: int, **used: int) -> None:
    """As if the answer had taken that."""
    items = flow.database.ledger.items
    statement = items.update().where(items.c.userid == userid).values(**used)
    flow.database.write(lambda connection: connection.execute(statement))


def test_what_was_written_to_the_cache_and_a_long_prompt_are_on_the_bill(flow: Flowing):
    """gpt-6-luna in a batch: 0.05 in, 0.005 read, 0.0625 written, 0.25 out; long prompts twice."""
    flow.set(model="gpt-6-luna")
    flow.until_collected()
    flow.apply()
    tokens = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens")
    use(flow, 1, **dict(zip(tokens, (10_000, 2_000, 3_000, 400), strict=True)))
    use(flow, 2, **dict(zip(tokens, (272_000, 0, 0, 400), strict=True)))
    use(flow, 3, **dict(zip(tokens, (300_000, 100_000, 0, 400), strict=True)))
    settled = flow.settle()
    assert settled.bill is not None
    parts = {part: dollars * 1_000_000 for part, dollars in settled.bill.parts().items()}
    assert parts == {
        "input": (5_000 + 272_000 + 200_000) * Decimal("0.05"),
        "cache_read": 102_000 * Decimal("0.005"),
        "cache_write": 3_000 * Decimal("0.0625"),
        "output": 1_200 * Decimal("0.25"),
        # The third once more as much, and half of its answer.
        "long_prompt": 200_000 * Decimal("0.05") + 100_000 * Decimal("0.005") + 50,
    }
    batch = settled.batch
    assert float(batch.batch_cost) == pytest.approx(float(settled.bill.total), abs=1e-6)
    assert float(batch.standard_cost) == pytest.approx(float(2 * settled.bill.total), abs=1e-6)
    assert [getattr(batch, name) for name in tokens] == [582_000, 102_000, 3_000, 1_200]
    assert (settled.bill.model, settled.bill.on) == ("gpt-6-luna", batch.submitted_at.date())


def test_a_model_that_bills_cache_writes_is_told_to_write_nothing(flow: Flowing):
    flow.set(model="gpt-6-luna")
    batch = flow.until_done()
    assert (batch.cached_tokens, batch.cache_write_tokens) == (0, 0)
    assert batch.estimated_cost >= batch.batch_cost > 0


def test_a_prefix_that_is_long_enough_is_written_once_and_read_then(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("resume_assets.models.caching.LEAST_TOKENS", 100)
    monkeypatch.setattr("resume_assets.local_openai.completions.LEAST_CACHED", 100)
    flow.set(model="gpt-6-luna")
    batch = flow.until_done()
    assert batch.cache_write_tokens > 500
    assert batch.cached_tokens == 2 * batch.cache_write_tokens
    assert [item.cache_write_tokens for item in flow.items().values()].count(0) == 2
    # All three were reserved as if each had written it.
    written = 3 * batch.overhead_tokens * 0.0125 / 1_000_000
    plain = batch.estimated_input_tokens * 0.05 + batch.estimated_output_tokens * 0.25
    assert batch.estimated_cost == pytest.approx(plain / 1_000_000 + written, abs=2e-6)


def test_a_deployment_is_billed_as_its_base(flow: Flowing):
    flow.until_collected()
    flow.apply()
    batches = flow.database.ledger.batches
    flow.database.write(
        lambda connection: connection.execute(batches.update().values(model="resumes-prod"))
    )
    assert flow.settle().bill is None
    flow.set(base_model="gpt-4.1-mini")
    settled = flow.settle()
    assert settled.bill is not None
    input_, output = settled.batch.input_tokens, settled.batch.output_tokens
    assert settled.bill.total == (input_ * Decimal("0.2") + output * Decimal("0.8")) / 1_000_000


def test_a_bill_needs_written_records(flow: Flowing):
    flow.until_collected()
    with pytest.raises(NotApplied, match=KEY):
        flow.settle()


def test_what_came_back_corrects_the_next_estimate(flow: Flowing):
    batch = flow.until_done()

    def measured(of: Callable[..., float | None]) -> float | None:
        asked = asked_now(flow.settings, find_model(flow.settings.model))
        return flow.database.read(lambda connection: of(connection, flow.database, asked))

    texts = sum(item.estimated_tokens for item in flow.items().values())
    assert measured(measured_overhead) == pytest.approx((batch.input_tokens - texts) / 3)
    assert measured(measured_output) == pytest.approx(batch.output_tokens / 3)
    flow.seed({9: resume(9)})
    later = flow.until_built("later")
    assert later.overhead_tokens == pytest.approx(measured(measured_overhead))


@pytest.mark.parametrize(
    ("failed", "least", "low"),
    [(2, 0.5, True), (1, 0.5, False), (1, 2 / 3, False), (1, 0.67, True), (0, 1.0, False)],
)
def test_the_usable_share_is_a_share(flow: Flowing, failed: int, least: float, low: bool):
    """Of three; one that is exactly the setting is none too low."""
    flow.set(usable_share=least)
    flow.until_collected()
    flow.apply()
    items = flow.database.ledger.items
    bad = items.update().where(items.c.userid <= failed).values(state="invalid", attempt_used=True)
    flow.database.write(lambda connection: connection.execute(bad))
    assert flow.settle().batch.low_share is low


def settlement(estimated: int = 300, **columns: Any) -> Settlement:
    """Of a batch with two records, all of which is known unless told otherwise."""
    known = {
        "batch_cost": Decimal(2),
        "standard_cost": Decimal(5),
        "succeeded": 2,
        "input_tokens": 450,
    }
    batch: Any = SimpleNamespace(**(known | columns))
    return Settlement(batch, None, estimated, Totals(0.0, 0.0, 0, {}))


def test_what_is_not_known_makes_no_figure() -> None:
    known = settlement()
    assert (known.saving, known.cost_per_resume, known.estimate_error) == (3.0, 1.0, 0.5)
    assert settlement(batch_cost=None).saving is None
    assert settlement(standard_cost=None).saving is None
    assert settlement(batch_cost=None).cost_per_resume is None
    assert settlement(succeeded=0).cost_per_resume is None
    assert settlement(0).estimate_error is None
    assert settlement(input_tokens=0).estimate_error is None
    assert settlement(input_tokens=None).estimate_error is None


@pytest.mark.parametrize(
    ("tokens", "without_price", "known"),
    [(0, {}, True), (9, {}, True), (9, {"own": 8}, True), (9, {"own": 4, "other": 5}, False)],
)
def test_a_sum_of_dollars_says_something_where_any_token_has_a_price(
    tokens: int, without_price: dict[str, int], known: bool
) -> None:
    total = Totals(0.0, 0.0, tokens, without_price)
    assert total.is_price_known is known
    assert (total.reused, total.reuse_saving) == (0, 0.0)


def in_all(flow: Flowing) -> Totals:
    return flow.database.read(lambda connection: totals(connection, flow.database))


def test_in_all_each_batch_counts_for_what_is_known_of_it(flow: Flowing) -> None:
    for key in ("priced", "own", "unpriced"):
        flow.plan(key, rows=1)
    assert in_all(flow) == Totals(0.0, 0.0, 0, {})
    model = flow.batch("priced").model
    flow.update("priced", input_tokens=100, output_tokens=10, batch_cost=2, standard_cost=4)
    flow.update("priced", reused=1, reuse_saving=0.5)
    flow.update("own", model="own", input_tokens=50, output_tokens=5)
    flow.update("unpriced", input_tokens=7)
    assert in_all(flow) == Totals(2.0, 4.0, 172, {"own": 55, model: 7}, 1, 0.5)
    flow.update("own", input_tokens=0, output_tokens=0)
    assert in_all(flow).without_price == {model: 7}


def test_a_bill_is_at_the_prices_of_the_day_it_was_sent(flow: Flowing) -> None:
    flow.until_collected()
    flow.apply()
    sent = flow.batch().submitted_at - timedelta(days=40)
    flow.update(submitted_at=sent)
    bill = flow.settle().bill
    assert bill is not None
    assert bill.on == sent.date()


@pytest.mark.parametrize(
    ("tokens", "saved"),
    [
        (272_000, 272_000 * Decimal("0.05") + 400 * Decimal("0.25")),
        (300_000, 300_000 * Decimal("0.10") + 400 * Decimal("0.375")),
    ],
)
def test_a_long_prompt_that_was_not_sent_again_saved_what_it_would_have_cost(
    flow: Flowing, tokens: int, saved: Decimal
) -> None:
    flow.set(model="gpt-6-luna")
    flow.seed({4: resume(3)})
    flow.until_collected()
    flow.apply()
    [twin] = [who for who, item in flow.items().items() if item.same_text_as]
    use(flow, twin, input_tokens=tokens, cached_tokens=0, cache_write_tokens=0, output_tokens=400)
    assert float(flow.settle().batch.reuse_saving) == pytest.approx(float(saved) / 1e6, abs=1e-6)


def end_as(flow: Flowing, key: str, state: str, reason: str | None, **values: Any) -> Any:
    """What a batch of one candidate says of the shares, had its request ended so."""
    items = flow.database.ledger.items
    flow.until_collected(key, rows=1)
    flow.apply(key)
    ended = items.update().where(items.c.batch_key == key)
    ended = ended.values(state=state, reason=reason, **values)
    flow.database.write(lambda connection: connection.execute(ended))
    [userid] = flow.items(key)
    flow.change(userid, LastProcessed=None)
    batch = flow.settle(key).batch
    return batch.low_share, batch.low_share_repeats


@pytest.mark.parametrize(
    ("state", "reason", "used", "low"),
    [
        ("refused", "refusal", True, True),
        ("missing", "no_line", False, True),  # nothing tells whose fault it was
        ("expired", "no_line", False, None),
        ("failed", "http_500:server_error", False, None),
        ("succeeded", None, False, False),
    ],
)
def test_of_repeats_only_what_may_be_their_own_fault_counts(
    flow: Flowing, state: str, reason: str | None, used: bool, low: bool | None
) -> None:
    flow.set(max_attempts=9)
    refused = end_as(flow, "a", "refused", "refusal", attempt_used=True)
    assert refused == (True, None)
    assert end_as(flow, "b", state, reason, attempt_used=used) == (None, low)


def test_who_failed_once_and_succeeded_once_is_neither_first_nor_repeat(flow: Flowing) -> None:
    flow.set(max_attempts=9)
    end_as(flow, "a", "refused", "refusal", attempt_used=True)
    end_as(flow, "b", "succeeded", None)
    again = end_as(flow, "c", "refused", "refusal", attempt_used=True)
    assert again == (None, None)
    assert [*flow.items("a")] == [*flow.items("b")] == [*flow.items("c")]


@pytest.mark.parametrize(("least", "low"), [(0.75, False), (0.76, True)])
def test_the_share_that_is_borne_out_is_low_below_what_is_asked_for(
    flow: Flowing, least: float, low: bool
) -> None:
    flow.set(borne_out_share=least)
    flow.until_collected()
    flow.apply()
    items = flow.database.ledger.items
    noted = items.update().values(values_checked=4, values_not_borne_out=1)
    flow.database.write(lambda connection: connection.execute(noted))
    assert flow.settle().batch.low_borne_out is low
