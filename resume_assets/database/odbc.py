"""Find an ODBC driver for SQL Server, or say what to install on the system at hand.

The only place that imports pyodbc, and only when asked: its wheel does not carry the driver manager
(`libodbc`), which a fresh machine lacks.
"""

import ctypes
import importlib
import importlib.util
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resume_assets.errors import PlatformError

WHEEL = "mssql_python_odbc"
"""The package that carries Microsoft's driver 18; `mssql-python` depends on it."""

EXTRA = "pip install 'resume-assets[sqlserver]'"
WITHOUT_ODBC = "RESUME_SQLSERVER_DRIVER=mssql-python"

_MICROSOFT = re.compile(r"ODBC Driver (\d+) for SQL Server", re.IGNORECASE)
_OLDEST = 17  # older ones know neither TLS 1.2 by default nor Entra


class NoDriver(PlatformError):
    """No ODBC driver manager or no driver for SQL Server; the message says what to install."""


@dataclass(frozen=True, slots=True)
class OdbcDriver:
    """A driver as `DRIVER={…}` takes it: a registered name, or a file's path."""

    name: str

    @property
    def is_freetds(self) -> bool:
        """Whether it is FreeTDS, which has keywords of its own and no fast executemany."""
        return is_freetds(self.name)


@dataclass(frozen=True, slots=True)
class System:
    """The machine, as far as installing goes; `family` as the wheel names its folders."""

    kind: str  # Linux, Darwin, Windows
    family: str  # debian_ubuntu, rhel, suse, alpine; "" where unknown
    machine: str  # x86_64, arm64


def is_freetds(driver: str) -> bool:
    """Whether a driver's name or path means FreeTDS."""
    return "freetds" in driver.casefold() or "tdsodbc" in driver.casefold()


def load_pyodbc() -> Any:
    """Return the module. Raises NoDriver where pyodbc or the driver manager is missing."""
    try:
        pyodbc: Any = importlib.import_module("pyodbc")
    except ImportError as error:
        raise NoDriver(_no_manager(str(error), this_system())) from None
    # SQLAlchemy pools the connections; a second pool beneath would hide broken ones from it.
    pyodbc.pooling = False
    return pyodbc


def load_mssql_python() -> Any:
    """Return the module. Raises NoDriver where it is missing or can't be loaded."""
    try:
        return importlib.import_module("mssql_python")
    except ImportError as error:
        raise NoDriver(
            f"The Python package mssql-python can't be loaded ({error}): {EXTRA}."
        ) from None


def find_driver(wanted: str | None = None) -> OdbcDriver:
    """The newest driver there is: Microsoft's, the wheel's, FreeTDS; `wanted` goes before all.

    Raises NoDriver, saying what to install.
    """
    installed = load_pyodbc().drivers()
    if wanted:
        return OdbcDriver(wanted)
    system = this_system()
    found, broken = _search(installed, _wheel_folder(), system)
    if found is None:
        raise NoDriver(_no_driver(broken, system))
    return found


def this_system() -> System:
    """What this program runs on."""
    machine = platform.machine().casefold()
    machine = {"aarch64": "arm64", "amd64": "x86_64"}.get(machine, machine)
    try:
        release: Mapping[str, str] = platform.freedesktop_os_release()
    except OSError:
        release = {}
    return System(platform.system(), _family(release), machine)


def _family(os_release: Mapping[str, str]) -> str:
    """Which of the package families a Linux is of; source: os-release(5), ID and ID_LIKE."""
    names = f"{os_release.get('ID', '')} {os_release.get('ID_LIKE', '')}".casefold().split()
    for family, members in (
        ("alpine", {"alpine"}),
        ("debian_ubuntu", {"debian", "ubuntu"}),
        ("suse", {"suse", "opensuse", "sles"}),
        ("rhel", {"rhel", "fedora", "centos", "amzn", "ol"}),
    ):
        if members.intersection(names):
            return family
    return ""


def _search(
    installed: Sequence[str], wheel: Path | None, system: System
) -> tuple[OdbcDriver | None, str]:
    """The best driver, or None; and why one that is there can't be loaded, if so."""
    versions = [
        (int(match[1]), name) for name in installed if (match := _MICROSOFT.fullmatch(name))
    ]
    usable = [found for found in versions if found[0] >= _OLDEST]
    if usable:
        return OdbcDriver(max(usable)[1]), ""
    broken = ""
    for library in _wheel_libraries(wheel, system):
        broken = _load_problem(library)
        if not broken:
            return OdbcDriver(str(library)), ""
    for name in installed:
        if is_freetds(name):
            return OdbcDriver(name), broken
    return None, broken


def _wheel_folder() -> Path | None:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _wheel_libraries(wheel: Path | None, system: System) -> list[Path]:
    """The wheel's driver for this system; none on Windows, whose manager takes no paths."""
    if wheel is None:
        return []
    libraries = wheel / "libs"
    if system.kind == "Linux":
        family = system.family or "rhel"  # built against the oldest C library of them
        folder = libraries / "linux" / family / system.machine / "lib"
        return sorted(folder.glob("libmsodbcsql-*.so*"), reverse=True)
    if system.kind == "Darwin":
        folder = libraries / "macos" / system.machine / "lib"
        return sorted(folder.glob("libmsodbcsql*.dylib"), reverse=True)
    return []


def _load_problem(library: Path) -> str:
    """Why the driver can't be loaded, "" if it can: usually a system library it needs."""
    try:
        ctypes.CDLL(str(library))
    except OSError as error:
        return str(error).partition(":")[0]
    return ""


_MANAGER = {
    "debian_ubuntu": "apt-get install unixodbc",
    "rhel": "dnf install unixODBC",
    "suse": "zypper install unixODBC",
    "alpine": "apk add unixodbc",
    "Darwin": "brew install unixodbc",
}
_NEEDED = {
    "debian_ubuntu": "apt-get install libkrb5-3 libgssapi-krb5-2 libltdl7",
    "rhel": "dnf install krb5-libs libtool-ltdl",
    "suse": "zypper install krb5 libltdl7",
    "alpine": "apk add krb5-libs libltdl libstdc++",
    "Darwin": "brew install krb5 libtool openssl",
}


def _command(commands: Mapping[str, str], system: System, otherwise: str) -> str:
    command = commands.get(system.family) or commands.get(system.kind)
    return f"`{command}`" if command else otherwise


def _no_manager(reason: str, system: System) -> str:
    if "pyodbc" in reason and "No module" in reason:
        return f"The Python package pyodbc is missing: `pip install pyodbc`, or {_no_package()}"
    if system.kind == "Windows":
        return f"pyodbc can't be loaded ({reason}). Reinstall it, or {_no_package()}"
    install = _command(_MANAGER, system, "the package `unixODBC` of your system")
    return (
        f"There is no ODBC driver manager (libodbc) on this machine, which pyodbc needs. "
        f"Install it with {install}; or {_no_package()}"
    )


def _no_package() -> str:
    return f"go without ODBC's system packages: {EXTRA} and {WITHOUT_ODBC}."


def _no_driver(broken: str, system: System) -> str:
    if broken:
        install = _command(_NEEDED, system, f"the package that has {broken}")
        return (
            f"Microsoft's ODBC driver (package {WHEEL}) can't be loaded: {broken} is missing. "
            f"Install {install}; or {_no_package()}"
        )
    if system.kind == "Windows":
        return (
            "There is no ODBC driver for SQL Server: install Microsoft's `ODBC Driver 18 for SQL "
            f"Server`; or {_no_package()}"
        )
    return (
        f"There is no ODBC driver for SQL Server: {EXTRA} brings Microsoft's driver 18; its own "
        "package is `msodbcsql18`. FreeTDS (`tdsodbc`) will do as well."
    )
