"""Files into rows: whose they are, never the same twice, never a row without a text."""

import os
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger import forgotten
from resume_assets.batches.upkeep import documents
from resume_assets.batches.upkeep.naming import BadUserid
from resume_assets.database.connect import Database
from resume_assets.database.setup import initialise
from resume_assets.documents.finding import NoSuchPlace, places
from resume_assets.documents.importing import Delivered, deliver
from resume_assets.documents.naming import BadNames
from resume_assets.documents.reasons import Reason
from resume_assets.documents.rows import NoIds, Outcome
from resume_assets_tests.databases import (
    SQLITE,
    make_schema,
    make_table,
    rows_of,
    seed,
)

ADA = "Ada Lovelace, engineer in Turku since 1843"
GRACE = "Grace Hopper, admiral in Arlington, VA"
FIRST = 1_000
"""New candidates' number where the table makes none, as on SQL Server what `init-db` makes."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "delivered"
    made.mkdir()
    return made


def put(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")


def imported(database: Database, folder: Path, **more: Any) -> Delivered:
    return deliver(database, [folder], first_userid=more.pop("first_userid", FIRST), **more)


def texts(database: Database) -> dict[Any, str | None]:
    there = database.candidates
    found = rows_of(database, sa.select(there.userid, there.text))
    return {userid: text for userid, text in found}  # noqa: C416 (Rows)


def known(database: Database) -> list[Any]:
    return rows_of(database, sa.select(database.ledger.documents))


def reasons(done: Delivered) -> dict[str, Reason]:
    return {one.file: one.reason for one in done.unread}


def test_each_file_is_a_new_candidate_that_waits(database: Database, folder: Path) -> None:
    put(folder, ada=ADA, grace=GRACE)
    (folder / "deeper").mkdir()
    put(folder / "deeper", third="Third Person, welder in Reno, NV")
    done = imported(database, folder)
    assert done.outcomes == {Outcome.imported: 3}
    assert sorted(map(str, texts(database).values())) == sorted(
        [f"{ADA}\n", f"{GRACE}\n", "Third Person, welder in Reno, NV\n"]
    )
    there = database.candidates
    waiting = rows_of(database, sa.select(there.modified).where(there.processed.is_(None)))
    assert len(waiting) == 3
    assert all(modified is not None for (modified,) in waiting)
    assert {row.file_name for row in known(database)} == {
        "ada.txt",
        "grace.txt",
        "deeper/third.txt",
    }
    assert {row.delivery for row in known(database)} == {done.delivery}
    assert sorted(done.userids) == sorted(texts(database))


def test_the_same_bytes_never_come_twice(database: Database, folder: Path) -> None:
    put(folder, ada=ADA, copy=ADA)
    assert imported(database, folder).outcomes == {Outcome.imported: 1, Outcome.known: 1}
    (folder / "ada.txt").rename(folder / "renamed.txt")
    assert imported(database, folder).outcomes == {Outcome.known: 2}
    assert len(texts(database)) == 1


def test_the_embedded_table_numbers_new_candidates_by_itself(
    database: Database, folder: Path
) -> None:
    if database.dialect.name != SQLITE:
        pytest.skip("what init-db makes on SQL Server has no IDENTITY")
    seed(database, {41: "Somebody who was there before"})
    put(folder, ada=ADA, grace=GRACE)
    assert imported(database, folder, first_userid=None).outcomes == {Outcome.imported: 2}
    assert sorted(texts(database)) == [41, 42, 43]


def test_new_candidates_are_numbered_from_where_one_says(database: Database, folder: Path) -> None:
    seed(database, {41: "Somebody", 1_003: "Somebody else"})
    put(folder, ada=ADA, grace=GRACE)
    assert imported(database, folder, first_userid=1_000).userids == [1_004, 1_005]


def test_a_table_that_makes_no_ids_says_what_to_do(empty_database: Database, folder: Path) -> None:
    make_schema(empty_database)
    columns = {"userid": sa.Unicode(50), "markdownResume": sa.UnicodeText()}
    times = {"datelastmodified": sa.DateTime(), "LastProcessed": sa.DateTime()}
    make_table(empty_database, columns | times)
    initialise(empty_database)
    put(folder, ada=ADA)
    with pytest.raises(NoIds, match=r"makes no ids by itself.*--csv"):
        deliver(empty_database, [folder])
    with pytest.raises(NoIds, match="no whole numbers"):
        deliver(empty_database, [folder], first_userid=5)
    assert texts(empty_database) == {}


def test_an_identity_column_numbers_them(empty_database: Database, folder: Path) -> None:
    if empty_database.dialect.name == SQLITE:
        pytest.skip("SQLite has no IDENTITY")
    make_schema(empty_database)
    name = f"[{empty_database.schema}].[aicandidate]"
    with empty_database.engine.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE {name} (userid INT IDENTITY(7, 1) PRIMARY KEY, "
            "markdownResume NVARCHAR(MAX), datelastmodified DATETIME, LastProcessed DATETIME)"
        )
    initialise(empty_database, ledger_only=True)
    put(folder, ada=ADA, grace=GRACE)
    assert imported(empty_database, folder, first_userid=None).userids == [7, 8]


def csv(folder: Path, text: str) -> Path:
    made = folder / "userids.csv"
    made.write_text(text, encoding="utf-8")
    return made


def test_a_csv_says_whose_each_file_is(database: Database, folder: Path) -> None:
    seed(database, {1: None, 2: " \n", 3: "A resume that is there", 4: None})
    put(folder, ada=ADA, grace=GRACE, third=f"{ADA} 3", other=f"{ADA} 4", gone=f"{ADA} 5")
    csv(
        folder,
        "file,userid\nada.txt,1\ngrace.txt,2\nthird.txt,3\ngone.txt,99\nlost.txt,4\n",
    )
    done = imported(database, folder)
    assert done.outcomes == {Outcome.filled: 2}
    assert reasons(done) == {
        "third.txt": Reason.has_text,
        "other.txt": Reason.not_named,
        "gone.txt": Reason.no_candidate,
        "lost.txt": Reason.no_file,
    }
    assert texts(database) == {
        1: f"{ADA}\n",
        2: f"{GRACE}\n",
        3: "A resume that is there",
        4: None,
    }
    assert len(known(database)) == 2


def test_who_has_a_record_keeps_it(database: Database, folder: Path) -> None:
    seed(database, {1: None})
    there = database.candidates
    done_before = there.table.update().values({there.processed.name: sa.func.current_timestamp()})
    database.write(lambda connection: connection.execute(done_before))
    put(folder, ada=ADA)
    csv(folder, "ada.txt,1\n")
    assert reasons(imported(database, folder)) == {"ada.txt": Reason.has_text}
    assert texts(database) == {1: None}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "names no file"),
        ("file,userid\n", "names no file"),
        ("ada.txt\n", "row 1: it takes two cells"),
        ("ada.txt,\n", "row 1: it takes two cells"),
        ("ada.txt,1\nada.txt,2\n", "row 2: the file was named before"),
        ("ada.txt,1\ngrace.txt,1\n", "names a candidate twice"),
    ],
)
def test_a_csv_that_says_two_things_is_refused(
    database: Database, folder: Path, text: str, why: str
) -> None:
    put(folder, ada=ADA)
    csv(folder, text)
    with pytest.raises(BadNames, match=why):
        imported(database, folder)
    assert texts(database) == {}


def test_a_csv_of_other_ids_is_refused(database: Database, folder: Path) -> None:
    put(folder, ada=ADA)
    csv(folder, "ada.txt,one\n")
    with pytest.raises(BadUserid, match="'one' is no id of this table"):
        imported(database, folder)


def test_what_can_not_be_read_is_named_with_why(database: Database, folder: Path) -> None:
    put(folder, ada=ADA, empty="\n")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8")
    (folder / "nothing.pdf").write_bytes(b"")
    (folder / "half.pdf").write_bytes(b"%PDF-1.7 and no end")
    done = imported(database, folder)
    assert done.outcomes == {Outcome.imported: 1}
    assert reasons(done) == {
        "empty.txt": Reason.empty,
        "photo.jpg": Reason.other_kind,
        "nothing.pdf": Reason.empty,
        "half.pdf": Reason.broken,
    }
    assert len(texts(database)) == len(known(database)) == 1


def test_what_programs_leave_beside_documents_is_no_file(folder: Path) -> None:
    put(folder, ada=ADA)
    for name in (".DS_Store", "~$ada.docx", "Thumbs.db", "._ada.pdf"):
        (folder / name).write_bytes(b"x")
    (folder / "__MACOSX").mkdir()
    put(folder / "__MACOSX", ada=ADA)
    assert [place.name for place in places([folder])] == ["ada.txt"]


def test_links_and_pipes_lead_nowhere(database: Database, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("root:x:0:0: a file that nobody delivered")
    (folder / "link.txt").symlink_to(secret)
    (folder / "folder").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe.txt")
    done = imported(database, folder)
    assert reasons(done) == {"pipe.txt": Reason.unreadable}
    assert texts(database) == {}


def test_a_place_that_is_not_there(database: Database, folder: Path) -> None:
    with pytest.raises(NoSuchPlace, match="neither a file nor a folder"):
        imported(database, folder / "nowhere")


def test_a_dry_run_reads_and_writes_nothing(database: Database, folder: Path) -> None:
    put(folder, ada=ADA, empty="")
    done = imported(database, folder, dry_run=True)
    assert (done.readable, reasons(done)) == (1, {"empty.txt": Reason.empty})
    assert texts(database) == {}
    assert known(database) == []


def test_one_file_that_is_named(database: Database, folder: Path) -> None:
    put(folder, ada=ADA, grace=GRACE)
    assert imported(database, folder / "ada.txt").outcomes == {Outcome.imported: 1}
    assert imported(database, folder).outcomes == {Outcome.imported: 1, Outcome.known: 1}


def test_a_table_that_refuses_a_row_loses_nothing(empty_database: Database, folder: Path) -> None:
    make_schema(empty_database)
    columns = {
        "userid": sa.Integer(),
        "markdownResume": sa.UnicodeText(),
        "datelastmodified": sa.DateTime(),
        "LastProcessed": sa.DateTime(),
    }
    table = make_table(empty_database, columns)
    with empty_database.engine.begin() as connection:
        name = connection.dialect.identifier_preparer.format_table(table)
        add = "ADD" if empty_database.dialect.name != SQLITE else "ADD COLUMN"
        default = " DEFAULT 0 CHECK (salary > 0)"
        connection.exec_driver_sql(f"ALTER TABLE {name} {add} salary INT NOT NULL{default}")
    initialise(empty_database, ledger_only=True)
    put(folder, ada=ADA)
    done = imported(empty_database, folder)
    assert reasons(done) == {"ada.txt": Reason.refused}
    assert texts(empty_database) == {}
    assert known(empty_database) == []


def forget(database: Database, userid: Any) -> int:
    def work(connection: sa.Connection) -> int:
        secret = forgotten.made_secret(connection, database)
        found = forgotten.persons(connection, database, secret, [userid])
        forgotten.add(connection, database, found)
        return documents.forget(connection, database, secret, [userid])

    return database.write(work)


def test_who_is_forgotten_does_not_come_back_by_the_same_file(
    database: Database, folder: Path
) -> None:
    put(folder, ada=ADA, grace=GRACE)
    [ada, _] = imported(database, folder).userids
    assert forget(database, ada) == 1
    gone = [row for row in known(database) if row.forgotten_at is not None]
    assert [(row.userid, row.file_name) for row in gone] == [(None, None)]
    assert gone[0].document_key.startswith("gone-")
    there = database.candidates
    delete = there.table.delete().where(there.userid == ada)
    database.write(lambda connection: connection.execute(delete))
    done = imported(database, folder)
    assert reasons(done) == {"ada.txt": Reason.forgotten}
    assert len(texts(database)) == 1

    def allow(connection: sa.Connection) -> None:
        secret = forgotten.made_secret(connection, database)
        found = forgotten.persons(connection, database, secret, [ada])
        documents.allow(connection, database, found)
        forgotten.drop(connection, database, found)

    database.write(allow)
    assert imported(database, folder).outcomes == {Outcome.imported: 1, Outcome.known: 1}


def test_a_csv_does_not_bring_back_who_is_forgotten(database: Database, folder: Path) -> None:
    seed(database, {1: None})
    forget(database, 1)
    put(folder, ada=ADA)
    csv(folder, "ada.txt,1\n")
    assert reasons(imported(database, folder)) == {"ada.txt": Reason.forgotten}
    assert texts(database) == {1: None}


def test_old_names_go_and_the_bytes_are_still_known(database: Database, folder: Path) -> None:
    put(folder, ada=ADA)
    [ada] = imported(database, folder).userids
    assert documents.prune(database, 1) == 0
    assert documents.prune(database, 0) == 1
    assert documents.prune(database, 0) == 0
    [row] = known(database)
    assert (row.file_name, row.userid) == (None, ada)
    assert imported(database, folder).outcomes == {Outcome.known: 1}
    assert forget(database, ada) == 1
    assert reasons(imported(database, folder)) == {"ada.txt": Reason.forgotten}
