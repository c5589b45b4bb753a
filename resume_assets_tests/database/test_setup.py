"""init-db: says what is missing, makes it, drops nothing, and is done after one time."""

from collections.abc import Iterable
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.costing import settle
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.states import BatchState
from resume_assets.database import setup_steps
from resume_assets.database.candidates import TableProblem
from resume_assets.database.connect import Database
from resume_assets.database.retrying import DuplicateKey
from resume_assets.database.setup import (
    NotInitialised,
    initialise,
    plan,
    require_initialised,
)
from resume_assets.database.tables import LEDGER_VERSION, Ledger
from resume_assets_tests.collected import KEY, answers_to, collected_batch, write_all
from resume_assets_tests.databases import (
    SQLITE,
    make_schema,
    make_table,
    rows_of,
    seed,
    settings,
)

OURS = {
    "aicandidateBatchStatus",
    "resume_batch_items",
    "resume_batches",
    "resume_claims",
    "resume_counters",
    "resume_documents",
    "resume_forgotten",
    "resume_installation",
    "resume_journal",
    "resume_notice_deliveries",
    "resume_notices",
    "resume_receipts",
    "resume_trial_candidates",
    "resume_trial_items",
    "resume_trials",
}


def tables(database: Database) -> set[str]:
    """Their names, as Babelfish does not spell them: it keeps no capitals in some views."""
    if database.schema and database.schema not in sa.inspect(database.engine).get_schema_names():
        return set()
    names = sa.inspect(database.engine).get_table_names(schema=database.schema)
    return {name.casefold() for name in names}


def folded(names: Iterable[str]) -> set[str]:
    return {name.casefold() for name in names}


def columns(database: Database, table: str) -> set[str]:
    found = sa.inspect(database.engine).get_columns(table, schema=database.schema)
    return {column["name"].casefold() for column in found}


def execute(database: Database, statement: str) -> None:
    database.write(lambda connection: connection.exec_driver_sql(statement))


def name(database: Database, table: str) -> str:
    return f"[{database.schema}].[{table}]" if database.schema else f"[{table}]"


def test_everything_is_made_once(empty_database: Database) -> None:
    planned = plan(empty_database)
    assert tables(empty_database) == set()
    made = initialise(empty_database)
    assert [step.ddl for step in made] == [step.ddl for step in planned]
    assert tables(empty_database) == folded(OURS | {"aicandidate"})
    assert plan(empty_database) == []
    assert initialise(empty_database) == []
    row = empty_database.read(lambda c: require_initialised(c, empty_database))
    assert row.ledger_version == LEDGER_VERSION


def test_the_tables_of_the_site_as_they_are_made(database: Database) -> None:
    initialise(database)
    inspector = sa.inspect(database.engine)
    found = inspector.get_columns("aicandidate", schema=database.schema)
    kinds: dict[str, Any] = {column["name"].casefold(): column["type"] for column in found}
    assert kinds["primarytitle"].length == 255
    assert getattr(kinds["summary"], "length", None) is None
    seed(database, 1)
    with pytest.raises(DuplicateKey):
        seed(database, 1)  # the same userid
    name = "aicandidateBatchStatus"
    shown = inspector.get_columns(name, schema=database.schema)
    obliged = {column["name"].casefold() for column in shown if not column["nullable"]}
    assert obliged == {"batch_id", "batch_key"}
    [index] = inspector.get_indexes(name, schema=database.schema)
    assert [str(one).casefold() for one in index["column_names"]] == ["batch_key"]
    assert index["unique"]


def test_a_second_time_keeps_the_installation(database: Database) -> None:
    before = rows_of(database, sa.select(database.ledger.installation))
    initialise(database)
    assert rows_of(database, sa.select(database.ledger.installation)) == before


def test_a_schema_is_made_where_there_is_one(backend: str, empty_database: Database) -> None:
    planned = plan(empty_database)
    assert planned[0].purpose.startswith("schema") == (backend != SQLITE)
    make_schema(empty_database)
    assert not plan(empty_database)[0].purpose.startswith("schema")


def test_a_site_of_its_own_is_completed(empty_database: Database) -> None:
    """Its table, its rows and its columns stay; the index is proposed, not made."""
    database = empty_database
    make_schema(database)
    kinds: dict[str, Any] = {"userid": sa.Integer(), "FirstName": sa.Unicode(40)}
    table = make_table(database, {**kinds, "Theirs": sa.Integer()})
    row = table.insert().values(userid=7, FirstName="Ada", Theirs=1)
    database.write(lambda connection: connection.execute(row))
    planned = plan(database)
    assert [step.purpose for step in planned if step.optional] == ["index for the queue's query"]
    assert not any("DROP" in step.ddl.upper() for step in planned)
    made = initialise(database)
    assert made
    assert not any(step.optional for step in made)
    assert not any("INDEX" in step.ddl and "aicandidate " in step.ddl for step in made)
    assert [step.optional for step in plan(database)] == [True]
    assert "theirs" in columns(database, "aicandidate")
    assert not database.candidates.missing
    [kept] = rows_of(database, sa.select(table))
    assert tuple(kept) == (7, "Ada", 1)
    assert initialise(database, with_index=True)
    assert plan(database) == []


def test_a_sites_own_index_for_the_queue_will_do(database: Database) -> None:
    index = "DROP INDEX ix_aicandidate_queue"
    table = name(database, "aicandidate")
    if database.dialect.name != SQLITE:
        index += f" ON {table}"
    execute(database, index)
    assert [step.optional for step in plan(database)] == [True]
    execute(database, f"CREATE INDEX theirs ON {table} (LastProcessed, datelastmodified, userid)")
    assert plan(database) == []


def test_a_table_without_userid(empty_database: Database) -> None:
    make_schema(empty_database)
    make_table(empty_database, {"id": sa.Integer()})
    with pytest.raises(TableProblem, match="userid"):
        initialise(empty_database)
    assert tables(empty_database) == {"aicandidate"}


def test_an_older_status_table_is_completed(empty_database: Database) -> None:
    """Its rows stay; ours comes beside them."""
    database = empty_database
    make_schema(database)
    old = make_table(
        database,
        {
            "batch_id": sa.Unicode(100),
            "status": sa.Unicode(12),
            "created_at": sa.DateTime(),
            "model": sa.Unicode(10),
        },
        "aicandidateBatchStatus",
    )
    rows = [{"batch_id": f"batch_{i}", "status": "completed"} for i in range(3)]
    database.write(lambda connection: connection.execute(old.insert(), rows))
    initialise(database)
    assert plan(database) == []
    seed(database, 2)
    collected_batch(database, settings(model="a-model-with-a-long-name"), 2)
    found = rows_of(database, sa.select(old).order_by(old.c.batch_id))
    assert [row.batch_id for row in found] == ["batch_0", "batch_1", "batch_2", "batch_b1"]
    assert found[3].status == "completed"
    assert found[3].model == "a-model-wi"  # as much as their column takes
    # A table that is not ours gets no index: one with a filter, as a unique one would have to be,
    # makes writes fail (1934) of those who use other SET options than ours.
    indexes = sa.inspect(database.engine).get_indexes(old.name, schema=database.schema)
    assert not [index for index in indexes if "batch_key" in index["column_names"]]


def test_the_status_row_follows_its_batch(database: Database) -> None:
    seed(database, 1)
    collected_batch(database, settings(), 1)
    database.write(lambda c: batches.update(c, database, KEY, openai_status="expired"))
    status = sa.text(f"SELECT batch_key, status FROM {name(database, 'aicandidateBatchStatus')}")
    assert [tuple(row) for row in rows_of(database, status)] == [(KEY, "expired")]


def older_ledger(database: Database) -> None:
    """A ledger as version 0 would have had it: columns and an index less, a batch in it."""
    seed(database, 2)
    collected_batch(database, settings(), 2)
    batches = name(database, "resume_batches")
    execute(database, f"ALTER TABLE {batches} DROP COLUMN absent_since")
    execute(database, f"ALTER TABLE {batches} DROP COLUMN quota_tries")
    execute(database, f"ALTER TABLE {name(database, 'resume_batch_items')} DROP COLUMN changes")
    index = "DROP INDEX ix_resume_batches_openai"
    execute(database, index if database.dialect.name == SQLITE else f"{index} ON {batches}")
    execute(database, f"UPDATE {name(database, 'resume_installation')} SET ledger_version = 0")
    database.forget()


def test_a_ledger_of_version_1_gets_what_it_lacks(database: Database) -> None:
    seed(database, 1)
    collected_batch(database, settings(), 1)
    new = ("contradiction", "contradiction_since", "contradiction_looks", "low_share_repeats")
    table = name(database, "resume_batches")
    for column in new:
        execute(database, f"ALTER TABLE {table} DROP COLUMN {column}")
    execute(database, f"UPDATE {name(database, 'resume_installation')} SET ledger_version = 1")
    database.forget()
    initialise(database)
    assert plan(database) == []
    batch = database.read(lambda c: batches.get(c, database, KEY))
    assert [getattr(batch, column) for column in new] == [None] * 4


def test_a_ledger_from_before_there_were_trials(database: Database) -> None:
    seed(database, 1)
    collected_batch(database, settings(), 1)
    for table in ("resume_trials", "resume_trial_candidates", "resume_trial_items"):
        execute(database, f"DROP TABLE {name(database, table)}")
    for column in ("trial_key", "variant"):
        execute(database, f"ALTER TABLE {name(database, 'resume_batches')} DROP COLUMN {column}")
    execute(database, f"UPDATE {name(database, 'resume_installation')} SET ledger_version = 3")
    database.forget()
    initialise(database)
    assert plan(database) == []
    batch = database.read(lambda c: batches.get(c, database, KEY))
    assert (batch.trial_key, batch.variant) == (None, None)
    for made in (database.ledger.trials, database.ledger.trial_items):
        assert rows_of(database, sa.select(made)) == []


def test_a_ledger_of_version_5_gets_room_for_what_people_are_told(database: Database) -> None:
    """Its batches are there still; nobody is told of those that closed long ago."""
    seed(database, 1)
    collected_batch(database, settings(), 1)
    for table in ("resume_notices", "resume_notice_deliveries"):
        execute(database, f"DROP TABLE {name(database, table)}")
    table = name(database, "resume_batches")
    index = "DROP INDEX ix_resume_batches_noticed"
    execute(database, index if database.dialect.name == SQLITE else f"{index} ON {table}")
    execute(database, f"ALTER TABLE {table} DROP COLUMN noticed_at")
    execute(database, f"UPDATE {name(database, 'resume_installation')} SET ledger_version = 5")
    database.forget()
    with pytest.raises(NotInitialised, match="upgrades it"):
        database.read(lambda c: require_initialised(c, database))
    initialise(database)
    assert plan(database) == []
    database.read(lambda c: require_initialised(c, database))
    batch = database.read(lambda c: batches.get(c, database, KEY))
    assert (batch.noticed_at, batch.rows_claimed) == (None, 1)
    for made in (database.ledger.notices, database.ledger.deliveries):
        assert rows_of(database, sa.select(made)) == []


def test_a_ledger_of_version_7_gets_room_for_answers_that_are_used_again(
    database: Database,
) -> None:
    """What it had asked was asked for each by itself, and is written and settled as it was."""
    seed(database, 2)
    collected_batch(database, settings(), 2)
    items = name(database, "resume_batch_items")
    index = "DROP INDEX ix_resume_batch_items_text"
    execute(database, index if database.dialect.name == SQLITE else f"{index} ON {items}")
    for table, columns in {
        "resume_batch_items": ("same_text_as",),
        "resume_trial_items": ("same_text_as",),
        "resume_batches": ("reused", "reuse_saving"),
    }.items():
        for column in columns:
            execute(database, f"ALTER TABLE {name(database, table)} DROP COLUMN {column}")
    execute(database, f"UPDATE {name(database, 'resume_installation')} SET ledger_version = 7")
    database.forget()
    with pytest.raises(NotInitialised, match="upgrades it"):
        database.read(lambda c: require_initialised(c, database))
    assert any("ix_resume_batch_items_text" in step.purpose for step in plan(database))
    initialise(database)
    assert plan(database) == []
    batch = database.read(lambda c: batches.get(c, database, KEY))
    assert (batch.reused, batch.reuse_saving, batch.rows_claimed) == (None, None, 2)
    query = sa.select(database.ledger.items.c.same_text_as)
    assert [row.same_text_as for row in rows_of(database, query)] == [None, None]
    with leased(database, KEY) as lease:
        write_all(lease, list(answers_to(database)))
        lease.write(lambda c: batches.update(c, database, KEY, state=BatchState.applied))
        settled = settle(lease, settings())
    assert settled.batch.input_tokens
    assert (settled.totals.reused, settled.totals.reuse_saving) == (0, 0.0)


def test_a_ledger_of_version_2_gets_room_for_what_caches_and_models_cost(
    database: Database,
) -> None:
    seed(database, 2)
    collected_batch(database, settings(), 2)
    new = {
        "resume_batches": ("cache_write_tokens", "model_shutdown"),
        "resume_batch_items": ("cache_write_tokens",),
        "aicandidateBatchStatus": ("cache_write_tokens",),
    }
    for table, columns in new.items():
        for column in columns:
            execute(database, f"ALTER TABLE {name(database, table)} DROP COLUMN {column}")
    execute(database, f"UPDATE {name(database, 'resume_installation')} SET ledger_version = 2")
    database.forget()
    with pytest.raises(NotInitialised, match="upgrades it"):
        database.read(lambda c: require_initialised(c, database))
    initialise(database)
    assert plan(database) == []
    batch = database.read(lambda c: batches.get(c, database, KEY))
    assert (batch.cache_write_tokens, batch.model_shutdown, batch.rows_claimed) == (None, None, 2)
    # What was collected before the upgrade is written and settled after it.
    with leased(database, KEY) as lease:
        write_all(lease, list(answers_to(database)))
        lease.write(lambda c: batches.update(c, database, KEY, state=BatchState.applied))
        settled = settle(lease, settings())
    assert settled.batch.cache_write_tokens == 0
    assert settled.bill is not None


def test_an_older_ledger_is_upgraded_in_place(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def upgrade(upgraded: Database, _ledger: Ledger) -> Iterable[str]:
        yield f"UPDATE {name(upgraded, 'resume_batches')} SET origin = 'upgraded'"

    monkeypatch.setattr(setup_steps, "UPGRADES", {0: upgrade})
    before = rows_of(database, sa.select(database.ledger.installation.c.installation_id))
    older_ledger(database)
    with pytest.raises(NotInitialised, match="upgrades it"):
        database.read(lambda c: require_initialised(c, database))
    purposes = [step.purpose for step in plan(database)]
    assert "ledger from version 0 to 1" in purposes
    assert purposes[-1] == f"ledger's version {LEDGER_VERSION}"
    assert len(purposes) == 6
    initialise(database)
    database.read(lambda c: require_initialised(c, database))
    batch = database.read(lambda c: batches.get(c, database, KEY))
    assert (batch.origin, batch.quota_tries, batch.absent_since) == ("upgraded", 0, None)
    assert batch.rows_claimed == 2
    assert rows_of(database, sa.select(database.ledger.installation.c.installation_id)) == before
    assert plan(database) == []


def test_an_upgrade_is_all_or_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def upgrade(_database: Database, _ledger: Ledger) -> Iterable[str]:
        yield "UPDATE there_is_no_such_table SET x = 1"

    monkeypatch.setattr(setup_steps, "UPGRADES", {0: upgrade})
    older_ledger(database)
    planned = plan(database)
    with pytest.raises(Exception, match=r"no such table|not there|208"):
        initialise(database)
    assert plan(database) == planned


def test_a_newer_ledger_is_left_alone(database: Database) -> None:
    table = name(database, "resume_installation")
    execute(database, f"UPDATE {table} SET ledger_version = {LEDGER_VERSION + 1}")
    for use in (plan, initialise):
        with pytest.raises(NotInitialised, match="newer"):
            use(database)


def test_a_ledger_without_its_row(database: Database) -> None:
    execute(database, f"DELETE FROM {name(database, 'resume_installation')}")
    with pytest.raises(NotInitialised, match="init-db"):
        database.read(lambda c: require_initialised(c, database))
    initialise(database)
    database.read(lambda c: require_initialised(c, database))


def test_what_was_known_of_the_tables_is_forgotten_once_they_have_changed(
    backend: str, empty_database: Database
) -> None:
    """The same process goes on with the columns that have just been made."""
    make_schema(empty_database)
    make_table(
        empty_database,
        {
            "userid": sa.Integer(),
            "markdownResume": sa.UnicodeText(),
            "datelastmodified": sa.DateTime(),
            "LastProcessed": sa.DateTime(),
        },
    )
    assert empty_database.candidates.column("City") is None
    initialise(empty_database)
    assert empty_database.candidates.column("City") is not None


@pytest.mark.parametrize("columns", ["openai_batch_id, batch_key", "batch_key, openai_batch_id"])
def test_an_index_that_begins_with_the_columns_will_do(database: Database, columns: str) -> None:
    """By whatever name; one that begins with others will not."""
    index, table = "ix_resume_batches_openai", name(database, "resume_batches")
    execute(database, f"DROP INDEX {index}" + (f" ON {table}" if database.schema else ""))
    execute(database, f"CREATE INDEX of_the_sites ON {table} ({columns})")
    missing = [step.purpose for step in plan(database)]
    assert missing == ([] if columns.startswith("openai") else [f"index {index}"])
