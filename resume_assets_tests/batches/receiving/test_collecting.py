"""What can't be collected, and why."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.receiving import collecting
from resume_assets.batches.receiving.collecting import NotEnded, collect
from resume_assets.local_openai.settings import Pace
from resume_assets.openai_api.errors import ApiUnavailable
from resume_assets_tests.flow import KEY, Flowing, flow_at
from resume_assets_tests.local_openai.faults import Respond, each_line, rewrite

CONTENT = "/v1/files/[^/]+/content"


def test_a_batch_that_is_not_through_says_where_it_stands(tmp_path: Path) -> None:
    with flow_at(tmp_path / "home", pace=Pace(0, 80_000, 0, 0, 0)) as flow:
        flow.seed(1)
        flow.until_built()
        with pytest.raises(NotEnded, match=r"b1 is built; its output"):
            flow.collect()
        flow.submit()
        flow.poll()
        with pytest.raises(NotEnded, match=r"b1 is submitted \(\w+ at OpenAI\); its output"):
            flow.collect()
        assert flow.batch().state == "submitted"


def test_without_an_endpoint_only_what_is_here_is_counted_again(flow: Flowing) -> None:
    flow.until_ended()
    with leased(flow.database, KEY) as lease:
        with pytest.raises(NotEnded, match="no endpoint is configured"):
            collect(lease, flow.store, None)
        first = collect(lease, flow.store, flow.api)
        again = collect(lease, flow.store, None)
    assert (again.state, again.tally) == (first.state, first.tally)
    assert again.collected_at == first.collected_at


def test_three_tries_of_a_download_and_no_more(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[int] = []
    monkeypatch.setattr(collecting, "backoff", pauses.append)
    flow.until_ended()
    flow.faults.add("GET", CONTENT, Respond(500), times=2)
    assert flow.collect().state == "collected"
    assert flow.faults.count("GET", CONTENT) == 3
    flow.seed({9: "# Another"})
    flow.until_ended("second")
    flow.faults.add("GET", CONTENT, Respond(500), times=None)
    with pytest.raises(ApiUnavailable):
        flow.collect("second")
    assert flow.faults.count("GET", CONTENT) == 6
    assert pauses == [1, 2, 1, 2]  # each longer than the last, and none after it
    assert flow.batch("second").state == "ended"


@pytest.mark.parametrize("days", [13.9, 14.1])
def test_a_file_that_is_not_there_is_lost_at_once_where_its_two_weeks_are_over(
    flow: Flowing, days: float
) -> None:
    ended = flow.until_ended()
    flow.api.delete_file(ended.output_file_id)
    flow.update(ended_at=ended.ended_at - timedelta(days=days))
    if days < 14:
        with pytest.raises(NotEnded, match="nothing is lost or sent again"):
            flow.collect()
        assert flow.batch().contradiction == "file_not_there"
        return
    batch = flow.collect()
    assert (batch.state, batch.output_file_id, batch.contradiction) == ("collected", None, None)
    assert json.loads(batch.tally) == {"succeeded": 0, "missing: no_line": 3}


def test_where_a_line_is_missing_a_second_look_that_fails_is_no_obstacle(flow: Flowing) -> None:
    flow.until_ended()
    lost = each_line(lambda line: None if line["custom_id"] == "3" else line)
    assert rewrite(flow.server_folder, flow.batch().output_file_id, lost)
    look = f"/v1/batches/{flow.batch().openai_batch_id}"
    before = flow.faults.count("GET", look)
    flow.faults.add("GET", look, Respond(500), times=None)
    assert json.loads(flow.collect().tally) == {"succeeded": 2, "missing: no_line": 1}
    assert flow.faults.count("GET", look) > before


@pytest.mark.parametrize("counted", [0, None])
def test_an_empty_file_is_whole_where_no_answer_is_counted(
    flow: Flowing, counted: int | None
) -> None:
    flow.until_ended()
    assert rewrite(flow.server_folder, flow.batch().output_file_id, lambda _: [])
    flow.update(requests_completed=counted)
    batch = flow.collect()
    assert (batch.state, batch.contradiction) == ("collected", None)
    assert json.loads(batch.tally) == {"succeeded": 0, "missing: no_line": 3}
