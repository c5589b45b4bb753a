"""`imported_resumes` and the sensor that asks for it: counts, and no file's name."""

import os
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from resume_assets.deliveries import import_sensor
from resume_assets.resources import SettingsResource
from resume_assets_tests.flow import resume
from resume_assets_tests.home import QUIET, Platform, failure_of, metadata_of


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "Zerelda Quixby.md").write_text(resume(7), encoding="utf-8")
    (folder / "photo of Zerelda.jpg").write_bytes(b"\xff\xd8")
    monkeypatch.setenv("RESUME_IMPORT_FOLDER", str(folder))
    return folder


def run(platform: Platform, key: str) -> dg.ExecuteInProcessResult:
    platform.instance.add_dynamic_partitions("resume_deliveries", [key])
    return platform.definitions.resolve_job_def("import_delivery").execute_in_process(
        instance=platform.instance, partition_key=key, run_config=QUIET, raise_on_error=False
    )


def test_a_delivery_becomes_candidates(platform: Platform, watched: Path) -> None:
    found = metadata_of(run(platform, "d1"), "imported_resumes")
    counts = {name: found[name].value for name in ("files", "imported", "known", "not_imported")}
    assert counts == {"files": 2, "imported": 1, "known": 0, "not_imported": 1}
    assert platform.waiting() == [1]
    [row] = platform.rows(platform.database.ledger.documents.select())
    assert (row.delivery, row.file_name, row.kind) == ("d1", "Zerelda Quixby.md", "text")
    assert "Zerelda" not in str(found)
    again = metadata_of(run(platform, "d1"), "imported_resumes")
    assert (again["imported"].value, again["known"].value) == (0, 1)


def test_without_a_folder_it_says_which_setting(platform: Platform) -> None:
    assert "RESUME_IMPORT_FOLDER is not set" in failure_of(run(platform, "d1"))


def tick(platform: Platform, cursor: str | None) -> Any:
    context = dg.build_sensor_context(
        instance=platform.instance, cursor=cursor, resources={"settings": SettingsResource()}
    )
    return import_sensor(context)


def test_the_sensor_waits_until_nothing_comes_any_more(platform: Platform, watched: Path) -> None:
    first = tick(platform, None)
    assert first.skip_reason.skip_message == "Files are coming."
    (watched / "another.md").write_text(resume(8), encoding="utf-8")
    second = tick(platform, first.cursor)
    assert second.skip_reason.skip_message == "Files are coming."
    third = tick(platform, second.cursor)
    [request] = third.run_requests
    [added] = third.dynamic_partitions_requests
    assert added.partition_keys == [request.partition_key] == [request.run_key]
    # A run that Dagster lost is asked for again, by the same key; one that was made is not.
    again = tick(platform, third.cursor)
    assert [one.run_key for one in again.run_requests] == [request.run_key]
    assert run(platform, request.partition_key).success
    fourth = tick(platform, again.cursor)
    assert fourth.skip_reason.skip_message == "Nothing has come."
    os.utime(watched / "another.md", ns=(1, 1))
    assert tick(platform, fourth.cursor).skip_reason.skip_message == "Files are coming."
    assert "Zerelda" not in str(third.cursor)


def test_a_folder_that_is_gone_is_told(
    platform: Platform, watched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_IMPORT_FOLDER", str(watched / "nowhere"))
    assert "no folder that is there" in tick(platform, None).skip_message


def test_it_is_off_until_somebody_turns_it_on() -> None:
    assert import_sensor.default_status is dg.DefaultSensorStatus.STOPPED
