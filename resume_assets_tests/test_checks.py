"""The asset checks: they judge what is in the database, whoever wrote it."""

from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from resume_assets import samples
from resume_assets.assets.reporting import TABLE_ROWS
from resume_assets.checks import LEAST_MET
from resume_assets.extraction.values import LOSSES, Change
from resume_assets_tests.flow import resume
from resume_assets_tests.home import QUIET, Platform, checks_of, table

RECORDS = dg.AssetKey("updated_candidate_records")
ERRORS = {"date_formats", "every_claim_accounted_for"}


def check(platform: Platform, key: str) -> dict[str, dg.AssetCheckEvaluation]:
    """The checks alone, without a materialization before them."""
    graph = platform.definitions.get_repository_def().asset_graph
    keys = {key for key in graph.asset_check_keys if key.asset_key == RECORDS}
    # The job of everything has assets of other partitions, and can't be told one of these.
    half = platform.definitions.resolve_job_def("collect_batch")
    job = half.get_subset(asset_selection=set(), asset_check_selection=keys)
    result = job.execute_in_process(
        instance=platform.instance, partition_key=platform.know(key), run_config=QUIET
    )
    assert not result.get_asset_materialization_events()
    return checks_of(result)


def failed(checks: dict[str, dg.AssetCheckEvaluation]) -> set[str]:
    return {name for name, found in checks.items() if not found.passed}


def test_a_good_batch_passes_all_that_would_be_an_error(done: Platform) -> None:
    checks = check(done, "b1")
    assert len(checks) == 10
    assert failed(checks) <= {"nothing_cut_or_unread"}
    for name, found in checks.items():
        assert found.asset_key == RECORDS
        severity = dg.AssetCheckSeverity.ERROR if name in ERRORS else dg.AssetCheckSeverity.WARN
        assert found.severity is severity


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"MostRecentStartDate": "2019"}, "date_formats"),
        ({"SeventhMostRecentEndDate": "2019-13"}, "date_formats"),
        ({"ThirdMostRecentEndDate": "present"}, "date_formats"),
        ({"MostRecentStartDate": "Present"}, "date_formats"),
        ({"MostRecentEndDate": "2019-03\n"}, "date_formats"),
        ({"MostRecentEndDate": "٢٠١٩-٠٣"}, "date_formats"),
        ({"MostRecentEndDate": ""}, "date_formats"),
        ({"MostRecentEndDate": "2019-02"}, "starts_not_after_ends"),
        ({"MostRecentStartDate": "2090-01"}, "no_start_in_the_future"),
        ({"MostRecentEndDate": "2090-01"}, "no_start_in_the_future"),
        (
            {
                "MostRecentStartDate": "2001-01",
                "MostRecentEndDate": "2002-01",
                "SecondMostRecentStartDate": "2003-01",
                "SecondMostRecentEndDate": "2004-01",
            },
            "positions_newest_first",
        ),
    ],
)
def test_a_check_finds_what_somebody_else_wrote(
    done: Platform, values: dict[str, str], expected: str
) -> None:
    assert done.candidate(2).MostRecentStartDate == "2019-03"
    done.change(2, **values)
    checks = check(done, "b1")
    assert failed(checks) - {"nothing_cut_or_unread"} == {expected}
    metadata = checks[expected].metadata
    assert metadata["records"].value == 2
    assert metadata["offending_values"].value == 1
    [offender] = table(metadata["first_50"])
    assert offender["userid"] == "2"
    assert table(metadata["by_column"]) == [{"column": offender["column"], "values": 1}]
    told = str(checks[expected])
    assert not any(value in told for value in values.values() if value), "a value is told"


def test_all_fourteen_date_columns_are_looked_at(done: Platform) -> None:
    columns = [
        name for name in done.candidate(1)._fields if name.endswith(("StartDate", "EndDate"))
    ]
    assert len(columns) == 14
    done.change(1, **dict.fromkeys(columns, "no date"))
    metadata = check(done, "b1")["date_formats"].metadata
    assert {row["column"] for row in table(metadata["by_column"])} == set(columns)
    assert metadata["offending_values"].value == 14


def test_a_record_that_is_no_longer_ours_is_not_judged(done: Platform) -> None:
    done.change(1, MostRecentStartDate="not ours", LastProcessed=None)
    found = check(done, "b1")["date_formats"]
    assert found.passed
    assert found.metadata["records"].value == 1


def test_an_item_without_an_end_is_an_error(done: Platform) -> None:
    items = done.database.ledger.items
    statement = items.update().where(items.c.userid == 1).values(state="submitted")
    done.database.write(lambda connection: connection.execute(statement))
    found = check(done, "b1")["every_claim_accounted_for"]
    assert not found.passed
    assert found.metadata["still_open"].value == 1
    assert table(found.metadata["items_by_state"]) == [
        {"state": "submitted", "requests": 1},
        {"state": "succeeded", "requests": 1},
    ]


def test_a_claim_that_is_left_over_is_an_error(done: Platform) -> None:
    claims = done.database.ledger.claims
    statement = claims.insert().values(userid=1, batch_key="b1")
    done.database.write(lambda connection: connection.execute(statement))
    found = check(done, "b1")["every_claim_accounted_for"]
    assert not found.passed
    assert found.metadata["claims_left_over"].value == 1


def test_the_usable_share_is_judged_by_the_setting(
    done: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = done.database.ledger.items
    statement = items.update().where(items.c.userid == 1).values(state="refused", reason="refusal")
    done.database.write(lambda connection: connection.execute(statement))
    found = check(done, "b1")["usable_answers"]
    assert not found.passed
    assert found.metadata["usable_percent"].value == 50.0
    assert table(found.metadata["others_by_reason"]) == [
        {"reason": "refused: refusal", "requests": 1}
    ]
    monkeypatch.setenv("RESUME_USABLE_SHARE", "0.5")
    assert check(done, "b1")["usable_answers"].passed


def test_what_the_resumes_do_not_bear_out_is_a_warning_with_ids_and_columns(
    done: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = check(done, "b1")["values_borne_out"]
    assert sound.passed
    assert sound.metadata["borne_out_percent"].value == 100.0
    checked = sound.metadata["values_checked"].value
    assert isinstance(checked, int)
    assert checked > 10
    items = done.database.ledger.items
    statement = (
        items.update()
        .where(items.c.userid == 2)
        .values(values_not_borne_out=2, not_borne_out='["Email","Skill1"]')
    )
    done.database.write(lambda connection: connection.execute(statement))
    monkeypatch.setenv("RESUME_BORNE_OUT_SHARE", "0.99")
    found = check(done, "b1")["values_borne_out"]
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.WARN
    assert found.metadata["borne_out_percent"].value == round(100 - 200 / checked, 2)
    assert table(found.metadata["first_50"]) == [
        {"userid": "2", "column": "Email"},
        {"userid": "2", "column": "Skill1"},
    ]
    assert table(found.metadata["by_column"]) == [
        {"column": "Email", "values": 1},
        {"column": "Skill1", "values": 1},
    ]
    monkeypatch.setenv("RESUME_BORNE_OUT_SHARE", "0.5")
    assert check(done, "b1")["values_borne_out"].passed


@pytest.mark.parametrize(("checked", "percent"), [(2, 50.0), (0, 100.0)])
def test_a_share_that_is_just_reached_is_enough_and_so_is_none_at_all(
    done: Platform, monkeypatch: pytest.MonkeyPatch, checked: int, percent: float
) -> None:
    monkeypatch.setenv("RESUME_BORNE_OUT_SHARE", "0.5")
    items = done.database.ledger.items
    names = '["Email"]' if checked else None
    half = {"values_not_borne_out": checked // 2, "not_borne_out": names}
    values = {"values_checked": checked, **half}
    done.database.write(lambda connection: connection.execute(items.update().values(values)))
    found = check(done, "b1")["values_borne_out"]
    assert found.passed
    assert found.metadata["borne_out_percent"].value == percent


def test_who_is_given_up_is_named_with_state_and_reason(
    done: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_MAX_ATTEMPTS", "1")
    items = done.database.ledger.items
    for userid, reason in ((1, "policy"), (2, None)):
        values = {"state": "refused", "reason": reason, "attempt_used": True}
        statement = items.update().where(items.c.userid == userid).values(values)
        done.database.write(lambda connection: connection.execute(statement))  # noqa: B023
        done.change(userid, LastProcessed=None)
    found = check(done, "b1")["nobody_given_up"]
    assert not found.passed
    assert found.metadata["given_up"].value == 2
    assert table(found.metadata["candidates"]) == [
        {"userid": "1", "state": "refused", "reason": "policy"},
        {"userid": "2", "state": "refused", "reason": ""},
    ]


def test_a_batch_that_was_not_answered_at_all_has_no_low_share(done: Platform) -> None:
    """Nothing was paid for it: its resumes wait again."""
    items = done.database.ledger.items
    statement = items.update().values(state="expired", reason=None)
    done.database.write(lambda connection: connection.execute(statement))
    found = check(done, "b1")["usable_answers"]
    assert found.passed
    assert found.metadata["usable_percent"].value == 100.0


def test_what_was_cut_or_not_read_is_a_warning(done: Platform) -> None:
    items = done.database.ledger.items
    clean = items.update().values(values_cut=0, truncated=False, unread=None, changes=None)

    def look(**values: Any) -> dg.AssetCheckEvaluation:
        changed = items.update().where(items.c.userid == 1).values(**values)
        done.database.write(lambda connection: connection.execute(clean))
        done.database.write(lambda connection: connection.execute(changed))
        return check(done, "b1")["nothing_cut_or_unread"]

    def words(found: dg.AssetCheckEvaluation) -> object:
        return found.metadata["in_words"].value

    assert look(reason=None).passed
    assert words(look(reason=None)) == "Everything that the answers told is in the table."
    both = look(values_cut=3, truncated=True)
    assert words(both) == (
        "1 resume longer than the model's window and sent without the middle; 3 values cut, left "
        "out or made NULL. All else of these records is written."
    )
    for column, value, told in (
        ("truncated", True, "resumes_truncated"),
        ("values_cut", 3, "values_cut"),
        ("unread", '{"MostRecentStartDate": "some day"}', "records_with_unread_dates"),
    ):
        found = look(**{column: value})
        assert not found.passed
        others = {"resumes_truncated", "values_cut", "records_with_unread_dates"} - {told}
        assert found.metadata[told].value == (3 if column == "values_cut" else 1)
        assert all(found.metadata[other].value == 0 for other in others)
        assert "some day" not in str(found)


@pytest.mark.parametrize("change", list(Change))
def test_what_was_done_to_values_is_told_by_column_and_id(done: Platform, change: Change) -> None:
    items = done.database.ledger.items
    for userid, changes in ((1, f'{{"City": "{change}"}}'), (2, None)):
        statement = items.update().where(items.c.userid == userid)
        values = {"values_cut": 0, "truncated": False, "unread": None, "changes": changes}
        done.database.write(lambda connection: connection.execute(statement.values(values)))  # noqa: B023
    found = check(done, "b1")["nothing_cut_or_unread"]
    assert found.passed == (change not in LOSSES)
    assert table(found.metadata["by_column"]) == [{"column": "City", "what": change, "records": 1}]
    lost = [{"userid": "1", "column": "City", "what": change}]
    assert table(found.metadata["first_50"]) == ([] if found.passed else lost)


def test_a_table_has_fifty_rows_at_most(platform: Platform) -> None:
    platform.seed(TABLE_ROWS + 3)
    platform.to_the_end("b1")
    there = platform.database.candidates.table
    statement = there.update().values(MostRecentStartDate="bad")
    platform.database.write(lambda connection: connection.execute(statement))
    metadata = check(platform, "b1")["date_formats"].metadata
    assert metadata["offending_values"].value == TABLE_ROWS + 3
    assert len(table(metadata["first_50"])) == TABLE_ROWS


@pytest.mark.parametrize(("days", "passed"), [(90, False), (91, True), (-3, False)])
def test_a_model_that_ends_soon_is_warned_of(done: Platform, days: int, passed: bool) -> None:
    today = done.database.read(done.database.dialect.utc_now).date()
    end = today + timedelta(days=days)
    done.update("b1", model_shutdown=end)
    found = checks_of(done.materialize("b1", "submitted_batch"))["model_goes_on"]
    assert found.passed is passed
    assert found.severity is dg.AssetCheckSeverity.WARN
    assert found.metadata["shutdown_date"].value == str(end)
    assert "gpt-6-luna" in str(found.metadata["what_to_do"].value)


def test_a_model_of_which_no_end_is_known_goes_on(done: Platform) -> None:
    done.update("b1", model="gpt-6-luna", model_shutdown=None)
    found = checks_of(done.materialize("b1", "submitted_batch"))["model_goes_on"]
    assert found.passed
    assert {name: one.value for name, one in found.metadata.items()} == {"model": "gpt-6-luna"}


def test_without_samples_there_are_no_known_answers(done: Platform) -> None:
    found = check(done, "b1")["known_answers_met"]
    assert found.passed
    assert {name: value.value for name, value in found.metadata.items()} == {"known_answers": 0}


def test_the_known_answers_of_samples_under_other_ids(platform: Platform) -> None:
    [sample] = [sample for sample in samples.load() if sample.userid == 1001]
    platform.seed({1: sample.text, 2: resume(2)})
    platform.to_the_end("b1")
    found = check(platform, "b1")["known_answers_met"]
    assert found.passed
    assert found.metadata["samples"].value == 1
    assert found.metadata["known_answers"].value == len(sample.expected)
    assert found.metadata["met_percent"].value == 100.0
    groups = {row["group"]: row for row in table(found.metadata["by_group"])}
    assert groups["name"] == {"group": "name", "met": 3, "known_answers": 3}
    assert table(found.metadata["missed_by_column"]) == []

    names = [name for name in sample.expected if name in platform.candidate(1)._fields]
    platform.change(1, **dict.fromkeys(names[: len(names) // 4], "Zebulon"))
    found = check(platform, "b1")["known_answers_met"]
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.WARN
    share = found.metadata["met_percent"].value
    assert isinstance(share, float)
    assert share < 100 * LEAST_MET
    missed = table(found.metadata["missed_by_column"])
    assert missed
    assert all(row["met"] < row["known_answers"] for row in missed)
    assert "Zebulon" not in str(found)
