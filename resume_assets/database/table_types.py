"""The types of our own tables' columns."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql
from sqlalchemy.types import TypeEngine

UTC: TypeEngine[Any] = sa.DateTime().with_variant(mssql.DATETIME2(3), "mssql")
MONEY: TypeEngine[Any] = sa.Numeric(18, 6, asdecimal=False)
LONG: TypeEngine[Any] = sa.UnicodeText()
KEY: TypeEngine[Any] = sa.Unicode(64).with_variant(
    # Keys, custom_ids and hashes are told apart by case, whatever the database does by default.
    mssql.NVARCHAR(64, collation="Latin1_General_BIN2"),
    "mssql",
)
