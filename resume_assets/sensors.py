"""The two sensors: one collects batches that ended, one keeps submitting new ones.

A batch is "out" while OpenAI has it and has not ended it. A tick must end in time and without an
exception, which would lose all of it; and since Dagster may carry out only a part of what a tick
asks for, all of it is safe to ask for again.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import TypeAlias

import dagster as dg

from resume_assets.assets.partitions import model_trials, resume_batches
from resume_assets.batches.ledger import counters
from resume_assets.batches.planning import planner
from resume_assets.batches.planning.decision import NoPlan
from resume_assets.batches.planning.dispatching import dead_runs, due_runs, open_keys
from resume_assets.batches.planning.planner import plan_batch
from resume_assets.batches.planning.runs import Due
from resume_assets.batches.receiving import polling
from resume_assets.batches.receiving.pace import TICK_SECONDS, is_time_to_look
from resume_assets.database.connect import Database
from resume_assets.deadlines import within
from resume_assets.errors import in_words
from resume_assets.jobs import collect_batch, run_model_trial, submit_batch
from resume_assets.openai_api.limits import rows_per_batch
from resume_assets.resources import OpenAIResource, SettingsResource, SQLServerResource
from resume_assets.runs import DagsterRuns
from resume_assets.trials.dispatching import dead_trial_runs, due_trials, open_trial_keys

# Of the 60 seconds that Dagster gives a tick:
LOOKING_SECONDS = 25.0
DECIDING_SECONDS = 20.0

RUNS_A_TICK = 120
"""Runs handed over in one tick, at most: Dagster takes 0.14 s to submit each of them."""

_Keys: TypeAlias = Mapping[dg.DynamicPartitionsDefinition, list[str]]
"""New partitions, by their definition."""

_PLANS_A_TICK = 20
_ASKED_SINGLY = 20  # partitions; of more it is quicker to fetch the whole list


@dg.sensor(
    jobs=[submit_batch, collect_batch, run_model_trial],
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Looks at the batches that are out, each minute or as seldom as "
    "RESUME_CHECK_INTERVAL says, brings in those that ended, in whatever way, takes trials on, and "
    "asks again for runs that came to nothing.",
)
def batch_completion_sensor(
    context: dg.SensorEvaluationContext,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
    openai: OpenAIResource,
) -> dg.SensorResult:
    """Looks at every batch that is out, and requests a run for each that ended, in whatever way.

    So it does for a trial of which anything can go on. Asks again for runs that came to nothing,
    marks runs whose worker was killed as failed, and adds partitions of open batches and trials
    that Dagster does not have.
    """
    problems: list[str] = []
    cursor = context.cursor
    try:
        now = time.time()
        if is_time_to_look(_last_look(cursor), now, settings.load().check_interval):
            cursor = str(now)
            problems += _look(settings, sqlserver, openai)
    except Exception as error:  # noqa: BLE001 (told below, without what it might quote)
        problems.append(in_words(error, "looking at the batches"))
    deciding = _Deciding(context.instance, settings, sqlserver)
    try:
        within(DECIDING_SECONDS, "Deciding what to run", deciding.run)
    except Exception as error:  # noqa: BLE001 (as above)
        problems.append(in_words(error, "deciding what to run"))
    due, forgotten, told = deciding.found()
    problems += told
    for problem in problems:
        context.log.warning(problem)
    return _result(due, forgotten, "; ".join(problems) or "No batch has ended.", cursor=cursor)


@dg.sensor(
    job=submit_batch,
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Once turned on, keeps up to RESUME_MAX_IN_FLIGHT batches out while resumes wait; "
    "RESUME_CONTINUOUS_BATCHES ends it after so many in all.",
)
def continuous_submission_sensor(
    context: dg.SensorEvaluationContext,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
) -> dg.SensorResult:
    """Keeps up to RESUME_MAX_IN_FLIGHT batches planned or out while resumes wait.

    RESUME_CONTINUOUS_BATCHES, where it is set, ends this after so many batches in all.
    """
    # A planned batch has its row in the ledger: if this tick is lost, its run is requested again.
    planned: list[Due] = []
    try:
        plan = partial(_plan, settings, sqlserver, planned)
        why = within(LOOKING_SECONDS + DECIDING_SECONDS, "Planning", plan)
    except Exception as error:  # noqa: BLE001 (told below, without what it might quote)
        why = in_words(error, "planning")
        context.log.warning(why)
    runs = list(planned)  # a thread that was late may still add to it
    return _result(runs, {resume_batches: [run.key for run in runs]}, why)


def _last_look(cursor: str | None) -> float | None:
    """Seconds since 1970, as the cursor keeps them; None where it has none."""
    try:
        return float(cursor) if cursor else None
    except ValueError:  # set by hand
        return None


def _look(
    settings: SettingsResource, sqlserver: SQLServerResource, openai: OpenAIResource
) -> list[str]:
    """Poll OpenAI; returns sentences about odd batches and an endpoint that does not answer."""
    opened = partial(_database_if_anything_is_out, sqlserver)
    database = within(LOOKING_SECONDS, "Opening the database", opened)
    if database is None:
        return []
    values = settings.load()
    began = time.monotonic()

    def is_late() -> bool:  # time for one more call
        return time.monotonic() - began > LOOKING_SECONDS / 2

    # Leaving this block closes the connections, and so ends a call that hangs in the thread.
    with openai.api(quick=True) as api:
        poll = partial(polling.poll, database, api, values, until=is_late)
        found = within(LOOKING_SECONDS, "Looking at the batches at OpenAI", poll)
    return list(found.problems.values())


def _database_if_anything_is_out(sqlserver: SQLServerResource) -> Database | None:
    database = sqlserver.database()
    return database if polling.is_anything_out(database) else None


class _Deciding:
    """Finds what to run now; if time runs out, what was decided until then counts."""

    def __init__(
        self,
        instance: dg.DagsterInstance,
        settings: SettingsResource,
        sqlserver: SQLServerResource,
    ) -> None:
        self._instance = instance
        self._settings = settings
        self._sqlserver = sqlserver
        self._due: list[Due] = []
        self._forgotten: dict[dg.DynamicPartitionsDefinition, list[str]] = {}
        self._told: list[str] = []

    def found(self) -> tuple[list[Due], _Keys, list[str]]:
        """The runs to request, the partitions that Dagster lacks, and sentences; as of now.

        A run that a late thread notes after this was never asked for: the next tick sees that
        Dagster knows nothing of it.
        """
        return list(self._due), dict(self._forgotten), list(self._told)

    def run(self) -> None:
        """Decide batch by batch, oldest first, until time or RUNS_A_TICK is used up."""
        ends = time.monotonic() + DECIDING_SECONDS * 0.8
        database = self._sqlserver.database()
        self._told += _stuck(database, self._settings)
        runs = DagsterRuns(self._instance)
        begun = runs.begun()
        for dead in [*dead_runs(database, begun), *dead_trial_runs(database, begun)]:
            runs.fail(dead)
            self._told.append(f"{dead.key}: the worker of run {dead.run_id} was killed.")
        for keys, opened in ((resume_batches, open_keys), (model_trials, open_trial_keys)):
            self._forgotten[keys] = _forgotten(self._instance, keys, opened(database))
        # The real work first: what a trial needs waits for the next tick, if need be.
        trials = due_trials(database, self._settings.load(), runs)
        for due in islice(chain(due_runs(database, runs), trials), RUNS_A_TICK):
            self._due.append(due)
            if time.monotonic() > ends:
                self._told.append("There is more to run than this tick had time for.")
                break
        counters.note_tick(database)


def _stuck(database: Database, settings: SettingsResource) -> list[str]:
    values = settings.load()
    stuck = database.read(lambda connection: planner.stuck_batches(connection, database, values))
    return [
        f"Batch {batch.batch_key} has been out for over {values.stuck_hours:g} hours "
        f"({batch.openai_status} at OpenAI); `resume-assets cancel {batch.batch_key}` calls it "
        f"back.{planner.of_azure(values)}"
        for batch in stuck
    ]


def _plan(settings: SettingsResource, sqlserver: SQLServerResource, planned: list[Due]) -> str:
    """Plan as many batches as the limits allow; returns why no more."""
    database, values = sqlserver.database(), settings.load()
    for _ in range(_PLANS_A_TICK):
        decision = plan_batch(
            database,
            values,
            rows=rows_per_batch(values),
            origin="sensor",
            in_flight=values.max_in_flight,
            in_all=values.continuous_batches or None,
        )
        if isinstance(decision, NoPlan):
            return decision.why
        planned.append(decision.due)
    return f"{_PLANS_A_TICK} batches in one tick are enough."


def _result(
    due: Iterable[Due], new_keys: _Keys, why_none: str, *, cursor: str | None = None
) -> dg.SensorResult:
    requests = [_request(run) for run in due]
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=[
            keys.build_add_request(new) for keys, new in new_keys.items() if new
        ],
        skip_reason=None if requests else why_none,
        cursor=cursor,
    )


def _request(run: Due) -> dg.RunRequest:
    return dg.RunRequest(run_key=run.run_key, job_name=run.stage.value, partition_key=run.key)


def _forgotten(
    instance: dg.DagsterInstance, partitions: dg.DynamicPartitionsDefinition, keys: Sequence[str]
) -> list[str]:
    name = partitions.name or ""
    if len(keys) <= _ASKED_SINGLY:
        return [key for key in keys if not instance.has_dynamic_partition(name, key)]
    known = set(instance.get_dynamic_partitions(name))
    return [key for key in keys if key not in known]
