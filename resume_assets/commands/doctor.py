"""`doctor`: what is configured, from where, and whether each connection works."""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from pydantic import SecretStr

from resume_assets.commands.output import say
from resume_assets.database import rights
from resume_assets.database.connect import Database, open_database
from resume_assets.database.setup import require_initialised
from resume_assets.database.status_table import NAME, look
from resume_assets.errors import PlatformError
from resume_assets.models.catalogue import find_model, prices_as_of
from resume_assets.settings import Settings, sources

_SOON = 60  # days before a model's shutdown at which it is time to move


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `ok` is None for something worth a look that is no error."""

    subject: str
    text: str
    ok: bool | None = True


def examine(settings: Settings) -> Iterator[Finding]:
    """Test each part in turn; one that fails does not keep the others from being tested."""
    for subject, test in (
        ("database", _database),
        ("model", _model),
        ("endpoint", _endpoint),
        ("files", _files),
    ):
        yield from _tested(subject, settings, test)


def show(settings: Settings) -> int:
    """Print configuration and findings; 0 if nothing is broken."""
    say("Configuration (secrets are only said to be set)")
    for name, field in Settings.model_fields.items():
        variable = field.alias or name
        value = getattr(settings, name)
        shown = "set" if isinstance(value, SecretStr) else "-" if value is None else str(value)
        say(f"  {variable:<36} {shown:<40} {sources()[variable]}")
    say()
    broken = False
    for finding in examine(settings):
        mark = {True: "ok   ", False: "WRONG", None: "look "}[finding.ok]
        say(f"  {mark}  {finding.subject:<10} {finding.text}")
        broken |= finding.ok is False
    return 1 if broken else 0


_Test = Callable[[Settings], Iterator[Finding]]


def _tested(subject: str, settings: Settings, test: _Test) -> Iterator[Finding]:
    try:
        yield from test(settings)
    except PlatformError as error:
        yield Finding(subject, str(error), ok=False)


def _database(settings: Settings) -> Iterator[Finding]:
    yield Finding("database", settings.safe_database_url())
    if settings.uses_embedded_database and not settings.embedded_path.exists():
        yield Finding("database", "embedded; it will be made at first use", None)
        return
    database = open_database(settings)
    try:
        yield from _candidate_table(database)
        database.read(lambda connection: require_initialised(connection, database))
        yield Finding("ledger", "initialised")
        yield from _rights(database)
        yield from _status_table(database)
    finally:
        database.dispose()


def _candidate_table(database: Database) -> Iterator[Finding]:
    there = database.candidates
    yield Finding("table", f"{there.table.fullname}: {len(there.targets)} columns to write")
    for why in dict.fromkeys(there.left_out.values()):
        names = [name for name, reason in there.left_out.items() if reason == why]
        yield Finding("table", f"{why}, so left out: {', '.join(names)}", None)


def _rights(database: Database) -> Iterator[Finding]:
    """All that a batch will need; what only the table for people needs is no fault."""
    lacking = rights.lacking(database)
    for one in lacking:
        yield Finding("rights", f"missing: {one}", ok=False)
    if not lacking:
        yield Finding("rights", "all that a batch will need")


def _status_table(database: Database) -> Iterator[Finding]:
    """It is for people: what is wrong with it keeps no batch from going on."""

    def problems(connection: sa.Connection) -> list[str]:
        needs = rights.needs_of_status(connection, database)
        lacking = database.dialect.lacking_rights(connection, needs)
        return [*look(connection, database).problems, *(f"missing: {one}" for one in lacking)]

    try:
        found = database.read(problems)
    except PlatformError as problem:
        found = [str(problem)]
    for one in found:
        yield Finding("status", f"{NAME}: {one}", None)


def _model(settings: Settings) -> Iterator[Finding]:
    model = find_model(settings.model)
    if model.price is None:
        yield Finding("model", f"{model.name}: no price known; tokens are counted, money not", None)
    else:
        yield Finding(
            "model",
            f"{model.name}: ${model.price.input} in and ${model.price.output} out for a million "
            f"tokens, a batch half of it (prices of {prices_as_of()})",
        )
    left = model.days_left(datetime.datetime.now(datetime.UTC).date())
    if left is not None:
        text = f"{model.name} is shut down on {model.shutdown}, in {left} days"
        yield Finding("model", text, True if left > _SOON else None if left > 0 else False)


def _endpoint(settings: Settings) -> Iterator[Finding]:
    from resume_assets.openai_api.errors import NotThere
    from resume_assets.resources import OpenAIResource, SettingsResource

    resource = OpenAIResource(settings=SettingsResource())
    with resource.api(quick=True) as api:
        try:
            announced = api.shutdown_date(settings.model)
        except NotThere:
            yield Finding(
                "endpoint", f"{api.endpoint} answers, but knows no model {settings.model}", ok=False
            )
            return
        yield Finding("endpoint", f"{api.endpoint} answers and has {settings.model}")
        if announced:
            yield Finding("endpoint", f"it announces the model's end for {announced}", None)


def _files(settings: Settings) -> Iterator[Finding]:
    from resume_assets.batches.store import BatchStore

    root = BatchStore(settings.store_url).root
    yield Finding("files", f"{root} {'is there' if root.exists() else 'is made at first use'}")
