"""Whether a model lasts until a batch that is about to be created has ended."""

import logging

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.planning.decision import TimeLeft, why_no_time
from resume_assets.batches.planning.dispatching import abandon
from resume_assets.batches.sending.attempt import Attempt
from resume_assets.models.catalogue import model_for
from resume_assets.models.ends import end_of
from resume_assets.openai_api.errors import ApiFailed

_log = logging.getLogger(__name__)


def ask_for_end(attempt: Attempt, batch: batches.Batch) -> batches.Batch:
    """Note when the endpoint ends the model; without time left the batch is `abandoned`.

    The plan was made by what was known then. A server that can't tell is no obstacle.
    """
    try:
        announced = attempt.api.shutdown_date(batch.model)
    except ApiFailed as untold:
        _log.info("batch %s: the model's end is not told: %s", batch.batch_key, untold)
        announced = None
    if announced != batch.model_shutdown:
        batch = attempt.update(model_shutdown=announced)
    model = model_for(attempt.settings, batch.model)
    end = end_of(attempt.settings, model, announced)
    why = why_no_time(TimeLeft(end, attempt.now()))
    if why is None:
        return batch

    def work(connection: sa.Connection) -> batches.Batch:
        locked = batches.lock(connection, attempt.database, batch.batch_key)
        now = attempt.database.dialect.utc_now(connection)
        return abandon(connection, attempt.database, locked, "model_ends", why, now=now)

    return attempt.lease.write(work)
