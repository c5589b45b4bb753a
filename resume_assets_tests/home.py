"""The whole platform in a folder of its own: `flow.Flow`, with Dagster around it."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
import openai

from resume_assets import assets
from resume_assets.batches.ledger import batches
from resume_assets.batches.planning.runs import Stage
from resume_assets.dagster_home import open_instance
from resume_assets.definitions import build_defs
from resume_assets.local_openai.hosting import LocalServer
from resume_assets.local_openai.server import running
from resume_assets.local_openai.settings import IMMEDIATE, Limits, Pace
from resume_assets.openai_api.client import BatchApi
from resume_assets.private import private_folder
from resume_assets.settings import load_settings
from resume_assets_tests.flow import ENDPOINT, Flow
from resume_assets_tests.local_openai.support import ENDED, until

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
NEVER = Pace(processing_seconds=86_000)
"""No batch ends while a test lasts."""

ASSETS = (
    "unprocessed_resumes",
    "batch_requests",
    "submitted_batch",
    "batch_output",
    "updated_candidate_records",
    "batch_cost",
)


RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
"""The tags by which the run of a backfill is told its partitions."""


class Platform(Flow):
    """Adds the definitions and the instance, which read the environment: see the fixture `home`."""

    def __init__(
        self,
        home: Path,
        api: BatchApi,
        instance: dg.DagsterInstance,
        server: LocalServer,
        overrides: Mapping[str, Any],
    ) -> None:
        super().__init__(home, load_settings(), api)
        self.instance = instance
        self.server = server
        self.definitions = build_defs(dict(overrides))

    def know(self, key: str) -> str:
        """Make the key a partition."""
        self.instance.add_dynamic_partitions(assets.resume_batches.name or "", [key])
        return key

    def run(self, stage: Stage | str, key: str) -> dg.ExecuteInProcessResult:
        """Run one half of a batch's way as a job."""
        self.know(key)
        return self.definitions.resolve_job_def(str(stage)).execute_in_process(
            instance=self.instance,
            partition_key=key,
            run_config=QUIET,
            raise_on_error=False,
        )

    def materialize(
        self, key: str, *names: str, run_config: Mapping[str, Any] | None = None
    ) -> dg.ExecuteInProcessResult:
        """Materialize these assets, all six if none is named, and their checks, in one run."""
        self.know(key)
        return self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            partition_key=key,
            asset_selection=[dg.AssetKey(name) for name in names or ASSETS],
            run_config={**QUIET, **(run_config or {})},
            raise_on_error=False,
        )

    def backfill(self, key: str, *names: str) -> dg.ExecuteInProcessResult:
        """Materialize these assets as the run of a backfill does: for a range of one partition."""
        self.know(key)
        return self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey(name) for name in names],
            tags=dict.fromkeys(RANGE, key),
            run_config=QUIET,
            raise_on_error=False,
        )

    def sent(self, key: str) -> str:
        """Submit a batch, and wait until the server has ended it; the ledger is not told."""
        assert self.run(Stage.submit, key).success
        self.until_the_server_has_ended(key)
        return key

    def until_the_server_has_ended(self, *keys: str) -> None:
        for key in keys:
            remote = self.batch(key).openai_batch_id
            until(lambda: self.api.retrieve(remote).status in ENDED)  # noqa: B023

    def to_the_end(self, key: str) -> batches.Batch:
        """Both halves."""
        self.sent(key)
        assert self.run(Stage.collect, key).success
        return self.batch(key)


@cache
def _storage() -> TemporaryDirectory[str]:
    """An instance's storage, made once a process: that takes a second."""
    folder = TemporaryDirectory(prefix="resume_assets_tests")
    settings = load_settings(DAGSTER_HOME=str(Path(folder.name) / "dagster"))
    with open_instance(settings) as instance:
        instance.get_runs_count()
        instance.get_dynamic_partitions("resume_batches")
    return folder


def prepare_storage(dagster_home: Path) -> None:
    """Put an instance's empty storage there, as Dagster would make it."""
    if not dagster_home.exists():
        before = os.environ.get("DAGSTER_HOME")
        try:
            source = Path(_storage().name) / "dagster"
        finally:
            os.environ.pop("DAGSTER_HOME", None)
            if before is not None:
                os.environ["DAGSTER_HOME"] = before
        private_folder(dagster_home.parent)
        shutil.copytree(source, dagster_home)


@contextmanager
def platform_at(
    home: Path,
    *,
    persisted: bool = False,
    overrides: Mapping[str, Any] | None = None,
    **server: Any,
) -> Iterator[Platform]:
    """A platform in this folder, whose local server is `running(..., **server)`.

    The environment must already say that this is the home: see the fixture `home`. Other processes
    of that home use the same server; and the same Dagster instance where it is `persisted`, which
    takes four times as long.
    """
    server = {"pace": IMMEDIATE, "limits": Limits(exact_tokens=False), **server}
    with ExitStack() as stack:
        serving = stack.enter_context(running(home / "local_openai", **server))
        client = stack.enter_context(
            openai.OpenAI(base_url=serving.base_url, api_key=serving.api_key, max_retries=0)
        )
        if persisted:
            prepare_storage(load_settings().dagster_folder)
        opened = open_instance(load_settings()) if persisted else dg.DagsterInstance.ephemeral()
        instance = stack.enter_context(opened)
        api = BatchApi(client, endpoint=ENDPOINT)
        platform = Platform(home, api, instance, serving, overrides or {})
        stack.callback(platform.database.dispose)
        yield platform


def metadata_of(result: dg.ExecuteInProcessResult, name: str) -> dict[str, dg.MetadataValue[Any]]:
    """The metadata that the run's one materialization of that asset reports."""
    [event] = [
        found
        for found in result.get_asset_materialization_events()
        if found.asset_key == dg.AssetKey(name)
    ]
    materialization = event.step_materialization_data.materialization
    return {
        key: value
        for key, value in materialization.metadata.items()
        if not key.startswith("dagster/")
    }


def materialized(result: dg.ExecuteInProcessResult) -> list[str]:
    """The assets that this run materialized, in order."""
    return [
        event.asset_key.to_user_string()
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    ]


def numbers(metadata: Mapping[str, dg.MetadataValue[Any]]) -> dict[str, float]:
    """What plots."""
    return {
        name: value.value
        for name, value in metadata.items()
        if isinstance(value, dg.IntMetadataValue | dg.FloatMetadataValue)
        and value.value is not None
    }


def table(value: object) -> list[dict[str, Any]]:
    """A table's rows; it must have a schema that fits them."""
    assert isinstance(value, dg.TableMetadataValue)
    types = {column.name: column.type for column in value.schema.columns}
    for record in value.records:
        assert set(record.data) == set(types)
        for name, cell in record.data.items():
            assert isinstance(cell, int if types[name] == "int" else str), name
    return [dict(record.data) for record in value.records]


def checks_of(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """The run's checks by name."""
    return {found.check_name: found for found in result.get_asset_check_evaluations()}


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """What the failed step told, as the UI and the command line show it."""
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data.user_failure_data
            return (data and data.description) or str(event.step_failure_data.error)
    raise AssertionError("no step failed")
