"""`--launch`: runs that Dagster's workers carry out, asked of its web server and followed here.

The web server knows where the code is, and hands a run to the queue and the run launcher that are
configured, whichever they are. It is asked as `asking` says.
"""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from resume_assets.assets.partitions import partitions_of
from resume_assets.batches.planning.runs import Due, Run, Stage
from resume_assets.commands.output import warn
from resume_assets.commands.web_server import NotLaunched, Unreachable, WebServer
from resume_assets.dagster_home import LOCATION
from resume_assets.progress import step

_LOOK_SECONDS = 1.0  # between two looks at a run
_SILENCE = 120.0  # seconds that a web server may be away while a run is followed
_QUEUE_PATIENCE = 120.0  # seconds after which it is said that a run still waits for a worker

_PARTITION, _RUN_KEY = "dagster/partition", "dagster/run_key"
_UNFINISHED = ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING")
_WAITING = {"QUEUED": "queued", "NOT_STARTED": "queued", "STARTING": "starting"}

_JOBS = """{ repositoriesOrError { __typename
    ... on RepositoryConnection { nodes { name location { name } jobs { name } } }
    ... on PythonError { message } } }"""
_KNOW = """mutation Know($repository: RepositorySelector!, $keys: String!, $key: String!) {
    addDynamicPartition(
        repositorySelector: $repository, partitionsDefName: $keys, partitionKey: $key
    ) { __typename ... on PythonError { message } ... on UnauthorizedError { message } } }"""
_LAUNCH = """mutation Launch($run: ExecutionParams!) { launchRun(executionParams: $run) { __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message } ... on UnauthorizedError { message }
    ... on PipelineNotFoundError { message } ... on RunConflict { message } } }"""
_RUNS = """query Runs($filter: RunsFilter!) { runsOrError(filter: $filter, limit: 1) { __typename
    ... on Runs { results { runId status startTime } } ... on PythonError { message } } }"""
_STATUS = """query Status($run: ID!) { runOrError(runId: $run) { __typename
    ... on Run { status } ... on RunNotFoundError { message } ... on PythonError { message } } }"""
_FAILURES = """query Failures($run: ID!) { runOrError(runId: $run) { __typename
    ... on Run { eventConnection(afterCursor: null) { events { __typename
        ... on ExecutionStepFailureEvent { failureMetadata { description } }
        ... on RunFailureEvent { message } } } } } }"""


class Workers:
    """Dagster's workers, by way of its web server; and the orchestrator of `batches.planning`."""

    def __init__(self, url: str) -> None:
        self._server = WebServer(url)
        self._runs: dict[tuple[Stage, str], str] = {}
        self._repository: dict[str, str] | None = None

    def begin(self, due: Due) -> None:
        """Hand a run over. Raises NotLaunched."""
        self._runs[due.stage, due.key] = self._launch(due.stage, due.key, due.run_key)

    def has_ended(self, stage: Stage, key: str) -> bool:
        """Whether the run that was begun is over, well or not. Raises NotLaunched."""
        return self._status(self._runs[stage, key]) not in _UNFINISHED

    def follow(self, stage: Stage, key: str, doing: str) -> None:
        """Wait until the run that was begun has ended; where none was, one is now.

        Raises NotLaunched with what its step said.
        """
        run_id = self._runs.pop((stage, key), None) or self._of_batch(stage, key)
        told_at, pause = time.monotonic() + _QUEUE_PATIENCE, threading.Event()
        with step(doing) as shown:
            while (status := self._patiently(run_id)) in _UNFINISHED:
                shown.doing = f"{doing}, {_WAITING.get(status, 'at a worker')}"
                if status in _WAITING and time.monotonic() > told_at:
                    warn(
                        f"{key}: the run {run_id} still waits for a worker. Do Dagster's daemon "
                        "and the workers run? It stays in the queue, whatever becomes of this "
                        "command."
                    )
                    told_at = float("inf")
                pause.wait(_LOOK_SECONDS)
        if status != "SUCCESS":
            raise NotLaunched(self._why(run_id, key, status))

    def unfinished(self, keys: Sequence[str]) -> list[Run]:
        """A run of each of these batches that is queued or in progress. Raises NotLaunched.

        A filter takes one value of a tag: so this is a query a batch, of those that are due.
        """
        found = []
        for key in keys:
            for run in self._find(key, _PARTITION, statuses=_UNFINISHED):
                began = run["startTime"] if run["status"] == "STARTED" else None
                when = None if began is None else datetime.fromtimestamp(began, UTC)
                found.append(Run(run["runId"], key, when and when.replace(tzinfo=None)))
        return found

    def known(self, run_keys: Sequence[str]) -> frozenset[str]:
        """Those of these run keys that Dagster has ever had a run of. Raises NotLaunched."""
        return frozenset(key for key in run_keys if self._find(key, _RUN_KEY))

    def _find(self, value: str, tag: str, **more: object) -> list[dict[str, Any]]:
        wanted = {"tags": [{"key": tag, "value": value}], **more}
        return list(self._server.ask(_RUNS, "runsOrError", "Runs", filter=wanted)["results"])

    def _of_batch(self, stage: Stage, key: str) -> str:
        """The run that is under way, the sensor's say; else a new one."""
        found = self._find(key, _PARTITION, statuses=_UNFINISHED, pipelineName=stage.value)
        return str(found[0]["runId"]) if found else self._launch(stage, key, None)

    def _launch(self, stage: Stage, key: str, run_key: str | None) -> str:
        repository, keys = self._where(), partitions_of(stage).name
        there = ("AddDynamicPartitionSuccess", "DuplicateDynamicPartitionError")
        known = {"repository": repository, "keys": keys, "key": key}
        self._server.ask(_KNOW, "addDynamicPartition", *there, **known)
        tags = {_PARTITION: key, "resume_assets/from": "command line"}
        if run_key is not None:
            tags[_RUN_KEY] = run_key
        run = {
            "selector": {**repository, "jobName": stage.value},
            "runConfigData": {},
            "mode": "default",
            "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in tags.items()]},
        }
        launched = self._server.ask(_LAUNCH, "launchRun", "LaunchRunSuccess", run=run)
        return str(launched["run"]["runId"])

    def _where(self) -> dict[str, str]:
        """Which code location and repository our jobs are in."""
        if self._repository is None:
            nodes = self._server.ask(_JOBS, "repositoriesOrError", "RepositoryConnection")["nodes"]
            ours = [
                (node["location"]["name"], node["name"])
                for node in nodes
                if Stage.submit.value in {job["name"] for job in node["jobs"]}
            ]
            named = [one for one in ours if one[0] == LOCATION] or ours
            if len(named) != 1:
                raise NotLaunched(
                    f"Dagster at {self._server.url} has {len(ours) or 'no'} code locations with "
                    f"the job {Stage.submit.value}; one is needed, or one that is called "
                    f"{LOCATION}. Is its code server up, and in the workspace.yaml?"
                )
            [(location, name)] = named
            self._repository = {"repositoryLocationName": location, "repositoryName": name}
        return self._repository

    def _status(self, run_id: str) -> str:
        return str(self._server.ask(_STATUS, "runOrError", "Run", run=run_id)["status"])

    def _patiently(self, run_id: str) -> str:
        """The run's status; a web server that is away for a moment is waited for."""
        end, pause = time.monotonic() + _SILENCE, threading.Event()
        while True:
            try:
                return self._status(run_id)
            except Unreachable:
                if time.monotonic() > end:
                    raise
                pause.wait(_LOOK_SECONDS)

    def _why(self, run_id: str, key: str, status: str) -> str:
        found = self._server.ask(_FAILURES, "runOrError", "Run", run=run_id)
        events = found["eventConnection"]["events"]
        for event in events:
            said = event.get("failureMetadata") or {}
            if said.get("description"):
                return str(said["description"])
        told = [event["message"] for event in events if event["__typename"] == "RunFailureEvent"]
        why = f": {told[-1].strip()}" if told and told[-1] else "."
        return f"{key}: the run {run_id} ended as {status.lower()} at its worker{why}"
