"""`doctor`: what is configured, from where, and whether each connection works."""

import datetime
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from pydantic import SecretStr

from resume_assets.batches.planning.asked import asked_now, fixed_tokens
from resume_assets.batches.store_errors import shown_url
from resume_assets.commands.output import answer, say
from resume_assets.commands.starting import new_home
from resume_assets.database import rights
from resume_assets.database.connect import Database, open_database
from resume_assets.database.obstacles import constraints_in_the_way
from resume_assets.database.setup import require_initialised
from resume_assets.database.status_table import NAME, look
from resume_assets.errors import PlatformError, in_words
from resume_assets.misnamed import misnamed
from resume_assets.models.catalogue import Model, model_for
from resume_assets.models.ends import end_of
from resume_assets.models.prices import Usage, price
from resume_assets.settings import Settings, sources
from resume_assets.words import counted

_MARKS = {True: ("ok", "green"), False: ("WRONG", "red"), None: ("look", "yellow")}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `ok` is None for something worth a look that is no error."""

    subject: str
    text: str
    ok: bool | None = True


def examine(settings: Settings, *, ask: bool = False) -> Iterator[Finding]:
    """Test each part in turn; one that fails does not keep the others from being tested.

    `ask`: also send the model one tiny resume, which costs a fraction of a cent.
    """
    for subject, test in (
        ("settings", _settings),
        ("database", _database),
        ("model", _model),
        ("prompt", _prompt),
        ("endpoint", partial(_endpoint, ask=ask)),
        *((("answer", _answer),) if ask else ()),
        ("files", _files),
        ("limits", _limits),
        ("notify", _notify),
    ):
        yield from _tested(subject, settings, test)


def show(settings: Settings, *, ask: bool = False) -> int:
    """Print configuration and findings; 0 if nothing is broken."""
    _show_configuration(settings)
    say()
    found = []
    for finding in examine(settings, ask=ask):
        mark, colour = _MARKS[finding.ok]
        say(f"  {mark:<5}  {finding.subject:<10} {finding.text}", hang=20, coloured=(mark, colour))
        found.append(finding)
    is_broken = any(finding.ok is False for finding in found)
    following = None if ask else "resume-assets doctor --ask"
    answer(findings=[asdict(finding) for finding in found], next=following)
    say()
    if is_broken:
        say("Mend what is WRONG; `resume-assets doctor` looks again.")
    if following is not None:
        say(f"Next: `{following}` also sends the model one tiny resume (1,000 tokens).")
    return 1 if is_broken else 0


def _show_configuration(settings: Settings) -> None:
    """Each variable, where its value comes from, and the value; a secret is only said to be set."""
    origins, told = sources(), {}
    say("Configuration (secrets are only said to be set)")
    for name, field in Settings.model_fields.items():
        variable = field.alias or name
        value = getattr(settings, name)
        told[variable] = {
            "value": None if value is None else _shown(value),
            "source": origins[variable],
        }
        say(f"  {variable:<35} {origins[variable]:<11} {_shown(value)}", hang=50)
    answer(settings=told)


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "set"
    return "-" if value is None else shown_url(str(value))  # a URL may hold a password


_Test = Callable[[Settings], Iterator[Finding]]


def _tested(subject: str, settings: Settings, test: _Test) -> Iterator[Finding]:
    try:
        yield from test(settings)
    except (PlatformError, OSError) as error:
        yield Finding(subject, in_words(error, f"testing the {subject}"), ok=False)


def _settings(settings: Settings) -> Iterator[Finding]:
    """Variables that nothing reads (`misnamed`), and a home folder that is still to be made."""
    for one in misnamed():
        yield Finding("settings", str(one), None)
    if not settings.home_folder.exists():
        yield Finding("home", new_home(settings), None)


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
    for text in database.read(lambda c: [*constraints_in_the_way(c, database)]):
        yield Finding("table", text, None)


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
    model, today = model_for(settings), datetime.datetime.now(datetime.UTC).date()
    if not model.known:
        yield Finding("model", _unlisted(model), None)
    million = price(model, Usage(1_000_000, output_tokens=1_000_000), on=today, is_long=False)
    if million is None:
        yield Finding("model", f"{model.name}: no price known; tokens are counted, money not", None)
    else:
        yield Finding(
            "model",
            f"{model.name}: ${million.input:f} in and ${million.output:f} out for a million tokens "
            f"in a batch (prices of {million.on}, by {million.source})",
        )

    end = end_of(settings, model)
    if end is not None:
        is_soon, is_over = end.is_soon(today), end.days_left(today) <= 0
        is_fine = None if is_soon else True
        yield Finding(
            "model", end.in_words(today), False if is_over and end.is_binding else is_fine
        )


def _unlisted(model: Model) -> str:
    facts = (
        "its limits are guessed: RESUME_BASE_MODEL, RESUME_CONTEXT_WINDOW and RESUME_OUTPUT_LIMIT "
        "tell them"
        if model.facts_of == model.name
        else f"what holds for {model.facts_of} is taken to hold for it"
    )
    return (
        f"{model.name} is not listed; {facts} (window {model.context_window:,}, output "
        f"{model.max_output:,})"
    )


def _prompt(settings: Settings) -> Iterator[Finding]:
    """What goes with every resume, in tokens: that much is paid for with each."""
    from resume_assets.models.tokens import counter_for

    asked = asked_now(settings, model_for(settings))
    prompt, alone = asked.prompt, counter_for(asked.model).count(asked.prompt.text)
    yield Finding(
        "prompt",
        f"{prompt.name} ({prompt.version}): {alone:,} tokens, {fixed_tokens(asked):,} with the "
        "schema, sent with every resume",
    )


def _endpoint(settings: Settings, *, ask: bool) -> Iterator[Finding]:
    from resume_assets.commands import endpoint

    who_tells = "the answer below tells" if ask else "`resume-assets doctor --ask` finds out"
    for found in endpoint.look(settings):
        text = f"{found.text}; {who_tells}" if found.is_open else found.text
        yield Finding("endpoint", text, found.ok)


def _answer(settings: Settings) -> Iterator[Finding]:
    from resume_assets.commands import endpoint

    for found in endpoint.ask(settings):
        yield Finding("answer", found.text, found.ok)


def _files(settings: Settings) -> Iterator[Finding]:
    """The store, by writing, reading and deleting; a folder that is not there is not made."""
    from resume_assets.batches.store import BatchStore

    store = BatchStore.configured(settings)
    if store.is_local and not store.root.exists():
        above = next(folder for folder in Path(store.url).parents if folder.exists())
        if not (above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
            yield Finding("files", f"{store.url} can't be made in {above}", ok=False)
            return
        yield Finding("files", f"{store.url} is made at first use")
        return
    store.probe()
    yield Finding("files", f"{store.url} takes, gives back and deletes a file")


def _limits(settings: Settings) -> Iterator[Finding]:
    """How much is sent at once, and what it may cost, as far as the settings say."""
    out = settings.max_in_flight
    yield Finding(
        "limits",
        f"{counted(settings.batch_size, 'resume')} a batch, {counted(out, 'batch')} out at once "
        "(the sensor's); tokens in OpenAI's queue: "
        f"{_at_most(settings.enqueued_token_limit, 'as learned from OpenAI')}",
    )
    in_all, a_day = (
        "no limit" if most is None else f"${most:,.2f}"
        for most in (settings.max_cost_usd, settings.max_cost_usd_a_day)
    )
    yield Finding("limits", f"dollars in all: {in_all}; a day: {a_day}")


def _at_most(limit: int | None, otherwise: str) -> str:
    return f"{limit:,}" if limit else otherwise


def _notify(settings: Settings) -> Iterator[Finding]:
    """Who is told, as far as the settings say; nothing is sent."""
    from resume_assets.notifying.receivers import receivers_of, worth_a_look

    receivers = receivers_of(settings)
    for problem in receivers.problems:
        yield Finding("notify", problem, ok=False)
    for text in worth_a_look(settings, receivers):
        yield Finding("notify", text, None)
    for one in receivers.found:
        yield Finding("notify", f"{one.shown} ({one.form})")
    if receivers.found:
        yield Finding("notify", "`resume-assets notify --test` sends each a trial word")
    elif not receivers.problems:
        yield Finding("notify", "nobody is told what comes up (RESUME_NOTIFY_URL)")
