"""Where SQL Server is and how it is spoken to: settings to a URL, a URL to a connection string.

The URL keeps the password in the one place that SQLAlchemy never shows. Connection strings, which
show everything, are made at the moment of connecting and kept nowhere.
"""

import sqlalchemy as sa

from resume_assets.choices import Authentication, Encryption
from resume_assets.database.odbc import OdbcDriver, find_driver, is_freetds
from resume_assets.settings import Settings, SettingsError

PYODBC, MSSQL_PYTHON = "mssql+pyodbc", "mssql+mssqlpython"
_WITHOUT_ODBC = "mssql-python"
"""As RESUME_SQLSERVER_DRIVER: no ODBC driver manager, hence no system package, is needed."""

_DEFAULT_PORT = 1_433

_NEEDS_LOGIN = frozenset(
    {Authentication.sql, Authentication.password, Authentication.service_principal}
)
_USERNAME, _PASSWORD = ("uid", "user"), ("pwd", "password")  # as they may stand in a query


def sqlserver_url(settings: Settings) -> sa.URL:
    """The URL that `server_ip`, `database`, `username`, `password` and their options mean.

    Raises SettingsError for what is missing or contradictory, NoDriver where none is installed.
    """
    host, port = _server(settings)
    if not settings.database:
        raise SettingsError("server_ip is set, but `database` is not: which one on that server?")
    username, password = _credentials(settings)
    base = sa.URL.create(
        PYODBC,
        username,
        password,
        host=host,
        port=port,
        database=settings.database,
    )
    if (settings.sqlserver_driver or "").casefold() == _WITHOUT_ODBC:
        return base.set(drivername=MSSQL_PYTHON, query=_options(settings))
    driver = find_driver(settings.sqlserver_driver)
    if driver.is_freetds:
        return base.set(query=_freetds_options(settings, driver))
    return base.set(query={"driver": driver.name, **_options(settings), "APP": "resume-assets"})


def complete(url: sa.URL, settings: Settings) -> sa.URL:
    """A user's own URL with what it leaves open (driver, encryption), and no password in its query.

    Raises SettingsError for a driver that is not supported, NoDriver where none is installed.
    """
    if url.drivername not in ("mssql", PYODBC, MSSQL_PYTHON):
        raise SettingsError(
            f"The driver of {url.drivername!r} is not supported: {PYODBC} and {MSSQL_PYTHON} are."
        )
    query = _query_of(url)
    for name in list(query):
        if name.casefold() in _USERNAME:
            url = url.set(username=query.pop(name))
        elif name.casefold() in _PASSWORD:
            url = url.set(password=query.pop(name))
    given = {name.casefold() for name in query}
    if "odbc_connect" in given or _is_dsn(url, given):
        return url.set(query=query)
    if url.drivername != MSSQL_PYTHON and "driver" not in given:
        query["driver"] = find_driver(settings.sqlserver_driver).name
    if is_freetds(query.get("driver", "")):
        if "encryption" not in given:
            query["Encryption"] = _freetds_encryption(settings.sqlserver_encrypt)
        return url.set(query=query)
    options = _options(settings).items()
    return url.set(query=query | {name: v for name, v in options if name.casefold() not in given})


def connection_string(url: sa.URL) -> str:
    """What the driver is given; it holds the password, so it is for `connect` alone."""
    query = _query_of(url)
    if "odbc_connect" in query:
        return query["odbc_connect"]
    is_dsn = _is_dsn(url, {*query})
    driver = query.pop("driver", None)
    freetds = driver is not None and is_freetds(driver)
    parts: dict[str, str] = {}
    if driver is not None:
        parts["DRIVER"] = driver
    if is_dsn:
        parts["DSN"] = query.pop("dsn", "") or url.host or ""
    else:
        parts["Server"] = url.host or ""
        if freetds:
            # FreeTDS takes `host,port` for a name, and has no default port.
            if not {"port", "servername"} & {name.casefold() for name in query}:
                parts |= _freetds_port(url)
        elif url.port is not None:
            parts["Server"] += f",{url.port}"
        parts["Database"] = url.database or ""
    if url.username:
        parts["UID"] = url.username
        if url.password:
            parts["PWD"] = url.password
    elif "authentication" not in {name.casefold() for name in query}:
        parts["Trusted_Connection"] = "yes"
    parts |= query
    quote = _quote_for_freetds if freetds else _quote
    # DRIVER is read by the driver manager, by its own rule, whichever driver it is.
    return ";".join(
        f"{name}={_quote(value) if name == 'DRIVER' else quote(value)}"
        for name, value in parts.items()
        if value
    )


def shown(url: sa.URL) -> sa.URL:
    """The URL without what `repr` would show of a ready-made connection string."""
    return url.difference_update_query(["odbc_connect"])


def _server(settings: Settings) -> tuple[str, int | None]:
    """Host (with its instance) and port, from `server_ip` as people write it."""
    host, _, named_port = (settings.server_ip or "").strip().partition(",")
    host, port = host.strip(), settings.sqlserver_port
    if named_port.strip():
        if not named_port.strip().isdecimal():
            raise SettingsError("server_ip: what follows the comma must be a port's number.")
        if port not in (None, int(named_port)):
            raise SettingsError("server_ip and RESUME_SQLSERVER_PORT name different ports.")
        port = int(named_port)
    if not host:
        raise SettingsError("server_ip is empty.")
    if settings.sqlserver_instance:
        if "\\" in host:
            raise SettingsError("server_ip and RESUME_SQLSERVER_INSTANCE both name an instance.")
        host = f"{host}\\{settings.sqlserver_instance}"
    return host, port


def _credentials(settings: Settings) -> tuple[str | None, str | None]:
    how = settings.sqlserver_authentication
    username = settings.username
    password = settings.password.get_secret_value() if settings.password else None
    if how in _NEEDS_LOGIN:
        missing = [
            name
            for name, value in (("username", username), ("password", password))
            if value is None
        ]
        if missing:
            raise SettingsError(
                f"server_ip is set, but {' and '.join(f'`{name}`' for name in missing)} not. "
                "Without a password: RESUME_SQLSERVER_AUTHENTICATION=windows, or one of the "
                "ActiveDirectory… names."
            )
        return username, password
    if how is Authentication.windows and username is not None:
        raise SettingsError(
            "RESUME_SQLSERVER_AUTHENTICATION=windows logs in the user who runs this program: "
            "unset `username` and `password`."
        )
    return username, None


def _options(settings: Settings) -> dict[str, str]:
    """Keywords that Microsoft's driver and mssql-python share."""
    options = {
        "Encrypt": settings.sqlserver_encrypt.value,
        "TrustServerCertificate": "yes" if settings.sqlserver_trust_certificate else "no",
    }
    if settings.sqlserver_authentication not in (Authentication.sql, Authentication.windows):
        options["Authentication"] = settings.sqlserver_authentication.value
    return options


def _freetds_options(settings: Settings, driver: OdbcDriver) -> dict[str, str]:
    if settings.sqlserver_authentication not in (Authentication.sql, Authentication.windows):
        raise SettingsError(
            f"FreeTDS can't do {settings.sqlserver_authentication.value}: use Microsoft's driver."
        )
    if settings.sqlserver_encrypt is Encryption.strict:
        raise SettingsError("FreeTDS can't do RESUME_SQLSERVER_ENCRYPT=strict.")
    if settings.sqlserver_encrypt is Encryption.yes and not settings.sqlserver_trust_certificate:
        # It checks only what freetds.conf tells it to, and never says whether it did.
        raise SettingsError(
            "FreeTDS does not check the server's certificate by itself. Install Microsoft's driver "
            "(pip install 'resume-assets[sqlserver]'), or accept that with "
            "RESUME_SQLSERVER_TRUST_CERTIFICATE=true (and a `ca file` in freetds.conf)."
        )
    return {
        "driver": driver.name,
        "TDS_Version": "7.4",
        "ClientCharset": "UTF-8",
        "Encryption": _freetds_encryption(settings.sqlserver_encrypt),
        "APP": "resume-assets",
    }


def _freetds_port(url: sa.URL) -> dict[str, str]:
    """The port; a named instance has its own, which SQL Server Browser tells."""
    if url.port is None and "\\" in (url.host or ""):
        return {}
    return {"Port": str(url.port or _DEFAULT_PORT)}


def _freetds_encryption(encrypt: Encryption) -> str:
    return "off" if encrypt is Encryption.no else "require"


def _query_of(url: sa.URL) -> dict[str, str]:
    """What the URL's query says; names that are looked for here, as which ODBC takes any case."""
    found = {name: values[-1] for name, values in url.normalized_query.items()}
    looked_for = ("odbc_connect", "driver", "dsn")
    return {low if (low := name.casefold()) in looked_for else name: found[name] for name in found}


def _is_dsn(url: sa.URL, given: set[str]) -> bool:
    """Whether the host is a data source's name, as SQLAlchemy reads such URLs."""
    return "dsn" in given or (
        url.drivername != MSSQL_PYTHON and url.database is None and "driver" not in given
    )


def _quote(value: str) -> str:
    """Braced, closing braces doubled: the ODBC rule; plain where nothing needs it."""
    return value if value.isalnum() else "{" + value.replace("}", "}}") + "}"


def _quote_for_freetds(value: str) -> str:
    """FreeTDS 1.3 ends a braced value at `};` and undoubles nothing."""
    if ";" not in value and not value.startswith("{") and value == value.strip():
        return value
    if "};" in value:
        raise SettingsError(
            "FreeTDS can't take a password (or name) with `};` in it: use Microsoft's driver."
        )
    return "{" + value + "}"
