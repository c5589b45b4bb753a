"""Metadata: which type of value becomes which of Dagster's, and tables whose schema stays."""

import datetime
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg

from resume_assets.assets.reporting import (
    TABLE_ROWS,
    counts_table,
    facts,
    percent,
    table,
    usd,
)
from resume_assets.batches.ledger import batches


def batch(**values: Any) -> batches.Batch:
    return cast("batches.Batch", SimpleNamespace(**values))


def test_facts_leave_out_what_is_not_known() -> None:
    found = facts(batch(requests=3, openai_batch_id=None, truncated=0), "requests", "truncated")
    assert found == {"requests": 3, "truncated": 0}
    assert facts(batch(openai_batch_id=None), "openai_batch_id") == {}


def test_times_are_times_and_utc() -> None:
    at = datetime.datetime(2026, 11, 23, 22, 4, 5)  # noqa: DTZ001 (as the ledger has it)
    found = facts(batch(built_at=at), "built_at")["built_at"]
    assert isinstance(found, dg.TimestampMetadataValue)
    assert found.value == 1_795_471_445


def test_shares_and_money_plot_as_people_read_them() -> None:
    assert percent(0.98765) == 98.77
    assert usd(0.00033197) == 0.000332


def types(value: dg.TableMetadataValue) -> dict[str, str]:
    return {column.name: column.type for column in value.schema.columns}


def test_counts_come_most_first_and_then_by_name() -> None:
    value = counts_table({"b": 1, "c": 5, "a": 1}, "reason")
    assert [tuple(record.data.values()) for record in value.records] == [
        ("c", 5),
        ("a", 1),
        ("b", 1),
    ]


def test_a_tables_schema_is_the_same_when_it_is_empty() -> None:
    assert types(counts_table({}, "reason")) == types(counts_table({"x": 1}, "reason"))
    assert types(counts_table({}, "reason")) == {"reason": "string", "requests": "int"}


def test_a_table_takes_the_first_rows_only() -> None:
    value = table(({"userid": str(number)} for number in range(10**9)), userid="string")
    assert len(value.records) == TABLE_ROWS
    assert value.records[-1].data == {"userid": str(TABLE_ROWS - 1)}
