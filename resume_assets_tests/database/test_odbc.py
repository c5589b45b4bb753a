"""The driver search: newest first, and errors that say what to install here."""

import importlib
import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

from resume_assets.database import odbc
from resume_assets.database.odbc import NoDriver, OdbcDriver, System, find_driver

DEBIAN = System("Linux", "debian_ubuntu", "x86_64")
UNKNOWN = System("Linux", "", "x86_64")
WINDOWS = System("Windows", "", "x86_64")
MAC = System("Darwin", "", "arm64")


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with drivers for several systems, all of which can be loaded."""
    for path in (
        "linux/debian_ubuntu/x86_64/lib/libmsodbcsql-18.6.so.2.1",
        "linux/debian_ubuntu/x86_64/lib/libodbcinst.so.2",
        "linux/rhel/x86_64/lib/libmsodbcsql-18.6.so.2.1",
        "linux/alpine/arm64/lib/libmsodbcsql-18.6.so.2.1",
        "macos/arm64/lib/libmsodbcsql.18.dylib",
        "windows/x64/msodbcsql18.dll",
    ):
        library = tmp_path / "libs" / path
        library.parent.mkdir(parents=True, exist_ok=True)
        library.touch()
    monkeypatch.setattr(odbc, "_load_problem", lambda _library: "")
    return tmp_path


@pytest.mark.parametrize(
    ("installed", "found"),
    [
        (["FreeTDS", "ODBC Driver 17 for SQL Server", "ODBC Driver 18 for SQL Server"], "18"),
        (["ODBC Driver 17 for SQL Server", "FreeTDS"], "17"),
        (["ODBC Driver 19 for SQL Server", "ODBC Driver 18 for SQL Server"], "19"),
    ],
)
def test_an_installed_driver_of_microsoft_comes_first(
    wheel: Path, installed: list[str], found: str
) -> None:
    driver, _ = odbc._search(installed, wheel, DEBIAN)
    assert driver == OdbcDriver(f"ODBC Driver {found} for SQL Server")


@pytest.mark.parametrize(
    "installed", [[], ["FreeTDS"], ["SQL Server", "ODBC Driver 13 for SQL Server"]]
)
def test_then_the_one_in_the_wheel(wheel: Path, installed: list[str]) -> None:
    driver, _ = odbc._search(installed, wheel, DEBIAN)
    assert driver is not None
    assert driver.name.endswith("debian_ubuntu/x86_64/lib/libmsodbcsql-18.6.so.2.1")
    assert not driver.is_freetds


def test_the_wheels_driver_is_that_of_the_system(wheel: Path) -> None:
    def folder(system: System) -> str:
        driver, _ = odbc._search([], wheel, system)
        return Path(driver.name).relative_to(wheel / "libs").as_posix() if driver else ""

    assert folder(UNKNOWN).startswith("linux/rhel/")
    assert folder(System("Linux", "alpine", "arm64")).startswith("linux/alpine/arm64/")
    assert folder(MAC).startswith("macos/arm64/")
    assert folder(WINDOWS) == ""  # its manager takes registered names only
    assert folder(System("Windows", "", "arm64")) == ""
    assert folder(System("Linux", "suse", "x86_64")) == ""


def test_of_two_in_the_wheel_the_newer_one(wheel: Path) -> None:
    for system, folder, newer in (
        (DEBIAN, "linux/debian_ubuntu/x86_64", "libmsodbcsql-18.7.so.1.1"),
        (MAC, "macos/arm64", "libmsodbcsql.19.dylib"),
    ):
        library = wheel / "libs" / folder / "lib" / newer
        library.touch()
        assert odbc._search([], wheel, system)[0] == OdbcDriver(str(library))


@pytest.mark.parametrize("names", [None, []])
def test_where_the_wheel_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str] | None
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert odbc._wheel_folder() is None
    spec = SimpleNamespace(submodule_search_locations=names)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: spec)
    assert odbc._wheel_folder() is None, "a module, or a namespace without a folder"
    spec.submodule_search_locations = [str(tmp_path)]
    assert odbc._wheel_folder() == tmp_path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("FreeTDS", True),
        ("/usr/lib/x86_64-linux-gnu/odbc/libtdsodbc.so", True),
        ("ODBC Driver 18 for SQL Server", False),
    ],
)
def test_freetds_is_known_by_name_or_file(name: str, expected: bool) -> None:
    assert OdbcDriver(name).is_freetds is expected


def test_then_freetds(tmp_path: Path) -> None:
    driver, _ = odbc._search(["SQLite3", "FreeTDS"], None, DEBIAN)
    assert driver is not None
    assert driver.is_freetds
    driver, _ = odbc._search(["FreeTDS"], tmp_path, DEBIAN)  # a package without a driver for us
    assert driver is not None
    assert driver.is_freetds


def test_a_driver_that_cannot_be_loaded_is_passed_over_and_named(
    wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(odbc, "_load_problem", lambda _library: "libltdl.so.7")
    driver, broken = odbc._search(["FreeTDS"], wheel, DEBIAN)
    assert driver == OdbcDriver("FreeTDS")
    driver, broken = odbc._search([], wheel, DEBIAN)
    assert driver is None
    message = odbc._no_driver(broken, DEBIAN)
    assert "libltdl.so.7 is missing" in message
    assert "apt-get install libkrb5-3 libgssapi-krb5-2 libltdl7" in message


def test_a_file_that_is_no_library_cannot_be_loaded(tmp_path: Path) -> None:
    library = tmp_path / "libmsodbcsql.so"
    library.write_bytes(b"no library")
    assert odbc._load_problem(library) == str(library)
    there = importlib.import_module("_ctypes").__file__
    assert there is not None
    assert odbc._load_problem(Path(there)) == ""


@pytest.mark.parametrize(
    ("system", "command"),
    [
        (DEBIAN, "apt-get install unixodbc"),
        (System("Linux", "rhel", "x86_64"), "dnf install unixODBC"),
        (System("Linux", "suse", "x86_64"), "zypper install unixODBC"),
        (System("Linux", "alpine", "x86_64"), "apk add unixodbc"),
        (MAC, "brew install unixodbc"),
        (UNKNOWN, "unixODBC"),
        (WINDOWS, "Reinstall it"),
    ],
)
def test_without_a_driver_manager(
    system: System, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_name: str) -> None:
        raise ImportError("libodbc.so.2: cannot open shared object file: No such file")

    monkeypatch.setattr("importlib.import_module", fail)
    monkeypatch.setattr(odbc, "this_system", lambda: system)
    with pytest.raises(NoDriver) as problem:
        find_driver()
    assert command in str(problem.value)
    assert "RESUME_SQLSERVER_DRIVER=mssql-python" in str(problem.value)
    with pytest.raises(NoDriver):
        find_driver("FreeTDS")


def test_without_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", fail)
    with pytest.raises(NoDriver, match="pip install pyodbc"):
        odbc.load_pyodbc()
    with pytest.raises(NoDriver, match="mssql-python"):
        odbc.load_mssql_python()


@pytest.mark.parametrize(
    "reason", ["No module named 'somebody'", "pyodbc.so: undefined symbol: SQLAllocHandle"]
)
def test_what_else_keeps_pyodbc_from_being_loaded(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_name: str) -> None:
        raise ImportError(reason)

    monkeypatch.setattr("importlib.import_module", fail)
    monkeypatch.setattr(odbc, "this_system", lambda: DEBIAN)
    with pytest.raises(NoDriver, match="There is no ODBC driver manager"):
        odbc.load_pyodbc()


def test_the_modules_as_they_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver manager pools nothing: it would hide broken connections from SQLAlchemy."""
    module = SimpleNamespace(pooling=True, drivers=lambda: ["ODBC Driver 18 for SQL Server"])
    monkeypatch.setattr("importlib.import_module", lambda _: module)
    assert odbc.load_mssql_python() is module
    assert odbc.load_pyodbc() is module
    assert module.pooling is False
    assert find_driver() == OdbcDriver("ODBC Driver 18 for SQL Server")


@pytest.mark.parametrize("system", [DEBIAN, UNKNOWN, WINDOWS, MAC])
def test_without_any_driver(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    class Module:
        @staticmethod
        def drivers() -> list[str]:
            return ["SQLite3"]

    monkeypatch.setattr(odbc, "load_pyodbc", lambda: Module)
    monkeypatch.setattr(odbc, "_wheel_folder", lambda: None)
    monkeypatch.setattr(odbc, "this_system", lambda: system)
    with pytest.raises(NoDriver, match="There is no ODBC driver for SQL Server") as problem:
        find_driver()
    assert "resume-assets[sqlserver]" in str(problem.value)
    assert ("install Microsoft's `ODBC Driver 18" in str(problem.value)) == (system is WINDOWS)
    assert ("package is `msodbcsql18`" in str(problem.value)) == (system is not WINDOWS)
    assert find_driver("My own driver") == OdbcDriver("My own driver")


@pytest.mark.parametrize(
    ("release", "family"),
    [
        ({"ID": "debian"}, "debian_ubuntu"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "debian_ubuntu"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "rhel"),
        ({"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"}, "suse"),
        ({"ID": "alpine"}, "alpine"),
        ({"ID": "nixos"}, ""),
        ({}, ""),
    ],
)
def test_families(release: dict[str, str], family: str) -> None:
    assert odbc._family(release) == family


@pytest.mark.parametrize(
    ("machine", "told"), [("aarch64", "arm64"), ("AMD64", "x86_64"), ("riscv64", "riscv64")]
)
def test_a_machine_that_is_no_linux(
    machine: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError("no os-release")

    monkeypatch.setattr("platform.freedesktop_os_release", fail)
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    assert odbc.this_system() == System("Darwin", "", told)


def test_this_machine_has_a_name() -> None:
    assert odbc.this_system().kind
    assert odbc.this_system().machine
