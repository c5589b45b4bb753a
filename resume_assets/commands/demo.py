"""`demo`: sample resumes from the queue to the records, by the platform's own definitions.

It uses the embedded database and the local server, whatever else is configured.
"""

import datetime
import json
import time

import dagster as dg
import sqlalchemy as sa

from resume_assets import samples
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import AFTER_ENDED, BEFORE_SUBMITTED, OPEN, ItemState
from resume_assets.batches.planning.decision import NoPlan
from resume_assets.batches.planning.planner import plan_batch
from resume_assets.batches.planning.runs import Stage
from resume_assets.batches.records.auditing import Audit, audit
from resume_assets.batches.records.judging import judge
from resume_assets.commands.output import answer, say
from resume_assets.commands.session import Session, session
from resume_assets.commands.telling import facts_of
from resume_assets.commands.waiting import Waiting
from resume_assets.errors import PlatformError
from resume_assets.models.catalogue import model_for
from resume_assets.models.ends import end_of
from resume_assets.resources import SettingsResource
from resume_assets.sensors import batch_completion_sensor
from resume_assets.words import counted, dollars, size, verb

_PATIENCE = 120.0  # seconds for a batch at the local server
_LOOKS = 0.5  # seconds between two ticks of the sensor


class DemoFailed(PlatformError):
    """The demo did not come to its end."""


def run() -> int:
    """Seed, submit, wait, collect, report; the exit code."""
    began = time.monotonic()
    with session(SettingsResource(demo=True)) as opened, opened.openai.api():
        _bring_in_leftovers(opened)
        seeded = _seed(opened)
        say(f"Seeded {counted(seeded, 'sample candidate')} into {opened.settings.embedded_path};")
        without = seeded - _with_resume()
        say(f"{without} of them {verb(without, 'has', 'have')} no resume, and no request is made.")
        say("The local server answers by rules; it is no language model and costs nothing.\n")
        keys = _submit_all(opened, seeded)
        _wait_and_collect(opened)
        for key in keys:
            _report(opened, key)
        took = time.monotonic() - began
        answer(
            database=str(opened.settings.embedded_path),
            candidates=seeded,
            batches=[facts_of(opened.batch(key)) for key in keys],
            seconds=round(took, 1),
            next="resume-assets ui",
        )
        say(f"\nTook {took:.0f} s.")
        _where_next(opened)
    return 0


def _seed(opened: Session) -> int:
    """Put every sample into the table as it was before any processing."""
    there = opened.database.candidates
    known = samples.load()
    newest = datetime.datetime(2026, 1, 1)  # noqa: DTZ001 (a column without zone)

    def work(connection: sa.Connection) -> None:
        ids = [sample.userid for sample in known]
        connection.execute(there.table.delete().where(there.userid.in_(ids)))
        rows = [
            {
                there.userid.name: sample.userid,
                there.text.name: sample.text,
                there.modified.name: newest - datetime.timedelta(minutes=age),
            }
            for age, sample in enumerate(known)
        ]
        connection.execute(there.table.insert(), rows)

    opened.database.write(work)
    return len(known)


def _with_resume() -> int:
    return sum(bool(sample.text and sample.text.strip()) for sample in samples.load())


def _submit_all(opened: Session, rows: int) -> list[str]:
    """Plan and submit until nothing waits; usually one batch."""
    keys: list[str] = []
    while True:
        planned = plan_batch(opened.database, opened.settings, rows=rows, origin="demo")
        if isinstance(planned, NoPlan):
            return keys
        say(f"Batch {planned.key}")
        batch = opened.run(Stage.submit, planned.key)
        say(f"  unprocessed_resumes        {batch.rows_claimed} claimed")
        say(
            f"  batch_requests             {counted(batch.requests, 'request')}, "
            f"{size(batch.file_bytes)}, {batch.truncated} cut to the model's window"
        )
        say(f"  submitted_batch            {batch.openai_batch_id}")
        keys.append(planned.key)


def _wait_and_collect(opened: Session) -> None:
    """Tick the sensor as the daemon would, and run what it requests, until nothing is out."""
    deadline = time.monotonic() + _PATIENCE
    shown: dict[str, str] = {}
    waiting = Waiting()
    while _open_batches(opened):
        with dg.build_sensor_context(
            instance=opened.instance, resources=opened.definitions.resources
        ) as context:
            tick = batch_completion_sensor(context)
        if not isinstance(tick, dg.SensorResult):
            raise TypeError("the sensor returns a SensorResult")
        for batch in _open_batches(opened):
            if batch.openai_status and shown.get(batch.batch_key) != batch.openai_status:
                shown[batch.batch_key] = batch.openai_status
                say(f"  batch_completion_sensor    {batch.openai_status}")
        for request in tick.run_requests or []:
            key = request.partition_key or ""
            stage = Stage(request.job_name or Stage.collect)
            batch = opened.run(stage, key)
            if stage is Stage.collect:
                _say_collected(batch)
        if time.monotonic() > deadline:
            raise DemoFailed(
                f"The local server did not end the batch within {_PATIENCE:.0f} s. "
                "`resume-assets ui` shows what happened; the demo may simply be run again."
            )
        if not tick.run_requests:
            with waiting.shown(_open_batches(opened)):
                time.sleep(_LOOKS)  # as the daemon does between two ticks


def _say_collected(batch: batches.Batch) -> None:
    tally: dict[str, int] = json.loads(batch.tally)
    say(f"  batch_output               {counted(sum(tally.values()), 'answer')} ticked off")
    say(f"  updated_candidate_records  {counted(batch.succeeded, 'record')} written")
    say(f"  batch_cost                 {dollars(float(batch.batch_cost))} by OpenAI's prices")


def _bring_in_leftovers(opened: Session) -> None:
    """Finish what a demo that was interrupted has left, so that its samples are free again."""
    for batch in _open_batches(opened):
        say(f"An earlier batch, {batch.batch_key}, is finished first.")
        if batch.state in BEFORE_SUBMITTED:
            opened.run(Stage.submit, batch.batch_key)
        elif batch.state in AFTER_ENDED:
            opened.run(Stage.collect, batch.batch_key)
    _wait_and_collect(opened)


def _open_batches(opened: Session) -> list[batches.Batch]:
    return list(opened.in_states(OPEN))


def _report(opened: Session, key: str) -> None:
    database = opened.database
    batch = opened.batch(key)
    found = database.read(
        lambda connection: audit(
            connection, database, key, max_attempts=opened.settings.max_attempts
        )
    )
    say(f"\nReport on {key}")
    _report_records(found)
    _report_dates(found)
    _report_money(batch)
    _report_accuracy(opened)


def _report_records(found: Audit) -> None:
    account = found.account
    written = account.by_state.get(ItemState.succeeded, 0)
    _tell("records written", f"{written} of {account.claimed}")
    for reason, count in sorted(account.by_reason.items(), key=lambda pair: -pair[1]):
        _tell("not written", f"{count}: {reason}")
    lost = found.losses
    _tell(
        "not whole",
        f"{counted(lost.values_cut, 'value')} (cut, left out, made NULL), "
        f"{counted(lost.truncated, 'resume')} longer than the model's window: so it is meant with "
        "these samples, and why the check nothing_cut_or_unread is yellow",
    )


def _report_dates(found: Audit) -> None:
    formats = found.dates.formats
    verdict = "all well-formed" if formats.passed else f"{sum(formats.by_column.values())} WRONG"
    _tell(
        "dates",
        f"{verdict} in {counted(formats.looked_at, 'record')}; "
        f"{counted(found.losses.months_assumed, 'month')} assumed, dates that could not be read "
        f"in {found.losses.dates_unread}",
    )


def _report_money(batch: batches.Batch) -> None:
    _tell("tokens", f"{batch.input_tokens:,} in, {batch.output_tokens:,} out")
    cost, standard = float(batch.batch_cost), float(batch.standard_cost)
    _tell(
        "cost",
        f"{dollars(cost)} as a batch, {dollars(standard)} at the standard price: "
        f"{dollars(standard - cost)} saved (at OpenAI; here it was free)",
    )


def _report_accuracy(opened: Session) -> None:
    report = judge(opened.database, samples.gold()).report
    total = report.total
    _tell(
        "known answers",
        f"{total.accuracy or 0:.1%} met: {total.met:,} of {total.cases:,} values in "
        f"{counted(report.records, 'record')} (rules written beside these samples: this shows "
        "that nothing broke, and says nothing about a model)",
    )
    missed = ", ".join(
        f"{column} {score.met}/{score.cases}"
        for column, score in report.worst_first()[:3]
        if score.met < score.cases
    )
    if missed:
        _tell("", f"missed most: {missed}")


def _tell(title: str, words: str) -> None:
    say(f"  {title:<18}{words}", hang=20)


def _where_next(opened: Session) -> None:
    say("\nWhere to look next")
    say("  make ui                          lineage, runs, checks: Dagster's UI")
    say("  .venv/bin/resume-assets status   queue, batches, money")
    say("The records are in the table aicandidate of")
    say(f"  {opened.settings.embedded_path}")
    today = datetime.datetime.now(datetime.UTC).date()
    end = end_of(opened.settings, model_for(opened.settings))
    if end is not None and end.is_soon(today):
        say(f"\nBefore you use it: {end.in_words(today)}")
