"""The ledger's tables change with their version, and so with a migration, or not at all."""

import hashlib

import sqlalchemy as sa
from sqlalchemy.dialects import mssql
from sqlalchemy.schema import CreateIndex, CreateTable

from resume_assets.database.tables import LEDGER_VERSION, ledger_tables

VERSION, DIGEST = 8, "b09147087e58ea5c"


def ddl() -> str:
    """What SQL Server is told to make, in the order of the names."""
    metadata = ledger_tables(sa.Integer(), sa.DateTime()).metadata
    told: list[str] = []
    for table in sorted(metadata.tables.values(), key=lambda table: table.name):
        told.append(str(CreateTable(table).compile(dialect=mssql.dialect())))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        told += [str(CreateIndex(index).compile(dialect=mssql.dialect())) for index in indexes]
    return "\n".join(told)


def test_the_tables_are_those_of_their_version() -> None:
    """Where this fails: raise LEDGER_VERSION, upgrade older ledgers, note both here."""
    found = hashlib.sha256(ddl().encode()).hexdigest()[:16]
    assert (LEDGER_VERSION, found) == (VERSION, DIGEST)
