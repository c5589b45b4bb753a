"""Words of a value in other forms, near each other: managed projects for Project management."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from resume_assets.evidence.folding import Folded, fold_value
from resume_assets.evidence.phrases import BINDING, FEW, KEPT, Found

_ENDINGS: Final = (
    "izations", "ization", "isation", "ations", "ation", "ments", "ment", "ings", "ing", "ions",
    "ion", "ships", "ship", "ists", "ist", "tics", "tic", "ers", "er", "ors", "or", "ies", "sis",
    "ive", "ed", "es", "al", "ze", "s", "e", "y",
)  # fmt: skip
_LEAST_STEM: Final = 4
_OF_SHORT: Final = frozenset(["", "s", "d", "ed", "ing", "es"])  # career is no form of care
_NEAR: Final = 80  # characters between the words of one value


@lru_cache(maxsize=KEPT)
def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            stem = word.removesuffix(ending)
            return stem[:-1] if stem.endswith("e") and len(stem) > _LEAST_STEM else stem
    return word


def inflected(value: str, resume: Folded) -> tuple[Found, ...] | None:
    """Find the words of a value near each other, also with other endings: managed, management."""
    words, stems = _inflecting(value)
    if not words:
        return None
    for stem in stems:
        if stem not in resume.joined:
            return None  # nearly always
    if not all(f" {stem}" in resume.spaced for stem in stems):
        return None
    first, *others = words
    for found in _forms(first, resume, 0, len(resume.words)):
        start, end = found.start - _NEAR, found.end + _NEAR
        near = [next(_forms(word, resume, max(0, start), end), None) for word in others]
        if None not in near:
            return found, *filter(None, near)
    return None


@lru_cache(maxsize=KEPT)
def _inflecting(value: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of a value that tell something, and their stems; none where one has no other form.

    Those are IT, AI: `short` knows them.
    """
    words = tuple([word for word in fold_value(value).split() if word not in BINDING])
    if any(len(word) <= FEW for word in words):
        return (), ()
    return words, tuple(map(_stem, words))


def _forms(word: str, resume: Folded, start: int, end: int) -> Iterator[Found]:
    """Where a word stands within these borders, in any form of it."""
    words, stem = resume.words, _stem(word)
    at = words.find(f" {stem}", start, end)
    while at >= 0:
        until = words.index(" ", at + 1)
        other = words[at + 1 : until]
        if other[len(word) :] in _OF_SHORT if len(word) <= _LEAST_STEM else _stem(other) == stem:
            yield Found(at + 1, until)
        at = words.find(f" {stem}", until, end)
