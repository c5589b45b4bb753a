"""The four promises, asked of the database and of the server's own book by plain queries.

Each is told how to read all rows of a table; where it is not, `resumes.db` in the home is read.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from resume_assets.extraction.responses import custom_id_of
from resume_assets.local_openai.book import Book
from resume_assets.trials.sampling import SENT_LATER

Select = Callable[[str], list[dict[str, Any]]]
"""All rows of a table, by its name."""

OPEN = ("claimed", "submitted")
CLOSED = ("done", "empty", "abandoned")
RESUMES = 7
NEVER = 6
"""The candidate who never gets a usable answer."""

SAME_TEXT = {5: 2, 7: 1}
"""Who has another's text: one in the same batch as a rule, one in a batch after it."""

FORMER = {"Address": "1 Old Road", "ThirdMostRecentCompany": "Old Ltd"}
"""What stands in the records before anything is written, in a life that ends with an undo."""

FORGOTTEN = (2, 3)
"""Candidates who are forgotten, in a life in which somebody is."""

ASKED_NOW = (3, 5, RESUMES)
"""Candidates who are asked for one by one, in a life in which some are; the last in vain."""

FAILING_ONCE = (2, 4)
"""Candidates whose first request the server fails to answer, in a life that finishes at once."""

_SENT_ALONE = ("submitted", "succeeded", "invalid", "missing")
"""How requests stand, or ended, that were sent one by one."""


def violations(
    home: Path, *, came_to_its_end: bool, expected: dict[int, Any], select: Select | None = None
) -> list[str]:
    """Sentences about what is not as promised; `expected`: each candidate's record."""
    select = select or in_file(home)
    look = _Look(select, Book(home / "local_openai"), expected)
    found = [*look.always()]
    if came_to_its_end:
        found += [*look.at_the_end(), *_left_over(home, select)]
    return found


def records(home: Path, select: Select | None = None) -> dict[int, Any]:
    """Every candidate's row but the time at which it was written."""
    rows = (select or in_file(home))("aicandidate")
    return {row["userid"]: {**row, "LastProcessed": None} for row in rows}


def in_file(home: Path) -> Select:
    """The tables of the SQLite file in this home."""

    def select(table: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(home / "resumes.db")) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(f"SELECT * FROM {table}")]

    return select


class _Look:
    def __init__(self, select: Select, book: Book, expected: dict[int, Any]) -> None:
        self.items = select("resume_batch_items")
        self.trial_items = select("resume_trial_items")
        self.trials = select("resume_trials")
        self.drawn = select("resume_trial_candidates")
        self.journal = select("resume_journal")
        self.claims = select("resume_claims")
        self.batches = select("resume_batches")
        self.candidates = select("aicandidate")
        self.forgotten = {item["userid"] for item in self.items if item["forgotten_at"]}
        self.people = select("aicandidateBatchStatus")
        self.book = book
        self.expected = expected

    def always(self) -> Iterator[str]:
        """Also at the moment of a crash."""
        opened = sorted((i["userid"], i["batch_key"]) for i in self.items if i["state"] in OPEN)
        claimed = sorted((claim["userid"], claim["batch_key"]) for claim in self.claims)
        if opened != claimed:
            yield f"2: open items {opened} are not the claims {claimed}"
        twice = [one for one, times in Counter(user for user, _ in opened).items() if times > 1]
        if twice:
            yield f"2: in two open batches: {twice}"
        yield from self._sent_once()
        yield from self._text_sent_once()
        yield from self._written_by_an_answer()
        yield from self._kept_what_stood_there()
        yield from self._asked_once()
        known = {batch["openai_batch_id"] for batch in self.batches}
        in_doubt = any(b["state"] == "submitting" and not b["service"] for b in self.batches)
        lost = set(self._live()) - known
        if lost and not in_doubt:
            yield f"4: at the server and in no intent of ours: {len(lost)}"

    def _live(self) -> list[str]:
        return [name for name, status in self.book.batches().items() if status != "failed"]

    def _sent_once(self) -> Iterator[str]:
        # What the server failed to answer is sent again.
        entries = [entry for entry in self.book.entries() if entry.status_code != 500]
        # A trial sends the same resumes to other models: a request is who and what is asked.
        sent = [(entry.custom_id, entry.body_hash) for entry in entries]
        paid = [(entry.custom_id, entry.body_hash) for entry in entries if entry.completed]
        for what, names in (("sent", sent), ("paid", paid)):
            twice = {name: times for name, times in Counter(names).items() if times > 1}
            if twice:
                yield f"2: {what} more than once: {twice}"

    def _alone(self) -> list[dict[str, Any]]:
        """Items whose requests were sent one by one."""
        keys = {batch["batch_key"] for batch in self.batches if batch["service"]}
        sent = (item for item in self.items if item["batch_key"] in keys)
        return [item for item in sent if item["state"] in _SENT_ALONE]

    def _asked_once(self) -> Iterator[str]:
        """Each once, and in no batch that answered; a crash loses one answer at most."""
        alone = self._alone()
        asked = [str(item["userid"]) for item in alone]
        paid = {entry.custom_id for entry in self.book.entries() if entry.completed}
        twice = [one for one, times in Counter(asked).items() if times > 1 or one in paid]
        if twice:
            yield f"2: asked one by one, and again: {twice}"
        lost = [item["userid"] for item in alone if item["state"] == "missing"]
        if len(lost) > 1:
            yield f"2: more answers are lost than the one on its way: {lost}"

    def _text_sent_once(self) -> Iterator[str]:
        """A text is asked about once in a batch, and not at all where there was an answer then."""
        # Trials are there to ask; whether one that is in doubt is a trial's, nothing tells yet.
        ours = {b["openai_batch_id"] for b in self.batches if b["trial_key"] is None}
        asked = Counter(
            (entry.batch_id, entry.body_hash)
            for entry in self.book.entries()
            if entry.batch_id in ours
        )
        twice = {name: times for name, times in asked.items() if times > 1}
        if twice:
            yield f"2: the same text in one batch more than once: {twice}"
        claimed_at = {batch["batch_key"]: batch["claimed_at"] for batch in self.batches}
        answered = [item for item in self.items if item["state"] == "succeeded"]
        for item in self.items:
            key, text = item["batch_key"], item["text_hash"]
            if item["same_text_as"] or not text or item["state"] == "released":
                continue
            for other in answered:
                is_other = other["userid"] != item["userid"] and not other["same_text_as"]
                if is_other and other["text_hash"] == text and other["closed_at"] < claimed_at[key]:
                    yield f"2: {item['userid']} asked in {key}, answered in {other['batch_key']}"

    def _written_by_an_answer(self) -> Iterator[str]:
        succeeded = Counter(i["userid"] for i in self.items if i["state"] == "succeeded")
        put_back = {item["userid"] for item in self.items if item["put_back_at"]}
        for row in self.candidates:
            userid = row["userid"]
            processed = row["LastProcessed"] is not None
            if userid in self.forgotten and not processed:
                succeeded[userid] = 0  # the record may be emptied since
            if userid in put_back:
                if row != self.expected.get(userid):  # where LastProcessed is NULL
                    yield f"3: {userid} is put back and has another record, or is processed"
                continue
            if processed != (succeeded[userid] == 1):
                yield f"3: {userid} processed: {processed}, successes: {succeeded[userid]}"
            if processed and {**row, "LastProcessed": None} != self.expected.get(userid):
                yield f"3: {userid} has other fields than its answer"
            if not processed and row["FirstName"] is not None:
                yield f"3: {userid} has fields and is not processed"

    def _kept_what_stood_there(self) -> Iterator[str]:
        kept = sorted((entry["batch_key"], entry["userid"]) for entry in self.journal)
        written = [item for item in self.items if item["state"] == "succeeded"]
        wanted = sorted((i["batch_key"], i["userid"]) for i in written if i["overwrote"])
        if kept != wanted:
            yield f"5: overwritten: {wanted}, in the journal: {kept}"
        undone = {item["userid"] for item in self.items if item["state"] == "undone"}
        for row in self.candidates:
            if row["userid"] in undone and {**row, **FORMER} != row:
                yield f"5: {row['userid']} is undone and not as it was before"

    def at_the_end(self) -> Iterator[str]:
        """Once everything has come to its end."""
        yield from self._of_trials()
        for item in self.items + self.trial_items:
            if item["state"] in OPEN or item["closed_at"] is None:
                yield f"1: {item['userid']} in {item['batch_key']} has no end: {item['state']}"
        for batch in self.batches:
            key = batch["batch_key"]
            items = self.items if batch["trial_key"] is None else self.trial_items
            held = [item for item in items if item["batch_key"] == key]
            if batch["state"] not in CLOSED:
                yield f"1: batch {key} is {batch['state']}"
            if batch["state"] == "done" and len(held) != batch["rows_claimed"]:
                yield f"1: batch {key} claimed {batch['rows_claimed']} and has {len(held)} items"
            if batch["service"]:
                held = [item for item in held if item["state"] != "released"]
            held = [item for item in held if item["reason"] != "by_request"] + [
                item for item in held if item["state"] == "forgotten"
            ]
            if batch["state"] == "done" and sum(json.loads(batch["tally"]).values()) != len(held):
                yield f"1: batch {key} has {len(held)} items and tells {batch['tally']}"
        known = {batch["openai_batch_id"]: batch["state"] for batch in self.batches}
        lost = [name for name in self._live() if known.get(name) != "done"]
        if lost:
            yield f"4: accepted, and not brought in: {lost}"
        shown = {row["batch_key"]: row["state"] for row in self.people}
        if any(known_state != shown.get(key) for key, known_state in self._with_id()):
            yield f"people are shown {shown}"
        of_trials = {b["openai_batch_id"] for b in self.batches if b["trial_key"] is not None}
        answered = sorted(
            int(entry.custom_id)
            for entry in self.book.entries()
            if entry.completed and entry.batch_id not in of_trials
        )
        answered = sorted(answered + [item["userid"] for item in self._alone()])
        # Whoever is forgotten may never have been sent, and others had their answer elsewhere.
        spared = self.forgotten | {
            item["userid"]
            for item in self.items
            if item["same_text_as"] and item["state"] in ("succeeded", "undone")
        }
        if answered != sorted(set(self.expected) - (spared - set(answered))):
            yield f"answered: {answered}"
        yield from self._forgot()
        if self.book.files():
            yield f"left at the server: {len(self.book.files())} files"

    def _forgot(self) -> Iterator[str]:
        """Nothing is left of whoever was to be forgotten, and nothing is left to be done."""
        for item in self.items:
            if item["forgotten_at"] and (item["text_hash"] or item["digests"] or item["unread"]):
                yield f"6: {item['userid']} is forgotten and known in {item['batch_key']}"
            if item["state"] == "forgotten" and not item["forgotten_at"]:
                yield f"6: {item['userid']} is not forgotten in {item['batch_key']}"
        for batch in self.batches:
            if batch["forgetting_since"] is not None:
                yield f"6: something is left to be forgotten in {batch['batch_key']}"

    def _with_id(self) -> list[tuple[str, str]]:
        return [
            (b["batch_key"], b["state"])
            for b in self.batches
            if b["openai_batch_id"] and b["trial_key"] is None
        ]

    def _of_trials(self) -> Iterator[str]:
        """Each resume of a sample has one end in each variant, and there is a report."""
        variant_of = {b["batch_key"]: (b["trial_key"], b["variant"]) for b in self.batches}
        ends = Counter(
            (*variant_of[item["batch_key"]], item["userid"])
            for item in self.trial_items
            if item["reason"] not in SENT_LATER
        )
        wanted = Counter(
            (trial["trial_key"], variant, row["userid"])
            for trial in self.trials
            for variant in range(len(json.loads(trial["variants"])))
            for row in self.drawn
            if row["trial_key"] == trial["trial_key"]
        )
        if ends != wanted:
            yield f"1: a trial's ends: {(ends - wanted) + (wanted - ends)}"
        for trial in self.trials:
            if trial["done_at"] is None or trial["report"] is None:
                yield f"1: trial {trial['trial_key']} has no report"
            if trial["sample_size"] != sum(
                row["trial_key"] == trial["trial_key"] for row in self.drawn
            ):
                yield f"1: trial {trial['trial_key']} has another sample"
        for item in self.trial_items:
            if (item["state"] == "succeeded") != (item["record"] is not None):
                yield f"1: {item['userid']} of a trial is {item['state']} and has a record, or none"


def _left_over(home: Path, select: Select) -> Iterator[str]:
    forgotten = [item for item in select("resume_batch_items") if item["forgotten_at"]]
    for path in (home / "batches").rglob("*.jsonl"):
        of_batch = path.parent.name
        # Another may have the same resume, and then the same answer.
        others = {str(one) for one in SAME_TEXT}
        lines = path.read_bytes().splitlines()
        for userid in (item["userid"] for item in forgotten if item["batch_key"] == of_batch):
            told = f"Lovelace{userid}".encode()
            if any(told in line and custom_id_of(line) not in others for line in lines):
                yield f"6: {userid} is forgotten and in {path.name}"
    for path in (home / "batches").rglob("*"):
        if path.suffix == ".part":
            yield f"half a file is left: {path.name}"
        if path.stat().st_mode & 0o077:
            yield f"others may read {path.name}"
