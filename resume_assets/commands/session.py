"""What the commands share: the database, and real Dagster runs in the instance the UI shows."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg
import sqlalchemy as sa

from resume_assets.assets import model_trials, resume_batches
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.planning.runs import Stage
from resume_assets.commands.executing import Executed, execute
from resume_assets.commands.interrupted import telling
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
    """One command's connections; `definitions` are the very ones that Dagster loads."""

    settings: Settings
    resource: SettingsResource
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    database: Database

    @property
    def openai(self) -> OpenAIResource:
        """The OpenAI resource as the definitions have it."""
        return OpenAIResource(settings=self.resource)

    def run(self, stage: Stage, key: str) -> batches.Batch:
        """Run `submit_batch` or `collect_batch` for a batch; returns the batch as it is then.

        Raises RunFailed, and KeyboardInterrupt for a signal that came while it ran.
        """
        self._execute(stage, key, resume_batches)
        return self.batch(key)

    def run_trial(self, key: str) -> TrialState:
        """Run `run_model_trial` for a trial; returns where the trial stands then.

        Raises RunFailed where a part of it could not go on, and KeyboardInterrupt as above.
        """
        self._execute(Stage.trial, key, model_trials)
        return self.trial(key)

    def trial(self, key: str) -> TrialState:
        """Where a trial stands. Raises UnknownTrial."""
        return self.database.read(lambda connection: state_of(connection, self.database, key))

    def is_trial(self, key: str) -> bool:
        """Whether that is a trial's key."""
        return self.database.read(
            lambda connection: ledger.find(connection, self.database, key) is not None
        )

    def _execute(self, stage: Stage, key: str, keys: dg.DynamicPartitionsDefinition) -> None:
        self.instance.add_dynamic_partitions(keys.name or "", [key])
        repository = self.definitions.get_repository_def()
        try:
            with step(f"{key}: {_DOING[stage]}"):
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
def session(resource: SettingsResource | None = None) -> Iterator[Session]:
    """Open everything a command needs. Raises SettingsError, NotInitialised, DatabaseFailed."""
    resource = resource or SettingsResource()
    settings = resource.load()
    database = SQLServerResource(settings=resource).database()
    with open_instance(settings) as instance, telling(database):
        yield Session(settings, resource, build_defs({"settings": resource}), instance, database)


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
