"""A trial from its creation to its report, whatever is in its way."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger.batches import OfTrial
from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.planner import KeyTaken, plan_batch, plan_named
from resume_assets.batches.records.rows import Row
from resume_assets.batches.upkeep.housekeeping import tidy
from resume_assets.extraction.prompt import load_prompt
from resume_assets.trials.ledger import UnknownTrial
from resume_assets.trials.recording import text_of
from resume_assets.trials.report import report_of
from resume_assets.trials.upkeep import forget_records
from resume_assets_tests.local_openai.faults import Respond, each_line, rewrite
from resume_assets_tests.trials.trying import MINI, NANO, Trying


def test_two_models_get_the_same_resumes(trying: Trying) -> None:
    key = trying.create()
    report = trying.to_the_end(key)
    assert [variant.model for variant in report.variants] == [MINI, NANO]
    assert [variant.usable and variant.usable.value for variant in report.variants] == [1.0, 1.0]
    assert [variant.requests for variant in report.variants] == [4, 4]
    assert all(variant.cost_usd for variant in report.variants)
    assert trying.each_once(key)
    assert trying.untouched()
    result = trying.result(key)
    [first, second] = result.variants
    assert set(first.records) == set(second.records) == set(result.sample)
    userid = result.sample[0]
    assert first.records[userid]["Email"] == f"ada{userid}@example.com"
    assert first.checked is not None
    assert first.checked[userid] > 3
    assert first.not_borne_out == dict.fromkeys(result.sample, frozenset())
    assert all(one.borne_out and one.borne_out.value == 1.0 for one in report.variants)
    assert first.records[userid]["MostRecentStartDate"] == "2019-03"


def test_two_prompts_of_one_model(trying: Trying, tmp_path: Path) -> None:
    other = tmp_path / "mine.txt"
    other.write_text(load_prompt("lean").text + "\nNever guess.", encoding="utf-8")
    key = trying.create(MINI, prompts=("lean", str(other)))
    report = trying.to_the_end(key)
    assert [variant.prompt for variant in report.variants] == ["lean", "mine.txt"]
    assert report.variants[0].input_tokens < report.variants[1].input_tokens
    versions = [batch.prompt_version for batch in trying.batches(key)]
    assert len(set(versions)) == 2


def test_what_is_asked_is_fixed_at_its_creation(trying: Trying) -> None:
    key = trying.create()
    trying.flow.set(model="gpt-4o-mini-2024-07-18", temperature=1.0, max_output_tokens=200)
    trying.to_the_end(key)
    asked = {(batch.model, batch.temperature) for batch in trying.batches(key)}
    assert asked == {(MINI, 0.2), (NANO, 0.2)}


def test_it_goes_beside_the_real_work(trying: Trying) -> None:
    flow = trying.flow
    flow.until_submitted("real", rows=2)
    key = trying.create(size=5)
    trying.advance(key)
    assert flow.claims() == {1: "real", 2: "real"}
    flow.wait("real")
    flow.bring_in("real")
    assert flow.written() == [1, 2]
    trying.to_the_end(key)
    assert trying.each_once(key)
    assert flow.written() == [1, 2]
    assert flow.waiting() == [3, 4, 5]
    # What is there by now is compared: of the resumes that are processed.
    assert set(trying.result(key).present) == {1, 2}
    shown = flow.database.read(
        lambda c: c.exec_driver_sql("SELECT batch_key FROM aicandidateBatchStatus").fetchall()
    )
    assert [row[0] for row in shown] == ["real"]


def test_poor_answers_of_a_trial_do_not_stop_the_real_work(trying: Trying) -> None:
    flow = trying.flow
    flow.set(usable_share=1.0)
    for _ in range(2):
        # The server knows no such model: not one answer is usable.
        report = trying.to_the_end(trying.create("gpt-4-none", "gpt-4-nothing"))
        assert [one.usable and one.usable.value for one in report.variants] == [0.0, 0.0]
    assert [batch.low_share for batch in flow.batches()] == [None] * 4
    assert not isinstance(flow.plan("real", rows=5), NoPlan)


@pytest.mark.parametrize("stop", [Stop.low_share, Stop.low_borne_out])
def test_a_stop_for_poor_answers_is_none_for_a_trial(trying: Trying, stop: Stop) -> None:
    flow = trying.flow
    flow.set(usable_share=1.0)
    for key in ("one", "two"):
        flow.until_done(key, rows=1)
        flow.update(key, **{stop.value: True})
    decision = plan_batch(flow.database, flow.settings, rows=1, origin="test")
    assert isinstance(decision, NoPlan)
    assert decision.stop is stop
    key = trying.create()
    trying.to_the_end(key)
    assert trying.each_once(key)


def test_a_variant_whose_requests_all_fail_is_reported(trying: Trying) -> None:
    flow = trying.flow
    key = trying.create("gpt-4-none", MINI)
    report = trying.to_the_end(key)
    poor, good = report.variants
    assert poor.reasons == {"released: batch_failed": 4}
    assert (poor.cost_usd, good.usable and good.usable.value) == (None, 1.0)
    assert trying.each_once(key)
    assert trying.untouched()
    assert not flow.given_up()


def test_a_limit_that_shrinks_a_batch_makes_several(trying: Trying) -> None:
    flow = trying.flow
    flow.set(enqueued_token_limit=1_600, max_in_flight=1)
    key = trying.create()
    first = trying.advance(key)
    assert first.waits is not None
    assert [one.unsent for one in first.variants] == [2, 4]
    trying.wait_for_server(key)
    trying.to_the_end(key)
    assert len(trying.batches(key)) == 4
    assert trying.each_once(key)


def test_money_is_a_trials_too(trying: Trying) -> None:
    flow = trying.flow
    flow.set(max_cost_usd=0.0001)
    key = trying.create()
    state = trying.advance(key)
    assert "RESUME_MAX_COST_USD" in (state.waits or "")
    assert not trying.batches(key)
    assert trying.trial(key).message == state.waits
    assert not trying.due(), "no run is asked for while nothing is allowed"
    flow.set(max_cost_usd=1.0)
    assert [due.key for due in trying.due()] == [key]
    trying.to_the_end(key)


def test_its_money_counts_for_the_real_work(trying: Trying) -> None:
    flow = trying.flow
    trying.to_the_end(trying.create())
    spent = sum(float(batch.batch_cost) for batch in flow.batches())
    flow.set(max_cost_usd=spent)
    decision = plan_batch(flow.database, flow.settings, rows=1, origin="test")
    assert isinstance(decision, NoPlan)
    assert decision.stop is Stop.money


def test_it_counts_for_no_number_of_batches(trying: Trying) -> None:
    flow = trying.flow
    trying.to_the_end(trying.create())
    planned = plan_batch(flow.database, flow.settings, rows=1, origin="sensor", in_all=1)
    assert not isinstance(planned, NoPlan)


def test_a_file_over_the_limit_is_split_and_sent_later(trying: Trying) -> None:
    flow = trying.flow
    key = trying.create(size=5)
    flow.faults.add(
        "POST",
        "/v1/batches",
        Respond(
            429,
            "token_limit_exceeded",
            message="Enqueued token limit reached for x in organization org-1. Limit: 1,900 "
            "enqueued tokens.",
        ),
    )
    trying.to_the_end(key)
    reasons = [item.reason for item in trying.items(key) if item.state == "released"]
    assert set(reasons) == {"over_token_limit"}
    assert trying.each_once(key)


def test_one_batch_that_is_refused_keeps_no_other_waiting(trying: Trying) -> None:
    flow = trying.flow
    key = trying.create()
    flow.faults.add("POST", "/v1/batches", Respond(400, "invalid_request"), times=None)
    state = trying.advance(key)
    assert len(state.problems) == 2
    assert [batch.state for batch in state.batches] == ["built", "built"]
    assert trying.trial(key).message == state.problems[0]
    flow.faults.clear()
    trying.to_the_end(key)
    assert trying.trial(key).message is None
    assert trying.each_once(key)


def test_nothing_is_sent_while_planning_is_stopped(trying: Trying) -> None:
    flow = trying.flow
    key = trying.create()
    table = flow.database.ledger.installation
    flow.database.write(lambda c: c.execute(table.update().values(stopped_reason="No money.")))
    state = trying.advance(key)
    assert not trying.batches(key)
    assert "No money." in (state.waits or "")
    assert not trying.due()
    flow.database.write(lambda c: c.execute(table.update().values(stopped_reason=None)))
    trying.to_the_end(key)


def test_texts_that_change_between_variants_are_left_out(trying: Trying) -> None:
    flow = trying.flow
    flow.set(max_in_flight=1)
    key = trying.create(size=5)
    trying.advance(key)
    text = flow.database.candidates.text.name
    flow.change(3, **{text: "# Grace Hopper\n\nNew text"})
    flow.delete(4)
    trying.wait_for_server(key)
    report = trying.to_the_end(key)
    assert report.changed == 1
    result = trying.result(key)
    assert result.changed == {3}
    assert set(result.variants[0].records) == {1, 2, 4, 5}
    assert result.variants[1].reasons == {"released: resume_gone": 1}
    assert trying.each_once(key)


def test_two_workers_at_once(trying: Trying) -> None:
    key, ready = trying.create(), threading.Barrier(2)

    def work(_: int) -> None:
        ready.wait()
        for _ in range(4):
            trying.advance(key)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    trying.to_the_end(key)
    assert len(trying.batches(key)) == 2
    assert trying.each_once(key)
    book = trying.flow.book
    sent = [(entry.custom_id, entry.body_hash) for entry in book.entries()]
    assert len(sent) == len(set(sent)) == 8


def test_a_trial_that_is_done_is_left_as_it_is(trying: Trying) -> None:
    key = trying.create()
    trying.to_the_end(key)
    before = trying.trial(key)
    state = trying.advance(key)
    assert state.is_done
    assert trying.trial(key).report == before.report
    assert trying.trial(key).done_at == before.done_at
    assert not trying.due()


def test_no_such_trial(trying: Trying) -> None:
    with pytest.raises(UnknownTrial, match="resume-assets trial --model A --model B"):
        trying.advance("trial-none")


class TestNotForTheRealWork:
    """A trial's batch under the hands of what is for the others."""

    def test_it_is_never_claimed_for_or_applied(self, trying: Trying) -> None:
        flow = trying.flow
        key = trying.create()
        trying.advance(key)
        [first, _] = trying.batches(key)
        with pytest.raises(OfTrial, match=f"resume-assets trial {key}"):
            flow.claim(first.batch_key)
        trying.wait_for_server(key)
        flow.poll()
        flow.collect(first.batch_key)
        with pytest.raises(OfTrial):
            flow.apply(first.batch_key)
        assert trying.untouched()
        trying.to_the_end(key)
        assert trying.each_once(key)

    def test_its_key_names_no_batch_of_the_real_work(self, trying: Trying) -> None:
        flow = trying.flow
        key = trying.create("gpt-4-none", MINI)
        trying.to_the_end(key)
        batch = trying.batches(key)[0].batch_key
        for plan in (
            lambda: plan_named(flow.database, flow.settings, batch, 5),
            lambda: plan_batch(flow.database, flow.settings, rows=5, origin="test", key=batch),
        ):
            with pytest.raises(KeyTaken, match=f"resume-assets trial {key}"):
                plan()


def test_the_house_is_kept(trying: Trying) -> None:
    """Files and values go after RESUME_KEEP_FILES_DAYS; the figures stay."""
    flow = trying.flow
    key = trying.create()
    report = trying.to_the_end(key)
    assert forget_records(flow.database, flow.settings) == 0
    assert not flow.book.files()
    flow.set(keep_files_days=0.0)
    assert forget_records(flow.database, flow.settings) == 8
    assert tidy(flow.database, flow.settings, flow.store, flow.api).local_batches == 2
    records = [item.record for item in trying.items(key)]
    assert records == [None] * 8
    assert trying.trial(key).report is not None
    assert len(report.variants) == 2
    reasons = trying.result(key).variants[0].reasons
    assert list(reasons) == ["forgotten: its record is older than RESUME_KEEP_FILES_DAYS"]


def test_the_items_are_of_the_same_make(trying: Trying) -> None:
    """Whatever reads an item of a batch reads one of a trial's."""
    tables = trying.flow.database.ledger
    ours = {column.name for column in tables.trial_items.columns}
    of_records = {"digests", "overwrote", "put_back_at"}  # of what is in the candidate table
    columns = [column for column in tables.items.columns if column.name not in of_records]
    assert ours == {column.name for column in columns} | {"record"}
    kinds = {column.name: (str(column.type), column.nullable) for column in columns}
    for name, kind in kinds.items():
        column = tables.trial_items.c[name]
        assert (str(column.type), column.nullable) == kind
    assert isinstance(tables.trial_items.c.record.type, sa.UnicodeText)


def test_what_the_resumes_do_not_bear_out_is_counted(trying: Trying) -> None:
    flow = trying.flow
    key = trying.create()
    trying.advance(key)
    trying.wait_for_server(key)
    trying.to_the_end(key)
    items = flow.database.ledger.trial_items
    [userid, *_] = trying.sample(key)
    noted = (
        items.update()
        .where(items.c.userid == userid, items.c.batch_key == trying.batches(key)[0].batch_key)
        .values(not_borne_out='["Email"]', values_not_borne_out=1)
    )
    flow.database.write(lambda connection: connection.execute(noted))
    first, second = report_of(trying.result(key)).variants
    assert first.borne_out is not None
    assert second.borne_out is not None
    assert first.borne_out.value < second.borne_out.value == 1.0


def test_a_problem_of_another_batch_is_none_of_the_trials(trying: Trying) -> None:
    flow = trying.flow
    flow.until_submitted("real", rows=1)
    key = trying.create()
    trying.advance(key)
    flow.update("real", endpoint="https://elsewhere.example/v1")
    first, _ = trying.batches(key)
    flow.update(first.batch_key, endpoint="https://elsewhere.example/v1")
    [told] = trying.advance(key).problems
    assert told.startswith(f"Batch {first.batch_key} is out at https://elsewhere.example/v1")
    assert trying.trial(key).message == told


def test_a_server_that_does_not_answer_is_a_problem_of_it(trying: Trying) -> None:
    key = trying.create()
    trying.advance(key)
    before = trying.trial(key).try_number
    trying.flow.faults.add("GET", "/v1/batches", Respond(500, "server_error"), times=None)
    assert len(trying.advance(key).problems) == 1
    assert trying.trial(key).try_number == before, "it came to nothing"
    trying.flow.faults.clear()
    assert trying.advance(key).problems == ()
    assert trying.trial(key).try_number == before + 1


def test_a_long_message_is_cut_as_its_column_is(trying: Trying) -> None:
    key = trying.create()
    table = trying.flow.database.ledger.installation
    reason = "n" * 1_100
    trying.flow.database.write(lambda c: c.execute(table.update().values(stopped_reason=reason)))
    state = trying.advance(key)
    assert state.waits is not None
    assert len(state.waits) > 1_000
    assert trying.trial(key).message == state.waits[:1_000]


def test_a_batch_that_waits_for_room_says_so(trying: Trying) -> None:
    flow = trying.flow
    flow.set(check_interval=600)
    key = trying.create(MINI)
    refused = Respond(429, "token_limit_exceeded", message="Enqueued token limit reached.")
    flow.faults.add("POST", "/v1/batches", refused, times=None)
    trying.advance(key)
    [batch] = trying.batches(key)
    assert (batch.state, batch.quota_tries) == ("quota", 1)
    sent = flow.faults.count("POST", "/v1/batches")
    state = trying.advance(key)
    assert state.waits == f"Batch {batch.batch_key}: {batch.message}"
    assert flow.faults.count("POST", "/v1/batches") == sent, "it was not tried again"
    assert state.problems == ()
    flow.faults.clear()
    flow.update(batch.batch_key, quota_until=batch.quota_until.replace(year=2020))
    trying.to_the_end(key)
    assert trying.each_once(key)


def test_what_is_in_doubt_is_settled_though_planning_is_stopped(trying: Trying) -> None:
    flow = trying.flow
    key = trying.create(MINI)
    flow.faults.add("POST", "/v1/batches", Respond(500, "server_error"), times=None)
    trying.advance(key)
    flow.faults.clear()
    [batch] = trying.batches(key)
    assert batch.state == "submitting"
    table = flow.database.ledger.installation
    flow.database.write(lambda c: c.execute(table.update().values(stopped_reason="No money.")))
    state = trying.advance(key)
    assert state.waits == "No money. `resume-assets unpause` goes on."
    assert trying.batches(key)[0].state == "built", "it is not there, and nothing is sent"


def test_a_record_of_it_is_as_the_table_would_have_it(trying: Trying) -> None:
    key = trying.create(MINI, size=1)
    trying.to_the_end(key)
    [item] = trying.items(key)
    record = json.loads(item.record)
    assert None not in record.values()
    assert (record["State"], record["MostRecentStartDate"]) == ("IL", "2019-03")
    assert item.state == "succeeded"
    assert item.closed_at is not None
    assert item.input_tokens > 0
    assert item.values_checked > 3
    assert text_of(date(2019, 3, 1)) == text_of(datetime(2019, 3, 31)) == "2019-03"  # noqa: DTZ001
    assert (text_of(None), text_of(7), text_of("x")) == (None, "7", "x")


def test_an_address_that_the_resume_does_not_bear_out_is_in_no_record(trying: Trying) -> None:
    """As in the candidate table: what is compared is what would be written."""
    flow = trying.flow
    key = trying.create(MINI, size=1)
    trying.advance(key)
    trying.wait_for_server(key)
    flow.poll()
    invented = {"emails": ["john.doe@example.com"], "skills": ["Underwater basketry"]}

    def spoil(line: Any) -> Any:
        message = line["response"]["body"]["choices"][0]["message"]
        message["content"] = json.dumps({**json.loads(message["content"]), **invented})
        return line

    [batch] = trying.batches(key)
    assert rewrite(flow.server_folder, batch.output_file_id, each_line(spoil))
    trying.to_the_end(key)
    [item] = trying.items(key)
    record = json.loads(item.record)
    assert "Email" not in record
    assert record["Skill1"] == "Underwater basketry"


def test_what_is_out_is_looked_at_while_another_batch_waits(trying: Trying) -> None:
    flow = trying.flow
    key = trying.create()
    trying.advance(key)
    trying.wait_for_server(key)
    first, second = trying.batches(key)
    later = first.submitted_at.replace(year=2099)
    flow.update(first.batch_key, state="quota", quota_until=later)
    trying.advance(key)
    assert [batch.state for batch in trying.batches(key)] == ["quota", "done"]
    assert second.state == "submitted", "before"


def test_the_record_of_who_is_forgotten_meanwhile_is_not_written(
    trying: Trying, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = trying.create(MINI, size=3)
    trying.advance(key)
    trying.wait_for_server(key)

    def discarded(_connection: Any, _lease: Any, rows: list[Row]) -> list[Row]:
        return [row for row in rows if row.asked.userid == trying.sample(key)[0]]

    monkeypatch.setattr("resume_assets.trials.recording.discarded", discarded)
    trying.advance(key)
    records = {item.userid: item.record for item in trying.items(key)}
    assert [records[userid] is None for userid in trying.sample(key)] == [True, False, False]
