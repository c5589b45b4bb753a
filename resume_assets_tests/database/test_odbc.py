"""The driver search: newest first, and errors that say what to install here."""

from pathlib import Path

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
    assert folder(System("Linux", "suse", "x86_64")) == ""


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
    assert odbc._load_problem(library)


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


def test_this_machine_has_a_name() -> None:
    assert odbc.this_system().kind
    assert odbc.this_system().machine
