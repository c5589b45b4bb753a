"""Asset checks on the partition just written: they audit what is in the database, in one step."""

import warnings
from collections.abc import Iterator
from typing import TypeAlias

import dagster as dg

from resume_assets import samples
from resume_assets.assets.answers import updated_candidate_records
from resume_assets.assets.partitions import resume_batches
from resume_assets.assets.reporting import Metadata, changes_table, counts_table, percent, table
from resume_assets.assets.requests import submitted_batch
from resume_assets.assets.safely import safely
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import PATIENCE, leased
from resume_assets.batches.records.auditing import Audit, BorneOut, Finding, audit
from resume_assets.batches.records.judging import judge_batch
from resume_assets.batches.records.losses import SHOWN, Losses
from resume_assets.database.connect import Database
from resume_assets.evaluation import Report
from resume_assets.models.catalogue import model_for
from resume_assets.models.ends import SOON, end_of
from resume_assets.notifying.reported import failed_check
from resume_assets.notifying.telling import report
from resume_assets.resources import SettingsResource, SQLServerResource
from resume_assets.settings import Settings
from resume_assets.words import counted

_ERRORS = {
    "date_formats": "Every date is YYYY-MM with a real month, `Present` where an end may be so, or "
    "NULL.",
    "every_claim_accounted_for": "Claimed = succeeded + every other end; no claim is left over.",
}
_WARNINGS = {
    "starts_not_after_ends": "No position ends before it starts.",
    "no_start_in_the_future": "No position starts or ends after this month.",
    "positions_newest_first": "Positions go from newest to oldest, where their dates are known.",
    "usable_answers": "The share of answers that became a record is RESUME_USABLE_SHARE or more.",
    "nothing_cut_or_unread": "No resume lost its middle, no value was cut, made NULL or refused, "
    "every date was read. What else was done to values is in its table. Yellow asks for a look at "
    "those records; the rest of each is written. The samples of the demo lose a little on purpose.",
    "values_borne_out": "Of the values that must stand in their resumes the share that do is "
    "RESUME_BORNE_OUT_SHARE or more.",
    "nobody_given_up": "No candidate of this batch has used up its attempts; `resume-assets retry` "
    "resends those that have. What the table refused (`unwritable`) is paid for and kept: mend the "
    "table and materialize this asset again.",
    "known_answers_met": "Of the samples that are in this batch, their known answers are met, but "
    "for a few. A batch without samples has no known answers, and passes.",
}
Outcome: TypeAlias = tuple[bool, Metadata]
"""Whether a check passed, and what it says."""

LEAST_MET = 0.85
"""The share of the samples' known answers below which something has broken."""


def _specs() -> list[dg.AssetCheckSpec]:
    with warnings.catch_warnings():
        # Partitioned checks are a preview; nothing else audits one batch of many.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(
                name,
                asset=updated_candidate_records,
                description=description,
                partitions_def=resume_batches,
            )
            for name, description in (_ERRORS | _WARNINGS).items()
        ]


@dg.multi_asset_check(specs=_specs(), name="audit_of_records")
def audit_of_records(
    context: dg.AssetCheckExecutionContext,
    sqlserver: SQLServerResource,
    settings: SettingsResource,
) -> Iterator[dg.AssetCheckResult]:
    """Audits the records of one batch, from one pass over the database."""
    with safely("auditing the records"):
        database = sqlserver.database()
        outcomes = look_at(database, settings.load(), context.partition_key)
    # Here and not from Dagster's events: what the ledger has is told whatever becomes of this run.
    report(
        database,
        [
            failed_check(context.partition_key, name, promise)
            for name, promise in _ERRORS.items()
            if not outcomes[name][0]
        ],
    )
    for name, (passed, metadata) in outcomes.items():
        yield dg.AssetCheckResult(
            asset_key=updated_candidate_records.key,
            check_name=name,
            passed=passed,
            severity=severity_of(name),
            metadata=metadata,
        )


def look_at(database: Database, settings: Settings, key: str) -> dict[str, Outcome]:
    """What each check says of a batch's records. Raises BatchBusy, DatabaseFailed."""
    gold = samples.gold()
    # Under the batch's lease: no other worker writes meanwhile, and this run counts as alive.
    with leased(database, key, patience=PATIENCE) as lease, lease.kept_alive():
        found, known = database.read(
            lambda connection: (
                audit(connection, database, key, max_attempts=settings.max_attempts),
                judge_batch(connection, database, gold, key),
            )
        )
    return _outcomes(found, settings) | {"known_answers_met": _met(known)}


def severity_of(name: str) -> dg.AssetCheckSeverity:
    """How bad it is where a check of the records fails."""
    return dg.AssetCheckSeverity.ERROR if name in _ERRORS else dg.AssetCheckSeverity.WARN


def _model_check() -> dg.AssetChecksDefinition:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)  # as above

        @dg.asset_check(
            asset=submitted_batch,
            partitions_def=resume_batches,
            description=f"The model that reads these resumes is not shut down within {SOON} days.",
        )
        def model_goes_on(
            context: dg.AssetCheckExecutionContext,
            sqlserver: SQLServerResource,
            settings: SettingsResource,
        ) -> dg.AssetCheckResult:
            with safely("looking when the model ends"):
                database, values = sqlserver.database(), settings.load()
                batch, now = database.read(
                    lambda connection: (
                        batches.get(connection, database, context.partition_key),
                        database.dialect.utc_now(connection),
                    )
                )
                end = end_of(values, model_for(values, batch.model), batch.model_shutdown)
            today, metadata = now.date(), {"model": batch.model}
            if end is not None:
                metadata |= {"shutdown_date": str(end.on), "what_to_do": end.in_words(today)}
            return dg.AssetCheckResult(
                passed=end is None or not end.is_soon(today),
                severity=dg.AssetCheckSeverity.WARN,
                metadata=metadata,
            )

    return model_goes_on


model_goes_on = _model_check()


def _outcomes(found: Audit, settings: Settings) -> dict[str, Outcome]:
    dates, counted, lost = found.dates, found.account, found.losses
    share, least = counted.usable_share, settings.usable_share
    given_up = [
        {"userid": who, "state": one.state, "reason": one.reason or ""}
        for who, one in found.given_up
    ]
    losers = [{"userid": who, "column": column, "what": what} for who, column, what in lost.lost]
    return {
        "date_formats": _found(dates.formats),
        "starts_not_after_ends": _found(dates.order),
        "no_start_in_the_future": _found(dates.future),
        "positions_newest_first": _found(dates.newest_first),
        "every_claim_accounted_for": (
            counted.is_balanced,
            {
                "claimed": counted.claimed,
                "still_open": counted.open_items,
                "claims_left_over": counted.open_claims,
                "items_by_state": counts_table(counted.by_state, "state"),
            },
        ),
        "usable_answers": (
            share is None or share >= least,
            {
                "usable_percent": 100.0 if share is None else percent(share),
                "least_percent": percent(least),
                "others_by_reason": counts_table(counted.by_reason, "reason"),
            },
        ),
        "nothing_cut_or_unread": (
            lost.passed,
            {
                "in_words": _lost_in_words(lost),
                "resumes_truncated": lost.truncated,
                "values_cut": lost.values_cut,
                "records_with_unread_dates": lost.dates_unread,
                "months_assumed": lost.months_assumed,
                "by_column": changes_table(lost.changes),
                f"first_{SHOWN}": table(losers, userid="string", column="string", what="string"),
            },
        ),
        "values_borne_out": _borne_out(found.borne_out, settings.borne_out_share),
        "nobody_given_up": (
            not given_up,
            {
                "given_up": len(given_up),
                "candidates": table(given_up, userid="string", state="string", reason="string"),
            },
        ),
    }


def _lost_in_words(lost: Losses) -> str:
    told = [
        (lost.truncated, "resume", "longer than the model's window and sent without the middle"),
        (lost.values_cut, "value", "cut, left out or made NULL"),
        (lost.dates_unread, "record", "with a date that could not be read"),
    ]
    parts = [f"{counted(number, thing)} {what}" for number, thing, what in told if number]
    if not parts:
        return "Everything that the answers told is in the table."
    return f"{'; '.join(parts)}. All else of these records is written."


def _borne_out(found: BorneOut, least: float) -> Outcome:
    share = 1.0 if found.share is None else found.share
    _, metadata = _found(found.found)
    return share >= least, {
        "borne_out_percent": percent(share),
        "least_percent": percent(least),
        "values_checked": found.checked,
        **metadata,
    }


def _met(report: Report) -> Outcome:
    total = report.total
    if total.accuracy is None:
        return True, {"known_answers": 0}
    groups = [
        {"group": group, "met": score.met, "known_answers": score.cases}
        for group, score in report.by_group.items()
    ]
    columns = [
        {"column": column, "met": score.met, "known_answers": score.cases}
        for column, score in report.worst_first()
        if score.met < score.cases
    ]
    return total.accuracy >= LEAST_MET, {
        "met_percent": percent(total.accuracy),
        "least_percent": percent(LEAST_MET),
        "known_answers": total.cases,
        "samples": report.records,
        "by_group": table(groups, group="string", met="int", known_answers="int"),
        "missed_by_column": table(columns, column="string", met="int", known_answers="int"),
    }


def _found(finding: Finding) -> Outcome:
    offenders = [{"userid": who, "column": column} for who, column in finding.offenders]
    return finding.passed, {
        "records": finding.looked_at,
        "offending_values": sum(finding.by_column.values()),
        "by_column": counts_table(finding.by_column, "column", "values"),
        f"first_{SHOWN}": table(offenders, userid="string", column="string"),
    }
