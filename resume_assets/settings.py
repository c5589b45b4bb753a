"""Everything that can be configured, read once from the environment and `.env`.

No password, server or key has a default here. Variables match by exact case, so that the `USERNAME`
a desktop sets is never taken for the database's `username`.
"""

import os
import re
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from resume_assets.errors import WrongUseError


class SettingsError(WrongUseError):
    """A setting is missing, contradictory or out of range; the message names the variable."""


class Endpoint(StrEnum):
    """Who answers the requests."""

    openai = "openai"  # or the server that OPENAI_BASE_URL names
    local = "local_openai"


class Encryption(StrEnum):
    """Of the connection to SQL Server."""

    yes = "yes"
    strict = "strict"  # TDS 8.0: SQL Server 2022 and Azure SQL
    no = "no"


class Authentication(StrEnum):
    """How SQL Server is logged in to; the long names are Microsoft's own, for Entra."""

    sql = "sql"
    windows = "windows"
    integrated = "ActiveDirectoryIntegrated"
    default = "ActiveDirectoryDefault"
    managed_identity = "ActiveDirectoryMsi"
    interactive = "ActiveDirectoryInteractive"
    password = "ActiveDirectoryPassword"  # noqa: S105 (a method's name)
    service_principal = "ActiveDirectoryServicePrincipal"


class NotBorneOut(StrEnum):
    """What becomes of a value that does not stand in the resume, though its kind would."""

    contacts = "contacts"  # e-mail address, phone and link: not written, NULL; others are kept
    keep = "keep"
    null = "null"  # none is written


class ResponseFormat(StrEnum):
    """What a request says of its answer's form, by what the server takes."""

    json_schema = "json_schema"  # a strict schema, which the server itself holds the model to
    json_object = "json_object"  # JSON; the schema is told in the instructions
    none = "none"  # nothing; the same


class Settings(BaseSettings):
    """One field for each variable; the field's alias is the variable's exact name."""

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
    batch_store: str | None = Field(None, alias="RESUME_BATCH_STORE")
    dagster_home: Path | None = Field(None, alias="DAGSTER_HOME")
    keep_files_days: float = Field(30, ge=0, le=36_500, alias="RESUME_KEEP_FILES_DAYS")

    # The database
    database_url: SecretStr | None = Field(None, alias="RESUME_DATABASE_URL")
    server_ip: str | None = Field(None, alias="server_ip")
    database: str | None = Field(None, alias="database")
    username: str | None = Field(None, alias="username")
    password: SecretStr | None = Field(None, alias="password")
    sqlserver_port: int | None = Field(None, ge=1, le=65535, alias="RESUME_SQLSERVER_PORT")
    sqlserver_instance: str | None = Field(None, alias="RESUME_SQLSERVER_INSTANCE")
    sqlserver_driver: str | None = Field(None, alias="RESUME_SQLSERVER_DRIVER")
    sqlserver_trust_certificate: bool = Field(False, alias="RESUME_SQLSERVER_TRUST_CERTIFICATE")
    sqlserver_encrypt: Encryption = Field(Encryption.yes, alias="RESUME_SQLSERVER_ENCRYPT")
    sqlserver_authentication: Authentication = Field(
        Authentication.sql, alias="RESUME_SQLSERVER_AUTHENTICATION"
    )
    sqlserver_login_timeout: int = Field(15, ge=1, alias="RESUME_SQLSERVER_LOGIN_TIMEOUT")
    sqlserver_query_timeout: int = Field(120, ge=0, alias="RESUME_SQLSERVER_QUERY_TIMEOUT")
    table: str | None = Field(None, alias="RESUME_TABLE")
    ledger_schema: str | None = Field(None, alias="RESUME_LEDGER_SCHEMA")
    keep_existing: bool = Field(False, alias="RESUME_KEEP_EXISTING")
    overwrite_corrections: bool = Field(False, alias="RESUME_OVERWRITE_CORRECTIONS")
    keep_journal_days: float = Field(90, ge=0, le=36_500, alias="RESUME_KEEP_JOURNAL_DAYS")
    not_borne_out: NotBorneOut = Field(NotBorneOut.contacts, alias="RESUME_NOT_BORNE_OUT")

    # The model
    openai_api_key: SecretStr | None = Field(None, alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(None, alias="OPENAI_BASE_URL")
    model: str = Field("gpt-4o-mini-2024-07-18", min_length=1, alias="RESUME_MODEL")
    base_model: str | None = Field(None, alias="RESUME_BASE_MODEL")
    context_window: int | None = Field(None, ge=1_000, alias="RESUME_CONTEXT_WINDOW")
    output_limit: int | None = Field(None, ge=100, alias="RESUME_OUTPUT_LIMIT")
    temperature: float = Field(0.2, ge=0, le=2, alias="RESUME_TEMPERATURE")
    max_output_tokens: int = Field(4_000, ge=100, le=1_000_000, alias="RESUME_MAX_OUTPUT_TOKENS")
    prompt: str = Field("lean", min_length=1, alias="RESUME_PROMPT")
    response_format: ResponseFormat = Field(
        ResponseFormat.json_schema, alias="RESUME_RESPONSE_FORMAT"
    )

    # How much, how often
    batch_size: int = Field(500, ge=1, le=10_000_000, alias="RESUME_BATCH_SIZE")
    max_in_flight: int = Field(4, ge=1, alias="RESUME_MAX_IN_FLIGHT")
    enqueued_token_limit: int | None = Field(None, ge=1, alias="RESUME_ENQUEUED_TOKEN_LIMIT")
    continuous_batches: int = Field(0, ge=0, alias="RESUME_CONTINUOUS_BATCHES")
    max_cost_usd: Annotated[float, Field(ge=0)] | None = Field(None, alias="RESUME_MAX_COST_USD")
    max_cost_usd_a_day: Annotated[float, Field(ge=0)] | None = Field(
        None, alias="RESUME_MAX_COST_USD_A_DAY"
    )
    max_attempts: int = Field(3, ge=1, le=10, alias="RESUME_MAX_ATTEMPTS")
    usable_share: float = Field(0.8, ge=0, le=1, alias="RESUME_USABLE_SHARE")
    borne_out_share: float = Field(0.9, ge=0, le=1, alias="RESUME_BORNE_OUT_SHARE")
    doubt_seconds: float = Field(60, ge=0, le=86_400, alias="RESUME_DOUBT_SECONDS")
    check_interval: float = Field(60, gt=0, le=604_800, alias="RESUME_CHECK_INTERVAL")
    stuck_hours: float = Field(26, gt=0, le=8_760, alias="RESUME_STUCK_HOURS")

    # Who is told. Read where they are used (`notifying.receivers`): a mistake in them stops nothing
    notify_url: SecretStr | None = Field(None, alias="RESUME_NOTIFY_URL")
    smtp_url: SecretStr | None = Field(None, alias="RESUME_SMTP_URL")
    notify_summary: bool = Field(False, alias="RESUME_NOTIFY_SUMMARY")

    @field_validator("openai_base_url")
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
            raise ValueError("is no address: https://host/v1")
        return value

    @cached_property
    def home_folder(self) -> Path:
        """The home as an absolute path; not created here."""
        return self.home.expanduser().absolute()

    @property
    def store_url(self) -> str:
        """Where batch files are kept: a path or any fsspec URL."""
        return self.batch_store or str(self.home_folder / "batches")

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
    def endpoint(self) -> Endpoint:
        """Who answers.

        Raises SettingsError where the local server's answers would go into a user's own database.
        """
        if self.openai_api_key is not None or self.openai_base_url is not None:
            return Endpoint.openai
        if self.uses_embedded_database:
            return Endpoint.local
        raise SettingsError(
            "OPENAI_API_KEY is not set (nor OPENAI_BASE_URL for another server). The local server "
            "answers by rules and serves the embedded database only; it never writes into yours."
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
        return Settings(**overrides)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(f"Configuration: {problems}") from None


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
