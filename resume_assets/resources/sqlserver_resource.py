"""The candidates' database: SQL Server, or the embedded one where none is configured."""

from functools import lru_cache

import dagster as dg

from resume_assets import logs
from resume_assets.database.connect import Database, open_database
from resume_assets.database.setup import initialise, require_initialised
from resume_assets.errors import in_words
from resume_assets.resources.in_force import showing
from resume_assets.resources.settings_resource import SettingsResource
from resume_assets.settings import Settings, SettingsError


def _facts(resource: "SQLServerResource") -> dict[str, object]:
    settings = resource.settings.load()
    embedded = settings.uses_embedded_database
    return {
        "database": settings.safe_database_url(),
        "embedded": "yes, none is configured" if embedded else None,
        "table": settings.table or ("aicandidate" if embedded else "dbo.aicandidate"),
        "our own tables' schema": settings.ledger_schema,
    }


@showing(_facts)
class SQLServerResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Connections to the database that `server_ip` … or RESUME_DATABASE_URL names.

    Holds no secret: address and password are read from the environment when it connects.
    """

    settings: dg.ResourceDependency[SettingsResource]

    def database(self) -> Database:
        """The database with its pool of connections, one for this process and configuration.

        Raises SettingsError, DatabaseFailed, and NotInitialised where `init-db` was not run.
        """
        return _opened(self.settings.load())


@lru_cache(maxsize=4)
def _opened(settings: Settings) -> Database:
    try:
        logs.begin(settings.home_folder, settings.log_format)
        database = open_database(settings)
    except OSError as error:
        raise SettingsError(in_words(error, "opening RESUME_ASSETS_HOME")) from None
    try:
        if settings.uses_embedded_database:
            initialise(database)  # only ours, so its tables need no `init-db`
        database.read(lambda connection: require_initialised(connection, database))
    except BaseException:
        database.dispose()  # this is called again until it succeeds
        raise
    return database
