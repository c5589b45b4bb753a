"""The whole platform on one page: what Dagster loads."""

import warnings
from collections.abc import Mapping
from typing import Any

import dagster as dg

from resume_assets import (
    assets,
    by_hand,
    checks,
    deliveries,
    jobs,
    notifications,
    schedules,
    sensors,
)
from resume_assets.resources import (
    BatchStoreResource,
    OpenAIResource,
    SettingsResource,
    SQLServerResource,
)


def build_defs(resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """All definitions; `resource_overrides` replaces resources by key, for tests and the demo.

    Replacing `settings` replaces it for the other resources too.
    """
    overrides = dict(resource_overrides or {})
    settings = overrides.pop("settings", SettingsResource())
    resources = {
        "settings": settings,
        "sqlserver": SQLServerResource(settings=settings),
        "store": BatchStoreResource(settings=settings),
        "openai": OpenAIResource(settings=settings),
        **overrides,
    }
    return dg.Definitions(
        assets=[
            assets.aicandidate,
            *_with_code_references(*assets.OURS),
        ],
        asset_checks=[checks.audit_of_records, checks.model_goes_on],
        jobs=[
            jobs.submit_batch,
            jobs.collect_batch,
            jobs.run_model_trial,
            jobs.export_day,
            jobs.import_delivery,
            schedules.housekeeping,
            schedules.observe_aicandidate,
            *by_hand.JOBS,
        ],
        schedules=[
            schedules.daily_housekeeping,
            schedules.hourly_observation,
            schedules.daily_export,
        ],
        sensors=[
            sensors.batch_completion_sensor,
            sensors.continuous_submission_sensor,
            notifications.notifications,
            deliveries.import_sensor,
        ],
        resources=resources,
        # Starting a process for each step would cost more than most steps do.
        executor=dg.in_process_executor,
    )


def _with_code_references(*those: dg.AssetsDefinition) -> list[Any]:
    with warnings.catch_warnings():
        # Links from the UI to the code are a beta; if they change, nothing else does.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return list(dg.with_source_code_references(those))


defs = build_defs()
