import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from resume_assets.local_openai.answering import HELP_FROM, Answerer, Job
from resume_assets.local_openai.book import Book
from resume_assets.local_openai.completions import Completer, Completion
from resume_assets.local_openai.leases import is_alive
from resume_assets.local_openai.server import running
from resume_assets.local_openai.settings import IMMEDIATE, Limits
from resume_assets_tests.local_openai.support import Driver, jsonl, request, requests

LIMITS = Limits(exact_tokens=False)


def jobs(count: int) -> list[Job]:
    lines = [jsonl([request(f"r-{n}", f"Ada Lovelace {n}")]) for n in range(count - 1)]
    lines.append(jsonl([request("bad", temperature=9)]).rstrip(b"\n"))
    return [Job(line, None if n % 2 else 100) for n, line in enumerate(lines)]


def comparable(done: Completion) -> tuple[object, ...]:
    body = orjson.loads(orjson.dumps(done.body))
    body.pop("id", None)
    return (done.status, body, done.input_tokens, done.cached_tokens, done.output_tokens)


@pytest.fixture
def answerer() -> Iterator[Answerer]:
    made = Answerer(LIMITS, None)
    yield made
    made.close()


def test_help_changes_nothing_but_the_time(answerer: Answerer) -> None:
    for count in (1, 7, 40):
        alone = list(answerer.answer(jobs(count), 5.0, lambda: None))
        together = list(answerer.answer_together(jobs(count), 5.0, lambda: None))
        assert list(map(comparable, together)) == list(map(comparable, alone))
        assert alone[-1].status == 400


def test_helpers_end_when_they_are_told(answerer: Answerer) -> None:
    list(answerer.answer_together(jobs(4), 5.0, lambda: None))
    pids = [helper.pid for helper in answerer._helpers]
    assert pids
    answerer.close()
    assert not any(map(is_alive, pids))


def test_a_helper_that_died_is_an_error_and_then_replaced(answerer: Answerer) -> None:
    list(answerer.answer_together(jobs(4), 5.0, lambda: None))
    os.kill(answerer._helpers[-1].pid, signal.SIGSTOP)
    pid = answerer._helpers[-1].pid

    def kill() -> None:
        os.kill(pid, signal.SIGKILL)

    with pytest.raises(OSError, match="helper process ended"):
        list(answerer.answer_together(jobs(40), 5.0, kill))
    assert len(list(answerer.answer_together(jobs(4), 5.0, lambda: None))) == 4


def test_giving_up_half_way_leaves_no_answers_for_the_next(answerer: Answerer) -> None:
    answers = answerer.answer_together(jobs(40), 5.0, lambda: None)
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    again = list(answerer.answer_together(jobs(6), 5.0, lambda: None))
    assert list(map(comparable, again)) == [
        comparable(done) for done in answerer.answer(jobs(6), 5.0, lambda: None)
    ]


def test_a_large_batch_is_answered_with_help(folder: Path) -> None:
    count = HELP_FROM + 100
    with running(folder, pace=IMMEDIATE, limits=LIMITS) as server:
        driver = Driver(server, folder)
        batch = driver.wait(driver.submit(requests(count)).id)
        lines = driver.lines(batch.output_file_id)
    assert sorted(line["custom_id"] for line in lines) == sorted(f"r-{n}" for n in range(count))
    assert len(Book(folder).completed(batch.id)) == count
    assert batch.usage
    assert batch.usage.output_tokens == sum(
        line["response"]["body"]["usage"]["completion_tokens"] for line in lines
    )


def test_something_else_may_be_asked(folder: Path) -> None:
    def say(schema: dict[str, Any], resume: str) -> dict[str, Any]:
        return {"first_name": resume.upper(), "skills": list(schema["required"])}

    with running(folder, pace=IMMEDIATE, limits=LIMITS, rules=say) as server:
        driver = Driver(server, folder)
        batch = driver.wait(driver.submit(jsonl([request("a", "ada")])).id)
        (line,) = driver.lines(batch.output_file_id)
    content = line["response"]["body"]["choices"][0]["message"]["content"]
    assert json.loads(content) == {"first_name": "ADA", "skills": ["first_name", "skills"]}


def test_a_rule_that_breaks_fails_its_request_alone(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fragile(schema: dict[str, Any], resume: str) -> dict[str, Any]:
        if "Marker" in resume:
            raise ValueError(resume)
        return {"first_name": "", "skills": []}

    with running(folder, pace=IMMEDIATE, limits=LIMITS, rules=fragile) as server:
        driver = Driver(server, folder)
        batch = driver.wait(driver.submit(jsonl([request("a", "Marker"), request("b")])).id)
        (error,) = driver.lines(batch.error_file_id)
    assert batch.request_counts
    assert (batch.request_counts.completed, batch.request_counts.failed) == (1, 1)
    assert (error["custom_id"], error["response"]["status_code"]) == ("a", 500)
    assert error["response"]["body"]["error"]["type"] == "server_error"
    assert "ValueError" in caplog.text
    assert "Marker" not in caplog.text


def test_the_same_question_is_asked_once() -> None:
    asked: list[str] = []

    def say(schema: dict[str, Any], resume: str) -> dict[str, Any]:
        asked.append(resume)
        return {}

    completer = Completer(LIMITS, say)
    for text in ("a", "b", "a", "a", "x" * 30_000, "x" * 30_000):
        completer.complete(request("r", text)["body"], 0)
    assert asked == ["a", "b", "x" * 30_000, "x" * 30_000]
