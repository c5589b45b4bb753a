"""What a report is made of: each candidate's end, the figures of the batches, what is there now."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.evaluation.gold import Known
from resume_assets.extraction.text import text_hash
from resume_assets.trials.results import VariantResult
from resume_assets_tests.flow import NEWEST
from resume_assets_tests.trials.trying import MINI, Trying


@pytest.fixture
def key(trying: Trying) -> str:
    """A trial of two models over the resumes 1 to 5 that is done."""
    key = trying.create(size=5)
    trying.to_the_end(key)
    return key


def change(trying: Trying, batch: str, userid: int, **values: Any) -> None:
    """Move an item to where a test wants it."""
    items = trying.flow.database.ledger.trial_items
    moved = items.update().where(items.c.batch_key == batch, items.c.userid == userid)
    trying.flow.database.write(lambda connection: connection.execute(moved.values(values)))


class TestFigures:
    """Of several batches of one variant."""

    @pytest.fixture(autouse=True)
    def _both_of_the_first(self, trying: Trying, key: str) -> None:
        self.trying, self.key = trying, key
        self.batches = [batch.batch_key for batch in trying.batches(key)]
        for of, batch in zip((1, 10), self.batches, strict=True):
            trying.flow.update(
                batch,
                variant=0,
                requests=3 * of,
                input_tokens=100 * of,
                cached_tokens=20 * of,
                cache_write_tokens=30 * of,
                output_tokens=40 * of,
                batch_cost=Decimal("0.25") * of,
                submitted_at=NEWEST,
                ended_at=NEWEST + timedelta(minutes=of),
            )

    def found(self, **changed: Any) -> VariantResult:
        """The first variant's, where the second batch is `changed`."""
        if changed:
            self.trying.flow.update(self.batches[1], **changed)
        return self.trying.result(self.key).variants[0]

    def test_they_are_added_up(self) -> None:
        found = self.found()
        assert (found.requests, found.input_tokens, found.output_tokens) == (33, 1_100, 440)
        assert (found.cached_tokens, found.cache_write_tokens) == (220, 330)
        assert found.cost_usd == Decimal("2.75")
        assert found.seconds == 600, "of the one that took longest"
        nothing = self.trying.result(self.key).variants[1]
        assert (nothing.requests, nothing.input_tokens, nothing.seconds) == (0, 0, None)
        assert nothing.cost_usd == 0
        assert nothing.reasons == {"not sent: the trial was called off": 5}

    def test_requests_that_were_never_sent_are_none(self) -> None:
        found = self.found(openai_batch_id=None)
        assert (found.requests, found.input_tokens) == (3, 100)

    @pytest.mark.parametrize("end", ["submitted_at", "ended_at"])
    def test_a_time_that_is_not_known(self, end: str) -> None:
        assert self.found(**{end: None}).seconds == 60

    def test_tokens_without_a_price(self) -> None:
        assert self.found(batch_cost=None).cost_usd is None
        assert self.found(input_tokens=None).cost_usd == Decimal("0.25"), "nothing was used"


def test_each_resume_ends_once_for_each_variant(trying: Trying, key: str) -> None:
    first, second = (batch.batch_key for batch in trying.batches(key))
    change(trying, first, 1, state="refused", reason="policy", record=None)
    change(trying, first, 2, state="missing", reason=None, record=None)
    change(trying, first, 3, record=None)
    change(trying, first, 4, state="released", reason="file_full", record=None)
    change(trying, second, 4, values_checked=None)
    result = trying.result(key)
    one, other = result.variants
    assert one.reasons == {
        "refused: policy": 1,
        "missing": 1,
        "forgotten: its record is older than RESUME_KEEP_FILES_DAYS": 1,
        "not sent: the trial was called off": 1,
    }
    assert set(one.records) == set(one.not_borne_out or ()) == set(one.checked or ()) == {5}
    assert not other.reasons
    assert (other.checked or {})[4] == 0
    assert (other.checked or {})[5] > 3


def test_the_present_records_are_of_the_text_that_was_sent(
    trying: Trying, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resume_assets.trials.gathering.PAGE", 2)
    flow = trying.flow
    there = flow.database.candidates
    for userid in (1, 2, 3, 5):
        flow.change(userid, LastProcessed=NEWEST, City=f"Turku {userid}")
    flow.change(2, **{there.text.name: "Another text"})
    flow.change(3, **{there.text.name: None})
    flow.change(4, City="Oulu")  # by somebody else: it was never processed
    present = trying.result(key).present
    assert {userid: record["City"] for userid, record in present.items()} == {
        1: "Turku 1",
        5: "Turku 5",
    }
    assert present[1]["Skill1"] is None
    assert set(present[1]) == set(there.columns)


def test_what_stands_for_null_is_no_value(trying: Trying, key: str) -> None:
    flow = trying.flow
    flow.change(1, LastProcessed=NEWEST, City="", State="TX")
    flow.database.candidates.__dict__["stand_ins"] = {"City": "", "State": ""}  # as if NOT NULL
    present = trying.result(key).present[1]
    assert (present["City"], present["State"]) == (None, "TX")


def test_known_answers_are_found_by_userid_and_by_text(trying: Trying, key: str) -> None:
    hashes = {item.userid: item.text_hash for item in trying.items(key)}
    gold = trying.result(
        key,
        Known("1", None, {"City": "Turku"}),
        Known("2", hashes[2], {"City": "Oulu"}),
        Known("3", text_hash("another text"), {"City": "Of another text"}),
        Known(None, hashes[4], {"City": "Vaasa"}),
        Known(None, text_hash("nobody's"), {"City": "Nobody's"}),
        Known("99", None, {"City": "Not in the sample"}),
    ).gold
    assert gold == {1: {"City": "Turku"}, 2: {"City": "Oulu"}, 4: {"City": "Vaasa"}}


def test_what_is_known_by_userid_goes_before_what_is_known_by_text(
    trying: Trying, key: str
) -> None:
    hashes = {item.userid: item.text_hash for item in trying.items(key)}
    by_text, by_userid = (
        Known(None, hashes[1], {"City": "Oulu"}),
        Known("1", None, {"City": "Salo"}),
    )
    assert trying.result(key, by_text, by_userid).gold == {1: {"City": "Salo"}}


def test_an_answer_is_held_as_the_table_can(trying: Trying) -> None:
    """A DATE or a short column changes a record: nobody can expect the whole answer of it."""
    flow = trying.flow
    there = flow.database.candidates
    short = sa.text(f"ALTER TABLE {there.table.name} DROP COLUMN City")
    flow.database.write(lambda connection: connection.execute(short))
    short = sa.text(f"ALTER TABLE {there.table.name} ADD COLUMN City VARCHAR(5)")
    flow.database.write(lambda connection: connection.execute(short))
    flow.database.__dict__.pop("candidates", None)
    key = trying.create(MINI, size=1)
    trying.to_the_end(key)
    [userid] = trying.sample(key)
    gold = trying.result(key, Known(str(userid), None, {"City": "Springfield", "State": "IL"})).gold
    assert gold == {userid: {"City": "Sprin", "State": "IL"}}
    [variant] = trying.result(key).variants
    assert variant.records[userid]["City"] == "Sprin"
