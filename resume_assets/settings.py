"""Everything that can be configured, read once from the environment and `.env`.

No password, server or key has a default here. Variables match by exact case, so that the `USERNAME`
a desktop sets is never taken for the database's `username`.
"""

import json
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from resume_assets.azure import is_azure
from resume_assets.choices import (
    Authentication,
    Encryption,
    Endpoint,
    ExportFormat,
    LogFormat,
    NotBorneOut,
    OpenAIAuthentication,
    ResponseFormat,
)
from resume_assets.errors import WrongUseError


class SettingsError(WrongUseError):
    """A setting is missing, contradictory or out of range; the message names the variable."""


class Settings(BaseSettings):
    """One field for each variable: the alias is its exact name, the text below it what it is for.

    `docs/configuration.md` is made of them.
    """

    model_config = SettingsConfigDict(
        case_sensitive=True,
        env_file=".env",
        extra="ignore",
        populate_by_name=True,
        frozen=True,
        hide_input_in_errors=True,
        env_ignore_empty=True,
        allow_inf_nan=False,
    )

    # Where things are kept
    home: Path = Field(Path(".resume_assets"), alias="RESUME_ASSETS_HOME")
    """A local folder: embedded database, local server, Dagster's storage."""
    batch_store: str | None = Field(None, alias="RESUME_BATCH_STORE")
    """Request and result files (`<home>/batches` by default): a folder or any fsspec URL. A bucket
    is never made, and a batch stays in the store it began in: [stores.md](stores.md).
    """
    store_options: SecretStr | None = Field(None, alias="RESUME_STORE_OPTIONS")
    """What fsspec is to be handed for such a store, as a JSON object: encryption, endpoint,
    account. Never shown, for it may hold a key.
    """
    log_format: LogFormat | None = Field(None, alias="RESUME_LOG_FORMAT")
    """Where it is set, the log goes to standard output, of commands to standard error, and not to
    `<home>/logs`: [stores.md](stores.md).
    """
    dagster_home: Path | None = Field(None, alias="DAGSTER_HOME")
    """Dagster's own storage (`<home>/dagster` by default); telemetry is off."""
    dagster_url: str = Field("http://127.0.0.1:3000", alias="RESUME_DAGSTER_URL")
    """Dagster's web server, which `--launch` hands runs to: [cluster.md](cluster.md)."""
    keep_files_days: float = Field(30, ge=0, le=36_500, alias="RESUME_KEEP_FILES_DAYS")
    """Days that request and result files are kept, and the answers of trials."""
    keep_partitions_days: float = Field(365, ge=0, le=36_500, alias="RESUME_KEEP_PARTITIONS_DAYS")
    """Days that a closed batch stays among Dagster's partitions. The ledger keeps it, and
    `prune --back` brings it back: [scale.md](scale.md).
    """

    # The database
    database_url: SecretStr | None = Field(None, alias="RESUME_DATABASE_URL")
    """Any SQLAlchemy URL for SQL Server or SQLite; wins over the next four."""
    server_ip: str | None = Field(None, alias="server_ip")
    """SQL Server's address, reached through pyodbc and encrypted."""
    database: str | None = Field(None, alias="database")
    """The database's name there."""
    username: str | None = Field(None, alias="username")
    """The login's name there."""
    password: SecretStr | None = Field(None, alias="password")
    """The login's password; kept nowhere else."""
    sqlserver_port: int | None = Field(None, ge=1, le=65535, alias="RESUME_SQLSERVER_PORT")
    """Where it is not 1433."""
    sqlserver_instance: str | None = Field(None, alias="RESUME_SQLSERVER_INSTANCE")
    """A named instance, looked up by SQL Server's browser service."""
    sqlserver_driver: str | None = Field(None, alias="RESUME_SQLSERVER_DRIVER")
    """The ODBC driver's name or path, where it is not found by itself."""
    sqlserver_trust_certificate: bool = Field(False, alias="RESUME_SQLSERVER_TRUST_CERTIFICATE")
    """Take the server's certificate without checking it."""
    sqlserver_encrypt: Encryption = Field(Encryption.yes, alias="RESUME_SQLSERVER_ENCRYPT")
    """The connection's encryption; `strict` is TDS 8.0, of SQL Server 2022 and Azure SQL."""
    sqlserver_authentication: Authentication = Field(
        Authentication.sql, alias="RESUME_SQLSERVER_AUTHENTICATION"
    )
    """How to log in; the long names are Microsoft's own, for Entra."""
    sqlserver_login_timeout: int = Field(15, ge=1, alias="RESUME_SQLSERVER_LOGIN_TIMEOUT")
    """Seconds to wait for a connection."""
    sqlserver_query_timeout: int = Field(120, ge=0, alias="RESUME_SQLSERVER_QUERY_TIMEOUT")
    """Seconds to wait for a statement; 0 waits for ever."""
    table: str | None = Field(None, alias="RESUME_TABLE")
    """Another schema or name of the candidates' table (`dbo.aicandidate` by default)."""
    ledger_schema: str | None = Field(None, alias="RESUME_LEDGER_SCHEMA")
    """The schema of our own tables, where it is not that of the candidates' table."""
    keep_existing: bool = Field(False, alias="RESUME_KEEP_EXISTING")
    """Keep a value where the answer has none."""
    overwrite_corrections: bool = Field(False, alias="RESUME_OVERWRITE_CORRECTIONS")
    """Overwrite also what a person changed in a record of ours: [undo.md](undo.md)."""
    keep_journal_days: float = Field(90, ge=0, le=36_500, alias="RESUME_KEEP_JOURNAL_DAYS")
    """Days that what a batch overwrote can be put back."""
    keep_ledger_days: float | None = Field(None, gt=0, le=36_500, alias="RESUME_KEEP_LEDGER_DAYS")
    """Days after which what is personal goes from the ledger's rows; never where it is not set.
    Then corrections in records so old are not known as such any more:
    [forgetting.md](forgetting.md).
    """
    not_borne_out: NotBorneOut = Field(NotBorneOut.contacts, alias="RESUME_NOT_BORNE_OUT")
    """What becomes of a value that does not stand in the resume though it should: `contacts` writes
    no e-mail, phone or link of the kind, `null` no value at all, `keep` all of them:
    [evidence.md](evidence.md).
    """

    # The model
    openai_api_key: SecretStr | None = Field(None, alias="OPENAI_API_KEY")
    """As the `openai` package reads it."""
    openai_base_url: str | None = Field(None, alias="OPENAI_BASE_URL")
    """Another server that speaks OpenAI's API, Files and Batches included."""
    azure_openai_endpoint: str | None = Field(None, alias="AZURE_OPENAI_ENDPOINT")
    """An Azure OpenAI resource, `https://RESOURCE.openai.azure.com`: [azure.md](azure.md)."""
    azure_openai_api_key: SecretStr | None = Field(None, alias="AZURE_OPENAI_API_KEY")
    """One of that resource's two keys."""
    openai_authentication: OpenAIAuthentication = Field(
        OpenAIAuthentication.key, alias="RESUME_OPENAI_AUTHENTICATION"
    )
    """`entra` logs in to Azure OpenAI with tokens of Microsoft Entra instead of a key."""
    model: str = Field("gpt-4o-mini-2024-07-18", min_length=1, alias="RESUME_MODEL")
    """OpenAI shuts the default down on 2027-01-14; its successor is `gpt-6-luna`:
    [models.md](models.md).
    """
    base_model: str | None = Field(None, alias="RESUME_BASE_MODEL")
    """The model whose facts and price hold where `RESUME_MODEL` is a name of your own: a
    deployment's, a gateway's.
    """
    context_window: int | None = Field(None, ge=1_000, alias="RESUME_CONTEXT_WINDOW")
    """Tokens, where we do not know the model."""
    output_limit: int | None = Field(None, ge=100, alias="RESUME_OUTPUT_LIMIT")
    """Tokens, where we do not know the model."""
    temperature: float = Field(0.2, ge=0, le=2, alias="RESUME_TEMPERATURE")
    """Left out for models that refuse it."""
    max_output_tokens: int = Field(4_000, ge=100, le=1_000_000, alias="RESUME_MAX_OUTPUT_TOKENS")
    """The most that one answer may take."""
    prompt: str = Field("lean", min_length=1, alias="RESUME_PROMPT")
    """`lean`, `detailed`, or a file of your own: [prompts.md](prompts.md)."""
    response_format: ResponseFormat = Field(
        ResponseFormat.json_schema, alias="RESUME_RESPONSE_FORMAT"
    )
    """What a request says of its answer's form; `doctor --ask` finds out what a server takes."""

    # How much, how often
    batch_size: int = Field(500, ge=1, le=10_000_000, alias="RESUME_BATCH_SIZE")
    """Resumes a batch; a file takes 50,000 at most, at Azure 100,000."""
    max_in_flight: int = Field(4, ge=1, alias="RESUME_MAX_IN_FLIGHT")
    """Batches that may be out at once."""
    enqueued_token_limit: int | None = Field(None, ge=1, alias="RESUME_ENQUEUED_TOKEN_LIMIT")
    """Your account's; learned from OpenAI's answer too."""
    continuous_batches: int = Field(0, ge=0, alias="RESUME_CONTINUOUS_BATCHES")
    """Batches that the sensor makes in all; 0 is without end."""
    max_cost_usd: Annotated[float, Field(ge=0)] | None = Field(None, alias="RESUME_MAX_COST_USD")
    """Dollars in all; reserved with the plan."""
    max_cost_usd_a_day: Annotated[float, Field(ge=0)] | None = Field(
        None, alias="RESUME_MAX_COST_USD_A_DAY"
    )
    """Dollars a UTC day; reserved with the plan."""
    max_attempts: int = Field(3, ge=1, le=10, alias="RESUME_MAX_ATTEMPTS")
    """Unusable answers to one text, until a person has to look."""
    usable_share: float = Field(0.8, ge=0, le=1, alias="RESUME_USABLE_SHARE")
    """Two batches in a row with a smaller share of usable answers stop the planning."""
    borne_out_share: float = Field(0.9, ge=0, le=1, alias="RESUME_BORNE_OUT_SHARE")
    """Share of values that stand in their resumes, of those that must: below it a check warns, and
    two batches in a row stop the planning.
    """
    reuse_answers: bool = Field(True, alias="RESUME_REUSE_ANSWERS")
    """Whether a text that was answered before, or comes twice in a batch, is paid for only once:
    [costs.md](costs.md).
    """
    doubt_seconds: float = Field(60, ge=0, le=86_400, alias="RESUME_DOUBT_SECONDS")
    """How long to look for a batch whose creation was not answered, before it is created again."""
    check_interval: float = Field(60, gt=0, le=604_800, alias="RESUME_CHECK_INTERVAL")
    """Seconds between two looks at a batch, of `continuous` and of the sensor; also the first pause
    where OpenAI's queue is full.
    """
    stuck_hours: float = Field(26, gt=0, le=8_760, alias="RESUME_STUCK_HOURS")
    """A batch that is out for longer is named as stuck; as late at Azure, which ends none for its
    age.
    """

    # Resumes in, records out
    import_folder: Path | None = Field(None, alias="RESUME_IMPORT_FOLDER")
    """A local folder of documents that the asset `imported_resumes` imports, and `import_sensor`
    watches once it is turned on: [documents.md](documents.md).
    """
    export_store: str | None = Field(None, alias="RESUME_EXPORT_STORE")
    """Where exported records go (`<home>/exports` by default): a folder or any fsspec URL. Nothing
    deletes them: [exports.md](exports.md).
    """
    export_format: ExportFormat = Field(ExportFormat.jsonresume, alias="RESUME_EXPORT_FORMAT")
    """What the asset `exported_records` writes, and `export` where no other format is named."""

    # Who is told
    notify_url: SecretStr | None = Field(None, alias="RESUME_NOTIFY_URL")
    """Who is told what comes up, separated by blanks; `https://…` of Slack, Teams or any other
    server, or `mailto:…`: [notifications.md](notifications.md). A mistake in it stops nothing.
    """
    smtp_url: SecretStr | None = Field(None, alias="RESUME_SMTP_URL")
    """The mail server for `mailto:`: `smtp://user:password@host:587`, or `smtps://…`."""
    notify_summary: bool = Field(False, alias="RESUME_NOTIFY_SUMMARY")
    """Whether those who are told get a summary once a day, from 06:00 UTC on."""

    @field_validator("openai_base_url", "azure_openai_endpoint", "dagster_url")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with https:// (or http:// for a server of your own)")
        try:
            address = urlsplit(value)
            is_one = bool(address.hostname) and address.port != 0 and not re.search(r"\s", value)
        except ValueError:  # a port that is no number, half a bracket
            is_one = False
        if not is_one:
            raise ValueError("is no address, as https://host/v1 is one")
        return value

    @field_validator("store_options")
    @classmethod
    def _is_object(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                is_object = isinstance(json.loads(value.get_secret_value()), dict)
            except ValueError:
                is_object = False
            if not is_object:
                raise ValueError('must be a JSON object: {"endpoint_url": "https://host"}')
        return value

    @property
    def home_folder(self) -> Path:
        """The home as an absolute path; not created here."""
        return self.home.expanduser().absolute()

    @property
    def store_url(self) -> str:
        """Where batch files are kept: a path or any fsspec URL."""
        return self.batch_store or str(self.home_folder / "batches")

    def store_arguments(self, url: str) -> dict[str, Any]:
        """What the library of the store at that URL is to be handed; may hold a secret."""
        ours, theirs = (one.partition("://")[0] for one in (self.store_url, url))
        is_meant = "://" in url and (ours == theirs or "://" not in self.store_url)
        if self.store_options is None or not is_meant:
            return {}
        arguments: dict[str, Any] = json.loads(self.store_options.get_secret_value())
        return arguments

    @property
    def export_url(self) -> str:
        """Where exported records go: a path or any fsspec URL."""
        return self.export_store or str(self.home_folder / "exports")

    @property
    def dagster_folder(self) -> Path:
        """Dagster's own storage, the same for the command line and the UI."""
        return (self.dagster_home or self.home_folder / "dagster").expanduser().absolute()

    @property
    def embedded_path(self) -> Path:
        """Where the embedded SQLite file is, should it be used."""
        return self.home_folder / "resumes.db"

    @property
    def uses_embedded_database(self) -> bool:
        """Whether no other database is configured."""
        return self.database_url is None and self.server_ip is None

    @property
    def is_sqlserver(self) -> bool:
        """Whether `server_ip` decides the connection (RESUME_DATABASE_URL wins over it)."""
        return self.database_url is None and self.server_ip is not None

    @property
    def names_a_server(self) -> bool:
        """Whether anything says that another than the local server is to answer."""
        return (
            self.openai_authentication is OpenAIAuthentication.entra
            or self.openai_base_url is not None
            or self.azure_openai_endpoint is not None
            or self.openai_api_key is not None
            or self.azure_openai_api_key is not None
        )

    @property
    def is_azure(self) -> bool:
        """Whether Azure OpenAI is to answer, directly or behind a gateway of its kind."""
        if self.openai_base_url is not None:
            return is_azure(self.openai_base_url)
        return self.azure_openai_endpoint is not None

    @property
    def endpoint(self) -> Endpoint:
        """Who answers.

        Raises SettingsError where the local server's answers would go into a user's own database.
        """
        if self.names_a_server:
            return Endpoint.openai
        if self.uses_embedded_database:
            return Endpoint.local
        raise SettingsError(
            "OPENAI_API_KEY is not set (nor OPENAI_BASE_URL for another server, nor "
            "AZURE_OPENAI_ENDPOINT). The local server answers by rules and serves the embedded "
            "database only; it never writes into yours."
        )

    def safe_database_url(self) -> str:
        """The configured database without its password, to be shown."""
        if self.database_url is not None:
            import sqlalchemy as sa  # half a second that `--help` need not pay

            try:
                url = sa.make_url(self.database_url.get_secret_value())
            except sa.exc.ArgumentError:
                return "RESUME_DATABASE_URL (not a URL that SQLAlchemy understands)"
            # What stands in a query (odbc_connect=…) may hold a password of its own.
            return url.set(query={}).render_as_string(hide_password=True)
        if self.server_ip is not None:
            return f"mssql://{self.server_ip}/{self.database or ''}"
        return f"sqlite:///{self.embedded_path}"


def load_settings(**overrides: Any) -> Settings:
    """Read environment and `.env`; `overrides` (by field name or alias) win over both.

    Raises SettingsError, in a user's words and without the offending value.
    """
    try:
        if overrides:
            return Settings(**overrides)
        return _settings(tuple(os.environ.items()), tuple(in_env_file().items()))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(f"Configuration: {problems}") from None


@lru_cache(maxsize=1)
def _settings(*_said: object) -> Settings:
    """The settings that environment and `.env` give, anew where these say something else.

    A run of Dagster's asks for them at every step; to read them takes some milliseconds.
    """
    return Settings()


def demo_settings() -> Settings:
    """The defaults in the configured home: no configured database, key, limit or `.env` is read."""
    home = Path(os.environ.get("RESUME_ASSETS_HOME") or Settings.model_fields["home"].default)
    return Settings.model_construct(home=home)


def in_env_file() -> dict[str, str | None]:
    """What `.env` in the current folder says; nothing where there is none."""
    return dotenv_values(".env") if Path(".env").is_file() else {}


def sources() -> dict[str, str]:
    """For each variable where its value comes from: `environment`, `.env` or `default`."""
    in_file = in_env_file()
    found = {}
    for name, field in Settings.model_fields.items():
        variable = field.alias or name
        if os.environ.get(variable):
            found[variable] = "environment"
        elif in_file.get(variable):
            found[variable] = ".env"
        else:
            found[variable] = "default"
    return found
