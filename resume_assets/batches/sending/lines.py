"""The lines of one batch's request file: which resumes get one, and what it comes to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, BinaryIO, NamedTuple

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.queue import is_blank
from resume_assets.batches.ledger.states import BLANK, BY_REQUEST
from resume_assets.batches.planning.asked import asked_by
from resume_assets.extraction.mojibake import unmangled
from resume_assets.extraction.requests import RequestTemplate
from resume_assets.models.caching import caching_for
from resume_assets.models.catalogue import Model
from resume_assets.models.prices import long_prompt_from
from resume_assets.models.tokens import TokenCounter, counter_for, estimated_overhead
from resume_assets.openai_api.limits import MAX_FILE_BYTES


@dataclass(slots=True)
class Tally:
    """What is in the file so far, and what had to be given back."""

    requests: int = 0
    reused: int = 0  # resumes without a request, that get the answer to another's
    truncated: int = 0
    file_bytes: int = 0
    input_tokens: int = 0
    long_requests: int = 0  # those with so long a prompt that they cost more as a whole
    long_tokens: int = 0
    given_back: dict[str, list[Any]] = field(default_factory=dict)


class Item(NamedTuple):
    """A claimed candidate, as the ledger has it."""

    userid: Any
    custom_id: str
    room: int  # for the answer, times `max_output_tokens`: doubled after each cut answer
    text_bytes: int


class Source(NamedTuple):
    """An answer that is there: the batch that has it, and whose it is."""

    batch_key: str
    custom_id: str
    truncated: bool


Copies = dict[str, dict[str, list[Item]]]
"""Who gets an earlier answer: by its batch and its custom_id."""


class Counted(NamedTuple):
    """A resume as it would be sent, uncut."""

    text: str
    tokens: int | None  # None: far too many, which nobody counted


class Look(NamedTuple):
    """A page, with its resumes as they are now."""

    page: Sequence[Item]
    texts: Mapping[Any, str | None]  # by userid, as the next three
    hashes: Mapping[Any, str]
    forgotten: AbstractSet[Any]
    """Who is not to be sent any more."""
    sources: Mapping[Any, Source]
    """Whose text was answered before, and where; who has that text too gets no line."""
    counted: "Future[dict[str, Counted]]"
    """By hash, those that may be sent."""


class Noted(NamedTuple):
    """What the ledger is to note of an item."""

    text_hash: str
    truncated: bool
    tokens: int
    same_text_as: str | None
    userid: Any


class Request(NamedTuple):
    """A line of the file, as far as others with its text need to know."""

    room: int
    truncated: bool


class Builder:
    """Writes one batch's lines; everything that does not change is worked out once."""

    def __init__(
        self,
        batch: batches.Batch,
        model: Model,
        overhead: float | None,
        today: date,
        most_requests: int,
        *,
        shares: bool = False,
        store: bool | None = None,
    ) -> None:
        """`shares`: a text that comes twice is asked about once; `store`: as in RequestSettings."""
        self.store = store
        self.most_requests = most_requests
        self.model = model
        self.batch = batch
        self.today = today
        self.templates: dict[int, RequestTemplate] = {}
        self.counter: TokenCounter = counter_for(model.facts_of)
        fixed = RequestTemplate(asked_by(batch, model)).fixed_text
        self.overhead = estimated_overhead(fixed, self.counter) if overhead is None else overhead
        self.caching = caching_for(model, self.overhead, today)
        self.long_from = long_prompt_from(model, today)
        # A tenth of the overhead to spare: it is an estimate, the window is not.
        self.most_tokens = self.model.input_limit(batch.max_output_tokens) - round(
            self.overhead * 1.1
        )
        self.tally = Tally()
        self.shares = shares
        self.asked: dict[str, Request] = {}  # by hash, where they are shared
        self.copies: Copies = defaultdict(lambda: defaultdict(list))

    def template(self, room: int) -> RequestTemplate:
        """The lines' template with so many times the usual room for the answer."""
        if room not in self.templates:
            asked = asked_by(self.batch, self.model, room)
            self.templates[room] = RequestTemplate(
                replace(asked, caching=self.caching, store=self.store)
            )
        return self.templates[room]

    def counted(self, texts: Mapping[str, str]) -> dict[str, Counted]:
        """The resumes as they would be sent, each with its tokens; safe in a thread of its own."""
        sent = {name: unmangled(text) for name, text in texts.items()}
        # Much longer ones are cut without counting all of them.
        longest = self.most_tokens * 8
        short = [name for name, text in sent.items() if len(text) <= longest]
        tokens = self.counter.count_many([sent[name] for name in short])
        counts = dict(zip(short, tokens, strict=True))
        return {name: Counted(text, counts.get(name)) for name, text in sent.items()}

    def write_page(self, stream: BinaryIO, look: Look) -> list[Noted]:
        """Write the page's lines; returns what the ledger is to note of each resume there."""
        there: list[Item] = []
        twins: list[Item] = []
        asked: dict[str, int] = {}  # in this page: hash -> room
        written: list[Noted] = []
        for item in look.page:
            resume = look.texts.get(item.userid)
            digest = look.hashes.get(item.userid, "")
            if item.userid in look.forgotten:
                self._give_back(BY_REQUEST, item.userid)
            elif not resume:
                self._give_back("resume_gone", item.userid)
            elif is_blank(resume):
                # The hash tells the queue that it is this text which need not be claimed again.
                written.append(Noted(digest, False, 0, None, item.userid))
                self._give_back(BLANK, item.userid)
            elif source := look.sources.get(item.userid):
                self.copies[source.batch_key][source.custom_id].append(item)
                written.append(Noted(digest, source.truncated, 0, source.batch_key, item.userid))
            elif self._is_asked(digest, item.room, asked):
                twins.append(item)
            else:
                asked[digest] = item.room
                there.append(item)
        written += self._write_lines(stream, there, look)
        for item in twins:
            digest = look.hashes[item.userid]
            if digest in self.asked:
                request = self.asked[digest]
                key = self.batch.batch_key
                written.append(Noted(digest, request.truncated, 0, key, item.userid))
                self.tally.reused += 1
            else:  # the one that was to be asked for had no room
                self._give_back("file_full", item.userid)
        return written

    def _is_asked(self, digest: str, room: int, in_page: Mapping[str, int]) -> bool:
        """Whether a request about that text, with as much room for the answer, is in the file."""
        if not self.shares:
            return False
        before = self.asked.get(digest)
        return in_page.get(digest, before.room if before else 0) >= room

    def _write_lines(self, stream: BinaryIO, there: Sequence[Item], look: Look) -> list[Noted]:
        counted = look.counted.result()
        written: list[Noted] = []
        for userid, custom_id, room, _ in there:
            digest = look.hashes[userid]
            sent, tokens = counted[digest]
            text = sent
            if tokens is None or tokens > self.most_tokens:
                text, tokens = self.counter.cut_middle(text, self.most_tokens)
            line = self.template(room).line(custom_id, text)
            if not self._has_room(len(line)):
                self._give_back("file_full", userid)
                continue
            stream.write(line)
            truncated = text is not sent
            self.tally.requests += 1
            self.tally.truncated += truncated
            self.tally.file_bytes += len(line)
            self.tally.input_tokens += tokens
            if self.long_from is not None and tokens + self.overhead > self.long_from:
                self.tally.long_requests += 1
                self.tally.long_tokens += tokens + round(self.overhead)
            if self.shares:
                self.asked[digest] = Request(room, truncated)
            written.append(Noted(digest, truncated, tokens, None, userid))
        return written

    def _has_room(self, size: int) -> bool:
        is_full = self.tally.requests >= self.most_requests
        return not is_full and self.tally.file_bytes + size <= MAX_FILE_BYTES

    def _give_back(self, reason: str, userid: Any) -> None:
        self.tally.given_back.setdefault(reason, []).append(userid)
