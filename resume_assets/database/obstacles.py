"""What of the candidate table may refuse a value that is written, or not keep it as it is."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from resume_assets.database.connect import Database
from resume_assets.extraction.candidate import COLUMNS

_NAME = re.compile(r"\w+")


def constraints_in_the_way(connection: sa.Connection, database: Database) -> Iterator[str]:
    """Sentences about constraints, triggers and code pages, with what will come of each."""
    there, table = database.candidates, database.candidates.table
    yield from _not_null(database)
    yield from _code_pages(database)
    for guard in database.dialect.guards(connection, table):
        if guard.definition is None:
            yield f"trigger {guard.name} sees each record that is written, and may refuse it"
        elif columns := _among(there.names, _NAME.findall(guard.definition)):
            yield f"CHECK {guard.name} on {', '.join(columns)}: {_STAYS}"
    inspector = sa.inspect(connection)
    for key in inspector.get_foreign_keys(table.name, schema=table.schema):
        if columns := _among(there.names, key["constrained_columns"]):
            yield f"foreign key on {', '.join(columns)}: {_STAYS}"
    for together in sorted(_unique(inspector, table)):
        if own := _among(there.names, together):
            yield f"{', '.join(own)} must be unique: {_STAYS}"


_STAYS = "where it refuses a value, that column stays as it was and is counted"


def _not_null(database: Database) -> Iterator[str]:
    targets = [target for target in database.candidates.targets if not target.nullable]
    if filled := [target.name for target in targets if target.default is not None]:
        yield f"not nullable, so given their default or '' instead of NULL: {', '.join(filled)}"
    if kept := [target.name for target in targets if target.default is None]:
        yield f"not nullable and without a default, so left as they are: {', '.join(kept)}"


def _code_pages(database: Database) -> Iterator[str]:
    by_codec: dict[str, list[str]] = defaultdict(list)
    for target in database.candidates.targets:
        if target.codec not in (None, "utf-8"):
            by_codec[str(target.codec)].append(target.name)
    for codec, names in by_codec.items():
        shown = "all columns" if len(names) == len(COLUMNS) else ", ".join(names)
        yield (
            f"VARCHAR of code page {codec.removeprefix('cp')}, so letters that it lacks are "
            f"written plain (l for ł) and names in other scripts become NULL: {shown}"
        )


def _unique(inspector: sa.Inspector, table: sa.Table) -> set[tuple[str, ...]]:
    found = inspector.get_indexes(table.name, schema=table.schema)
    unique = {tuple(map(str, index["column_names"])) for index in found if index["unique"]}
    if inspector.dialect.name != "mssql":  # SQL Server lists such a constraint as an index
        for constraint in inspector.get_unique_constraints(table.name, schema=table.schema):
            unique.add(tuple(constraint["column_names"]))
    return unique


def _among(names: Iterable[str], mentioned: Iterable[str]) -> list[str]:
    folded = {name.casefold() for name in mentioned}
    return [name for name in names if name.casefold() in folded]
