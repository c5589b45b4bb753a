"""Trials forget a person: their sample has them no more, and no report names them."""

from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from resume_assets.batches.ledger.forgotten import are_personal
from resume_assets.database.connect import Database


def drop(connection: sa.Connection, database: Database, userids: Sequence[Any]) -> int:
    """Leave these people (a page of them) out of every trial's sample; returns of how many trials.

    The figures of a report that is made stay; ids that are texts are taken out of it.
    """
    trials, drawn = database.ledger.trials, database.ledger.trial_candidates
    theirs = drawn.c.userid.in_(userids)
    query = sa.select(drawn.c.trial_key, sa.func.count()).where(theirs)
    found = connection.execute(query.group_by(drawn.c.trial_key).order_by(drawn.c.trial_key)).all()
    for key, count in found:
        smaller = trials.update().where(trials.c.trial_key == key)
        connection.execute(smaller.values(sample_size=trials.c.sample_size - count))
    connection.execute(drawn.delete().where(theirs))
    if are_personal(database):
        _clear_reports(connection, trials, {str(userid) for userid in userids})
    return len(found)


def _clear_reports(connection: sa.Connection, trials: sa.Table, names: set[str]) -> None:
    """Reports that an older program made, which named ids of any kind."""
    made = sa.select(trials.c.trial_key, trials.c.report).where(trials.c.report.is_not(None))
    for key, report in connection.execute(made).all():
        told = orjson.loads(report)
        cleared = _without(told, names)
        if cleared != told:
            changed = trials.update().where(trials.c.trial_key == key)
            connection.execute(changed.values(report=orjson.dumps(cleared).decode()))


def _without(told: Any, names: set[str]) -> Any:
    """The JSON value, its lists without these texts."""
    if isinstance(told, dict):
        return {name: _without(value, names) for name, value in told.items()}
    if isinstance(told, list):
        left = (one for one in told if not (isinstance(one, str) and one in names))
        return [_without(value, names) for value in left]
    return told
