"""Exact token counts, and texts cut to a number of tokens.

Everything is counted as ordinary text: `<|endoftext|>` in a resume is text.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property

import tiktoken

from resume_assets.extraction.text import without_surrogates
from resume_assets.models.fast_counting import FastCounter, fast_counter
from resume_assets.models.vocabularies import encoding_name, load_encoding
from resume_assets.processors import processors

PIECE = 65_536
"""Characters counted at once. Beyond a million of whitespace tiktoken's pattern overflows, and one
endless word costs more than its length."""

_TRIES = 200  # to find a border, for each of the two kinds

_SLICE = 400_000
"""Characters a thread takes at once: enough that handing over costs nothing."""

MARKER = "\n\n[... the middle is left out ...]\n\n"
"""Stands where a text has lost its middle."""

HEAD_SHARE = 0.7
"""Of the tokens that are kept, those from the start: contact and recent jobs stand there; the rest
comes from the end, where education and skills usually are."""

REQUEST_OVERHEAD = 3 + 2 * (3 + 1)
"""Tokens besides the texts: three to open the answer, for each of two messages three and its role.

An estimate: what a schema costs is not published at all. The usage that finished batches report
corrects it. Source: OpenAI's cookbook, "How to count tokens with tiktoken".
"""


def _safe_border(text: str, low: int, high: int) -> int:
    """Return where to part a text in (low, high] so that its tokens stay the same.

    The patterns of both encodings never cross from a line's end to anything but whitespace and
    slashes, nor from a letter or digit to a space with a letter behind it. Where there is neither,
    the text is parted at `high`, which may cost a token.
    """
    at = high
    for _ in range(_TRIES):
        at = text.rfind("\n", low, at)
        if at <= low:
            break
        after = text[at + 1 : at + 2]
        if after != "/" and not after.isspace():
            return at + 1
    at = high
    for _ in range(_TRIES):
        at = text.rfind(" ", low, at)
        if at <= low:
            break
        if text[at - 1].isalnum() and text[at + 1 : at + 2].isalpha():
            return at
    return high


def _pieces(text: str) -> Iterator[str]:
    """Yield the text in pieces of at most PIECE characters."""
    start = 0
    while len(text) - start > PIECE:
        end = _safe_border(text, start, start + PIECE)
        yield text[start:end]
        start = end
    yield text[start:]


def _valid(data: bytes) -> str:
    """Return the whole characters of bytes that were cut at token borders."""
    return data.decode("utf-8", "ignore")


class TokenCounter:
    """Counts and cuts by the encoding of that name; safe to share between threads.

    tiktoken's own takes half a second to load, which is done once it is needed.
    """

    def __init__(self, name: str, fast: FastCounter | None = None) -> None:
        self.name = name
        self._fast = fast

    @cached_property
    def encoding(self) -> tiktoken.Encoding:
        """Tiktoken's."""
        return load_encoding(self.name)

    @cached_property
    def _encode(self) -> Callable[[str], list[int]]:
        return self.encoding.encode_ordinary

    def count(self, text: str) -> int:
        """Return the number of tokens of an ordinary text."""
        if len(text) <= PIECE:
            return self._count(text)
        return sum(self._counted(_pieces(text)))

    def _count(self, piece: str) -> int:
        counted = self._fast.count(piece) if self._fast else None
        return len(self._encode(piece)) if counted is None else counted

    def _counted(self, pieces: Iterable[str]) -> Iterator[int]:
        """Yield the number of tokens of each piece; see `_encoded` for those that repeat."""
        last: str | None = None
        count = 0
        for piece in pieces:
            if piece != last:
                last, count = piece, self._count(piece)
            yield count

    def _encoded(self, pieces: Iterable[str]) -> Iterator[tuple[str, list[int]]]:
        """Yield each piece with its tokens.

        A run of one piece after the other is encoded once: the texts that tiktoken is slowest with
        are endless repetitions, and fifty megabytes of spaces would take half a minute.
        """
        last: str | None = None
        tokens: list[int] = []
        for piece in pieces:
            if piece != last:
                last, tokens = piece, self._encode(piece)
            yield piece, tokens

    def count_many(self, texts: Sequence[str], threads: int | None = None) -> list[int]:
        """Return the number of tokens of each text.

        In so many `threads`, as many as this process has processors unless told: both counters work
        without Python's lock.
        """
        threads = threads or processors()
        if self._fast is None:
            return self._each(texts, threads)
        counts: dict[int, int] = {}
        short = [place for place, text in enumerate(texts) if len(text) <= PIECE]
        fast = self._fast.count_many([texts[place] for place in short], threads)
        counts |= {
            place: count for place, count in zip(short, fast, strict=True) if count is not None
        }
        rest = [place for place in range(len(texts)) if place not in counts]
        counts |= zip(rest, self._each([texts[place] for place in rest], threads), strict=True)
        return [counts[place] for place in range(len(texts))]

    def _each(self, texts: Sequence[str], threads: int) -> list[int]:
        """Count them one after the other, in as many threads."""
        slices = list(_slices(texts))
        if threads == 1 or len(slices) == 1:
            return [self.count(text) for text in texts]
        with ThreadPoolExecutor(threads, "tokens") as pool:
            counted = pool.map(lambda part: [self.count(text) for text in part], slices)
            return [count for part in counted for count in part]

    def fits(self, text: str, max_tokens: int) -> int | None:
        """Return the number of tokens where it is at most `max_tokens`, else None.

        Stops counting as soon as the answer is clear, so that a huge text costs what fits.
        """
        total = 0
        for count in self._counted(_pieces(text)):
            total += count
            if total > max_tokens:
                return None
        return total

    def cut_middle(self, text: str, max_tokens: int) -> tuple[str, int]:
        """Return the text with at most `max_tokens` tokens, and how many it has.

        A longer text loses its middle, at borders of tokens that are borders of characters; MARKER
        stands in its place. Of what is kept HEAD_SHARE is from the start, the rest from the end.
        Without room for a marker only the start is kept.
        """
        if max_tokens <= 0:
            return "", 0
        tokens = self.fits(text, max_tokens)
        if tokens is not None:
            return text, tokens
        text = without_surrogates(text)
        room = max_tokens - self.count(MARKER)
        while True:
            if room < 2:
                return self._start_only(text, max_tokens)
            head = int(room * HEAD_SHARE) or 1
            short = self._head(text, head) + MARKER + self._tail(text, room - head)
            tokens = self.count(short)
            if tokens <= max_tokens:
                return short, tokens
            room -= tokens - max_tokens  # what is cut may fall into other tokens than it came from

    def _start_only(self, text: str, max_tokens: int) -> tuple[str, int]:
        for keep in range(max_tokens, 0, -1):
            short = self._head(text, keep)
            tokens = self.count(short)
            if tokens <= max_tokens:
                return short, tokens
        return "", 0

    def _head(self, text: str, keep: int) -> str:
        parts: list[str] = []
        for piece, tokens in self._encoded(_pieces(text)):
            if len(tokens) >= keep:
                parts.append(_valid(self.encoding.decode_bytes(tokens[:keep])))
                break
            parts.append(piece)
            keep -= len(tokens)
        return "".join(parts)

    def _tail(self, text: str, keep: int) -> str:
        parts: list[str] = []
        for piece, tokens in self._encoded(reversed(list(_pieces(text)))):
            if len(tokens) >= keep:
                parts.append(_valid(self.encoding.decode_bytes(tokens[len(tokens) - keep :])))
                break
            parts.append(piece)
            keep -= len(tokens)
        return "".join(reversed(parts))


def _slices(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield runs of texts of about _SLICE characters."""
    start = size = 0
    for index, text in enumerate(texts):
        size += len(text)
        if size >= _SLICE:
            yield texts[start : index + 1]
            start, size = index + 1, 0
    yield texts[start:]


@cache
def counter_for(model: str) -> TokenCounter:
    """Return the counter of a model's encoding, one for each model and process."""
    name = encoding_name(model)
    return TokenCounter(name, fast_counter(name))


def count(text: str, model: str = "gpt-4o-mini-2024-07-18") -> int:
    """Return the number of tokens of an ordinary text in a model's encoding."""
    return counter_for(model).count(text)


def cut_middle(
    text: str, max_tokens: int, model: str = "gpt-4o-mini-2024-07-18"
) -> tuple[str, int]:
    """Return a text of at most `max_tokens`, see `TokenCounter.cut_middle`, and its tokens."""
    return counter_for(model).cut_middle(text, max_tokens)


def estimated_overhead(fixed_text: str, counter: TokenCounter) -> int:
    """Return the input tokens of a request besides its resume.

    The template's instructions and schema are counted exactly, the rest is REQUEST_OVERHEAD: an
    estimate, corrected by the usage that finished batches report.
    """
    return counter.count(fixed_text) + REQUEST_OVERHEAD
