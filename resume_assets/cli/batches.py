"""A batch's way, and a trial's: from the queue to the records."""

from pathlib import Path

import click

from resume_assets.cli.calling import ROWS, Seconds, command
from resume_assets.cli.groups import Group
from resume_assets.cli.keys import Key
from resume_assets.errors import WrongUseError


@command("demo", "resume-assets demo", group=Group.begin)
def demo() -> int:
    """Take sample resumes through one whole batch.

    Needs no key and no server, and costs nothing. Ignores every configured database, key and .env;
    its state is in RESUME_ASSETS_HOME.
    """
    from resume_assets.commands import demo as command

    return command.run()


FINISH_NOW = click.option(
    "--finish-now",
    type=click.IntRange(1, 50),
    help="So many of its unusable ones are asked again at once when it has come back.",
)
LAUNCH = click.option(
    "--launch",
    is_flag=True,
    help="Dagster's workers do it; this command follows them.  [RESUME_DAGSTER_URL]",
)


@command("submit", "resume-assets submit --batch-size 200 --dry-run", group=Group.batches)
@click.option("--batch-size", type=ROWS, help="Resumes to send.  [RESUME_BATCH_SIZE]")
@click.option("--batch", "key", type=Key("unsent"), help="The batch's key; made up if not given.")
@click.option(
    "--dry-run", is_flag=True, help="Requests, tokens, dollars; sends and claims nothing."
)
@FINISH_NOW
@LAUNCH
def submit(
    batch_size: int | None, key: str | None, dry_run: bool, finish_now: int | None, launch: bool
) -> int:
    """Submit waiting resumes.

    In as many batches as the limits demand, usually one.
    """
    from resume_assets.commands import submitting
    from resume_assets.commands.session import session

    with session(launch=launch) as opened:
        rows = batch_size or opened.settings.batch_size
        if dry_run:
            return submitting.dry_run(opened, rows=rows)
        return submitting.submit(opened, rows=rows, key=key, finish_now=finish_now)


@command("check", "resume-assets check batch_6743a1…", group=Group.batches)
@click.argument("batch", type=Key("batches", "trials"))
def check(batch: str) -> int:
    """Look at a batch, and bring it in once it has ended.

    BATCH is its key or OpenAI's id. Exit code 3 while it has not ended.
    """
    from resume_assets.commands import collecting
    from resume_assets.commands.session import session

    with session() as opened:
        return collecting.check(opened, batch)


@command("now", "resume-assets now 4711 --dry-run", group=Group.batches)
@click.argument("userids", nargs=-1)
@click.option("--again", is_flag=True, help="Also whose record is written already.")
@click.option(
    "--standard", is_flag=True, help="At the standard price, without waiting for room at flex."
)
@click.option("--dry-run", is_flag=True, help="Requests, tokens, dollars; sends nothing.")
def now(userids: tuple[str, ...], again: bool, standard: bool, dry_run: bool) -> int:
    """Ask for a few candidates at once, and show their records.

    No batch is waited for: each request is answered by itself, at the flex price where the model
    has it. Without USERIDS: go on with what was left. Exit code 3 while another process is at it.
    """
    from resume_assets.commands import now as command
    from resume_assets.commands.session import session

    with session() as opened:
        return command.now(opened, userids, again=again, standard=standard, dry_run=dry_run)


@command(
    "continuous",
    "resume-assets continuous --num-batches 5 --batch-size 200",
    group=Group.batches,
)
@click.option("--num-batches", type=click.IntRange(1), default=5, show_default=True)
@click.option("--batch-size", type=ROWS, help="Resumes a batch.  [RESUME_BATCH_SIZE]")
@click.option(
    "--check-interval",
    type=Seconds(0, 604_800, min_open=True),
    help="Seconds between two looks at OpenAI.  [RESUME_CHECK_INTERVAL]",
)
@click.option("--max-in-flight", type=click.IntRange(1), default=1, show_default=True)
@FINISH_NOW
@LAUNCH
def continuous(
    num_batches: int,
    batch_size: int | None,
    check_interval: float | None,
    max_in_flight: int,
    finish_now: int | None,
    launch: bool,
) -> int:
    """Keep batches going until so many are in.

    Or until nothing waits and nothing is out. First brings in what is out already; that counts.
    Safe to stop and start again.
    """
    from resume_assets.commands import continuous as command
    from resume_assets.commands.following import Following
    from resume_assets.commands.session import session
    from resume_assets.commands.waiting import between_looks

    with session(launch=launch) as opened:
        return command.continuous(
            opened,
            batches=num_batches,
            rows=batch_size or opened.settings.batch_size,
            interval=check_interval or between_looks(opened.settings),
            in_flight=max_in_flight,
            finish_now=finish_now,
            kind=Following if launch else None,
        )


@command(
    "trial",
    "resume-assets trial --model gpt-4o-mini --model gpt-4.1-mini --sample 200",
    group=Group.look,
)
@click.argument("key", required=False, type=Key("trials"))
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
    page: Path | None,
) -> int:
    """Compare models and prompts on your own resumes.

    Each model with each prompt gets the same sample; no candidate is claimed or changed. With KEY:
    bring that trial on, and show it. Exit code 3 while it has not ended.
    """
    from resume_assets.commands import trials
    from resume_assets.commands.session import session
    from resume_assets.evaluation.gold_file import read

    shown = trials.Shown(read(gold) if gold else (), page)
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
