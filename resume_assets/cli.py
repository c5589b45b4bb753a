"""`resume-assets`: how each command is called. What it does is in `commands`, loaded if needed."""

import math
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click

from resume_assets.errors import PlatformError, WrongUseError, in_words
from resume_assets.settings import load_settings

P = ParamSpec("P")

_ROWS = click.IntRange(1, 10_000_000)

_NOBODY_READS = 141
"""What a shell says of a program that SIGPIPE ended: its reader, such as `head`, had enough."""


class _Seconds(click.FloatRange):
    """A range that NaN is not in."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return seconds


def main() -> None:
    """Run the command line: 0 done, 1 failed or nothing usable, 2 wrong use, 3 not ended."""
    cli(prog_name="resume-assets")


def _exits(command: Callable[P, int | None]) -> Callable[P, None]:
    """Turn a command's return value, or its PlatformError, into an exit code and a sentence."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except WrongUseError as error:
            click.echo(str(error), err=True)
            code = 2
        except PlatformError as error:
            click.echo(str(error), err=True)
            code = 1
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            _say_no_more()
            code = _NOBODY_READS
        except Exception as error:  # noqa: BLE001 (told without what its message might quote)
            click.echo(in_words(error, "running this command"), err=True)
            code = 1
        except KeyboardInterrupt:
            click.echo("Interrupted. What is claimed or out stays so; nothing is lost.", err=True)
            code = 1
        sys.exit(code or 0)

    return run


def _say_no_more() -> None:
    """What is still to be flushed goes nowhere, or Python would complain of it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Configuration is read from the environment and .env; `resume-assets doctor` shows it.",
)
@click.version_option(package_name="resume-assets")
def cli() -> None:
    """Resumes in, clean columns out: batches of resumes through OpenAI into a candidate table."""


def _command(name: str, example: str) -> Callable[[Callable[..., int | None]], click.Command]:
    def decorate(function: Callable[..., int | None]) -> click.Command:
        @wraps(function)
        def told(*args: Any, **kwargs: Any) -> int | None:
            from resume_assets.commands import starting

            starting.tell(name)
            return function(*args, **kwargs)

        return cli.command(name, epilog=f"Example:  {example}")(_exits(told))

    return decorate


@_command("demo", "resume-assets demo")
def demo() -> int:
    """Take sample resumes through one whole batch.

    Needs no key and no server, and costs nothing. Ignores every configured database, key and .env;
    its state is in RESUME_ASSETS_HOME.
    """
    from resume_assets.commands import demo as command

    return command.run()


@_command("submit", "resume-assets submit --batch-size 200 --dry-run")
@click.option("--batch-size", type=_ROWS, help="Resumes to send.  [RESUME_BATCH_SIZE]")
@click.option("--batch", "key", help="The batch's key; made up if not given.")
@click.option(
    "--dry-run", is_flag=True, help="Requests, tokens, dollars; sends and claims nothing."
)
def submit(batch_size: int | None, key: str | None, dry_run: bool) -> int:
    """Submit waiting resumes.

    In as many batches as the limits demand, usually one.
    """
    from resume_assets.commands import submitting
    from resume_assets.commands.session import session

    with session() as opened:
        rows = batch_size or opened.settings.batch_size
        if dry_run:
            return submitting.dry_run(opened, rows=rows)
        return submitting.submit(opened, rows=rows, key=key)


@_command("check", "resume-assets check batch_6743a1…")
@click.argument("batch")
def check(batch: str) -> int:
    """Look at a batch, and bring it in once it has ended.

    BATCH is its key or OpenAI's id. Exit code 3 while it has not ended.
    """
    from resume_assets.commands import collecting
    from resume_assets.commands.session import session

    with session() as opened:
        return collecting.check(opened, batch)


@_command("trial", "resume-assets trial --model gpt-4o-mini --model gpt-4.1-mini --sample 200")
@click.argument("key", required=False)
@click.option("--model", "models", multiple=True, help="A model; several times.  [RESUME_MODEL]")
@click.option(
    "--prompt",
    "prompts",
    multiple=True,
    help="A prompt, or its file; several times.  [RESUME_PROMPT]",
)
@click.option("--sample", type=click.IntRange(1, 50_000), help="Resumes, drawn at random.  [200]")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    help="For the same sample again; made up if not given.",
)
@click.option(
    "--gold",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Known answers, JSON lines; kept no longer than the command.",
)
@click.option("--dry-run", is_flag=True, help="Requests, tokens, dollars; sends nothing.")
@click.option("--wait", is_flag=True, help="Until its end.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option(
    "--page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report as a page, with values side by side.",
)
def trial(
    key: str | None,
    models: tuple[str, ...],
    prompts: tuple[str, ...],
    sample: int | None,
    seed: int | None,
    gold: Path | None,
    dry_run: bool,
    wait: bool,
    as_json: bool,
    page: Path | None,
) -> int:
    """Compare models and prompts on your own resumes.

    Each model with each prompt gets the same sample; no candidate is claimed or changed. With KEY:
    bring that trial on, and show it. Exit code 3 while it has not ended.
    """
    from resume_assets.commands import trials
    from resume_assets.commands.session import session
    from resume_assets.evaluation.gold_file import read

    shown = trials.Shown(read(gold) if gold else (), as_json, page)
    if key is not None and (models or prompts or sample or seed is not None or dry_run):
        raise WrongUseError(
            f"Trial {key} has its models, prompts and sample: leave out --model, --prompt, "
            "--sample, --seed and --dry-run, or leave out the key for another trial."
        )
    with session() as opened:
        if key is not None:
            return trials.go_on(opened, key, wait=wait, shown=shown)
        return trials.start(
            opened,
            models=models,
            prompts=prompts,
            sample=sample or 200,
            seed=seed,
            dry_run=dry_run,
            wait=wait,
            shown=shown,
        )


@_command("continuous", "resume-assets continuous --num-batches 5 --batch-size 200")
@click.option("--num-batches", type=click.IntRange(1), default=5, show_default=True)
@click.option("--batch-size", type=_ROWS, help="Resumes a batch.  [RESUME_BATCH_SIZE]")
@click.option(
    "--check-interval",
    type=_Seconds(0, 604_800, min_open=True),
    help="Seconds between two looks at OpenAI.  [RESUME_CHECK_INTERVAL]",
)
@click.option("--max-in-flight", type=click.IntRange(1), default=1, show_default=True)
def continuous(
    num_batches: int, batch_size: int | None, check_interval: float | None, max_in_flight: int
) -> int:
    """Keep batches going until so many are in.

    Or until nothing waits and nothing is out. First brings in what is out already; that counts.
    Safe to stop and start again.
    """
    from resume_assets.commands import continuous as command
    from resume_assets.commands.session import session

    with session() as opened:
        return command.continuous(
            opened,
            batches=num_batches,
            rows=batch_size or opened.settings.batch_size,
            interval=check_interval or opened.settings.check_interval,
            in_flight=max_in_flight,
        )


@_command("status", "resume-assets status --json")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(as_json: bool) -> None:
    """Show the queue, batches, money, and what waits for a person."""
    from resume_assets.commands import overview
    from resume_assets.commands.databases import opened_database

    settings = load_settings()
    with opened_database(settings) as database:
        overview.show(overview.overview(database, settings), as_json=as_json)


@_command("doctor", "resume-assets doctor --ask")
@click.option(
    "--ask", is_flag=True, help="Also send the model one tiny resume; costs a fraction of a cent."
)
def doctor(ask: bool) -> int:
    """Show the configuration, test every connection."""
    from resume_assets.commands import doctor as command

    return command.show(load_settings(), ask=ask)


@_command("init-db", "resume-assets init-db --dry-run")
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


@_command("new", "resume-assets new monday-1")
@click.argument("key", required=False)
def new(key: str | None) -> None:
    """Add a batch's key for Dagster.

    To be materialized by hand or in the UI; it is made up if not given.
    """
    from resume_assets.commands import partitions

    partitions.new(load_settings(), key)


@_command("env", 'eval "$(resume-assets env)"')
def env() -> None:
    """Print the shell line for plain `dagster`.

    It points `dagster` at the same instance.
    """
    from resume_assets.commands import partitions

    partitions.env(load_settings())


@_command("resume", "resume-assets resume")
def resume() -> None:
    """Go on planning after it stopped.

    After a limit, a refused key or poor answers. Money and usable shares are counted afresh from
    now on.
    """
    from resume_assets.batches.planning.quota import resume_planning
    from resume_assets.commands.databases import opened_database

    with opened_database(load_settings()) as database:
        database.write(lambda connection: resume_planning(connection, database))
    click.echo("Planning goes on; money and usable shares are counted from now.")


@_command("retry", "resume-assets retry 4711")
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


@_command("cancel", "resume-assets cancel monday-1")
@click.argument("batch")
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


@_command("undo", "resume-assets undo monday-1 4711")
@click.argument("batch")
@click.argument("userids", nargs=-1)
@click.option("--yes", is_flag=True, help="Do not ask.")
def undo(batch: str, userids: tuple[str, ...], yes: bool) -> int:
    """Put back what a batch overwrote.

    BATCH is its key or OpenAI's id; of these USERIDS, or of all. Records that were changed since
    are left alone.
    """
    from resume_assets.commands import undoing
    from resume_assets.commands.databases import opened_database

    with opened_database(load_settings()) as database:
        return undoing.undo(database, batch, userids, sure=yes)


@_command("reprocess", "resume-assets reprocess --model-was gpt-4o-mini-2024-07-18 --dry-run")
@click.option("--model-was", required=True, help="Records that this model read last.")
@click.option(
    "--below-borne-out",
    type=click.FloatRange(0, 1),
    help="Only records of whose values a smaller share stands in the resume.",
)
@click.option("--limit", type=_ROWS, help="So many of them, by id; all if not given.")
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


@_command("evaluate", "resume-assets evaluate known.jsonl --json")
@click.argument("gold", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet: a line for each column.")
def evaluate(gold: Path | None, as_json: bool, as_csv: bool) -> int:
    """Compare records with known answers.

    As they are in the database: those of the samples, or of the candidates in GOLD. That is a file
    of JSON lines, such as

    \b
    {"userid": 7, "known": {"Email": "ada@example.com", "Phone2": null}}
    {"text": "the resume", "known": {"LengthinUS": {"since": "2015-06"}}}
    {"userid": 8, "known": {"City": "Turku"}, "wrong": {"State": "TX"}}

    null: there is certainly no value. A column that is not named is not judged. `wrong`: only that
    is known, it is not this value; or a list of columns whose present values are wrong.

    --json: records, not_compared (reason: count), total, groups, columns; each with right, wrong,
    missing, invented (a value for a known NULL), empty (a known NULL is one), cases, and the shares
    accuracy, precision, recall, f1, coverage (0 to 1, or null).
    """  # noqa: D301 (\b is click's sign: keep these lines)
    from resume_assets.commands import evaluating
    from resume_assets.commands.databases import opened_database

    known = evaluating.known(gold)
    with opened_database(load_settings()) as database:
        return evaluating.evaluate(database, known, as_json=as_json, as_csv=as_csv)


@_command("ui", "resume-assets ui --port 3000")
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
def ui(port: int) -> int:
    """Open Dagster's UI, with working sensors.

    Until Ctrl-C; with the local server, if it is used.
    """
    from resume_assets.commands import ui as command

    return command.serve(load_settings(), port)


@_command("local-openai", "resume-assets local-openai --port 8765")
@click.option("--port", type=click.IntRange(1, 65535), help="A free one if not given.")
def local_openai(port: int | None) -> None:
    """Run the local OpenAI-compatible server.

    Until Ctrl-C; it answers by rules and is no language model.
    """
    from resume_assets.commands import ui as command

    command.serve_local_openai(load_settings(), port)


if __name__ == "__main__":
    main()
