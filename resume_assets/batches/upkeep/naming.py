"""Candidates as a person names them: ids typed as text, in the table's own type."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from resume_assets.database.connect import Database
from resume_assets.errors import WrongUseError

_PAGE = 500

LARGEST = 2**63 - 1
"""The largest integer that a database takes."""


class BadUserid(WrongUseError):
    """No id of the candidate table could look like this, or none of its candidates has it."""


@dataclass(frozen=True, slots=True)
class Named:
    """The ids that a person named and candidates have; `told`: of the others, a sentence."""

    userids: list[Any]
    told: str | None = None


def typed_userids(database: Database, texts: Sequence[str]) -> list[Any]:
    """The ids that a person typed, in the table's own type. Raises BadUserid for what is no id."""
    kind = database.candidates.userid.type.python_type
    chosen: list[Any] = []
    for text in texts:
        try:
            chosen.append(kind(text))
        except (ValueError, ArithmeticError):
            raise BadUserid(f"{text!r} is no id of this table: it takes {kind.__name__}.") from None
    return chosen


def named(database: Database, texts: Sequence[str]) -> Named:
    """Look typed ids up. Raises BadUserid for what is no id, or where nobody has any of them."""
    chosen = typed_userids(database, texts)
    possible = [one for one in chosen if not isinstance(one, int) or abs(one) <= LARGEST]
    unknown = set(chosen) - set(possible) | set(unknown_userids(database, possible))
    known = [userid for userid in possible if userid not in unknown]
    if not unknown:
        return Named(known)
    listed = ", ".join(str(userid) for userid in chosen if userid in unknown)
    told = f"{database.candidates.table.fullname} has no candidate {listed}."
    if not known:
        raise BadUserid(told)
    return Named(known, told)


def unknown_userids(database: Database, userids: Sequence[Any]) -> list[Any]:
    """Those of these ids that no candidate has."""
    there = database.candidates.userid

    def work(connection: sa.Connection) -> set[Any]:
        known: set[Any] = set()
        for start in range(0, len(userids), _PAGE):
            page = userids[start : start + _PAGE]
            known.update(connection.execute(sa.select(there).where(there.in_(page))).scalars())
        return known

    known = database.read(work)
    return [userid for userid in userids if userid not in known]
