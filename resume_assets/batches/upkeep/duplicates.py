"""Candidates who are likely one person: they share an e-mail address or a phone number.

That is all that is looked at, and only ids are told. What is done about them is for a person.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from resume_assets.batches.ledger.forgotten import is_forgotten
from resume_assets.database.connect import Database
from resume_assets.extraction.contacts import phone_key

_PAGE: Final = 2_000


class Shared(StrEnum):
    """What candidates have in common."""

    email = "e-mail"
    phone = "phone"


_COLUMNS: Final = {
    "Email": Shared.email,
    "Email2": Shared.email,
    "Phone1": Shared.phone,
    "Phone2": Shared.phone,
}


@dataclass(frozen=True, slots=True)
class Group:
    """Candidates, by id in their order, who share something with another of them."""

    userids: list[Any]
    shared: frozenset[Shared]


def duplicates(database: Database) -> list[Group]:
    """The groups in the whole table, those of the smallest id first.

    Keeps some hundred bytes a candidate while it looks. Raises DatabaseFailed.
    """
    first: dict[tuple[Shared, int], Any] = {}  # by what they have: only a hash of it
    leaders: dict[Any, Any] = {}  # who is in a group -> another of it, or itself
    shared: dict[Any, set[Shared]] = defaultdict(set)
    for userid, keys in _contacts(database):
        for key in keys:
            other = first.setdefault(key, userid)
            if other != userid:
                _join(leaders, shared, other, userid)
                shared[_leader(leaders, userid)].add(key[0])
    groups: dict[Any, list[Any]] = defaultdict(list)
    for userid in leaders:
        groups[_leader(leaders, userid)].append(userid)
    return sorted(
        (Group(sorted(ids), frozenset(shared[leader])) for leader, ids in groups.items()),
        key=lambda group: group.userids[0],
    )


def _leader(leaders: dict[Any, Any], userid: Any) -> Any:
    while (other := leaders[userid]) != userid:
        leaders[userid] = leaders[other]  # so that the way is shorter next time
        userid = other
    return userid


def _join(leaders: dict[Any, Any], shared: dict[Any, set[Shared]], one: Any, two: Any) -> None:
    for each in (one, two):
        leaders.setdefault(each, each)
    first, second = _leader(leaders, one), _leader(leaders, two)
    if first != second:
        leaders[second] = first
        shared[first] |= shared.pop(second, set())


def _contacts(database: Database) -> Iterator[tuple[Any, set[tuple[Shared, int]]]]:
    """Each candidate's addresses and numbers, as hashes, by kind."""
    there = database.candidates
    columns = {name: column for name in _COLUMNS if (column := there.column(name)) is not None}
    kinds = [_COLUMNS[name] for name in columns]
    after: list[sa.ColumnElement[bool]] = []
    read = partial(_page, database=database, columns=list(columns.values()))
    while rows := database.read(partial(read, after=after)):
        for row in rows:
            userid = row[0]
            told: Sequence[Any] = row[1:]
            keys = {
                (kind, hash(key))
                for kind, value in zip(kinds, told, strict=True)
                if value and (key := _key(kind, str(value)))
            }
            if keys:
                yield userid, keys
        last = sa.literal(rows[-1][0], there.userid.type)
        after = [there.userid > last]


def _page(
    connection: sa.Connection,
    *,
    database: Database,
    columns: Sequence[sa.Column[Any]],
    after: Sequence[sa.ColumnElement[bool]],
) -> Sequence[sa.Row[Any]]:
    there = database.candidates
    query = sa.select(there.userid, *columns).where(
        there.processed.is_not(None),
        sa.not_(is_forgotten(connection, database, there.userid)),
        *after,
    )
    return connection.execute(query.order_by(there.userid).limit(_PAGE)).all()


def _key(kind: Shared, value: str) -> str | None:
    """The same for each spelling; None for what tells nobody from others."""
    if kind is Shared.phone:
        return phone_key(value)
    return value.strip().casefold() if "@" in value else None
