"""Runs in this process that stand in the UI where its own do: on their job's page, in the timeline.

There a run is looked for by its job's origin: the code location, and the job in it. Dagster's
`execute_in_process` notes none, and no public function of its does.
"""

from typing import TypeAlias

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.execution.job_execution_result import JobExecutionResult
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from resume_assets.dagster_home import LOCATION

Executed: TypeAlias = JobExecutionResult
"""What came of a run: its events, and whether it succeeded."""

# Dagster's own lines go to its event log, where the UI shows them; a terminal gets ours.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def execute(
    instance: dg.DagsterInstance,
    repository: dg.RepositoryDefinition,
    job_name: str,
    partition_key: str,
) -> Executed:
    """Run a job for one partition, which Dagster must know; a failure is in the result."""
    job = repository.get_job(job_name)
    run = instance.create_run_for_job(
        job_def=job,
        run_config=_QUIET,
        tags={
            **job.run_tags,
            **job.get_tags_for_partition_key(partition_key, selected_asset_keys=None),
            "resume_assets/from": "command line",
        },
        remote_job_origin=_origin(repository.name).get_job_origin(job_name),
    )
    return execute_run(InMemoryJob(job), run, instance, raise_on_error=False)


def _origin(repository_name: str) -> RemoteRepositoryOrigin:
    target = LoadableTargetOrigin(module_name=LOCATION)
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, LOCATION)
    return RemoteRepositoryOrigin(location, repository_name)
