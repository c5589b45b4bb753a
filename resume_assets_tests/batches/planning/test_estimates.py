"""What resumes will cost: by careful guesses first, by what came back afterwards."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from resume_assets.batches.planning.asked import asked_now
from resume_assets.batches.planning.estimates import (
    BYTES_PER_TOKEN,
    Estimate,
    estimate_for,
    measured_output,
    measured_overhead,
    reserved_cost,
)
from resume_assets.batches.store import REQUESTS
from resume_assets.extraction.requests import Caching
from resume_assets.models.catalogue import find_model
from resume_assets_tests.flow import KEY, Flowing, resume

DAY = date(2026, 11, 27)

ESTIMATE = Estimate(
    model=find_model("gpt-4o-mini-2024-07-18"),
    on=DAY,
    caching=Caching.untold,
    overhead_tokens=600.0,
    output_tokens=700.0,
    most_tokens=100_000,
    fixed_bytes=3_000,
)


def estimate(flow: Flowing) -> Estimate:
    model = find_model(flow.settings.model)
    asked = asked_now(flow.settings, model)
    return flow.database.read(
        lambda connection: estimate_for(connection, flow.database, model, asked)
    )


def test_tokens_by_the_bytes_of_a_text_as_far_as_it_is_sent():
    assert ESTIMATE.input_tokens(3_000) == 3_000 / BYTES_PER_TOKEN + 600
    assert ESTIMATE.input_tokens(50_000_000) == 100_600


def test_the_price_is_the_batch_s_with_nothing_cached():
    assert ESTIMATE.cost([10_000] * 100) == pytest.approx(0.15 / 2 + 0.07 * 0.60 / 2)
    assert ESTIMATE.cost([]) == 0
    assert replace(ESTIMATE, model=find_model("their-own-7b")).cost([1_000]) is None


def test_what_may_be_written_to_the_cache_is_reserved():
    luna = replace(ESTIMATE, model=find_model("gpt-6-luna"), overhead_tokens=2_000.0)
    plain = 100 * (10_000 * 0.05 + 700 * 0.25) / 1e6
    assert luna.cost([10_000] * 100) == pytest.approx(plain)
    written = replace(luna, caching=Caching.prefix)
    assert written.cost([10_000] * 100) == pytest.approx(plain + 100 * 2_000 * 0.0125 / 1e6)


def test_a_long_prompt_is_reserved_at_its_own_price_and_no_average_hides_it():
    luna = replace(ESTIMATE, model=find_model("gpt-6-luna"))
    short = (1_000 * 0.05 + 700 * 0.25) / 1e6
    long = (300_000 * 0.10 + 700 * 0.375) / 1e6
    assert luna.cost([1_000, 300_000, 1_000]) == pytest.approx(2 * short + long)
    at_the_limit = (272_000 * 0.05 + 700 * 0.25) / 1e6
    assert luna.cost([272_000]) == pytest.approx(at_the_limit)


def test_unless_told_no_prompt_is_long():
    luna = replace(ESTIMATE, model=find_model("gpt-6-luna"))
    sums: dict[str, Any] = {"requests": 2, "input_tokens": 300_000, "output_tokens": 1_400}
    assert reserved_cost(luna.model, DAY, **sums, written_tokens=0) == pytest.approx(
        luna.cost([150_000] * 2)
    )


def test_a_line_is_the_text_in_json_with_all_that_is_about_it():
    assert ESTIMATE.line_bytes(1_000) == 1_050 + 3_000 + 40


def test_a_line_is_no_longer_than_it_is_expected_to_be(flow: Flowing):
    """Nor much shorter: the plan is made of it."""
    flow.until_built()
    size = flow.store.batch(KEY).size(REQUESTS)
    bytes_of = [len(resume(number).encode()) for number in (1, 2, 3)]
    expected = sum(estimate(flow).line_bytes(each) for each in bytes_of)
    assert size <= expected <= size * 1.05


def test_the_first_guess_is_near_what_is_counted_later(flow: Flowing):
    guess = estimate(flow)
    batch = flow.until_built()
    assert guess.overhead_tokens == pytest.approx(batch.overhead_tokens, rel=0.3)
    assert guess.output_tokens == 700
    limit = guess.model.input_limit(flow.settings.max_output_tokens)
    assert guess.most_tokens == limit - round(guess.overhead_tokens)


def test_the_latest_batch_tells_the_overhead(flow: Flowing):
    _done(flow, "old", hours=2, overhead_measured=500.0)
    _done(flow, "new", hours=1, overhead_measured=640.0)
    for other in (
        {"model": "another"},
        {"prompt_version": "another"},
        {"schema_version": "another"},
        {"response_format": "json_object"},
        {"overhead_measured": None},
    ):
        _done(flow, f"x{'-'.join(other)}", hours=0, **{"overhead_measured": 999.0, **other})
    assert estimate(flow).overhead_tokens == 640


def test_the_last_five_batches_tell_the_output_by_their_answers(flow: Flowing):
    # Two answers of a hundred tokens each, then one of a thousand: 1,200 over three.
    _done(flow, "long ago", hours=9, output_tokens=10**6, requests_completed=1)
    for number in range(3):
        _done(flow, f"b{number}", hours=8, output_tokens=0, requests_completed=1)
    _done(flow, "small", hours=2, output_tokens=200, requests_completed=2)
    _done(flow, "large", hours=1, output_tokens=1_000, requests_completed=1)
    for other in (
        {"model": "another"},
        {"prompt_version": "another"},
        {"response_format": "none"},
        {"schema_version": "another"},
        {"state": "applied"},
        {"requests_completed": 0},
    ):
        values = {"output_tokens": 10**6, "requests_completed": 1, **other}
        _done(flow, f"x{'-'.join(other)}", hours=0, **values)
    assert estimate(flow).output_tokens == pytest.approx(1_200 / 6)


def test_before_anything_came_back_nothing_is_measured(flow: Flowing):
    asked = asked_now(flow.settings, find_model(flow.settings.model))

    def measured() -> tuple[float | None, float | None]:
        return flow.database.read(
            lambda connection: (
                measured_overhead(connection, flow.database, asked),
                measured_output(connection, flow.database, asked),
            )
        )

    assert measured() == (None, None)


def _done(flow: Flowing, key: str, *, hours: float, **values: object) -> None:
    """A batch of today's prompt and schema that was settled that long ago."""
    key = key.replace(" ", "-")
    built = flow.until_built(key, rows=1) if not flow.batches() else flow.batches()[0]
    now = flow.database.read(flow.database.dialect.utc_now)
    row = {
        **built._mapping,
        "batch_key": key,
        "state": "done",
        "done_at": now - timedelta(hours=hours),
        **values,
    }
    table = flow.database.ledger.batches
    flow.database.write(
        lambda connection: (
            connection.execute(table.delete().where(table.c.batch_key == key)),
            connection.execute(table.insert().values(row)),
        )
    )
