"""`new` and `env`: for those who use `dagster` itself."""

import datetime
import shlex

from resume_assets.batches.ledger import batches
from resume_assets.commands.output import answer, say_as_it_is
from resume_assets.dagster_home import open_instance, prepare
from resume_assets.settings import Settings


def new(settings: Settings, key: str | None) -> None:
    """Add a partition and print its key. Raises BadKey."""
    from resume_assets.assets.partitions import resume_batches

    key = batches.check_key(key or batches.new_key(datetime.datetime.now(datetime.UTC)))
    with open_instance(settings) as instance:
        instance.add_dynamic_partitions(resume_batches.name or "", [key])
    answer(batch_key=key, next=f"resume-assets submit --batch {key}")
    say_as_it_is(key)


def env(settings: Settings) -> None:
    """Print an export for the shell."""
    say_as_it_is(f"export DAGSTER_HOME={shlex.quote(str(prepare(settings.dagster_folder)))}")
