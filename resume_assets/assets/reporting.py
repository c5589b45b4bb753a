"""Metadata that assets and checks report: a sentence, numbers that plot, and small tables.

A number alone has its unit in its name: `_usd` is dollars, `_percent` is 0 to 100.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import dagster as dg

from resume_assets.batches.ledger import batches

TABLE_ROWS = 50
"""Rows of a table in metadata, at most: 50,000 would be 27 MB in Dagster's storage."""

ROW_COUNT = "dagster/row_count"
"""Where Dagster looks for the number of rows."""

Metadata = dict[str, Any]


def facts(batch: batches.Batch, *names: str) -> Metadata:
    """Columns of the batch's row as metadata; what is not known yet is left out."""
    found: Metadata = {}
    for name in names:
        value = getattr(batch, name)
        if value is None:
            continue
        if name.endswith("_at"):
            found[name] = timestamp(value)
        else:
            found[name] = value
    return found


def timestamp(value: datetime) -> dg.TimestampMetadataValue:
    """A time of the ledger, which is UTC without zone; the UI shows it in the reader's own zone."""
    return dg.MetadataValue.timestamp(value.replace(tzinfo=UTC))


def percent(share: float) -> float:
    """A share of 0 to 1, as it plots."""
    return round(100 * share, 2)


def usd(amount: float) -> float:
    """Dollars as they plot: a millionth is less than any resume costs."""
    return round(amount, 6)


def counts_table(
    counts: Mapping[str, int], what: str, counted: str = "requests"
) -> dg.TableMetadataValue:
    """A table of two columns: the names, called `what`, and their counts, called `counted`."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [{what: name, counted: count} for name, count in ordered]
    return table(rows, **{what: "string", counted: "int"})


def changes_table(changes: Mapping[tuple[str, str], int]) -> dg.TableMetadataValue:
    """A table of what was done to the values of which column, in how many records; most first."""
    ordered = sorted(changes.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [  # Dagster's storage knows no enum of ours
        {"column": column, "what": str(what), "records": count} for (column, what), count in ordered
    ]
    return table(rows, column="string", what="string", records="int")


def table(rows: Iterable[Mapping[str, Any]], **columns: str) -> dg.TableMetadataValue:
    """The first TABLE_ROWS rows with a schema: each column's name and type, "string" or "int"."""
    return dg.MetadataValue.table(
        records=[_record(row, columns) for row in islice(rows, TABLE_ROWS)],
        schema=dg.TableSchema([table_column(name, kind) for name, kind in columns.items()]),
    )


# Where a TableRecord or TableColumn is first made, Dagster reads the local names of its caller;
# Python 3.13.0 crashes if that is a comprehension. So each is made in a function of its own.


def _record(row: Mapping[str, Any], columns: Iterable[str]) -> dg.TableRecord:
    values = {name: row.get(name) for name in columns}
    return dg.TableRecord(values)


def table_column(name: str, kind: str, description: str | None = None) -> dg.TableColumn:
    """A column of a table's schema."""
    return dg.TableColumn(name, kind, description)
