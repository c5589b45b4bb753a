"""`forget`."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from resume_assets.assets.fields import DRY_RUN, BadField
from resume_assets.assets.safely import safely
from resume_assets.batches.upkeep import forgetting
from resume_assets.batches.upkeep.naming import LARGEST, typed_userids
from resume_assets.batches.upkeep.receipts import Receipt
from resume_assets.by_hand.candidates import ids_in
from resume_assets.by_hand.telling import tell
from resume_assets.database.connect import Database
from resume_assets.resources import (
    BatchStoreResource,
    OpenAIResource,
    SettingsResource,
    SQLServerResource,
)
from resume_assets.settings import Settings, SettingsError
from resume_assets.words import counted

if TYPE_CHECKING:
    from resume_assets.openai_api.client import BatchApi


class ForgetConfig(dg.Config):
    """Whom to forget."""

    userids: list[Any] = Field(
        default=[],
        description="Ids (userid) of the people, as in [4711, 4712]. They stay in this run's "
        "configuration; the command `resume-assets forget` leaves no such trace.",
    )
    records: bool = Field(
        default=False,
        description="true: empty the columns that were extracted, and LastProcessed, as well.",
    )
    dry_run: bool = DRY_RUN


@dg.op(out=dg.Out(dg.Nothing))
def forget_people(
    context: dg.OpExecutionContext,
    config: ForgetConfig,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
    store: BatchStoreResource,
    openai: OpenAIResource,
) -> None:
    """Deletes what ledger, journal and files hold of these people; they are sent no more."""
    with safely("forgetting"):
        database, values = sqlserver.database(), settings.load()
        userids = _wanted(database, config)
        if config.dry_run:
            people = counted(len(userids), "id")
            tell(context, [f"{people} to forget. Nothing was done: set dry_run to false to do it."])
            return
        with _endpoint(openai, values) as api:
            receipt = forgetting.forget(
                database, values, store.store(), api, userids, records=config.records
            )
    tell(context, [*_lines(receipt)], {"receipt": dg.MetadataValue.json(receipt.as_dict())})


def _wanted(database: Database, config: ForgetConfig) -> list[Any]:
    """The ids; a candidate who is gone is no mistake. Raises BadField, BadUserid."""
    userids = typed_userids(database, ids_in(database, config.userids, "forget"))
    if not userids:
        raise BadField("userids is empty: whom? Nothing was done.")
    if any(isinstance(one, int) and abs(one) > LARGEST for one in userids):
        raise BadField("One of userids is larger than any id of a database. Nothing was done.")
    return userids


def _endpoint(
    openai: OpenAIResource, settings: Settings
) -> AbstractContextManager["BatchApi | None"]:
    """None where no endpoint is configured: then its files are only named."""
    try:
        settings.endpoint  # noqa: B018 (raises where there is none)
    except SettingsError:
        return nullcontext(None)
    return openai.api()


def _lines(receipt: Receipt) -> list[str]:
    done = (
        f"{counted(receipt.people, 'id')} forgotten: {receipt.ledger_rows:,} rows of the ledger, "
        f"{receipt.journal_entries:,} of the journal, {receipt.lines_blanked:,} lines of files."
    )
    lines = [done, "They are sent no more."]
    if not receipt.found_anything:
        lines.append("Nothing was known of any of them: is the id right?")
    if receipt.left:
        lines += [*receipt.left, "What is left is done by the daily housekeeping."]
    return lines


@dg.job(
    description="Forget people: what ledger, journal and kept files hold of them is deleted, "
    "answers still to come are discarded, and they are sent to no model any more. It can't be "
    "undone. With dry_run, the default, nothing is done."
)
def forget() -> None:
    """One step."""
    forget_people()
