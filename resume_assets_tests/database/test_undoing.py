"""What a batch overwrote is put back, where its record is still as the batch left it."""

from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import BatchBusy, leased
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.records import journal
from resume_assets.batches.records.rewriting import Rewriter
from resume_assets.batches.upkeep import reprocessing, undoing
from resume_assets.batches.upkeep.undoing import Why
from resume_assets.database.connect import Database
from resume_assets_tests.collected import KEY, collected_batch
from resume_assets_tests.database.test_forgetting import of_a_site
from resume_assets_tests.database.test_keeping import change, entries, item, record, write
from resume_assets_tests.database.test_reprocessing import MODEL, processed
from resume_assets_tests.databases import rows_of, seed, settings


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "PAGE", 2)


def mark_applied(database: Database, key: str = KEY) -> None:
    database.write(
        lambda connection: batches.update(connection, database, key, state=BatchState.applied)
    )


@pytest.fixture
def written(database: Database) -> Database:
    """Three candidates; in the record of the second something stood before the batch KEY."""
    seed(database, 3)
    change(database, 2, City="Kraków", MiddleName="Maria")
    collected_batch(database, settings(), 3)
    write(database, city="Gdańsk", middle_name=None)
    mark_applied(database)
    return database


def again(database: Database, rows: int = 3, key: str = "b2", **answer: Any) -> None:
    """The records are read again, by another batch."""
    reprocessing.put_back(database, MODEL, [1, 2, 3])
    collected_batch(database, settings(), rows, key)
    write(database, key, **answer)
    mark_applied(database, key)


def undo(database: Database, key: str = KEY, userids: Any = None) -> undoing.Undone:
    expected = undoing.look(database, key, userids)
    with leased(database, key) as lease:
        undone = undoing.undo(lease, userids)
    assert undone == expected
    return undone


def test_a_first_fill_is_emptied_and_waits_again(written: Database) -> None:
    undone = undo(written)
    assert (undone.put_back, undone.waiting, dict(undone.left_alone)) == (3, 3, {})
    assert set(processed(written).values()) == {None}
    assert not any(record(written, 1).values())
    standing = {name: value for name, value in record(written, 2).items() if value is not None}
    assert standing == {"City": "Kraków", "MiddleName": "Maria"}
    assert [item(written, userid).state for userid in (1, 2, 3)] == ["undone"] * 3
    assert entries(written) == {}
    [message] = rows_of(written, sa.select(written.ledger.batches.c.message))
    assert message[0].startswith("Undone by a person: 3 of its records")
    # Again there is nothing left to do, and it is not written again either.
    assert undo(written) == undoing.Undone()
    assert write(written, kind=Rewriter).applied.written == 0
    assert set(processed(written).values()) == {None}


def test_what_was_read_again_is_as_it_was_before_and_waits_for_nothing(written: Database) -> None:
    before = [record(written, userid) for userid in (1, 2, 3)], processed(written)
    again(written, city="Łódź", last_name="Nowak", emails=[])
    assert record(written, 1)["LastName"] == "Nowak"
    undone = undo(written, "b2")
    assert (undone.put_back, undone.waiting) == (3, 0)
    assert ([record(written, userid) for userid in (1, 2, 3)], processed(written)) == before
    # And that one can be undone in its turn.
    assert undo(written).put_back == 3


def test_some_of_them(written: Database) -> None:
    assert undo(written, userids=[2]).put_back == 1
    assert [item(written, userid).state for userid in (1, 2)] == ["succeeded", "undone"]


def test_a_correction_that_was_kept_is_no_change_since(written: Database) -> None:
    change(written, 1, City="Sopot", LastName=None)
    before = record(written, 1)
    again(written, city="Łódź", last_name="Nowak", first_name="Ewa")
    assert record(written, 1)["City"] == "Sopot"
    assert undo(written, "b2").put_back == 3
    assert record(written, 1) == before


def test_what_is_left_alone_and_why(written: Database) -> None:
    times = processed(written)
    change(written, 1, City="Sopot")
    change(written, 2, LastProcessed=times[2].replace(year=2030))
    change(written, 3, LastProcessed=None)
    was = [record(written, userid) for userid in (1, 2, 3)]
    batch = written.ledger.batches
    before = rows_of(written, sa.select(batch.c.message))
    undone = undo(written)
    assert rows_of(written, sa.select(batch.c.message)) == before  # nothing is to be told
    assert undone.put_back == 0
    assert dict(undone.left_alone) == {Why.changed: 1, Why.processed: 2}
    assert [record(written, userid) for userid in (1, 2, 3)] == was
    assert [item(written, userid).state for userid in (1, 2, 3)] == ["succeeded"] * 3


def test_a_later_batch_and_a_candidate_that_is_gone(written: Database) -> None:
    again(written, rows=3)
    there = written.candidates
    delete = there.table.delete().where(there.userid == 3)
    written.write(lambda connection: connection.execute(delete))
    assert dict(undo(written).left_alone) == {Why.later: 2, Why.gone: 1}


def test_without_the_journal_nothing_is_guessed(written: Database) -> None:
    table = written.ledger.journal
    written.write(lambda connection: connection.execute(table.delete()))
    undone = undo(written)
    assert (undone.put_back, dict(undone.left_alone)) == (2, {Why.pruned: 1})
    assert record(written, 2)["City"] == "Gdańsk"


def test_records_of_an_older_program(written: Database) -> None:
    older = written.ledger.items.update().values(digests=None, overwrote=None)
    written.write(lambda connection: connection.execute(older))
    assert dict(undo(written).left_alone) == {Why.older: 3}
    older = written.ledger.items.update().values(last_processed=None)
    written.write(lambda connection: connection.execute(older))
    change(written, 1, LastProcessed=None)  # it waits, whoever wrote it
    assert dict(undo(written).left_alone) == {Why.processed: 3}


def test_a_column_that_may_not_be_empty_is_blank_again(empty_database: Database) -> None:
    def place(database: Database) -> tuple[Any, Any]:
        standing = record(database, 1)
        return standing["City"], standing["State"]

    columns = (
        "userid INT PRIMARY KEY, markdownResume NVARCHAR(100), datelastmodified DATETIME2,"
        " LastProcessed DATETIME2, City NVARCHAR(50) NOT NULL, State NVARCHAR(50) NOT NULL"
    )
    resume = "(userid, markdownResume, City, State) VALUES (1, 'Resume of 1', '', 'Ohio')"
    of_a_site(empty_database, columns, [resume])
    collected_batch(empty_database, settings(), 1)
    write(empty_database, city="Gdańsk", state="TX")
    mark_applied(empty_database)
    assert place(empty_database) == ("Gdańsk", "TX")
    assert undo(empty_database).put_back == 1
    assert place(empty_database) == ("", "Ohio")


def test_a_new_text_is_read_after_the_undo(written: Database) -> None:
    """LastProcessed of the old text would hide it."""
    reprocessing.put_back(written, MODEL, [1, 2, 3])
    there = written.candidates
    edit = there.table.update().where(there.userid == 1).values({there.text: "A new resume"})
    written.write(lambda connection: connection.execute(edit))
    collected_batch(written, settings(), 3, "b2")
    write(written, "b2")
    mark_applied(written, "b2")
    undone = undo(written, "b2")
    assert (undone.put_back, undone.waiting) == (3, 1)
    assert processed(written)[1] is None


def test_a_batch_that_is_not_written_yet(database: Database) -> None:
    seed(database, 1)
    collected_batch(database, settings(), 1)
    with pytest.raises(undoing.NotWritten, match="check b1"):
        undoing.look(database, KEY)


def have_updates(database: Database, when: str, answered: str) -> None:
    """From now on the table's updates of such rows are `answered` so, by a trigger."""
    if database.dialect.name != "sqlite":
        pytest.skip("the trigger is SQLite's")
    trigger = (
        f"CREATE TRIGGER answers BEFORE UPDATE ON aicandidate WHEN {when} "
        f"BEGIN SELECT RAISE({answered}); END"
    )
    database.write(lambda connection: connection.exec_driver_sql(trigger))


def test_what_the_table_refuses_now_is_left_alone(written: Database) -> None:
    have_updates(written, "NEW.City = 'Kraków'", "ABORT, 'no'")
    with leased(written, KEY) as lease:
        undone = undoing.undo(lease)
    assert (undone.put_back, dict(undone.left_alone)) == (2, {Why.refused: 1})
    assert record(written, 2)["City"] == "Gdańsk"
    assert isinstance(entries(written)[2], journal.Entry)


def test_what_another_program_takes_meanwhile_is_tried_again(written: Database) -> None:
    """What was put back before that stays so."""
    have_updates(written, "OLD.userid = 3", "IGNORE")
    with leased(written, KEY) as lease, pytest.raises(BatchBusy, match="undo b1` goes on"):
        undoing.undo(lease)
    assert [item(written, userid).state for userid in (1, 2, 3)] == [
        "undone",
        "undone",
        "succeeded",
    ]
    written.write(lambda connection: connection.exec_driver_sql("DROP TRIGGER answers"))
    assert undo(written).put_back == 1


def test_candidates_are_locked_while_they_are_put_back_and_not_for_a_look(
    written: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    locking, locked = written.dialect.locking, []

    def noting(query: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
        locked.append(table.name)
        return locking(query, table)

    monkeypatch.setattr(written.dialect, "locking", noting)
    undoing.look(written, KEY)
    assert locked == []
    with leased(written, KEY) as lease:
        undoing.undo(lease)
    assert locked == [written.candidates.table.name] * 2  # a page each
