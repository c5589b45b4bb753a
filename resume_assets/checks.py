"""Asset checks on the partition just written: they audit what is in the database."""

from collections.abc import Sequence

import dagster as dg

from resume_assets.assets.answers import updated_candidate_records
from resume_assets.assets.partitions import resume_batches
from resume_assets.assets.reporting import counts_table, table
from resume_assets.assets.safely import safely
from resume_assets.batches.auditing import (
    SHOWN,
    Account,
    DateAudit,
    Finding,
    account,
    audit_dates,
    losses,
)
from resume_assets.batches.queue import given_up
from resume_assets.resources import SettingsResource, SQLServerResource

_WARN, _ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


@dg.asset_check(asset=updated_candidate_records, partitions_def=resume_batches)
def date_formats(
    context: dg.AssetCheckExecutionContext, sqlserver: SQLServerResource
) -> dg.AssetCheckResult:
    """Every date is YYYY-MM with a real month, `Present` where an end may be, or NULL."""
    return _found(_dates(context, sqlserver).formats, _ERROR)


@dg.asset_check(asset=updated_candidate_records, partitions_def=resume_batches)
def starts_not_after_ends(
    context: dg.AssetCheckExecutionContext, sqlserver: SQLServerResource
) -> dg.AssetCheckResult:
    """No position ends before it starts."""
    return _found(_dates(context, sqlserver).order, _WARN)


@dg.asset_check(asset=updated_candidate_records, partitions_def=resume_batches)
def no_start_in_the_future(
    context: dg.AssetCheckExecutionContext, sqlserver: SQLServerResource
) -> dg.AssetCheckResult:
    """No position starts after this month."""
    return _found(_dates(context, sqlserver).future, _WARN)


@dg.asset_check(asset=updated_candidate_records, partitions_def=resume_batches)
def positions_newest_first(
    context: dg.AssetCheckExecutionContext, sqlserver: SQLServerResource
) -> dg.AssetCheckResult:
    """Positions go from newest to oldest, where their dates are known."""
    return _found(_dates(context, sqlserver).newest_first, _WARN)


@dg.asset_check(asset=updated_candidate_records, partitions_def=resume_batches)
def every_claim_accounted_for(
    context: dg.AssetCheckExecutionContext, sqlserver: SQLServerResource
) -> dg.AssetCheckResult:
    """Claimed = succeeded + every other end, and no claim is left over."""
    counted = _account(context, sqlserver)
    return dg.AssetCheckResult(
        passed=counted.is_balanced,
        severity=_ERROR,
        metadata={
            "claimed": counted.claimed,
            "still_open": counted.open_items,
            "claims_left_over": counted.open_claims,
            "items_by_state": counts_table(counted.by_state, "state"),
        },
    )


@dg.asset_check(asset=updated_candidate_records, partitions_def=resume_batches)
def usable_answers(
    context: dg.AssetCheckExecutionContext,
    sqlserver: SQLServerResource,
    settings: SettingsResource,
) -> dg.AssetCheckResult:
    """The share of answers that became a record is at least RESUME_USABLE_SHARE."""
    counted, least = _account(context, sqlserver), settings.load().usable_share
    share = counted.usable_share
    return dg.AssetCheckResult(
        passed=share is None or share >= least,
        severity=_WARN,
        metadata={
            "share": 1.0 if share is None else share,
            "least": least,
            "others_by_reason": counts_table(counted.by_reason, "reason"),
        },
    )


@dg.asset_check(asset=updated_candidate_records, partitions_def=resume_batches)
def nothing_cut_or_unread(
    context: dg.AssetCheckExecutionContext, sqlserver: SQLServerResource
) -> dg.AssetCheckResult:
    """No resume lost its middle, no value was cut to fit, every date could be read."""
    with safely("checking what was cut"):
        database = sqlserver.database()
        lost = database.read(lambda connection: losses(connection, database, context.partition_key))
    return dg.AssetCheckResult(
        passed=not (lost.truncated or lost.values_cut or lost.dates_unread),
        severity=_WARN,
        metadata={
            "resumes_truncated": lost.truncated,
            "values_cut": lost.values_cut,
            "records_with_unread_dates": lost.dates_unread,
            "months_assumed": lost.months_assumed,
        },
    )


@dg.asset_check(asset=updated_candidate_records, partitions_def=resume_batches)
def nobody_given_up(
    context: dg.AssetCheckExecutionContext,
    sqlserver: SQLServerResource,
    settings: SettingsResource,
) -> dg.AssetCheckResult:
    """No candidate of this batch has used up its attempts; `resume-assets retry` resends them."""
    with safely("checking who was given up"):
        database, attempts = sqlserver.database(), settings.load().max_attempts
        people = database.read(
            lambda connection: list(
                given_up(
                    connection,
                    database,
                    max_attempts=attempts,
                    batch_key=context.partition_key,
                )
            )
        )
    rows = [
        {"userid": str(one.userid), "state": one.state, "reason": one.reason or ""}
        for one in people
    ]
    return dg.AssetCheckResult(
        passed=not people,
        severity=_WARN,
        metadata={
            "given_up": len(people),
            "candidates": table(rows, "userid", "state", "reason"),
        },
    )


def _dates(context: dg.AssetCheckExecutionContext, sqlserver: SQLServerResource) -> DateAudit:
    with safely("checking dates"):
        database = sqlserver.database()
        return database.read(
            lambda connection: audit_dates(connection, database, context.partition_key)
        )


def _account(context: dg.AssetCheckExecutionContext, sqlserver: SQLServerResource) -> Account:
    with safely("counting the batch's items"):
        database = sqlserver.database()
        return database.read(
            lambda connection: account(connection, database, context.partition_key)
        )


def _found(finding: Finding, severity: dg.AssetCheckSeverity) -> dg.AssetCheckResult:
    offenders = [{"userid": userid, "column": column} for userid, column in finding.offenders]
    return dg.AssetCheckResult(
        passed=finding.passed,
        severity=severity,
        metadata={
            "records": finding.looked_at,
            "offending_values": sum(finding.by_column.values()),
            "by_column": counts_table(finding.by_column, "column"),
            f"first_{SHOWN}": table(offenders, "userid", "column"),
        },
    )


ALL_CHECKS: Sequence[dg.AssetChecksDefinition] = (
    date_formats,
    starts_not_after_ends,
    no_start_in_the_future,
    positions_newest_first,
    every_claim_accounted_for,
    usable_answers,
    nothing_cut_or_unread,
    nobody_given_up,
)
