"""What the commands share: the database, and real Dagster runs in the instance the UI shows."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import dagster as dg
import sqlalchemy as sa

from resume_assets.assets.partitions import partitions_of, resume_batches
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.planning.runs import Due, Stage
from resume_assets.commands.executing import Executed, execute
from resume_assets.commands.interrupted import telling
from resume_assets.commands.launching import Workers
from resume_assets.commands.web_server import NotLaunched
from resume_assets.dagster_home import open_instance
from resume_assets.database.connect import Database
from resume_assets.definitions import build_defs
from resume_assets.errors import PlatformError
from resume_assets.progress import step
from resume_assets.resources import OpenAIResource, SettingsResource, SQLServerResource
from resume_assets.settings import Settings
from resume_assets.trials import ledger
from resume_assets.trials.progress import TrialState, state_of

_DOING = {
    Stage.submit: "submitting",
    Stage.collect: "bringing in",
    Stage.trial: "bringing on",
}


class RunFailed(PlatformError):
    """A Dagster run failed; the message is what its step said."""


@dataclass(frozen=True)
class Session:
    """One command's connections; `definitions` are the very ones that Dagster loads.

    `workers`: Dagster's, where they carry out the runs, and not this process.
    """

    settings: Settings
    resource: SettingsResource
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    database: Database
    workers: Workers | None = None

    @property
    def openai(self) -> OpenAIResource:
        """The OpenAI resource as the definitions have it."""
        return OpenAIResource(settings=self.resource)

    def begin(self, due: Due) -> bool:
        """Hand a run to the workers, if there are any; `run` follows it. Whether it was.

        Where that fails, `run` tries it again, and raises.
        """
        if self.workers is None:
            return False
        with suppress(NotLaunched):
            self.workers.begin(due)
            return True
        return False

    def run(self, stage: Stage, key: str) -> batches.Batch:
        """Run `submit_batch` or `collect_batch` for a batch; returns the batch as it is then.

        Raises RunFailed, and KeyboardInterrupt for a signal that came while it ran.
        """
        self._execute(stage, key)
        return self.batch(key)

    def run_trial(self, key: str) -> TrialState:
        """Run `run_model_trial` for a trial; returns where the trial stands then.

        Raises RunFailed where a part of it could not go on, and KeyboardInterrupt as above.
        """
        self._execute(Stage.trial, key)
        return self.trial(key)

    def trial(self, key: str) -> TrialState:
        """Where a trial stands. Raises UnknownTrial."""
        return self.database.read(lambda connection: state_of(connection, self.database, key))

    def is_trial(self, key: str) -> bool:
        """Whether that is a trial's key."""
        return self.database.read(
            lambda connection: ledger.find(connection, self.database, key) is not None
        )

    def _execute(self, stage: Stage, key: str) -> None:
        doing = f"{key}: {_DOING[stage]}"
        if self.workers is not None:
            try:
                self.workers.follow(stage, key, doing)
            except NotLaunched as failed:
                raise RunFailed(str(failed)) from None
            return
        self.instance.add_dynamic_partitions(partitions_of(stage).name or "", [key])
        repository = self.definitions.get_repository_def()
        try:
            with step(doing):
                result = execute(self.instance, repository, stage.value, key)
        except dg.DagsterExecutionInterruptedError:  # between two steps
            raise KeyboardInterrupt from None
        if not result.success:
            if _was_interrupted(result):
                raise KeyboardInterrupt
            raise RunFailed(_what_failed(result, key))

    def know(self, key: str) -> None:
        """Make the key a batch's partition, should Dagster not know it."""
        self.instance.add_dynamic_partitions(resume_batches.name or "", [key])

    def batch(self, key: str) -> batches.Batch:
        """The batch of a key or OpenAI id. Raises UnknownBatch."""
        return self.database.read(lambda connection: batches.get(connection, self.database, key))

    def in_states(self, states: Iterable[BatchState]) -> Sequence[batches.Batch]:
        """The batches in these states, oldest first; a trial's are none of them."""
        return self.database.read(
            lambda connection: batches.in_states(connection, self.database, states, of_trials=False)
        )

    def why_stopped(self) -> str | None:
        """Why nothing is sent until `resume-assets unpause`; None while that is not so."""
        reason = sa.select(self.database.ledger.installation.c.stopped_reason)
        return self.database.read(lambda connection: connection.execute(reason).scalar())

    def find(self, key: str) -> batches.Batch | None:
        """The batch of a key or OpenAI id, None where there is none."""
        return self.database.read(lambda connection: batches.find(connection, self.database, key))


@contextmanager
def session(resource: SettingsResource | None = None, *, launch: bool = False) -> Iterator[Session]:
    """Open everything a command needs. Raises SettingsError, NotInitialised, DatabaseFailed.

    `launch`: Dagster's workers carry out its runs.
    """
    resource = resource or SettingsResource()
    settings = resource.load()
    database = SQLServerResource(settings=resource).database()
    workers = Workers(settings.dagster_url) if launch else None
    with open_instance(settings) as instance, telling(database, at_workers=launch):
        definitions = build_defs({"settings": resource})
        yield Session(settings, resource, definitions, instance, database, workers)


def _was_interrupted(result: Executed) -> bool:
    """Whether a signal ended a step: Dagster takes that for a failure like others."""
    interrupt = dg.DagsterExecutionInterruptedError.__name__
    errors = (event.step_failure_data.error for event in result.all_events if event.is_step_failure)
    return any(error is not None and error.cls_name == interrupt for error in errors)


def _what_failed(result: Executed, key: str) -> str:
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data.user_failure_data
            if failure is not None and failure.description:
                return failure.description
    return f"{key}: the run {result.run_id} failed; `resume-assets ui` shows it."
