"""Who is likely one person: by e-mail address and phone, in whatever spelling."""

from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from resume_assets.batches.upkeep import duplicates as module
from resume_assets.batches.upkeep.duplicates import Group, Shared, duplicates
from resume_assets.database.connect import Database
from resume_assets_tests.databases import NEWEST, backend, database, empty_database

__all__ = ["backend", "database", "empty_database"]

EMAIL, PHONE = frozenset({Shared.email}), frozenset({Shared.phone})


def put(database: Database, contacts: Mapping[int, Mapping[str, str]]) -> None:
    there = database.candidates
    names = {one: there.table.c[target.name].name for one, target in there.by_column.items()}
    rows = [
        {
            there.userid.name: userid,
            there.processed.name: NEWEST,
            **{names[one]: told.get(one) for one in ("Email", "Email2", "Phone1", "Phone2")},
        }
        for userid, told in contacts.items()
    ]
    database.write(lambda connection: connection.execute(there.table.insert(), rows))


def test_one_address_or_number_in_any_column_and_spelling(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE", 3)
    put(
        database,
        {
            1: {"Email": "Ada@Example.com"},
            2: {"Email": "bob@example.com", "Phone1": "+1 555 010 0002"},
            3: {"Email2": "ada@example.com "},
            4: {"Phone2": "(555) 010-0002"},
            5: {"Phone1": "+1 555 010 0005"},
            6: {"Email": "n/a", "Phone1": "123"},
            7: {"Email": "n/a", "Phone1": "123"},
            8: {},
            9: {"Email": "bo", "Phone1": "555 010 0009"},
        },
    )
    assert duplicates(database) == [Group([1, 3], EMAIL), Group([2, 4], PHONE)]


def test_what_hangs_together_is_one_group(database: Database) -> None:
    put(
        database,
        {
            1: {"Email": "a@example.com"},
            2: {"Email": "b@example.com", "Phone1": "555 010 0001"},
            3: {"Email": "a@example.com", "Email2": "b@example.com"},
            4: {"Phone1": "555-010-0001", "Email": "d@example.com"},
        },
    )
    assert duplicates(database) == [Group([1, 2, 3, 4], EMAIL | PHONE)]


def test_what_groups_share_they_share_once_they_are_one(database: Database) -> None:
    """Eight times over: which of the two groups takes the other is a matter of chance."""
    contacts: dict[int, dict[str, str]] = {}
    for number in range(8):
        first, mail, phone = number * 10 + 1, f"a{number}@example.com", f"555 010 1{number:03d}"
        contacts |= {
            first: {"Email": mail},
            first + 1: {"Email": mail},
            first + 2: {"Phone1": phone},
            first + 3: {"Phone1": phone},
            first + 4: {"Email": mail, "Phone1": phone},
        }
    put(database, contacts)
    groups = duplicates(database)
    assert groups == [
        Group(list(range(number * 10 + 1, number * 10 + 6)), EMAIL | PHONE) for number in range(8)
    ]


def test_only_records_are_looked_at(database: Database) -> None:
    put(database, {1: {"Email": "a@example.com"}, 2: {"Email": "a@example.com"}})
    there = database.candidates
    waits = there.table.update().where(there.userid == 2).values({there.processed: sa.null()})
    database.write(lambda connection: connection.execute(waits))
    assert duplicates(database) == []
