"""What only a person decides: to go on, to send again, to call off, to put back."""

import click

from resume_assets.cli.calling import ROWS, command, load_settings
from resume_assets.cli.groups import Group
from resume_assets.cli.keys import Key


@command("unpause", "resume-assets unpause", group=Group.decide)
def unpause() -> None:
    """Go on planning after it stopped.

    After a limit, a refused key or poor answers. Money and usable shares are counted afresh from
    now on.
    """
    from resume_assets.commands import people
    from resume_assets.commands.databases import opened_database

    with opened_database(load_settings()) as database:
        people.unpause(database)


@command("resume", "resume-assets unpause", group=Group.decide, hidden=True)
def resume() -> None:
    """Do what `unpause` does: its former name."""
    from resume_assets.commands import people
    from resume_assets.commands.databases import opened_database
    from resume_assets.commands.output import warn

    warn("`resume-assets resume` is called `resume-assets unpause` now; this name still works.")
    with opened_database(load_settings()) as database:
        people.unpause(database)


@command("retry", "resume-assets retry 4711", group=Group.decide)
@click.argument("userids", nargs=-1)
def retry(userids: tuple[str, ...]) -> int:
    """Send given-up candidates again.

    Those whose attempts are used up: these ids, or all.
    """
    from resume_assets.commands import people
    from resume_assets.commands.databases import opened_database

    settings = load_settings()
    with opened_database(settings) as database:
        return people.retry(database, settings, userids)


@command("cancel", "resume-assets cancel monday-1", group=Group.decide)
@click.argument("batch", type=Key("batches", "trials"))
@click.option(
    "--give-up",
    is_flag=True,
    help="Free its resumes though the server never ends it; answers that still come are lost.",
)
@click.option("--yes", is_flag=True, help="With --give-up: do not ask.")
def cancel(batch: str, give_up: bool, yes: bool) -> int:
    """Call a batch back.

    BATCH is its key or OpenAI's id, or a trial's key. What is answered by then is paid and kept.
    """
    from resume_assets.commands import people
    from resume_assets.commands.session import session

    with session() as opened:
        if give_up:
            return people.give_up(opened, batch, sure=yes)
        return people.cancel(opened, batch)


@command("undo", "resume-assets undo monday-1 4711", group=Group.decide)
@click.argument("batch", type=Key("batches"))
@click.argument("userids", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Say what it would come to; changes nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def undo(batch: str, userids: tuple[str, ...], dry_run: bool, yes: bool) -> int:
    """Put back what a batch overwrote.

    BATCH is its key or OpenAI's id; of these USERIDS, or of all. Records that were changed since
    are left alone.
    """
    from resume_assets.commands import undoing
    from resume_assets.commands.databases import opened_database

    with opened_database(load_settings()) as database:
        return undoing.undo(database, batch, userids, dry_run=dry_run, sure=yes)


@command("forget", "resume-assets forget 4711 --records", group=Group.decide)
@click.argument("userids", nargs=-1)
@click.option("--records", is_flag=True, help="Empty their extracted columns too.")
@click.option("--allow-again", is_flag=True, help="Let them be sent again; brings nothing back.")
@click.option("--receipts", is_flag=True, help="Show the receipts that are kept, and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(
    userids: tuple[str, ...],
    records: bool,
    allow_again: bool,
    receipts: bool,
    yes: bool,
) -> int:
    """Forget people for good.

    USERIDS, or - for one a line from standard input, so that none stands in a shell's history.
    Whether or not the table still has them; they are not sent any more. A receipt is kept.
    With --json nobody is asked.
    """
    from resume_assets.commands import forgetting
    from resume_assets.commands.output import wants_json
    from resume_assets.commands.session import session

    if receipts:
        return forgetting.show_receipts(load_settings())
    with session() as opened:
        asks = not (yes or wants_json() or allow_again)
        named = forgetting.named(opened.database, userids, asks=asks)
        if allow_again:
            return forgetting.allow_again(opened, named)
        return forgetting.forget(opened, named, records=records, sure=yes)


@command(
    "reprocess",
    "resume-assets reprocess --model-was gpt-4o-mini-2024-07-18 --dry-run",
    group=Group.decide,
)
@click.option("--model-was", required=True, help="Records that this model read last.")
@click.option(
    "--below-borne-out",
    type=click.FloatRange(0, 1),
    help="Only records of whose values a smaller share stands in the resume.",
)
@click.option("--limit", type=ROWS, help="So many of them, by id; all if not given.")
@click.option("--dry-run", is_flag=True, help="Records, tokens, dollars; changes nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reprocess(
    model_was: str, below_borne_out: float | None, limit: int | None, dry_run: bool, yes: bool
) -> int:
    """Have records read again.

    Those of a former model go back into the queue. Costs are told first; what people corrected is
    kept.
    """
    from resume_assets.commands import reprocessing
    from resume_assets.commands.databases import opened_database

    settings = load_settings()
    with opened_database(settings) as database:
        return reprocessing.reprocess(
            database,
            settings,
            model_was=model_was,
            below=below_borne_out,
            limit=limit,
            dry_run=dry_run,
            sure=yes,
        )
