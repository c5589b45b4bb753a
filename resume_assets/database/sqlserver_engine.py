"""What SQLAlchemy is given for SQL Server: the driver, and how connections are kept."""

from typing import Any

import sqlalchemy as sa

from resume_assets.database.odbc import is_freetds, load_mssql_python, load_pyodbc
from resume_assets.database.sqlserver_url import MSSQL_PYTHON, connection_string
from resume_assets.settings import Settings


def engine_arguments(url: sa.URL, settings: Settings) -> dict[str, Any]:
    """What `create_engine` is given for SQL Server.

    No `fast_executemany`: bulk writes go by OPENJSON, and with FreeTDS it would end the process.
    Raises NoDriver where the driver's module can't be loaded.
    """
    driver = load_mssql_python() if url.drivername == MSSQL_PYTHON else load_pyodbc()
    more: dict[str, Any] = {}
    if is_freetds(str(url.query.get("driver", ""))):
        # Told a parameter's size, FreeTDS 1.3 refuses texts of more than 4,000 characters (HY090).
        more["use_setinputsizes"] = False

    def creator() -> Any:
        return driver.connect(connection_string(url), timeout=settings.sqlserver_login_timeout)

    return {
        "creator": creator,
        "pool_size": 5,
        "max_overflow": 10,
        "pool_timeout": 30,
        # Azure closes connections that were idle for half an hour.
        "pool_recycle": 1_500,
        "pool_use_lifo": True,
        **more,
    }
