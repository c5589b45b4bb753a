"""What a setting may be, where it is one word of a few."""

from enum import StrEnum


class Endpoint(StrEnum):
    """Who answers the requests."""

    openai = "openai"  # or the server that OPENAI_BASE_URL names
    local = "local_openai"


class OpenAIAuthentication(StrEnum):
    """How the server that answers is logged in to."""

    key = "key"
    entra = "entra"  # a token of Microsoft Entra: Azure OpenAI only


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


class ExportFormat(StrEnum):
    """What records are exported as."""

    jsonresume = "jsonresume"  # a document of JSON Resume a line
    csv = "csv"  # for spreadsheets
    parquet = "parquet"  # with types; needs the extra `parquet`


class LogFormat(StrEnum):
    """How the log is written to standard output."""

    lines = "lines"
    json = "json"  # an object a line
