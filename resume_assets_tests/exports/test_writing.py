"""Records out of a real database into real files: which, in what form, and what is never there."""

import csv
import io
import json
import os
import stat
import sys
import uuid
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from upath import UPath

from resume_assets.batches.ledger import forgotten
from resume_assets.choices import ExportFormat
from resume_assets.database.connect import Database
from resume_assets.database.setup import initialise
from resume_assets.exports import parquet, reading, target
from resume_assets.exports.selecting import Selection, TooMuchNamed, of_day, select
from resume_assets.exports.spreadsheet import readable
from resume_assets.exports.target import BadTarget
from resume_assets.exports.writing import Exported, export
from resume_assets.extraction.candidate import COLUMNS
from resume_assets_tests.databases import make_schema, make_table
from resume_assets_tests.exports.recorded import ADA, WRITTEN, at, numbered, record

CSV, JSON, PARQUET = ExportFormat.csv, ExportFormat.jsonresume, ExportFormat.parquet


def exported(database: Database, folder: Path, **more: Any) -> Exported:
    selection = more.pop("selection", Selection())
    return export(database, at(folder), selection, **more)


def cells(done: Exported) -> list[dict[str, str]]:
    """The rows of a CSV file, as they stood in the table."""
    text = Path(done.file).read_bytes().decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{name: readable(cell) for name, cell in row.items()} for row in rows]


def ids(done: Exported) -> list[str]:
    if done.format is CSV:
        return [row["userid"] for row in cells(done)]
    lines = Path(done.file).read_text("utf-8").splitlines()
    return [str(json.loads(line)["meta"]["resume_assets"]["userid"]) for line in lines]


@pytest.mark.parametrize("form", [JSON, CSV])
def test_records_that_are_written_and_no_others(
    database: Database, tmp_path: Path, form: ExportFormat
) -> None:
    record(database, {1: ADA, 2: {"FirstName": "Bo"}})
    record(database, {3: {"FirstName": "Not yet"}}, written=None)
    done = exported(database, tmp_path, form=form)
    assert (done.records, ids(done)) == (2, ["1", "2"])
    assert "resume" not in cells(done)[0].values() if form is CSV else True
    assert done.bytes == Path(done.file).stat().st_size


def test_csv_has_what_stands_in_the_table(database: Database, tmp_path: Path) -> None:
    record(database, {1: ADA})
    done = exported(database, tmp_path, form=CSV)
    raw = Path(done.file).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfuserid,FirstName,")
    assert b",'+1 512 555 0142," in raw
    [row] = cells(done)
    assert {name: value for name, value in row.items() if value} == {
        "userid": "1",
        **ADA,
        "LastProcessed": "2026-11-27 10:15:00",
    }


def test_an_export_is_private_whole_and_in_place_of_the_former(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(database, numbered(range(3)))
    done = exported(database, tmp_path)
    file = Path(done.file)
    assert file == tmp_path / "home" / "exports" / "records.jsonl"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    file.chmod(0o644)
    before = file.read_bytes()

    def breaks(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    record(database, numbered(range(3, 5)))
    with monkeypatch.context() as here:
        here.setattr(os, "fsync", breaks)
        with pytest.raises(OSError, match="No space left"):
            exported(database, tmp_path)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["records.jsonl"]
    exported(database, tmp_path)
    assert len(file.read_bytes().splitlines()) == 5
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_pages_are_read_by_key_and_none_is_lost_or_doubled(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 3)
    record(database, numbered([*range(-5, 5), 70, 90, 2_000_000]))
    done = exported(database, tmp_path, form=CSV)
    assert [*map(int, ids(done))] == [*range(-5, 5), 70, 90, 2_000_000]


@pytest.mark.parametrize("kind", [sa.Unicode(20), sa.BigInteger(), sa.Uuid()])
def test_ids_of_every_kind(
    empty_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)
    make_schema(empty_database)
    types = {"userid": kind, "markdownResume": sa.UnicodeText(), "datelastmodified": sa.DateTime()}
    make_table(empty_database, {**types, "LastProcessed": sa.DateTime(), "LastName": sa.Unicode(9)})
    initialise(empty_database)
    wanted: list[Any] = [uuid.UUID(int=number) for number in range(7)]
    if not isinstance(kind, sa.Uuid):
        wanted = [2**40 + number for number in range(7)]
    if isinstance(kind, sa.Unicode):
        wanted = ["a", "B", "c@d", "=1", "Ü", "z", "10"]
    record(empty_database, {one: {"LastName": "X"} for one in wanted})
    found = ids(exported(empty_database, tmp_path))
    # SQLite has UUIDs as text, without their hyphens.
    assert sorted(one.replace("-", "") for one in found) == sorted(
        str(one).replace("-", "") for one in wanted
    )
    chosen = select(empty_database, userids=[found[3]])
    assert ids(exported(empty_database, tmp_path, selection=chosen)) == [found[3]]


def test_of_some_days(database: Database, tmp_path: Path) -> None:
    for userid in (1, 2, 3):
        record(
            database, numbered([userid]), written=WRITTEN.replace(day=25 + userid, hour=0, minute=0)
        )
    record(database, numbered([4]), written=WRITTEN.replace(hour=23, minute=59, second=59))
    day = date(2026, 11, 27)
    done = exported(database, tmp_path, selection=Selection(since=day))
    assert ids(done) == ["2", "3", "4"]
    assert Path(done.file).name == "records-since-2026-11-27.jsonl"
    done = exported(database, tmp_path, selection=of_day(day))
    assert ids(done) == ["2", "4"]
    assert Path(done.file).name == "records-2026-11-27.jsonl"


@pytest.mark.parametrize("kind", [sa.Date(), sa.Unicode(30)])
def test_days_of_columns_that_hold_no_time(
    empty_database: Database, tmp_path: Path, kind: Any
) -> None:
    make_schema(empty_database)
    types = {"userid": sa.Integer(), "markdownResume": sa.UnicodeText(), "LastProcessed": kind}
    make_table(empty_database, {**types, "datelastmodified": sa.DateTime()})
    initialise(empty_database)
    for userid, day in enumerate((26, 27, 28), start=1):
        written: Any = date(2026, 11, day)
        text = f"{written} 10:00:00"
        record(
            empty_database, {userid: {}}, written=text if isinstance(kind, sa.Unicode) else written
        )
    done = exported(empty_database, tmp_path, selection=of_day(date(2026, 11, 27)))
    assert ids(done) == ["2"]


def test_who_is_to_be_forgotten_is_left_out_and_counted(database: Database, tmp_path: Path) -> None:
    record(database, numbered([1, 2, 3]))

    def forget(connection: sa.Connection) -> None:
        secret = forgotten.made_secret(connection, database)
        forgotten.add(connection, database, forgotten.persons(connection, database, secret, [2]))

    database.write(forget)
    for selection in (Selection(), Selection(userids=[1, 2, 3])):
        done = exported(database, tmp_path, selection=selection)
        assert (ids(done), done.records, done.forgotten) == (["1", "3"], 2, 1)


def test_only_columns_that_the_table_has_in_its_own_spelling(
    empty_database: Database, tmp_path: Path
) -> None:
    make_schema(empty_database)
    columns = {
        "UserID": sa.Integer(),
        "markdownresume": sa.UnicodeText(),
        "datelastmodified": sa.DateTime(),
        "LASTPROCESSED": sa.DateTime(),
        "firstname": sa.Unicode(50),
        "MostRecentStartDate": sa.Date(),
        "YearsofExperience": sa.Numeric(5, 1),
        "Salary": sa.Integer(),
    }
    make_table(empty_database, columns)
    initialise(empty_database, ledger_only=True)
    values = {"firstname": "Ada", "MostRecentStartDate": date(2019, 7, 1), "YearsofExperience": 2.5}
    record(empty_database, {1: values})
    [row] = cells(exported(empty_database, tmp_path, form=CSV))
    assert row == {
        "userid": "1",
        "FirstName": "Ada",
        "MostRecentStartDate": "2019-07-01",
        "YearsofExperience": "2.5",
        "LastProcessed": "2026-11-27 10:15:00",
    }


def test_one_thing_is_named_or_none(database: Database) -> None:
    with pytest.raises(TooMuchNamed, match="one of the three"):
        select(database, batch="b1", since=date(2026, 11, 27))


@pytest.mark.parametrize(
    ("out", "file"),
    [
        ("mine.jsonl", "mine.jsonl"),
        ("there/deeper/mine.json", "there/deeper/mine.json"),
        ("there/", "there/records.jsonl"),
        ("folder", "folder/records.jsonl"),
    ],
)
def test_where_it_goes(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, file: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    done = exported(database, tmp_path, out=out)
    assert Path(done.file) == tmp_path / file
    assert Path(done.file).is_file()
    done = exported(database, tmp_path, out=str(tmp_path / out))
    assert Path(done.file) == tmp_path / file or out == "there/"


def test_a_url_of_an_object_store(database: Database, tmp_path: Path) -> None:
    record(database, numbered(range(2)))
    done = exported(database, tmp_path, form=CSV, out="memory://bucket/deep/mine.csv")
    assert done.file == "memory://bucket/deep/mine.csv"
    written = UPath("memory://bucket/deep/mine.csv").read_bytes()
    assert len(written) == done.bytes
    assert written.startswith(b"\xef\xbb\xbf")
    assert [path.name for path in UPath("memory://bucket/deep").iterdir()] == ["mine.csv"]


def test_what_is_no_export_is_not_overwritten(database: Database, tmp_path: Path) -> None:
    kept = tmp_path / "resumes.db"
    kept.write_bytes(b"all I have")
    for form in (JSON, CSV):
        with pytest.raises(BadTarget, match="not overwritten"):
            exported(database, tmp_path, form=form, out=str(kept))
    assert kept.read_bytes() == b"all I have"


def test_two_exports_into_one_file_do_not_mix(database: Database, tmp_path: Path) -> None:
    out = str(tmp_path / "mine.csv")
    first = target.Target(out, "", CSV)
    with first.write() as stream:
        stream.write(b"half")
        with pytest.raises(BadTarget, match="Another export is writing"):
            exported(database, tmp_path, form=CSV, out=out)
        stream.write(b" and half")
    assert Path(out).read_bytes() == b"half and half"
    # What one left that was killed is in nobody's way.
    Path(f"{out}.part").write_bytes(b"a long half of a file that was never finished")
    record(database, numbered([1]))
    assert ids(exported(database, tmp_path, form=CSV, out=out)) == ["1"]
    assert [path.name for path in tmp_path.glob("mine*")] == ["mine.csv"]


def test_parquet_has_types_and_descriptions(
    empty_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrow = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    from pyarrow.parquet import read_schema, read_table

    monkeypatch.setattr(parquet, "ROWS", 2)
    make_schema(empty_database)
    columns = {
        "userid": sa.BigInteger(),
        "markdownResume": sa.UnicodeText(),
        "datelastmodified": sa.DateTime(),
        "LastProcessed": sa.DateTime(),
        "FirstName": sa.Unicode(50),
        "MostRecentStartDate": sa.Date(),
        "YearsofExperience": sa.Numeric(5, 1),
        "LengthinUS": sa.Float(),
        "AvgTenure": sa.Integer(),
    }
    make_table(empty_database, columns)
    initialise(empty_database, ledger_only=True)
    values = {"FirstName": "=Ada", "MostRecentStartDate": date(2019, 7, 1)}
    years = {"YearsofExperience": 2.5, "LengthinUS": 1.25, "AvgTenure": 3}
    record(empty_database, {1: values | years, 2: {}, 3: {}})
    done = exported(empty_database, tmp_path, form=PARQUET)
    table = read_table(done.file)
    assert table.to_pylist()[0] == {
        "userid": 1,
        "FirstName": "=Ada",
        "MostRecentStartDate": date(2019, 7, 1),
        "LengthinUS": 1.25,
        "YearsofExperience": arrow.scalar("2.5").cast(arrow.decimal128(38, 1)).as_py(),
        "AvgTenure": 3,
        "LastProcessed": WRITTEN,
    }
    assert table.num_rows == 3
    schema = read_schema(done.file)
    described = {field.name: field.metadata[b"description"].decode() for field in schema}
    assert described["MostRecentStartDate"].startswith("Start of the most recent position")
    assert all(described.values())


def test_parquet_says_what_it_lacks(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(parquet.NoParquet, match=r"pip install 'resume-assets\[parquet\]'"):
        exported(database, tmp_path, form=PARQUET)
    assert not (tmp_path / "home").exists()


def test_every_column_is_exported(database: Database, tmp_path: Path) -> None:
    done = exported(database, tmp_path, form=CSV)
    header = Path(done.file).read_bytes().decode("utf-8-sig").strip().split(",")
    assert header == ["userid", *(column.name for column in COLUMNS), "LastProcessed"]


def test_no_page_is_read_before_the_one_before_it_is_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So memory does not grow with their number; how much it is, `make bench` measures."""
    monkeypatch.setattr(reading, "PAGE", 2)
    record(database, numbered(range(7)))
    there = database.candidates.table.name
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if there in statement and "resume_gone" in statement:
            asked.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    try:
        for number, page in enumerate(reading.Records(database, Selection()).pages(), start=1):
            assert len(asked) == number
            assert len(page) <= 2
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", note)
    assert len(asked) == 5
