"""Who is to be forgotten, as far as the ledger knows it: by keyed hashes, never by an id.

They are sent no more, until a person allows it again. In items that are theirs, the custom_id is a
mask: by the same key a line of a file can be told to be theirs, though nobody's id is kept.
"""

import hmac
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from resume_assets.database.connect import Database

_MARK = "gone-"  # begins what stands for an id
_SHORT = 24  # characters of a random id, where the column takes as many
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def are_personal(database: Database) -> bool:
    """Whether candidates' ids may tell who they are: texts do (an e-mail address), numbers don't.

    Nor do UUIDs.
    """
    return isinstance(database.candidates.userid.type, sa.String)


def secret_of(connection: sa.Connection, database: Database) -> str | None:
    """The key of all hashes and masks of this ledger; None where nobody was ever forgotten."""
    secret = sa.select(database.ledger.installation.c.secret)
    found: str | None = connection.execute(secret).scalar()
    return found


def made_secret(connection: sa.Connection, database: Database) -> str:
    """The key, made and kept where there is none yet."""
    found = secret_of(connection, database)
    if found is None:
        table = database.ledger.installation
        found = secrets.token_hex(32)
        connection.execute(table.update().where(table.c.secret.is_(None)).values(secret=found))
    return found


def is_forgotten(
    connection: sa.Connection, database: Database, userid: sa.ColumnElement[Any]
) -> sa.ColumnElement[bool]:
    """The condition that a candidate, by the column of its id, is to be forgotten."""
    secret = _secret_in_use(connection, database)
    if secret is None:
        return sa.false()
    person = database.dialect.person(secret, userid)
    return person.in_(sa.select(database.ledger.forgotten.c.person))


def _secret_in_use(connection: sa.Connection, database: Database) -> str | None:
    """The key; None while there is nobody to be forgotten, nearly always: then no hash is made."""
    secret = secret_of(connection, database)
    anybody = sa.select(database.ledger.forgotten.c.person).limit(1)
    if secret is None or connection.execute(anybody).first() is None:
        return None
    return secret


def among(
    connection: sa.Connection, database: Database, items: sa.Table, key: str, userids: Sequence[Any]
) -> set[Any]:
    """Those of these candidates (a page of them) of a batch who are to be forgotten by now.

    `items`: the table that the batch's items are in.
    """
    if _secret_in_use(connection, database) is None:
        return set()
    query = sa.select(items.c.userid).where(
        items.c.batch_key == key,
        items.c.userid.in_(userids),
        is_forgotten(connection, database, items.c.userid),
    )
    return set(connection.execute(query).scalars())


def persons(
    connection: sa.Connection, database: Database, secret: str, userids: Sequence[Any]
) -> dict[int, Any]:
    """What stands for each of these ids (a page of them): hash -> id.

    By the spelling that the candidate table has, where its collation takes another for the same.
    """
    there, dialect = database.candidates, database.dialect
    query = sa.select(dialect.person(secret, there.userid), there.userid)
    rows = connection.execute(query.where(there.userid.in_(userids)))
    found: dict[int, Any] = {person: userid for person, userid in rows}  # noqa: C416 (Rows)
    for userid in set(userids) - set(found.values()):
        literal = sa.cast(sa.literal(userid, there.userid.type), there.userid.type)
        found[connection.execute(sa.select(dialect.person(secret, literal))).scalar_one()] = userid
    return found


def add(connection: sa.Connection, database: Database, found: Iterable[int]) -> int:
    """Note that these people, by their hashes, are to be forgotten; how many were not yet."""
    table, now = database.ledger.forgotten, database.dialect.utc_now(connection)
    wanted = list(found)
    known = set(
        connection.execute(sa.select(table.c.person).where(table.c.person.in_(wanted))).scalars()
    )
    new = [(person, now) for person in wanted if person not in known]
    database.dialect.insert_rows(connection, table, ("person", "forgotten_at"), new)
    return len(new)


def drop(connection: sa.Connection, database: Database, found: Iterable[int]) -> int:
    """They may be sent again; of how many that was not so."""
    table = database.ledger.forgotten
    return database.dialect.delete_rows(connection, table, "person", list(found))


def mark(connection: sa.Connection, database: Database, keys: Iterable[str]) -> None:
    """Note that people in these batches are to be forgotten; `upkeep.cleaning` does it."""
    table, now = database.ledger.batches, database.dialect.utc_now(connection)
    for key in sorted(keys):
        marked = table.update().where(table.c.batch_key == key).values(forgetting_since=now)
        connection.execute(marked)


def mask(secret: str, custom_id: str) -> str:
    """What stands for a custom_id in the items of people who are forgotten."""
    digest = hmac.new(secret.encode(), custom_id.encode("utf-8", "surrogatepass"), "sha256")
    return _MARK + digest.hexdigest()[:32]


def is_mask(custom_id: str) -> bool:
    """Whether that is a mask already."""
    return custom_id.startswith(_MARK)


def random_id(database: Database) -> str:
    """An id of nobody, as long as the column takes; for ids that are texts."""
    length = getattr(database.candidates.userid.type, "length", None) or _SHORT
    drawn = "".join(secrets.choice(_LETTERS) for _ in range(min(length, _SHORT)))
    return f"{_MARK}{drawn}"[: min(length, _SHORT)] if length > 2 * len(_MARK) else drawn
