"""`--launch`: the runs are handed to Dagster's workers, and followed.

With real workers: `distributed`. Here the web server carries a run out when it is asked for it.
"""

from collections.abc import Callable
from typing import Any

import pytest

from resume_assets.commands import launching
from resume_assets.commands.web_server import NotLaunched, Unreachable
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import Platform, failure_of

QUICK = ("--check-interval", "0.01")


class Web:
    """A web server with workers; `fail` is called before each run, and may raise."""

    def __init__(self, platform: Platform) -> None:
        self.url = "http://web"
        self.platform = platform
        self.runs: list[dict[str, Any]] = []
        self.locations = ["resume_assets.definitions"]
        self.fail: Callable[[], None] = lambda: None

    def ask(self, _: str, field: str, *__: str, **variables: Any) -> Any:
        """As Dagster's answers."""
        answers: dict[str, Callable[..., Any]] = {
            "repositoriesOrError": self._jobs,
            "addDynamicPartition": self._know,
            "launchRun": self._launch,
            "runsOrError": self._find,
            "runOrError": self._look,
        }
        return answers[field](*variables.values())

    def _jobs(self) -> Any:
        jobs = [{"name": "submit_batch"}]
        return {
            "nodes": [
                {"name": "__repository__", "location": {"name": name}, "jobs": jobs}
                for name in self.locations
            ]
        }

    def _know(self, repository: Any, keys: str, key: str) -> None:
        assert repository["repositoryLocationName"] == "resume_assets.definitions"
        self.platform.instance.add_dynamic_partitions(keys, [key])

    def _launch(self, run: dict[str, Any]) -> Any:
        self.fail()
        tags = {tag["key"]: tag["value"] for tag in run["executionMetadata"]["tags"]}
        job = run["selector"]["jobName"]
        result = self.platform.run(job, tags["dagster/partition"])
        run_id = str(len(self.runs))
        why = None if result.success else failure_of(result)
        self.runs.append({"job": job, "tags": tags, "why": why, "looks": 0})
        return {"run": {"runId": run_id}}

    def _find(self, wanted: dict[str, Any]) -> Any:
        if "statuses" in wanted:
            return {"results": []}
        [tag] = wanted["tags"]
        found = [run for run in self.runs if run["tags"].get(tag["key"]) == tag["value"]]
        return {"results": found[:1]}

    def _look(self, run: str) -> Any:
        there = self.runs[int(run)]
        there["looks"] += 1
        if there["looks"] == 1:
            return {"status": "QUEUED"}
        event = {"__typename": "ExecutionStepFailureEvent"}
        said = [event | {"failureMetadata": {"description": there["why"]}}]
        status = "FAILURE" if there["why"] else "SUCCESS"
        return {"status": status, "eventConnection": {"events": said}}


@pytest.fixture
def web(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Web:
    made = Web(platform)
    monkeypatch.setattr(launching, "WebServer", lambda _: made)
    monkeypatch.setattr(launching, "_LOOK_SECONDS", 0.001)
    return made


def jobs(web: Web) -> list[str]:
    return [run["job"] for run in web.runs]


def test_submit_hands_over_and_says_what_it_says_without(web: Web) -> None:
    web.platform.seed(3)
    said = ok("submit", "--launch", "--batch", "b1", "--batch-size", "2")
    assert "b1  planned for 2 resumes\nb1  submitted  batch_" in said
    assert "Next: `resume-assets check b1`" in said
    assert jobs(web) == ["submit_batch"]
    # The sensor knows the request by this, and asks for no other run.
    assert web.runs[0]["tags"]["dagster/run_key"] == "b1:submit_batch:1:1"


def test_all_are_handed_over_before_the_first_is_followed(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resume_assets.batches.planning.outstanding.most_requests", lambda _: 2)
    web.platform.seed(5)

    def none_is_followed() -> None:
        assert not any(run["looks"] for run in web.runs)

    web.fail = none_is_followed
    ok("submit", "--launch", "--batch-size", "5")
    assert [batch.requests for batch in web.platform.batches()] == [2, 2, 1]


def test_what_its_step_said_is_what_the_command_says(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.platform.seed(1)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
    monkeypatch.setenv("OPENAI_BASE_URL", web.platform.server.base_url)
    result = call("submit", "--launch", "--batch", "b1")
    assert result.exit_code == 1
    assert "Batch b1 is kept, with its claims" in result.stderr
    assert " ".join(str(web.runs[0]["why"]).split()) in " ".join(result.stderr.split())


def test_without_a_web_server_it_is_kept_and_nothing_is_claimed(web: Web) -> None:
    def away() -> None:
        raise Unreachable("Dagster's web server did not answer at http://web (refused).")

    web.platform.seed(1)
    web.fail = away
    result = call("submit", "--launch", "--batch", "b1")
    assert result.exit_code == 1
    assert "did not answer at http://web" in " ".join(result.stderr.split())
    assert "`resume-assets submit --batch b1` goes on" in " ".join(result.stderr.split())
    assert not web.platform.claims()
    web.fail = lambda: None
    assert "b1  submitted" in ok("submit", "--launch", "--batch", "b1")


def test_continuous_follows_until_so_many_are_in(web: Web) -> None:
    web.platform.seed(5)
    told = ("--num-batches", "2", "--batch-size", "2", "--max-in-flight", "2", *QUICK)
    said = ok("continuous", "--launch", *told)
    assert "2 batches are in. 4 records are written." in said
    assert sorted(jobs(web)) == ["collect_batch"] * 2 + ["submit_batch"] * 2
    assert jobs(web)[:2] == ["submit_batch"] * 2
    assert web.platform.written() == [1, 2, 3, 4]


def test_what_the_sensor_brought_in_counts_too(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.platform.seed(3)
    web.platform.sent("b1")
    begin = launching.Workers.begin

    def after_the_sensor(workers: Any, due: Any) -> None:
        if due.stage == "collect_batch" and web.platform.batch(due.key).state == "ended":
            web.platform.run("collect_batch", due.key)
        begin(workers, due)

    monkeypatch.setattr(launching.Workers, "begin", after_the_sensor)
    said = ok("continuous", "--launch", "--num-batches", "1", *QUICK)
    assert "1 batch is in. 3 records are written." in said
    assert len(web.platform.batches()) == 1


def test_a_web_server_that_stays_away_ends_it(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise NotLaunched("nobody there")

    monkeypatch.setattr("resume_assets.commands.continuous._PATIENCE", 0)
    web.platform.seed(2)
    web.fail = away
    result = call("continuous", "--launch", "--num-batches", "2", "--batch-size", "1", *QUICK)
    assert result.exit_code == 1
    assert "Nothing went well in" in " ".join(result.stderr.split())
    # No batch after batch is planned that nobody works on.
    assert len(web.platform.batches()) <= 3
    assert not web.platform.claims()


@pytest.mark.parametrize("locations", [[], ["a", "b"]])
def test_one_code_location_must_have_our_jobs(web: Web, locations: list[str]) -> None:
    web.platform.seed(1)
    web.locations = locations
    result = call("submit", "--launch")
    assert result.exit_code == 1
    assert "code locations with the job submit_batch" in " ".join(result.stderr.split())
