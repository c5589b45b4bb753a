"""What Dagster shows of the platform: names, relations, owners, kinds; and that it is all there."""

import re
import warnings
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from resume_assets.assets.candidates import DATABASE, configured
from resume_assets.assets.partitions import days, deliveries, model_trials, resume_batches
from resume_assets.definitions import build_defs, defs
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.resources import SettingsResource

OPENAI, JSONL, FILE, TABLE = "openai", "jsonl", "file", "table"
SPECS: dict[str, tuple[set[str], set[str]]] = {
    # name: kinds, what it depends on
    "aicandidate": ({DATABASE, TABLE}, set()),
    "unprocessed_resumes": ({DATABASE}, {"aicandidate"}),
    "batch_requests": ({JSONL, FILE}, {"unprocessed_resumes"}),
    "submitted_batch": ({OPENAI}, {"batch_requests"}),
    "batch_output": ({OPENAI, JSONL}, {"submitted_batch"}),
    "updated_candidate_records": ({DATABASE}, {"batch_output"}),
    "batch_cost": ({DATABASE}, {"updated_candidate_records"}),
    "model_trial": ({OPENAI}, {"aicandidate"}),
    "imported_resumes": ({FILE}, set()),
    "exported_records": ({FILE}, {"aicandidate"}),
}
CHECKS = {
    "date_formats",
    "starts_not_after_ends",
    "no_start_in_the_future",
    "positions_newest_first",
    "every_claim_accounted_for",
    "usable_answers",
    "nothing_cut_or_unread",
    "nobody_given_up",
    "known_answers_met",
    "values_borne_out",
}


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    return defs.get_repository_def()


def node(repository: dg.RepositoryDefinition, name: str) -> Any:
    return repository.asset_graph.get(dg.AssetKey(name))


def test_the_assets_are_these(repository: dg.RepositoryDefinition) -> None:
    keys = repository.asset_graph.get_all_asset_keys()
    assert {key.to_user_string() for key in keys} == set(SPECS)


@pytest.mark.parametrize(
    ("variables", "kind", "table"),
    [
        ({}, "sqlite", "aicandidate"),
        ({"server_ip": "10.0.0.5"}, "sqlserver", "dbo.aicandidate"),
        ({"RESUME_DATABASE_URL": "sqlite:///other.db"}, "sqlite", "aicandidate"),
        ({"RESUME_DATABASE_URL": "mssql+pyodbc://h/d"}, "sqlserver", "dbo.aicandidate"),
        ({"RESUME_TABLE": "hr.people"}, "sqlite", "hr.people"),
        ({"RESUME_MAX_ATTEMPTS": "many"}, "sqlserver", "dbo.aicandidate"),
    ],
)
def test_the_database_is_shown_as_it_is_configured(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], kind: str, table: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert configured() == (kind, table)


@pytest.mark.parametrize("name", SPECS)
def test_an_asset_says_all_about_itself(repository: dg.RepositoryDefinition, name: str) -> None:
    kinds, parents = SPECS[name]
    found = node(repository, name)
    assert found.group_name == "resume_batches"
    assert set(found.kinds) == kinds
    assert {key.to_user_string() for key in found.parent_keys} == parents
    assert found.owners == ["team:recruiting-data"]
    assert len(found.description) > 60
    [reference] = found.metadata["dagster/code_references"].code_references
    source = Path(reference.file_path)
    assert source.parts[-3:-1] == ("resume_assets", "assets")
    if name != "aicandidate":
        line = source.read_text("utf-8").splitlines()[reference.line_number - 1 :][:20]
        assert any(f"def {name}(" in one for one in line), "the link leads to another asset"


@pytest.mark.parametrize("name", SPECS)
def test_one_partition_is_one_batch_one_trial_or_one_day(
    repository: dg.RepositoryDefinition, name: str
) -> None:
    found = node(repository, name)
    if name == "aicandidate":
        # An unpartitioned asset above partitioned ones: it is external, so it makes nothing stale.
        assert found.is_external
        assert not found.is_materializable
        assert found.partitions_def is None
    else:
        apart = {
            "model_trial": model_trials,
            "imported_resumes": deliveries,
            "exported_records": days,
        }
        assert found.partitions_def == apart.get(name, resume_batches)
        assert resume_batches == dg.DynamicPartitionsDefinition(name="resume_batches")
        assert found.automation_condition is None


def test_the_external_table_has_all_its_columns(repository: dg.RepositoryDefinition) -> None:
    metadata = node(repository, "aicandidate").metadata
    schema = metadata["dagster/column_schema"]
    types = {column.name: column.type for column in schema.columns}
    assert [*types][:4] == ["userid", "markdownResume", "datelastmodified", "LastProcessed"]
    assert [*types][4:] == [column.name for column in COLUMNS]
    assert types["markdownResume"] == "NVARCHAR(max)"
    assert types["LastName"] == "NVARCHAR(100)"


def test_the_checks_are_on_the_records_and_partitioned(
    repository: dg.RepositoryDefinition,
) -> None:
    keys = repository.asset_graph.asset_check_keys
    on = {key.name: key.asset_key.to_user_string() for key in keys}
    assert on.pop("model_goes_on") == "submitted_batch"
    assert on.keys() == CHECKS
    assert set(on.values()) == {"updated_candidate_records"}
    for key in keys:
        spec = repository.asset_graph.get_check_spec(key)
        assert spec.partitions_def == resume_batches
        assert spec.description
        assert not spec.blocking  # what must not be written is refused before


def test_the_jobs_are_the_two_halves_and_bring_their_checks(
    repository: dg.RepositoryDefinition,
) -> None:
    halves = {
        "submit_batch": {"unprocessed_resumes", "batch_requests", "submitted_batch"},
        "collect_batch": {"batch_output", "updated_candidate_records", "batch_cost"},
        "run_model_trial": {"model_trial"},
        "export_day": {"exported_records"},
        "import_delivery": {"imported_resumes"},
    }
    for name, assets in halves.items():
        job = repository.get_job(name)
        selected = job.asset_layer.executable_asset_keys
        assert {key.to_user_string() for key in selected} == assets
        apart = {
            "run_model_trial": model_trials,
            "export_day": days,
            "import_delivery": deliveries,
        }
        assert job.partitions_def == apart.get(name, resume_batches)
        assert job.description
        assert job.tags["dagster/max_retries"] == "0"
        assert job.executor_def == dg.in_process_executor
    checked = repository.get_job("collect_batch").asset_layer.asset_graph.asset_check_keys
    assert {key.name for key in checked} == CHECKS


def test_the_sensors_start_as_designed(repository: dg.RepositoryDefinition) -> None:
    sensors = {sensor.name: sensor for sensor in repository.sensor_defs}
    assert set(sensors) == {
        "batch_completion_sensor",
        "continuous_submission_sensor",
        "notifications",
        "import_sensor",
    }
    # On by itself; without RESUME_NOTIFY_URL a tick says so, and does nothing.
    assert sensors["notifications"].default_status is dg.DefaultSensorStatus.RUNNING
    completion = sensors["batch_completion_sensor"]
    assert completion.default_status is dg.DefaultSensorStatus.RUNNING
    assert completion.minimum_interval_seconds == 60
    continuous = sensors["continuous_submission_sensor"]
    assert continuous.default_status is dg.DefaultSensorStatus.STOPPED
    assert sensors["import_sensor"].default_status is dg.DefaultSensorStatus.STOPPED
    for sensor in sensors.values():
        assert sensor.description


def test_the_resources_are_these(repository: dg.RepositoryDefinition) -> None:
    assert set(repository.get_top_level_resources()) == {
        "openai",
        "sqlserver",
        "settings",
        "store",
    }


def test_replaced_settings_reach_every_resource() -> None:
    settings = SettingsResource(demo=True)
    resources = build_defs({"settings": settings}).resources
    assert resources is not None
    for name in ("openai", "sqlserver", "store"):
        assert resources[name].settings.demo, name


def test_any_resource_can_be_replaced_alone() -> None:
    class Other(dg.ConfigurableResource[Any]):
        """Nobody's."""

    other = Other()
    resources = build_defs({"openai": other}).resources
    assert resources is not None
    assert resources["openai"] is other
    assert type(resources["sqlserver"]).__name__ == "SQLServerResource"


def test_a_backfill_is_a_run_a_partition_and_what_depends_on_code_says_so(
    repository: dg.RepositoryDefinition,
) -> None:
    for name in SPECS.keys() - {"aicandidate"}:
        policy = node(repository, name).backfill_policy
        assert policy.max_partitions_per_run == 1, name
    assert re.fullmatch(
        r"prompt [0-9a-f]{12}, schema [0-9a-f]{12}", node(repository, "batch_requests").code_version
    )
    for name in ("batch_output", "updated_candidate_records"):
        assert node(repository, name).code_version.startswith("rules ")


def test_each_column_of_the_table_is_described(repository: dg.RepositoryDefinition) -> None:
    schema = node(repository, "aicandidate").metadata["dagster/column_schema"]
    described = {column.name: column.description for column in schema.columns}
    assert all(described.values())
    assert described["SecondMostRecentEndDate"] == (
        "End of the second most recent position: YYYY-MM or Present, the year must stand in the "
        "resume."
    )
    assert described["Skill10"].startswith("Skills, the 10th of 10")


def test_loading_them_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build_defs().get_repository_def()
