"""What is there, whether it works, and how good it is."""

from pathlib import Path

import click

from resume_assets.cli.calling import command, load_settings
from resume_assets.cli.groups import Group
from resume_assets.cli.keys import Key


@command("status", "resume-assets status --json", group=Group.look, changes_nothing=True)
@click.option(
    "--duplicates",
    is_flag=True,
    help="Only candidates who share an e-mail address or a phone, by id.",
)
def status(duplicates: bool) -> None:
    """Show the queue, batches, money, and what waits for a person."""
    from resume_assets.commands import duplicates as command
    from resume_assets.commands import overview
    from resume_assets.commands.databases import opened_database

    settings = load_settings()
    with opened_database(settings) as database:
        if duplicates:
            command.show(database)
            return
        overview.show(overview.overview(database, settings), settings)


@command("doctor", "resume-assets doctor --ask", group=Group.begin, changes_nothing=True)
@click.option(
    "--ask", is_flag=True, help="Also send the model one tiny resume; costs a fraction of a cent."
)
def doctor(ask: bool) -> int:
    """Show the configuration, test every connection."""
    from resume_assets.commands import doctor as command

    return command.show(load_settings(), ask=ask)


@command("metrics", "resume-assets metrics --serve 9464", group=Group.look, changes_nothing=True)
@click.option(
    "--serve", "port", type=click.IntRange(0, 65535), help="Serve them there until Ctrl-C."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
def metrics(port: int | None, host: str) -> int:
    """Print the ledger's figures for Prometheus.

    Queue, batches, money, records and what went wrong; reads only.
    """
    from resume_assets.commands import metrics as command

    if port is not None:
        return command.serve(load_settings(), host, port)
    command.show(load_settings())
    return 0


@command("notify", "resume-assets notify --test", group=Group.look)
@click.option("--test", is_flag=True, help="Send each receiver a trial word; say what it answers.")
def notify(test: bool) -> int:
    """Tell the receivers what came up.

    Those in RESUME_NOTIFY_URL; the sensor `notifications` and `continuous` do so by themselves.
    """
    from resume_assets.commands import notices
    from resume_assets.commands.databases import opened_database

    settings = load_settings()
    if test:
        return notices.test(settings)
    with opened_database(settings) as database:
        return notices.notify(database, settings)


@command(
    "evaluate",
    "resume-assets evaluate known.jsonl --json",
    group=Group.look,
    changes_nothing=True,
)
@click.argument("gold", required=False, type=click.Path(path_type=Path))
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet: a line for each column.")
def evaluate(gold: Path | None, as_csv: bool) -> int:
    """Compare records with known answers.

    As they are in the database: those of the samples, or of the candidates in GOLD. That is a file
    of JSON lines, such as

    \b
    {"userid": 7, "known": {"Email": "ada@example.com", "Phone2": null}}
    {"text": "the resume", "known": {"LengthinUS": {"since": "2015-06"}}}
    {"userid": 8, "known": {"City": "Turku"}, "wrong": {"State": "TX"}}

    null: there is certainly no value. A column that is not named is not judged. `wrong`: only that
    is known, it is not this value; or a list of columns whose present values are wrong.
    """  # noqa: D301 (\b is click's sign: keep these lines)
    from resume_assets.commands import evaluating
    from resume_assets.commands.databases import opened_database

    known = evaluating.known(gold)
    with opened_database(load_settings()) as database:
        return evaluating.evaluate(database, known, as_csv=as_csv)


@command("review", "resume-assets review monday-1 --flagged", group=Group.look)
@click.argument("batch", type=Key("batches"))
@click.option(
    "--flagged", is_flag=True, help="Only records in which something should be looked at."
)
@click.option(
    "--sample", type=click.IntRange(1, 500), help="So many, drawn at random.  [500 at most]"
)
@click.option(
    "--page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the page there; else among the batch's files.",
)
def review(batch: str, flagged: bool, sample: int | None, page: Path | None) -> int:
    """Write a page on which a person checks a batch.

    BATCH is its key or OpenAI's id. Resumes on the left, values on the right, each with its place;
    verdicts are saved as a file that `evaluate` takes. The page holds resumes: keep it private.
    """
    from resume_assets.commands import reviewing
    from resume_assets.commands.session import session

    with session() as opened:
        return reviewing.review(opened, batch, flagged=flagged, sample=sample, page=page)
