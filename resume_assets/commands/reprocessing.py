"""`reprocess`: records that a model read, put back into the queue, costs told first."""

import click

from resume_assets.batches.planning.decision import Queue
from resume_assets.batches.upkeep import reprocessing
from resume_assets.commands.outcome import say_next
from resume_assets.commands.output import dollars, say
from resume_assets.database.connect import Database
from resume_assets.settings import Settings


def reprocess(
    database: Database,
    settings: Settings,
    *,
    model_was: str,
    below: float | None,
    limit: int | None,
    dry_run: bool,
    sure: bool,
) -> int:
    """Say what it comes to, ask, and put the candidates back; the exit code.

    `below`: only records of whose values a smaller share is borne out; `sure`: do not ask. Raises
    NothingRead, click.Abort where the person declines.
    """
    found = reprocessing.readable(database, model_was, limit=limit, below=below)
    say(f"records       {len(found.rows):,} that {model_was} read, to be read by {settings.model}")
    if found.changed:
        say(f"left alone    {found.changed:,}: another program has set their LastProcessed since")
    if not found.rows:
        say("There is nothing to put back.")
        return 0
    _say_cost(reprocessing.estimated(database, settings, found.rows), settings.model)
    say(
        "Each record stays until it is written anew. What a person changed in it is kept then, and "
        "what is overwritten can be put back (`resume-assets undo`)."
    )
    if dry_run:
        say("Nothing was changed.")
        return 0
    if not sure:
        click.confirm(f"Put {len(found.rows):,} back into the queue?", abort=True)
    userids = [row.userid for row in found.rows]
    say(f"{reprocessing.put_back(database, model_was, userids):,} are in the queue again.")
    say_next(database, settings)
    return 0


def _say_cost(queue: Queue, model: str) -> None:
    say(f"input tokens  {round(queue.tokens_per_row * queue.waiting):,} (estimated)")
    if queue.cost_per_row is None:
        say(f"cost          no price known for {model}")
    else:
        say(f"cost          {dollars(queue.cost_per_row * queue.waiting)} as batches (estimated)")
