"""What the asset checks look for, read from the database: not what a run believes it wrote."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import orjson
import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.attempts import GivenUp, given_up
from resume_assets.batches.ledger.states import OPEN_ITEMS, WRITTEN, ItemState
from resume_assets.batches.records.losses import SHOWN, Losses, losses, shown
from resume_assets.database.connect import Database
from resume_assets.extraction.candidate import COLUMNS, PREFIXES, ColumnKind

_PAGE = 2_000
_MONTH = re.compile(r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])", re.ASCII)
PRESENT = "Present"


@dataclass(slots=True)
class Finding:
    """How many records were looked at, and those that offend, by column; no values.

    Who they are is told as `shown` has it.
    """

    looked_at: int = 0
    by_column: Counter[str] = field(default_factory=Counter)
    offenders: list[tuple[str, str]] = field(default_factory=list)  # who, column

    def add(self, who: str, column: str) -> None:
        """Count an offending value."""
        self.by_column[column] += 1
        if len(self.offenders) < SHOWN:
            self.offenders.append((who, column))

    @property
    def passed(self) -> bool:
        """Whether nothing offends."""
        return not self.by_column


@dataclass(slots=True)
class DateAudit:
    """Everything there is to say of a batch's dates, from one pass over its records."""

    formats: Finding = field(default_factory=Finding)
    order: Finding = field(default_factory=Finding)
    future: Finding = field(default_factory=Finding)
    newest_first: Finding = field(default_factory=Finding)


def audit_dates(connection: sa.Connection, database: Database, key: str) -> DateAudit:
    """Look at all date columns of the records that this batch wrote."""
    audit = DateAudit()
    now = database.dialect.utc_now(connection)
    for who, columns in _dates(connection, database, key):
        audit_record(audit, who, columns, this_month=f"{now:%Y-%m}")
    return audit


def audit_record(
    audit: DateAudit, who: str, columns: Mapping[str, Any], *, this_month: str
) -> None:
    """Look at the date columns of one record; `this_month` as YYYY-MM."""
    for finding in (audit.formats, audit.order, audit.future, audit.newest_first):
        finding.looked_at += 1
    periods = []
    for prefix in PREFIXES:
        start = _checked(audit, who, f"{prefix}StartDate", columns, end=False)
        end = _checked(audit, who, f"{prefix}EndDate", columns, end=True)
        if start is not None and end is not None and _last(end) < start:
            audit.order.add(who, f"{prefix}StartDate")
        for date_of, month in (("StartDate", start), ("EndDate", end)):
            if month is not None and month != PRESENT and month > this_month:
                audit.future.add(who, prefix + date_of)
        periods.append((prefix, start, end))
    for (_, start, end), (prefix, next_start, next_end) in pairwise(periods):
        if None in (start, end, next_start, next_end):
            continue
        if (_last(next_end), next_start) > (_last(end), start):
            audit.newest_first.add(who, f"{prefix}StartDate")


def is_valid_date(value: Any, *, end: bool) -> bool:
    """Whether it is NULL, a real month as YYYY-MM, or `Present` for an end; a DATE always is."""
    if value is None or isinstance(value, date | datetime):
        return True
    return bool(_MONTH.fullmatch(str(value))) or (end and value == PRESENT)


def _checked(
    audit: DateAudit, who: str, column: str, columns: Mapping[str, Any], *, end: bool
) -> str | None:
    """The month as text, None for NULL; an ill-formed one is counted and taken for NULL."""
    value = columns.get(column)
    if not is_valid_date(value, end=end):
        audit.formats.add(who, column)
        return None
    if isinstance(value, date | datetime):
        return f"{value:%Y-%m}"
    return None if value is None else str(value)


def _last(month: str | None) -> str:
    return "9999" if month == PRESENT else month or ""


def _dates(
    connection: sa.Connection, database: Database, key: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each record of the batch that is still as it left it: whose, and dates by column."""
    there, items = database.candidates, database.ledger.items
    wanted = [
        column.name
        for column in COLUMNS
        if column.kind in (ColumnKind.start_date, ColumnKind.end_date)
    ]
    stand_ins = there.stand_ins
    present = {name: column for name in wanted if (column := there.column(name)) is not None}
    query = (
        sa.select(
            items.c.position,
            there.userid,
            there.processed,
            items.c.last_processed,
            *present.values(),
        )
        .join(items, items.c.userid == there.userid)
        .where(items.c.batch_key == key, items.c.state == ItemState.succeeded)
        .order_by(items.c.position)
    )
    after = -1
    while page := connection.execute(query.where(items.c.position > after).limit(_PAGE)).all():
        for position, userid, processed, ours, *values in page:
            # Not in the query: the database may compare it in another form than it is read in.
            if processed == ours:
                yield (
                    shown(database, userid, position),
                    {
                        name: None if name in stand_ins and value == stand_ins[name] else value
                        for name, value in zip(present, values, strict=True)
                    },
                )
            after = position


@dataclass(frozen=True, slots=True)
class Account:
    """Where a batch's items stand."""

    claimed: int
    by_state: dict[str, int]
    by_reason: dict[str, int]
    open_claims: int
    sent: dict[str, int]  # by state, without those that get the answer to another's request

    @property
    def open_items(self) -> int:
        """Items without an end."""
        return sum(self.by_state.get(state, 0) for state in OPEN_ITEMS)

    @property
    def is_balanced(self) -> bool:
        """Whether each claimed candidate has exactly one end, and no claim is left over."""
        return (
            self.claimed == sum(self.by_state.values())
            and self.open_items == 0
            and self.open_claims == 0
        )

    @property
    def usable_share(self) -> float | None:
        """Records written over requests that were answered; None where none was."""
        unrun = (
            ItemState.released,
            ItemState.expired,
            ItemState.cancelled,
            ItemState.stale,
            ItemState.forgotten,
        )
        answered = sum(self.sent.values()) - sum(self.sent.get(state, 0) for state in unrun)
        written = sum(self.sent.get(state, 0) for state in WRITTEN)
        return written / answered if answered else None


def account(connection: sa.Connection, database: Database, key: str) -> Account:
    """Count a batch's items and claims."""
    batch = batches.get(connection, database, key)
    claims = database.ledger.claims
    held = sa.select(sa.func.count()).select_from(claims).where(claims.c.batch_key == key)
    return Account(
        claimed=batch.rows_claimed or 0,
        by_state=batches.count_items(connection, database.ledger.items, key),
        by_reason=batches.count_reasons(connection, database.ledger.items, key),
        open_claims=connection.execute(held).scalar_one(),
        sent=batches.count_items(connection, database.ledger.items, key, only_sent=True),
    )


@dataclass(slots=True)
class BorneOut:
    """What the resumes bear out of a batch's written records.

    `found` counts the records and, by column, the values that do not stand in the resumes.
    """

    checked: int
    found: Finding

    @property
    def share(self) -> float | None:
        """Values that stand there over those that were looked for; None where none was."""
        missing = self.found.by_column.total()
        return 1 - missing / self.checked if self.checked else None


def borne_out(connection: sa.Connection, database: Database, key: str) -> BorneOut:
    """Add up what the ledger notes of values that were looked for in the resumes."""
    items = database.ledger.items
    written = sa.and_(items.c.batch_key == key, items.c.state == ItemState.succeeded)
    looked_at, checked = connection.execute(
        sa.select(sa.func.count(items.c.values_checked), sa.func.sum(items.c.values_checked)).where(
            written
        )
    ).one()
    result = BorneOut(int(checked or 0), Finding(looked_at))
    noted = sa.select(items.c.userid, items.c.position, items.c.not_borne_out).where(
        written, items.c.not_borne_out.is_not(None)
    )
    for userid, position, columns in connection.execute(noted.order_by(items.c.position)):
        for column in orjson.loads(columns):
            result.found.add(shown(database, userid, position), column)
    return result


@dataclass(frozen=True, slots=True)
class Audit:
    """All there is to say of a batch's records."""

    dates: DateAudit
    account: Account
    losses: Losses
    borne_out: BorneOut
    given_up: list[tuple[str, GivenUp]]  # each with who it is, as `shown` has it


def audit(
    connection: sa.Connection,
    database: Database,
    key: str,
    *,
    max_attempts: int,
) -> Audit:
    """Look at everything that the asset checks judge."""
    return Audit(
        dates=audit_dates(connection, database, key),
        account=account(connection, database, key),
        losses=losses(connection, database, key),
        borne_out=borne_out(connection, database, key),
        given_up=[
            (shown(database, one.userid, one.position), one)
            for one in given_up(connection, database, max_attempts=max_attempts, batch_key=key)
        ],
    )
