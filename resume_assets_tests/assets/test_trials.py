"""`model_trial`: nothing before all is in, then the report; brought in by the sensor."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from resume_assets.assets.partitions import TRIALS
from resume_assets.batches.planning.runs import Stage
from resume_assets.trials.creating import create
from resume_assets.trials.ledger import get
from resume_assets.trials.progress import state_of
from resume_assets.trials.variants import variants_of
from resume_assets_tests.home import (
    QUIET,
    Platform,
    failure_of,
    metadata_of,
    numbers,
    platform_at,
    table,
)
from resume_assets_tests.local_openai.faults import Faults, Respond
from resume_assets_tests.ticks import tick
from resume_assets_tests.trials.trying import MINI, NANO

ASSET = "model_trial"


def created(platform: Platform, *models: str) -> str:
    variants = variants_of(platform.settings, models or (MINI, NANO), [])
    key, _ = create(platform.database, platform.settings, variants, size=3, seed=7)
    return key


def run(platform: Platform, key: str) -> dg.ExecuteInProcessResult:
    platform.instance.add_dynamic_partitions(TRIALS, [key])
    return platform.definitions.resolve_job_def(Stage.trial.value).execute_in_process(
        instance=platform.instance, partition_key=key, run_config=QUIET, raise_on_error=False
    )


def batches_of(platform: Platform, key: str) -> list[str]:
    state = platform.database.read(lambda c: state_of(c, platform.database, key))
    return [batch.batch_key for batch in state.batches]


def test_nothing_is_materialized_before_all_is_in(platform: Platform) -> None:
    platform.seed(3)
    key = created(platform)
    first = run(platform, key)
    assert first.success
    assert not first.get_asset_materialization_events()
    platform.until_the_server_has_ended(*batches_of(platform, key))
    metadata = metadata_of(run(platform, key), ASSET)
    figures = numbers(metadata)
    assert figures["resumes"] == 3
    assert figures[f"{MINI}: usable, percent"] == 100.0
    assert figures[f"{NANO}: USD per thousand resumes"] > 0
    assert [row["variant"] for row in table(metadata["variants"])] == [MINI, NANO]
    page = platform.home / "trials" / f"{key}.html"
    assert metadata["page"].value == str(page)
    assert page.stat().st_mode & 0o077 == 0
    assert key in page.read_text(encoding="utf-8")
    assert "What this shows" in str(metadata["report"].value)
    assert not platform.written()


def test_no_value_of_a_resume_gets_into_dagster(platform: Platform) -> None:
    platform.seed(3)
    key = created(platform)
    run(platform, key)
    platform.until_the_server_has_ended(*batches_of(platform, key))
    told = json.dumps(
        {name: str(value) for name, value in metadata_of(run(platform, key), ASSET).items()}
    )
    page = (platform.home / "trials" / f"{key}.html").read_text(encoding="utf-8")
    for value in ("Lovelace", "example.com", "Springfield", "Welder"):
        assert value not in told + page


def test_once_it_is_done_a_run_only_reports(platform: Platform) -> None:
    platform.seed(3)
    key = created(platform)
    run(platform, key)
    platform.until_the_server_has_ended(*batches_of(platform, key))
    first, again = metadata_of(run(platform, key), ASSET), metadata_of(run(platform, key), ASSET)
    assert first == again


def test_a_key_that_is_no_trials_says_how_to_create_one(platform: Platform) -> None:
    result = run(platform, "my-trial")
    assert not result.success
    assert "resume-assets trial --model A --model B" in failure_of(result)


def test_what_can_not_go_on_fails_the_run(home: Path) -> None:
    faults = Faults()
    faults.add("POST", "/v1/batches", Respond(400, "invalid_request"), times=None)
    with platform_at(home, wrap=faults.wrap) as platform:
        platform.seed(3)
        key = created(platform)
        result = run(platform, key)
        assert not result.success
        told = failure_of(result)
        assert all(batch.batch_key in told for batch in platform.batches())
        faults.clear()
        assert run(platform, key).success


@pytest.fixture
def persisted(home: Path) -> Iterator[Platform]:
    """For sensors, which look into Dagster's storage."""
    with platform_at(home, persisted=True) as opened:
        yield opened


def test_the_sensor_brings_it_on(persisted: Platform) -> None:
    platform = persisted
    platform.seed(3)
    key = created(platform)

    def runs() -> list[tuple[str | None, str | None]]:
        found = tick(platform.definitions, platform.instance, "batch_completion_sensor")
        for request in found.dynamic_partitions_requests or []:
            platform.instance.add_dynamic_partitions(
                request.partitions_def_name, request.partition_keys
            )
        requests = found.run_requests or []
        for request in requests:
            assert request.job_name == "run_model_trial"
            assert run(platform, request.partition_key or "").success
        return [(request.partition_key, request.run_key) for request in requests]

    [(asked, first)] = runs()
    assert asked == key
    assert platform.instance.has_dynamic_partition(TRIALS, key)
    assert not platform.instance.get_dynamic_partitions("resume_batches")
    platform.until_the_server_has_ended(*batches_of(platform, key))
    [(_, second)] = runs()
    assert first != second
    assert platform.database.read(lambda c: get(c, platform.database, key)).done_at is not None
    assert runs() == []


def test_it_is_in_the_lineage_beside_the_six(platform: Platform) -> None:
    graph = platform.definitions.resolve_asset_graph()
    node = graph.get(dg.AssetKey(ASSET))
    assert node.group_name == "resume_batches"  # with the six, so that one graph shows all
    assert node.parent_keys == {dg.AssetKey("aicandidate")}
    assert not node.child_keys
