"""`reprocess`: records that a model read, put back into the queue, costs told first."""

from resume_assets.batches.planning.decision import Queue
from resume_assets.batches.upkeep import reprocessing
from resume_assets.commands.outcome import say_next
from resume_assets.commands.output import answer, confirm, say
from resume_assets.database.connect import Database
from resume_assets.settings import Settings
from resume_assets.words import counted, dollars, verb


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
    answer(records=len(found.rows), left_alone=found.changed, put_back=0, next=None)
    if found.changed:
        say(f"left alone    {found.changed:,}: another program has set their LastProcessed since")
    if not found.rows:
        say("There is nothing to put back.")
        return 0
    _say_cost(reprocessing.estimated(database, settings, found.rows), settings.model)
    told = counted(len(found.rows), "record")
    say(
        "Each record stays until it is written anew. What a person changed in it is kept then, and "
        "what is overwritten can be put back (`resume-assets undo`)."
    )
    if dry_run:
        say("Nothing was changed. Next: the same without `--dry-run`.")
        return 0
    if not sure:
        confirm(f"Put the candidates of {told} back into the queue?")
    userids = [row.userid for row in found.rows]
    done = reprocessing.put_back(database, model_was, userids)
    answer(put_back=done)
    say(f"{counted(done, 'candidate')} {verb(done, 'is', 'are')} in the queue again.")
    say_next(database, settings)
    return 0


def _say_cost(queue: Queue, model: str) -> None:
    tokens = round(queue.tokens_per_row * queue.waiting)
    cost = None if queue.cost_per_row is None else queue.cost_per_row * queue.waiting
    answer(input_tokens=tokens, cost_usd=cost)
    say(f"input tokens  {tokens:,} (estimated)")
    if cost is None:
        say(f"cost          no price known for {model}")
    else:
        say(f"cost          {dollars(cost)} as batches (estimated)")
