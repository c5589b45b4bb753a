"""Tables, partitions, the UI, the local server."""

import click

from resume_assets.cli.calling import command, load_settings
from resume_assets.cli.groups import Group


@command("init-db", "resume-assets init-db --dry-run", group=Group.begin)
@click.option("--dry-run", is_flag=True, help="Print the script; change nothing.")
@click.option("--with-index", is_flag=True, help="Also make the index proposed for your own table.")
@click.option("--ledger-only", is_flag=True, help="Make our tables alone, alter none of yours.")
def init_db(dry_run: bool, with_index: bool, ledger_only: bool) -> int:
    """Make tables and columns that are missing.

    Drops nothing, and changes nothing else.
    """
    from resume_assets.commands import databases

    return databases.init_db(
        load_settings(), dry_run=dry_run, with_index=with_index, ledger_only=ledger_only
    )


@command("new", "resume-assets new monday-1", group=Group.dagster)
@click.argument("key", required=False)
def new(key: str | None) -> None:
    """Add a partition for Dagster: a batch's key.

    To be materialized by hand or in the UI; it is made up if not given.
    """
    from resume_assets.commands import partitions

    partitions.new(load_settings(), key)


@command("prune", "resume-assets prune --back", group=Group.dagster)
@click.option("--days", type=click.FloatRange(0, 36_500), help="[RESUME_KEEP_PARTITIONS_DAYS]")
@click.option("--runs", is_flag=True, help="Also delete their finished runs; that stays so.")
@click.option("--yes", is_flag=True, help="With --runs: do not ask.")
@click.option("--back", is_flag=True, help="Bring all of them back instead.")
def prune(days: float | None, runs: bool, yes: bool, back: bool) -> int:
    """Take batches that closed long ago out of Dagster's lists.

    The ledger keeps them. The daily housekeeping does the same, without --runs.
    """
    from resume_assets.commands import pruning
    from resume_assets.commands.databases import opened_database

    settings = load_settings()
    with opened_database(settings) as database:
        if back:
            return pruning.bring_back(database, settings)
        return pruning.prune(database, settings, days=days, runs=runs, sure=yes)


@command(
    "env", 'eval "$(resume-assets env)"', group=Group.dagster, answers=False, changes_nothing=True
)
def env() -> None:
    """Print the shell line for plain `dagster`.

    It points `dagster` at the same instance.
    """
    from resume_assets.commands import partitions

    partitions.env(load_settings())


@command("ui", "resume-assets ui --port 3000", group=Group.dagster, answers=False)
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
def ui(port: int, host: str) -> int:
    """Open Dagster's UI, with working sensors.

    Until Ctrl-C; with the local server, if it is used.
    """
    from resume_assets.commands import ui as command

    return command.serve(load_settings(), port, host)


@command(
    "local-openai",
    "resume-assets local-openai --port 8765",
    group=Group.dagster,
    answers=False,
)
@click.option("--port", type=click.IntRange(1, 65535), help="A free one if not given.")
def local_openai(port: int | None) -> None:
    """Run the local OpenAI-compatible server.

    Until Ctrl-C; it answers by rules and is no language model.
    """
    from resume_assets.commands import ui as command

    command.serve_local_openai(load_settings(), port)
