"""What a trial has come to, gathered from its items, its batches and the candidate table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
import sqlalchemy as sa

from resume_assets.batches.ledger.attempts import PAGE
from resume_assets.batches.ledger.batches import Batch
from resume_assets.batches.ledger.states import ItemState
from resume_assets.database.connect import Database
from resume_assets.evaluation.gold import Known
from resume_assets.extraction.text import text_hash
from resume_assets.trials import ledger
from resume_assets.trials.recording import text_of
from resume_assets.trials.results import TrialResult, VariantResult
from resume_assets.trials.sampling import SENT_LATER, sample_of
from resume_assets.trials.variants import Variant, from_json

NOT_SENT = "not sent: the trial was called off"
FORGOTTEN = "forgotten: its record is older than RESUME_KEEP_FILES_DAYS"


@dataclass(frozen=True, slots=True)
class _End:
    """How a candidate's request of one variant ended."""

    why: str
    text_hash: str | None
    record: dict[str, str] | None
    checked: int  # values that were looked for in the resume
    not_borne_out: frozenset[str]


def gather(
    connection: sa.Connection,
    database: Database,
    trial: ledger.Trial,
    gold: Sequence[Known] = (),
) -> TrialResult:
    """All that the trial's report is made of. `gold`: known answers, of whichever candidates."""
    key = trial.trial_key
    sample = sample_of(connection, database, key)
    ends = _ends(connection, database, key)
    hashes = _hashes(ends)
    changed = frozenset(userid for userid, found in hashes.items() if len(found) > 1)
    texts = {userid: found for userid, [found, *_] in hashes.items() if userid not in changed}
    present = _present(connection, database, texts)
    batches = ledger.batches_of(connection, database, key)
    return TrialResult(
        key=key,
        seed=trial.seed,
        sample=tuple(sample),
        changed=changed,
        variants=tuple(
            _variant(
                variant,
                [batch for batch in batches if batch.variant == variant.number],
                ends.get(variant.number, {}),
                [userid for userid in sample if userid not in changed],
            )
            for variant in from_json(trial.variants)
        ),
        present=present,
        gold=_gold(database, trial, gold, texts, present),
    )


def _ends(connection: sa.Connection, database: Database, key: str) -> dict[int, dict[Any, _End]]:
    """By variant and candidate; an item that only moved to a later batch is no end."""
    items, batches = database.ledger.trial_items, database.ledger.batches
    query = (
        sa.select(
            batches.c.variant,
            items.c.userid,
            items.c.state,
            items.c.reason,
            items.c.text_hash,
            items.c.record,
            items.c.values_checked,
            items.c.not_borne_out,
        )
        .join(batches, batches.c.batch_key == items.c.batch_key)
        .where(batches.c.trial_key == key, items.c.forgotten_at.is_(None))
    )
    rows = connection.execute(query)
    found: dict[int, dict[Any, _End]] = {}
    for variant, userid, state, reason, hashed, record, checked, missing in rows:
        if state == ItemState.released and reason in SENT_LATER:
            continue
        why = f"{state}: {reason}" if reason else str(state)
        if state == ItemState.succeeded and record is None:
            why = FORGOTTEN
        values = None if record is None else orjson.loads(record)
        columns = frozenset(orjson.loads(missing) if missing else ())
        end = _End(why, hashed, values, checked or 0, columns)
        found.setdefault(variant, {})[userid] = end
    return found


def _hashes(ends: Mapping[int, Mapping[Any, _End]]) -> dict[Any, list[str]]:
    """The different texts that were sent of each candidate."""
    found: dict[Any, set[str]] = {}
    for of_variant in ends.values():
        for userid, end in of_variant.items():
            if end.text_hash is not None:
                found.setdefault(userid, set()).add(end.text_hash)
    return {userid: sorted(hashes) for userid, hashes in found.items()}


def _variant(
    variant: Variant,
    batches: Sequence[Batch],
    ends: Mapping[Any, _End],
    sample: Sequence[Any],
) -> VariantResult:
    records: dict[Any, Mapping[str, Any]] = {}
    reasons: Counter[str] = Counter()
    for userid in sample:
        end = ends.get(userid)
        if end is None:
            reasons[NOT_SENT] += 1
        elif end.record is None:
            reasons[end.why] += 1
        else:
            records[userid] = end.record
    return VariantResult(
        name=variant.name,
        model=variant.model,
        prompt=variant.prompt,
        records=records,
        reasons=reasons,
        not_borne_out={userid: ends[userid].not_borne_out for userid in records},
        checked={userid: ends[userid].checked for userid in records},
        requests=_sum(batches, "requests"),
        input_tokens=_sum(batches, "input_tokens"),
        cached_tokens=_sum(batches, "cached_tokens"),
        cache_write_tokens=_sum(batches, "cache_write_tokens"),
        output_tokens=_sum(batches, "output_tokens"),
        cost_usd=_cost(batches),
        seconds=_seconds(batches),
    )


def _sum(batches: Sequence[Batch], column: str) -> int:
    return sum(getattr(batch, column) or 0 for batch in batches if batch.openai_batch_id)


def _cost(batches: Sequence[Batch]) -> Decimal | None:
    """None where no price is known for tokens that were used."""
    settled = [batch for batch in batches if batch.input_tokens is not None]
    if any(batch.batch_cost is None for batch in settled):
        return None
    return sum((Decimal(str(batch.batch_cost)) for batch in settled), Decimal(0))


def _seconds(batches: Sequence[Batch]) -> float | None:
    """From submitted to ended, of the batch that took longest."""
    return max(
        (
            (batch.ended_at - batch.submitted_at).total_seconds()
            for batch in batches
            if batch.submitted_at is not None and batch.ended_at is not None
        ),
        default=None,
    )


def _present(
    connection: sa.Connection, database: Database, texts: Mapping[Any, str]
) -> dict[Any, dict[str, str | None]]:
    """What the table holds now of those that are processed, and have the text that was sent."""
    there, userids = database.candidates, [*texts]
    columns = [there.table.c[name] for name in there.names]
    found: dict[Any, dict[str, str | None]] = {}
    for start in range(0, len(userids), PAGE):
        query = sa.select(there.userid, there.text, *columns).where(
            there.userid.in_(userids[start : start + PAGE]), there.processed.is_not(None)
        )
        for userid, text, *values in connection.execute(query):
            if text_hash(text or "") == texts[userid]:
                found[userid] = {
                    column: _shown(database, column, value)
                    for column, value in zip(there.columns, values, strict=True)
                }
    return found


def _shown(database: Database, column: str, value: Any) -> str | None:
    stand_ins = database.candidates.stand_ins
    return None if column in stand_ins and value == stand_ins[column] else text_of(value)


def _gold(
    database: Database,
    trial: ledger.Trial,
    gold: Sequence[Known],
    texts: Mapping[Any, str],
    present: Mapping[Any, Mapping[str, Any]],
) -> dict[Any, dict[str, Any]]:
    """The known answers about candidates of the sample, as the table could hold them."""
    by_userid = {known.userid: known for known in gold if known.userid is not None}
    by_hash = {known.text_hash: known for known in gold if known.userid is None}
    found: dict[Any, dict[str, Any]] = {}
    for userid, hashed in texts.items():
        known = by_userid.get(str(userid)) or by_hash.get(hashed)
        if known is None or known.text_hash not in (None, hashed):
            continue
        answers = known.about(present.get(userid, {}), trial.created_at.date())
        found[userid] = {
            column: _held(database, column, answer) for column, answer in answers.items()
        }
    return found


def _held(database: Database, column: str, answer: Any) -> Any:
    """An answer as far as the table's column can hold it: nobody can expect more of a record."""
    there = database.candidates
    if isinstance(answer, str) and column in there.columns:
        fitter = there.targets[there.columns.index(column)].fitter
        if fitter is not None:
            value, _ = fitter(answer)
            return text_of(value)
    return answer
