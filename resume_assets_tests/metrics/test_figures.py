"""What the ledger says, read back by the parser of Prometheus' own library."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from resume_assets.batches.ledger import counters
from resume_assets.batches.ledger.states import BatchState
from resume_assets.commands import metrics as command
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.metrics.exposition import Metric, Sample, written
from resume_assets.metrics.figures import look
from resume_assets.openai_api.client import connected
from resume_assets.tallies import Tally, count
from resume_assets_tests.commands.calling import ok
from resume_assets_tests.flow import Flowing
from resume_assets_tests.home import Platform
from resume_assets_tests.local_openai.faults import Respond
from resume_assets_tests.serving import in_thread

Read = dict[str, float]


def parsed(text: str) -> Read:
    """Each sample by its name and labels."""
    return {
        sample.name.removeprefix("resume_assets_")
        + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def figures(flow: Flowing) -> Read:
    return parsed(written(look(flow.database, flow.settings)))


def test_an_empty_ledger(flow: Flowing) -> None:
    found = figures(flow)
    assert found["queue_resumes"] == 5
    assert found["queue_oldest_age_seconds"] > 0
    assert found["batches_stuck"] == found["planning_stopped"] == 0
    assert found["cost_usd_total"] == found["records_total"] == found["store_errors_total"] == 0
    assert {f"batches state={state}" for state in BatchState} <= set(found)
    assert not any(name.startswith(("last_tick", "borne_out", "requests")) for name in found)


def test_a_batch_on_its_way_and_done(flow: Flowing) -> None:
    flow.until_submitted(rows=3)
    planned = flow.batch().planned_at
    flow.update(planned_at=planned - timedelta(hours=1))
    found = figures(flow)
    assert found["queue_resumes"] == 2
    assert found["batches state=submitted"] == 1
    assert 3_600 <= found["batch_oldest_age_seconds state=submitted"] < 3_700
    flow.wait()
    flow.bring_in()
    found = figures(flow)
    assert found["batches state=done"] == 1
    assert "batch_oldest_age_seconds state=submitted" not in found
    assert found["records_total"] == found["requests_total outcome=succeeded reason="] == 3
    assert found["cost_usd_total"] > 0
    assert found["saving_usd_total"] == pytest.approx(found["cost_usd_total"])
    assert found["tokens_total"] > 0
    assert 0 < found["borne_out_ratio"] <= 1


def test_reasons_are_told_apart(flow: Flowing) -> None:
    flow.until_done(rows=1)
    flow.update(tally='{"succeeded": 1, "invalid: empty": 2, "missing: no_line": 1}')
    found = figures(flow)
    assert found["requests_total outcome=invalid reason=empty"] == 2
    assert found["requests_total outcome=missing reason=no_line"] == 1


def test_what_is_counted_is_kept_when_a_stage_ends(flow: Flowing) -> None:
    flow.plan()
    for what in (Tally.throttled, Tally.throttled, Tally.store_failed):
        count(what)
    assert figures(flow)["openai_throttled_total"] == 0
    flow.claim()
    found = figures(flow)
    assert (found["openai_throttled_total"], found["store_errors_total"]) == (2, 1)
    count(Tally.throttled)
    flow.build()
    assert figures(flow)["openai_throttled_total"] == 3


def test_what_can_not_be_kept_is_kept_later(flow: Flowing, monkeypatch: pytest.MonkeyPatch) -> None:
    count(Tally.database_failed)
    with monkeypatch.context() as broken:
        broken.setattr(flow.database, "write", refuse)
        counters.keep(flow.database)
    counters.keep(flow.database)
    assert figures(flow)["database_errors_total"] == 1


def refuse(_: object) -> None:
    raise DatabaseFailed("gone")


def test_answers_with_429_and_calls_made_again_are_counted(flow: Flowing) -> None:
    flow.until_submitted()
    path = f"/v1/batches/{flow.batch().openai_batch_id}"
    flow.faults.add("GET", path, Respond(429, "slow down"), times=2)
    server = flow.client.server
    with connected(
        server.base_url, server.api_key, timeout=20, connect_timeout=20, max_retries=2
    ) as api:
        assert api.retrieve(flow.batch().openai_batch_id).id == flow.batch().openai_batch_id
    counters.keep(flow.database)
    found = figures(flow)
    assert (found["openai_throttled_total"], found["openai_retries_total"]) == (2, 2)


def test_a_tick_is_noted(flow: Flowing) -> None:
    before = datetime.now(UTC).timestamp()
    counters.note_tick(flow.database)
    counters.note_tick(flow.database)
    found = figures(flow)
    assert found["ticks_total"] == 2
    assert before - 2 <= found["last_tick_timestamp_seconds"] <= datetime.now(UTC).timestamp() + 2


def test_labels_and_help_are_escaped() -> None:
    odd = 'a "quoted" \\ back\nslash'
    [family] = text_string_to_metric_families(
        written([Metric("odd", odd, [Sample(1.5, {"what": odd})])])
    )
    [sample] = family.samples
    assert (family.name, sample.labels, sample.value) == ("resume_assets_odd", {"what": odd}, 1.5)


def test_names_are_as_prometheus_wants_them(flow: Flowing) -> None:
    flow.until_done(rows=1)
    counters.note_tick(flow.database)
    for family in text_string_to_metric_families(written(look(flow.database, flow.settings))):
        assert family.documentation.endswith(".")
        is_total = [sample.name.endswith("_total") for sample in family.samples]
        assert all(is_total) if family.type == "counter" else not any(is_total), family.name


@contextmanager
def served(flow: Flowing) -> Iterator[str]:
    server = command.Server("127.0.0.1", 0, lambda: written(look(flow.database, flow.settings)))
    with in_thread(server):
        yield f"http://127.0.0.1:{server.server_port}"


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answered:
        assert answered.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return str(answered.read().decode())


def test_they_are_served_and_read_anew_after_a_while(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(flow) as address:
        assert parsed(fetch(f"{address}/metrics"))["queue_resumes"] == 5
        flow.plan()
        flow.claim()
        assert parsed(fetch(f"{address}/metrics?x=y"))["queue_resumes"] == 5  # as it was just now
        monkeypatch.setattr(command, "FRESH_SECONDS", -1.0)
        assert parsed(fetch(f"{address}/metrics"))["queue_resumes"] == 0
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetch(f"{address}/")


def test_a_database_that_does_not_answer_is_told_by_the_status(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(flow.database, "read", refuse)
    with served(flow) as address, pytest.raises(urllib.error.HTTPError, match="503") as told:
        fetch(f"{address}/metrics")
    assert b"can't be read" in told.value.read()
    assert "gone" in capsys.readouterr().err


def test_the_command_prints_them(done: Platform) -> None:
    assert parsed(ok("metrics"))["records_total"] == 2
    found = json.loads(ok("metrics", "--json"))["metrics"]
    assert {"name": "resume_assets_records_total", "labels": {}, "value": 2.0} in found
