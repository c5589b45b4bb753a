"""One database, always: its locks are kept, its file is private, and what is wrong with it is told.

To close any descriptor of an SQLite file drops all locks that the process has on it; the next
process then takes itself for the only one and deletes the log under the first: two databases.
"""

import os
import shutil
import sqlite3
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from resume_assets.database import sqlite_file
from resume_assets.database.connect import Database, from_url, open_database
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.database.setup import initialise
from resume_assets.private import private_file
from resume_assets.resources import SettingsResource, SQLServerResource
from resume_assets.settings import Settings, SettingsError, load_settings
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.commands.processes import resume_assets, run, said
from resume_assets_tests.databases import seed, settings
from resume_assets_tests.home import Platform

pytestmark = pytest.mark.usefixtures("wide")

OTHER_PROCESS = """
from resume_assets.database.connect import open_database
from resume_assets.settings import load_settings
from resume_assets_tests.databases import seed
database = open_database(load_settings())
seed(database, 1, first=3)
with database.engine.connect() as connection:
    print(*connection.exec_driver_sql("SELECT userid FROM aicandidate ORDER BY 1").scalars())
"""
ROOT = Path(__file__).parents[2]
NOBODY = 65534


def at(path: Path) -> Database:
    return from_url(sa.URL.create("sqlite", database=str(path)), settings())


def locks(path: Path) -> set[str]:
    """What the kernel lists for this process on the database and the index of its log."""
    found = set()
    for file in (path, path.with_name(f"{path.name}-shm")):
        end = f":{file.stat().st_ino}"
        for line in Path("/proc/locks").read_text().splitlines():
            _, kind, _, mode, pid, inode, first, last = line.split()[:8]
            if inode.endswith(end) and pid == str(os.getpid()):
                found.add(f"{file.name} {kind} {mode} {first}-{last}")
    return found


def rows(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT userid FROM aicandidate ORDER BY 1").fetchall()
    return [userid for (userid,) in found]


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="/proc/locks is Linux's")
def test_settings_that_change_under_a_running_code_location(home: Path) -> None:
    """Here is the code location; commands run beside it after each change."""
    resource = SQLServerResource(settings=SettingsResource())
    database = resource.database()
    seed(database, 1)
    path, log = home / "resumes.db", home / "resumes.db-wal"
    held, log_file = locks(path), log.stat().st_ino
    assert {line.split()[0] for line in held} == {"resumes.db", "resumes.db-shm"}
    for number, line in enumerate(
        ("RESUME_BATCH_SIZE=7", "RESUME_KEEP_EXISTING=true", "RESUME_SQLSERVER_QUERY_TIMEOUT=9")
    ):
        Path(".env").write_text(line)
        again = resource.database()
        assert again.engine is database.engine
        seed(again, 1, first=10 + number)
        assert locks(path) == held
    for command in (["doctor"], ["status"], ["init-db", "--dry-run"], ["init-db"]):
        result = resume_assets(home, *command)
        assert result.returncode == 0, said(result)
    assert (locks(path), log.stat().st_ino) == (held, log_file)
    result = run(home, sys.executable, "-c", OTHER_PROCESS, env={"PYTHONPATH": str(ROOT)})
    assert result.stdout.split() == ["1", "3", "10", "11", "12"], said(result)
    seed(database, 1, first=4)
    assert rows(path) == [1, 3, 4, 10, 11, 12]
    assert (locks(path), log.stat().st_ino) == (held, log_file)


_watched: list[str] | None = None


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _watched is not None and event == "open":
        path, _, flags = arguments
        # With O_EXCL there was no file, or it is not opened.
        if isinstance(path, str | os.PathLike) and not int(str(flags)) & os.O_EXCL:
            _watched.append(str(path))


def test_nothing_but_sqlite_ever_opens_the_file(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a batch's whole way, and in the commands that look."""
    sys.addaudithook(_watch)
    opened: list[str] = []
    monkeypatch.setattr(sys.modules[__name__], "_watched", opened)
    platform.seed(1)
    platform.to_the_end("b1")
    for command in (["doctor"], ["status"], ["init-db"], ["init-db", "--dry-run"]):
        ok(*command)
    open(os.devnull).close()  # noqa: PTH123 (the hook hears it)
    assert os.devnull in opened
    assert not [path for path in opened if ".db" in Path(path).name]


def test_a_file_that_is_there_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The local server's database is made in the same way."""
    path = private_file(tmp_path / "x.db")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    monkeypatch.setattr(os, "close", lambda _: pytest.fail("a descriptor was closed"))
    assert private_file(path) == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_two_threads_make_it_once(tmp_path: Path) -> None:
    """Whoever comes second waits until the first has closed it."""
    start, counts = threading.Barrier(8), []

    def open_it() -> None:
        start.wait(10)
        database = at(tmp_path / "x.db")
        initialise(database)
        seed(database, {threading.get_ident(): "text"})
        counts.append(len(rows(tmp_path / "x.db")))

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(counts) == len(rows(tmp_path / "x.db")) == 8


@pytest.mark.parametrize("query", ["", "?timeout=5"])
def test_a_new_file_is_private_with_all_that_is_beside_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    folder = home.with_name("data")
    folder.mkdir()
    monkeypatch.setenv("RESUME_DATABASE_URL", f"sqlite:///{folder / 'own.db'}{query}")
    before = os.umask(0o022)
    try:
        database = open_database(load_settings())
        initialise(database)
        seed(database, 1)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
        database.dispose()
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("own.db", "own.db-wal", "own.db-shm"), 0o600)


def test_one_file_has_one_engine_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = at(tmp_path / "x.db")
    monkeypatch.chdir(tmp_path)
    assert at(Path("x.db")).engine is first.engine
    url = sa.URL.create("sqlite", database="x.db")
    other = from_url(url, settings(table="people", keep_existing=True))
    assert other.engine is first.engine
    assert (other.table_name, other.keep_existing) == ("people", True)
    assert (first.table_name, first.keep_existing) == ("aicandidate", False)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone/deep/x.db", r"gone/deep is not there. Make the folder"),
        ("file/x.db", r"file is no folder"),
        ("folder", r"folder is a folder; it must be a file"),
    ],
)
def test_a_path_that_can_not_be(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    path = home.parent / name
    monkeypatch.setenv("RESUME_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    home.with_name("folder").mkdir()
    home.with_name("file").touch()
    with pytest.raises(SettingsError, match=words) as problem:
        open_database(load_settings())
    assert str(path) in str(problem.value)
    for command in ("init-db", "status", "submit"):
        shown = call(command)
        assert shown.exit_code == 2
        assert str(problem.value) in shown.stderr
    assert str(problem.value) in call("doctor").stdout


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x.db?mode=memory&uri=true"]
)
def test_a_database_in_memory_would_forget_what_is_paid(url: str) -> None:
    with pytest.raises(SettingsError, match="in memory"):
        open_database(Settings(_env_file=None, RESUME_DATABASE_URL=url))


@contextmanager
def somebody_else() -> Iterator[None]:
    """Not root, to whom no file is closed."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users reach too."""
    folder = Path(tempfile.mkdtemp(prefix="resume_assets_tests"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("mode", "folder_mode", "words"),
    [
        (0o444, 0o777, "READONLY.* must be able to write"),
        (0o000, 0o777, "CANTOPEN.* must be able to read and write"),
        (0o666, 0o555, "READONLY.* and its folder|CANTOPEN.* and its folder"),
    ],
)
def test_a_file_that_this_user_may_not_use(
    open_folder: Path, mode: int, folder_mode: int, words: str
) -> None:
    path = open_folder / "x.db"
    database = at(path)
    initialise(database)
    database.dispose()
    path.chmod(mode)
    open_folder.chmod(folder_mode)
    with somebody_else():
        with pytest.raises(DatabaseFailed, match=words) as problem:
            database.write(
                lambda connection: connection.exec_driver_sql("DELETE FROM resume_claims")
            )
        assert str(path) in str(problem.value)
        database.dispose()


def test_a_folder_in_which_this_user_may_make_nothing(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    with (
        somebody_else(),
        pytest.raises(SettingsError, match=r"x.db can't be made: Permission denied"),
    ):
        at(open_folder / "x.db")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing of a database in it\n" * 50)
    with pytest.raises(DatabaseFailed, match=r"notes.txt: that file is no SQLite database"):
        initialise(at(path))
    assert path.read_text().startswith("nothing of")


def test_a_file_that_is_deleted_under_us(tmp_path: Path) -> None:
    """What was written into it then would be gone."""
    database = at(tmp_path / "x.db")
    initialise(database)
    for name in ("x.db", "x.db-wal", "x.db-shm"):
        (tmp_path / name).unlink()
    with pytest.raises(DatabaseFailed, match="was deleted or moved while"):
        seed(database, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_put_in_its_place(tmp_path: Path) -> None:
    """A backup that is put back is what is used from then on."""
    database, backup = at(tmp_path / "x.db"), at(tmp_path / "backup.db")
    for one in (database, backup):
        initialise(one)
    seed(database, 1)
    seed(backup, 1, first=7)
    backup.dispose()
    for name in ("x.db-wal", "x.db-shm"):
        (tmp_path / name).unlink()
    (tmp_path / "backup.db").replace(tmp_path / "x.db")
    seed(database, 1, first=8)
    assert rows(tmp_path / "x.db") == [7, 8]


@pytest.mark.parametrize("closed", ["file", "folder"])
def test_a_right_to_the_file_or_its_folder_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    """Root may do everything, so it is asked in its place."""
    path = tmp_path / "resumes.db"
    refused = path if closed == "file" else tmp_path
    monkeypatch.setattr(os, "access", lambda what, _: what != refused)
    told = f"this user's right to read and write {refused}."
    assert list(sqlite_file.lacking_rights(path)) == [told]


def test_the_library_says_its_version(tmp_path: Path) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        (version,) = connection.execute("SELECT sqlite_version()").fetchone()
    database = from_url(sa.URL.create("sqlite", database=str(tmp_path / "a.db")), settings())
    assert database.read(database.dialect.server) == f"SQLite {version}"
    database.dispose()
