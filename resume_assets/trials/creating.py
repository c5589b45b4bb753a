"""A trial begins: its sample is drawn once, and what its variants ask is written down."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.planning.decision import why_no_time
from resume_assets.batches.planning.outstanding import queue_with, time_left
from resume_assets.database import rights
from resume_assets.database.connect import Database
from resume_assets.errors import PlatformError, WrongUseError
from resume_assets.models.catalogue import model_for
from resume_assets.settings import Settings
from resume_assets.trials.sampling import draw, sizes_of
from resume_assets.trials.variants import Variant, to_json

_log = logging.getLogger(__name__)


class NoTime(WrongUseError):
    """A model ends before a batch that begins now would have to."""


class NothingToTry(PlatformError):
    """No candidate has a resume."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a variant will come to: input tokens of all its requests, USD at the batch price.

    `cost` is None where no price is known.
    """

    variant: Variant
    requests: int
    input_tokens: int
    cost: float | None


def create(
    database: Database, settings: Settings, variants: Sequence[Variant], *, size: int, seed: int
) -> tuple[str, int]:
    """Draw the sample and write the trial down; returns its key and the sample's size.

    Nothing is sent by it. Raises NothingToTry, NoTime, RightsMissing, DatabaseFailed.
    """
    rights.require(database)
    database.read(lambda connection: _require_time(connection, database, settings, variants))
    userids = _drawn(database, size, seed)

    def insert(connection: sa.Connection) -> str:
        now = database.dialect.utc_now(connection)
        key = f"trial-{batches.new_key(now)}"
        row = {
            "trial_key": key,
            "variants": to_json(variants),
            "seed": seed,
            "sample_asked": size,
            "sample_size": len(userids),
            "try_number": 1,
            "run_requests": 0,
            "created_at": now,
        }
        connection.execute(database.ledger.trials.insert().values(row))
        database.dialect.insert_rows(
            connection,
            database.ledger.trial_candidates,
            ("trial_key", "position", "userid"),
            [(key, position, userid) for position, userid in enumerate(userids)],
        )
        return key

    key = database.write(insert)
    _log.info("trial %s: %d resumes, %d variants", key, len(userids), len(variants))
    return key, len(userids)


def estimates(
    database: Database, settings: Settings, variants: Sequence[Variant], *, size: int, seed: int
) -> list[Estimate]:
    """What each variant would come to, by the planner's own estimate; writes nothing.

    Raises NothingToTry, DatabaseFailed.
    """
    userids = _drawn(database, size, seed)

    def work(connection: sa.Connection) -> list[Estimate]:
        rows = sizes_of(connection, database, userids)
        found = []
        for variant in variants:
            model = model_for(variant.settings(settings))
            queue = queue_with(connection, database, model, variant.asked(model), rows)
            each = queue.cost_per_row
            found.append(
                Estimate(
                    variant,
                    queue.waiting,
                    round(queue.tokens_per_row * queue.waiting),
                    None if each is None else each * queue.waiting,
                )
            )
        return found

    return database.read(work)


def _require_time(
    connection: sa.Connection, database: Database, settings: Settings, variants: Sequence[Variant]
) -> None:
    now = database.dialect.utc_now(connection)
    for variant in variants:
        left = time_left(connection, database, variant.settings(settings), now)
        if (why := why_no_time(left)) is not None:
            raise NoTime(f"{why} Leave it out of the trial.")


def _drawn(database: Database, size: int, seed: int) -> list[Any]:
    userids = database.read(lambda connection: draw(connection, database, size, seed))
    if not userids:
        raise NothingToTry(
            f"No candidate of {database.candidates.table.fullname} has a resume: there is nothing "
            "to try a model on."
        )
    return userids
