"""The network on a bad day: calls end in time, nothing is half accepted, nobody is hammered."""

import socket
import threading
import time
from typing import Any

import openai
import pytest

from resume_assets.batches.receiving import polling
from resume_assets.batches.store import OUTPUT
from resume_assets.deadlines import TookTooLong, within
from resume_assets.openai_api.client import BatchApi, connected
from resume_assets.openai_api.errors import ApiUnavailable, QueueFull
from resume_assets_tests.flow import ENDPOINT, KEY, Flow, Flowing
from resume_assets_tests.local_openai.faults import (
    Change,
    Cut,
    DropAfter,
    DropBefore,
    Hold,
    Respond,
    rewrite,
)

BATCHES, FILES = "/v1/batches", "/v1/files"
CONTENT = f"{FILES}/[^/]+/content"


def finish(flow: Flow) -> None:
    flow.wait()
    assert flow.bring_in().succeeded == 3
    assert flow.written() == [1, 2, 3]
    assert not flow.book.paid_twice()
    assert len(flow.book.completed()) == 3


class TestDownload:
    def test_cut_half_way_is_repeated_and_never_half_accepted(self, flow: Flowing) -> None:
        flow.until_ended()
        flow.faults.add("GET", CONTENT, Cut(700), times=2)
        flow.collect()
        content = flow.api.client.files.content(flow.batch().output_file_id).read()
        assert flow.store.batch(KEY).path(OUTPUT).read_bytes() == content
        flow.apply()
        assert flow.written() == [1, 2, 3]

    def test_cut_each_time_leaves_nothing_behind(self, flow: Flowing) -> None:
        flow.until_ended()
        flow.faults.add("GET", CONTENT, Cut(700), times=None)
        with pytest.raises(ApiUnavailable):
            flow.collect()
        left = {path.name for path in flow.store.batch(KEY).folder.iterdir()}
        assert left == {".installation", "requests.jsonl"}
        assert flow.batch().state == "ended"
        flow.faults.clear()
        finish(flow)

    def test_shorter_than_the_server_says(self, flow: Flowing) -> None:
        """The connection ends well, and the file is not whole: a proxy that lost the rest."""
        flow.until_ended()
        flow.faults.add("GET", CONTENT, Respond(200, body=b'{"custom_id": "1"}\n'), times=None)
        with pytest.raises(ApiUnavailable, match="instead of"):
            flow.collect()
        assert not flow.store.batch(KEY).has(OUTPUT)
        flow.faults.clear()
        finish(flow)

    def test_a_server_that_does_not_say_how_long_a_file_is(self, flow: Flowing) -> None:
        flow.until_ended()
        flow.faults.add(
            "GET", f"{FILES}/[^/]+", Change(lambda file: {**file, "bytes": None}), times=None
        )
        finish(flow)
        assert flow.faults.count("GET", f"{FILES}/[^/]+") == 1

    @pytest.mark.parametrize("fault", [Respond(500), Respond(502), DropBefore(), DropAfter()])
    def test_a_fault_that_passes(self, flow: Flowing, fault: Any) -> None:
        flow.until_ended()
        flow.faults.add("GET", CONTENT, fault, times=2)
        finish(flow)

    def test_a_file_that_was_changed_on_the_way_is_not_taken_twice(self, flow: Flowing) -> None:
        """Collected once, the kept file is what counts, whatever the server says later."""
        flow.until_collected()
        rewrite(flow.server_folder, flow.batch().output_file_id, lambda lines: lines[:1])
        flow.apply()
        assert flow.written() == [1, 2, 3]


class TestCalls:
    def test_429_without_retry_after_while_looking(self, flow: Flowing) -> None:
        flow.until_submitted()
        flow.faults.add("GET", BATCHES, Respond(429, "rate_limit_exceeded"))
        (problem,) = flow.poll().problems.values()
        assert "429" in problem
        assert flow.installation().stopped_reason is None
        finish(flow)

    def test_429_with_retry_after_is_waited_for_by_the_client(self, flow: Flowing) -> None:
        flow.api = flow.client.api(max_retries=2)
        flow.until_submitted()
        flow.faults.add(
            "GET", BATCHES, Respond(429, "rate_limit_exceeded", headers={"retry-after-ms": "1"})
        )
        finish(flow)

    def test_a_429_for_good_says_how_long(self, flow: Flowing) -> None:
        flow.until_ended()
        flow.faults.add("GET", CONTENT, Respond(429, "slow_down", headers={"retry-after": "7"}))
        with pytest.raises(QueueFull) as full:
            flow.collect()
        assert full.value.retry_after == 7
        finish(flow)

    def test_an_account_without_money_is_asked_once(self, flow: Flowing) -> None:
        """By the client that the platform makes; to the package it is a 429 like any other."""
        flow.until_submitted()
        fault = Respond(429, "insufficient_quota", "insufficient_quota")
        flow.faults.add("GET", BATCHES, fault, times=None)
        before = flow.faults.count("GET", BATCHES)
        server = flow.client.server
        with connected(
            server.base_url,
            server.api_key,
            timeout=5,
            connect_timeout=5,
            max_retries=3,
            endpoint=ENDPOINT,
        ) as flow.api:
            (problem,) = flow.poll().problems.values()
        assert "no money left" in problem
        assert flow.faults.count("GET", BATCHES) - before == 1
        assert flow.installation().stopped_reason == problem

    @pytest.mark.parametrize(
        "fault",
        [DropBefore(), DropAfter(), Respond(500), Respond(503), Respond(200, body=b"<html>")],
        ids=["reset", "answer lost", "500", "503", "not JSON"],
    )
    @pytest.mark.parametrize(
        ("path", "methods"),
        [(BATCHES, ["GET", "POST"]), (FILES, ["GET", "POST"]), (CONTENT, ["GET"])],
    )
    def test_any_call_may_fail_once(
        self, flow: Flowing, fault: Any, path: str, methods: list[str]
    ) -> None:
        """A whole batch, asked for again as the sensor would; each kind of call fails first."""
        for method in methods:
            flow.faults.add(method, path, fault)
        flow.until_built()
        for _ in range(3):
            try:
                if flow.submit().openai_batch_id:
                    break
            except ApiUnavailable:
                continue
        pause = threading.Event()
        while flow.batch().state == "submitted":
            flow.poll()
            pause.wait(0.01)
        while flow.batch().state == "ended":
            try:
                flow.collect()
            except ApiUnavailable:
                continue
        finish(flow)
        assert all(flow.faults.count(method, path) for method in methods)  # the first one met it

    def test_nobody_listens(self, flow: Flowing) -> None:
        flow.until_built()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            flow.api = unreachable(f"http://127.0.0.1:{port}/v1")
            with pytest.raises(ApiUnavailable, match="ConnectError"):
                flow.submit()
        assert flow.batch().state == "built"
        flow.api = flow.client.api()
        flow.submit()
        finish(flow)

    def test_a_name_that_does_not_resolve(self, flow: Flowing) -> None:
        flow.until_built()
        flow.api = unreachable("http://nowhere.invalid/v1")
        with pytest.raises(ApiUnavailable):
            flow.submit()
        assert flow.batch().state == "built"

    def test_creation_that_never_left_is_no_doubt(self, flow: Flowing) -> None:
        """Nobody listened: nothing can have been created, and nothing need be looked for."""
        flow.until_built()
        flow.faults.add("POST", BATCHES, Respond(400, "bad"))
        with pytest.raises(Exception, match="bad"):
            flow.submit()
        flow.api, working = unreachable("http://127.0.0.1:9/v1"), flow.api
        with pytest.raises(ApiUnavailable):
            flow.submit()
        assert flow.batch().state == "built"
        flow.api = working
        flow.submit()
        finish(flow)

    def test_a_time_out_while_looking(self, flow: Flowing) -> None:
        flow.until_submitted()
        hold = flow.faults.add("GET", BATCHES, Hold())
        flow.api = flow.client.api(timeout=0.2)
        (problem,) = flow.poll().problems.values()
        assert "ReadTimeout" in problem
        hold.until.set()
        finish(flow)


def unreachable(url: str) -> BatchApi:
    client = openai.OpenAI(base_url=url, api_key="sk-test", max_retries=0, timeout=5)
    return BatchApi(client, endpoint="local_openai")


class TestTick:
    """A tick always ends in time, whatever the server does."""

    def test_work_that_hangs_is_left_behind(self) -> None:
        never = threading.Event()
        began = time.monotonic()
        with pytest.raises(TookTooLong, match="Waiting took over 0 s"):
            within(0.1, "Waiting", never.wait)
        assert time.monotonic() - began < 5
        never.set()

    def test_what_the_work_returns_and_raises_comes_through(self) -> None:
        assert within(5, "Work", lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            within(5, "Work", lambda: 1 // 0)

    def test_a_look_stops_asking_when_it_is_late(self, flow: Flowing) -> None:
        for key in ("a", "b", "c"):
            flow.until_submitted(key, rows=1)
        for key in ("a", "b", "c"):
            flow.wait_for_server(flow.batch(key).openai_batch_id)
        found = flow.poll(until=lambda: True)
        assert len(found.ended) == 1  # what it had seen by then counts
        assert "slow" in found.problems[polling.ENDPOINT]
        for key in ("a", "b", "c"):
            flow.wait(key)
