"""`audit`: the checks of the records, whenever they are wanted.

Dagster itself can't execute a check that has partitions without its asset.
"""

import dagster as dg
from pydantic import Field

from resume_assets.assets.answers import updated_candidate_records
from resume_assets.assets.reporting import Metadata, table
from resume_assets.assets.safely import safely
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import APPLIED
from resume_assets.by_hand.telling import tell
from resume_assets.checks import look_at, severity_of
from resume_assets.database.connect import Database
from resume_assets.errors import WrongUseError
from resume_assets.resources import SettingsResource, SQLServerResource
from resume_assets.words import counted

_WHERE = "The results stand at the checks of updated_candidate_records."


class NothingToAudit(WrongUseError):
    """No record is written of what is to be audited."""


class AuditConfig(dg.Config):
    """What to look at."""

    batch: str = Field(
        default="", description="A batch's key, or its id at OpenAI; empty: every batch."
    )


@dg.op(out=dg.Out(dg.Nothing))
def look_at_the_records(
    context: dg.OpExecutionContext,
    config: AuditConfig,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
) -> None:
    """Evaluates each check of `updated_candidate_records` for one batch, or for all."""
    failed: list[dict[str, str]] = []
    with safely("auditing the records"):
        database, values = sqlserver.database(), settings.load()
        keys = _keys(database, config.batch.strip())
        for key in keys:
            for name, (passed, metadata) in look_at(database, values, key).items():
                event = _evaluation(key, name, metadata, passed=passed)
                # It takes this kind of event as well, though its annotation does not say so.
                context.log_event(event)  # type: ignore[arg-type]
                if not passed:
                    failed.append({"batch": key, "check": name, "is": severity_of(name).value})
    went = f"{counted(len(failed), 'check')} failed" if failed else "every check passed"
    tell(
        context,
        [f"{counted(len(keys), 'batch')} looked at: {went}.", _WHERE],
        {"failed": table(failed, batch="string", check="string", **{"is": "string"})},
    )


def _keys(database: Database, name: str) -> list[str]:
    """The keys of the batches to look at. Raises NothingToAudit, and as `require_written`."""
    if not name:
        done = database.read(
            lambda connection: batches.in_states(connection, database, APPLIED, of_trials=False)
        )
        if not done:
            raise NothingToAudit("No batch has written its records yet: there is nothing to audit.")
        return [batch.batch_key for batch in done]
    batch = database.read(lambda connection: batches.get(connection, database, name))
    return [batches.require_written(batch).batch_key]


def _evaluation(
    key: str, name: str, metadata: Metadata, *, passed: bool
) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=updated_candidate_records.key,
        check_name=name,
        passed=passed,
        severity=severity_of(name),
        metadata=metadata,
        partition=key,
    )


@dg.job(
    description="Audit the records of one batch, or of all, as they are in the database now. What "
    "each check says stands where it stands after a batch: at updated_candidate_records, Checks."
)
def audit() -> None:
    """One step."""
    look_at_the_records()
