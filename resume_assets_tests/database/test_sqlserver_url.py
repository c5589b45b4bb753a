"""Settings to a URL, a URL to a connection string; and the password nowhere else."""

import importlib.util
import re
import subprocess
import sys
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.choices import Authentication, Encryption
from resume_assets.database import sqlserver_url as module
from resume_assets.database.connect import from_url, open_database
from resume_assets.database.odbc import OdbcDriver
from resume_assets.database.sqlserver_url import (
    complete,
    connection_string,
    shown,
    sqlserver_url,
)
from resume_assets.settings import Settings, SettingsError, load_settings

MICROSOFT, FREETDS = "ODBC Driver 18 for SQL Server", "FreeTDS"
PASSWORD = "a;b{c}d@e/:?#%&+ }{"


def configured(**values: Any) -> Settings:
    given: dict[str, Any] = {
        "server_ip": "10.0.0.5",
        "database": "hr",
        "username": "u",
        "password": PASSWORD,
    }
    return Settings(_env_file=None, **{**given, **values})


@pytest.fixture(autouse=True)
def driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Microsoft's driver is installed, unless another is asked for."""
    monkeypatch.setattr(module, "find_driver", lambda wanted=None: OdbcDriver(wanted or MICROSOFT))


def parts(string: str) -> dict[str, str]:
    """Read a connection string by the ODBC rule."""
    found = re.findall(r"([^=;]+)=(\{(?:[^}]|\}\})*\}|[^;{]*)(?:;|$)", string)
    return {
        name: value[1:-1].replace("}}", "}") if value.startswith("{") else value
        for name, value in found
    }


def test_encrypted_by_default() -> None:
    url = sqlserver_url(configured())
    assert ";Encrypt=yes;" in connection_string(url)  # plain where nothing needs braces
    assert parts(connection_string(url)) == {
        "DRIVER": MICROSOFT,
        "Server": "10.0.0.5",
        "Database": "hr",
        "UID": "u",
        "PWD": PASSWORD,
        "Encrypt": "yes",
        "TrustServerCertificate": "no",
        "APP": "resume-assets",
    }


@pytest.mark.parametrize(
    ("values", "server"),
    [
        ({"sqlserver_port": 1444}, "10.0.0.5,1444"),
        ({"server_ip": "db.example.org,1444"}, "db.example.org,1444"),
        ({"server_ip": "db", "sqlserver_instance": "HR"}, "db\\HR"),
        ({"server_ip": "db\\HR"}, "db\\HR"),
        ({"server_ip": "db\\HR, 1444", "sqlserver_port": 1444}, "db\\HR,1444"),
        ({"server_ip": "tcp:db"}, "tcp:db"),
    ],
)
def test_where_the_server_is(values: dict[str, Any], server: str) -> None:
    assert parts(connection_string(sqlserver_url(configured(**values))))["Server"] == server


def test_options() -> None:
    url = sqlserver_url(
        configured(sqlserver_trust_certificate=True, sqlserver_encrypt=Encryption.strict)
    )
    found = parts(connection_string(url))
    assert found["Encrypt"] == "strict"
    assert found["TrustServerCertificate"] == "yes"


def test_windows_authentication() -> None:
    windows = {"sqlserver_authentication": Authentication.windows, "password": None}
    found = parts(connection_string(sqlserver_url(configured(**windows, username=None))))
    assert found["Trusted_Connection"] == "yes"
    assert "UID" not in found
    assert "PWD" not in found
    with pytest.raises(SettingsError, match="username"):
        sqlserver_url(configured(**windows))


@pytest.mark.parametrize(
    ("how", "uid", "pwd"),
    [
        (Authentication.password, "u", PASSWORD),
        (Authentication.service_principal, "u", PASSWORD),
        (Authentication.managed_identity, "u", None),
        (Authentication.interactive, "u", None),
    ],
)
def test_entra(how: Authentication, uid: str, pwd: str | None) -> None:
    url = sqlserver_url(configured(sqlserver_authentication=how))
    found = parts(connection_string(url))
    assert found["Authentication"] == how.value
    assert (found.get("UID"), found.get("PWD")) == (uid, pwd)
    assert "Trusted_Connection" not in found


def test_entra_without_a_name() -> None:
    how = Authentication.managed_identity
    url = sqlserver_url(configured(sqlserver_authentication=how, username=None, password=None))
    found = parts(connection_string(url))
    assert found["Authentication"] == "ActiveDirectoryMsi"
    assert not {"UID", "PWD", "Trusted_Connection"} & set(found)


def test_mssql_python_needs_no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(module, "find_driver")
    url = sqlserver_url(configured(sqlserver_driver="mssql-python", sqlserver_port=1444))
    assert url.drivername == "mssql+mssqlpython"
    found = parts(connection_string(url))
    assert found["PWD"] == PASSWORD
    assert found["Server"] == "10.0.0.5,1444"
    assert not {"DRIVER", "APP"} & set(found)


def test_freetds_has_keywords_of_its_own() -> None:
    settings = configured(
        sqlserver_driver=FREETDS, sqlserver_port=1444, sqlserver_trust_certificate=True
    )
    string = connection_string(sqlserver_url(settings))
    assert "Server=10.0.0.5;Port=1444;" in string
    assert "Encryption=require" in string
    assert "TrustServerCertificate" not in string
    assert "PWD={a;b{c}d@e/:?#%&+ }{};" in string  # it undoubles nothing


@pytest.mark.parametrize(
    ("values", "port"),
    [
        ({}, "1433"),
        ({"sqlserver_port": 1444}, "1444"),
        ({"sqlserver_instance": "HR"}, None),
        ({"sqlserver_instance": "HR", "sqlserver_port": 1444}, "1444"),
    ],
)
def test_freetds_is_told_the_port(values: dict[str, Any], port: str | None) -> None:
    """Without one it connects to none."""
    settings = configured(
        sqlserver_driver=FREETDS, sqlserver_trust_certificate=True, password="p", **values
    )
    assert parts(connection_string(sqlserver_url(settings))).get("Port") == port


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "certificate"),
        ({"sqlserver_encrypt": "strict", "sqlserver_trust_certificate": True}, "strict"),
        ({"sqlserver_authentication": "ActiveDirectoryMsi"}, "ActiveDirectoryMsi"),
    ],
)
def test_what_freetds_cannot_do(values: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        sqlserver_url(configured(sqlserver_driver=FREETDS, **values))


@pytest.mark.parametrize("trusts", [False, True])
def test_freetds_without_encryption_has_no_certificate_to_check(trusts: bool) -> None:
    settings = configured(
        sqlserver_driver=FREETDS,
        sqlserver_encrypt=Encryption.no,
        sqlserver_trust_certificate=trusts,
        password="p",
    )
    found = parts(connection_string(sqlserver_url(settings)))
    assert found["Encryption"] == "off"
    assert found["TDS_Version"] == "7.4"


@pytest.mark.parametrize(
    ("password", "given"),
    [("x{y}", "x{y}"), ("{x", "{{x}"), (" x", "{ x}"), ("x ", "{x }"), ("x;y", "{x;y}")],
)
def test_freetds_is_given_braces_only_where_it_needs_them(password: str, given: str) -> None:
    settings = configured(
        sqlserver_driver=FREETDS, sqlserver_trust_certificate=True, password=password
    )
    assert f";PWD={given};" in connection_string(sqlserver_url(settings))


def test_a_password_that_freetds_cannot_take() -> None:
    settings = configured(
        sqlserver_driver=FREETDS, sqlserver_trust_certificate=True, password="x};y"
    )
    with pytest.raises(SettingsError) as problem:
        connection_string(sqlserver_url(settings))
    assert "x}" not in str(problem.value)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"database": None}, "`database`"),
        ({"username": None}, "`username` not"),
        ({"username": None, "password": None}, "`username` and `password`"),
        ({"server_ip": ",1433"}, "empty"),
        ({"server_ip": "db,x"}, "port"),
        ({"server_ip": "db,1433", "sqlserver_port": 1444}, "different ports"),
        ({"server_ip": "db\\A", "sqlserver_instance": "B"}, "instance"),
    ],
)
def test_what_is_missing_or_contradicts(values: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(told)) as problem:
        sqlserver_url(configured(**values))
    assert PASSWORD not in str(problem.value)


def test_an_authentication_that_there_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESUME_SQLSERVER_AUTHENTICATION", "kerberos")
    with pytest.raises(SettingsError, match=r"RESUME_SQLSERVER_AUTHENTICATION.*windows"):
        load_settings(_env_file=None)


# URLs of someone's own


def completed(text: str, **values: Any) -> dict[str, str]:
    settings = Settings(_env_file=None, **values)
    return parts(connection_string(complete(sa.make_url(text), settings)))


def test_a_url_is_completed() -> None:
    found = completed("mssql://u:p%40ss@h:1444/hr")
    assert found == {
        "DRIVER": MICROSOFT,
        "Server": "h,1444",
        "Database": "hr",
        "UID": "u",
        "PWD": "p@ss",
        "Encrypt": "yes",
        "TrustServerCertificate": "no",
    }


def test_what_a_url_says_is_kept() -> None:
    found = completed(
        "mssql+pyodbc://u:p@h/hr?driver=ODBC+Driver+17+for+SQL+Server&encrypt=no"
        "&trustservercertificate=yes&ApplicationIntent=ReadOnly"
    )
    assert found["DRIVER"] == "ODBC Driver 17 for SQL Server"
    assert found["encrypt"] == "no"
    assert found["trustservercertificate"] == "yes"
    assert found["ApplicationIntent"] == "ReadOnly"
    assert not {"Encrypt", "TrustServerCertificate"} & set(found)


def test_mssqlpython_urls() -> None:
    found = completed("mssql+mssqlpython://u:p@h:1433/hr?TrustServerCertificate=yes")
    assert found["Encrypt"] == "yes"
    assert found["Server"] == "h,1433"
    assert "DRIVER" not in found


def test_freetds_urls() -> None:
    for text in (
        "mssql+pyodbc://u:p@h:1444/hr?driver=FreeTDS",
        "mssql+pyodbc://u:p@h/hr?driver=FreeTDS&port=1444&TDS_Version=7.3",
    ):
        found = completed(text)
        assert found["Server"] == "h"
        assert [value for name, value in found.items() if name.casefold() == "port"] == ["1444"]
        assert found["Encryption"] == "require"
    found = completed("mssql+pyodbc://u:p@h/hr?driver=FreeTDS&encryption=off")
    assert found["encryption"] == "off"
    assert "Encryption" not in found


@pytest.mark.parametrize("text", ["mssql+pyodbc://u:p@mydsn", "mssql+pyodbc://u:p@/hr?dsn=mydsn"])
def test_data_sources(text: str) -> None:
    assert completed(text) == {"DSN": "mydsn", "UID": "u", "PWD": "p"}


def test_a_url_without_a_database() -> None:
    """The login's own; no data source where the driver is named, or needs none."""
    found = completed("mssql+mssqlpython://u:p@h")
    assert found["Server"] == "h"
    assert not {"DSN", "Database"} & set(found)
    found = completed("mssql+pyodbc://u:p@h:1444?driver=ODBC+Driver+17+for+SQL+Server")
    assert (found["Server"], found["Encrypt"]) == ("h,1444", "yes")
    assert not {"DSN", "Database"} & set(found)


def test_of_an_option_that_is_given_twice_the_last_one_counts() -> None:
    text = "mssql+pyodbc://u:p@h/hr?driver=X&Encrypt=no&Encrypt=strict"
    assert completed(text)["Encrypt"] == "strict"
    assert parts(connection_string(sa.make_url(text)))["Encrypt"] == "strict"


def test_a_password_in_the_query_is_moved() -> None:
    url = complete(sa.make_url("mssql://h/hr?UID=u&PWD=se%3Bcret"), Settings(_env_file=None))
    assert "cret" not in repr(url)
    assert parts(connection_string(url))["PWD"] == "se;cret"


def test_a_ready_made_string_goes_through_and_is_not_shown() -> None:
    string = "Driver={X};Server=h;UID=u;PWD=se+cr%et"
    url = sa.URL.create("mssql+pyodbc", query={"odbc_connect": string})
    url = complete(url, Settings(_env_file=None))
    assert connection_string(url) == string
    assert "cr%et" not in repr(shown(url))
    assert "PWD" not in shown(url).render_as_string(hide_password=False)


def test_for_a_ready_made_string_no_driver_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(module, "find_driver")
    query = {"odbc_connect": "Driver={X};Server=h"}
    url = sa.URL.create("mssql+pyodbc", host="h", database="hr", query=query)
    assert complete(url, Settings(_env_file=None)).query == query


@pytest.mark.parametrize("text", ["mssql+pymssql://u:secret@h/d", "mssql+aioodbc://u:secret@h/d"])
def test_drivers_that_are_not_supported(text: str) -> None:
    with pytest.raises(SettingsError, match="mssqlpython") as problem:
        complete(sa.make_url(text), Settings(_env_file=None))
    assert "secret" not in str(problem.value)


def test_a_database_that_is_not_supported() -> None:
    with pytest.raises(SettingsError, match="postgresql"):
        from_url(sa.make_url("postgresql://u:secret@h/d"), Settings(_env_file=None))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_any_password_comes_through(password: str) -> None:
    url = sa.URL.create(
        "mssql+pyodbc", "u", password, "h", database="d", query={"driver": MICROSOFT}
    )
    assert parts(connection_string(url))["PWD"] == password


def test_the_password_shows_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = configured(sqlserver_driver="mssql-python")
    pytest.importorskip("mssql_python")
    database = open_database(settings)
    for text in (
        repr(settings),
        str(settings),
        settings.safe_database_url(),
        repr(database.engine),
        str(database.engine.url),
        repr(database.engine.url),
    ):
        assert PASSWORD not in text
        assert "a%3Bb" not in text


def test_nothing_of_this_is_loaded_for_sqlite() -> None:
    program = (
        "import sys\n"
        "from resume_assets.database.connect import open_database\n"
        "from resume_assets.database.setup import initialise\n"
        "from resume_assets.settings import Settings\n"
        "import pathlib, tempfile\n"
        "home = pathlib.Path(tempfile.mkdtemp())\n"
        "initialise(open_database(Settings.model_construct(home=home)))\n"
        "print([m for m in sys.modules if m in ('pyodbc', 'mssql_python', 'dagster', 'pandas')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_pyodbc_is_imported_in_one_place() -> None:
    spec = importlib.util.find_spec("resume_assets.database")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    from pathlib import Path

    folder = Path(next(iter(spec.submodule_search_locations))).parent
    importers = {
        path.name
        for path in folder.rglob("*.py")
        if re.search(r"import pyodbc|import_module\(.pyodbc", path.read_text(encoding="utf-8"))
    }
    assert importers == {"odbc.py"}


def test_names_that_odbc_takes_in_any_case() -> None:
    found = completed("mssql+pyodbc://u:p@h/hr?Driver=FreeTDS")
    assert (found["DRIVER"], found["Encryption"]) == ("FreeTDS", "require")
    assert completed("mssql+pyodbc://u:p@/hr?DSN=mydsn") == {"DSN": "mydsn", "UID": "u", "PWD": "p"}
    url = sa.URL.create("mssql+pyodbc", query={"ODBC_Connect": "Driver={X};PWD=se+cr%et"})
    url = complete(url, Settings(_env_file=None))
    assert connection_string(url) == "Driver={X};PWD=se+cr%et"
    assert "cr%et" not in repr(shown(url))
