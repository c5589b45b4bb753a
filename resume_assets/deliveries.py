"""The sensor that watches a folder of documents, once it is turned on."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from resume_assets.assets.documents import folder_of
from resume_assets.assets.partitions import DELIVERIES
from resume_assets.deadlines import within
from resume_assets.documents.finding import NoSuchPlace
from resume_assets.documents.importing import delivery_name
from resume_assets.documents.watching import Seen, seen_in
from resume_assets.errors import in_words
from resume_assets.jobs import import_delivery
from resume_assets.resources import SettingsResource

LOOKING_SECONDS = 45.0
"""Of the 60 that Dagster gives a tick."""


@dg.sensor(
    job=import_delivery,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Once turned on, imports what comes into RESUME_IMPORT_FOLDER, when nothing in it "
    "has changed for a minute.",
)
def import_sensor(
    context: dg.SensorEvaluationContext, settings: SettingsResource
) -> dg.SensorResult | dg.SkipReason:
    """Requests a run for what has come, once two looks find the folder as it was.

    The cursor has what was seen last and what was delivered last, as hashes. Lost, the folder is
    imported once more, which does nothing twice. A run that Dagster did not make of a request is
    requested again.
    """
    before = Seen.of(context.cursor)
    try:
        folder = folder_of(settings.load())
        now = within(LOOKING_SECONDS, "Looking into the folder", lambda: _look(folder))
    except Exception as error:  # noqa: BLE001 (told below, without what it might quote)
        return dg.SkipReason(in_words(error, "looking into RESUME_IMPORT_FOLDER"))
    if now == before.delivered:
        if before.key and not _has_run(context.instance, before.key):
            return _request(before)
        return _skip("Nothing has come.", replace(before, last=now))
    if now != before.last:
        return _skip("Files are coming.", replace(before, last=now))
    return _request(Seen(now, now, delivery_name(datetime.now(UTC))))


def _request(seen: Seen) -> dg.SensorResult:
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=seen.key, partition_key=seen.key)],
        dynamic_partitions_requests=[dg.AddDynamicPartitionsRequest(DELIVERIES, [seen.key])],
        cursor=str(seen),
    )


def _skip(why: str, seen: Seen) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=why, cursor=str(seen))


def _has_run(instance: dg.DagsterInstance, key: str) -> bool:
    tags = {"dagster/partition": key}
    runs = dg.RunsFilter(job_name=import_delivery.name, tags=tags)
    return bool(instance.get_run_records(runs, limit=1))


def _look(folder: Path) -> str:
    if not folder.is_dir():
        raise NoSuchPlace("RESUME_IMPORT_FOLDER is no folder that is there.")
    return seen_in(folder)
