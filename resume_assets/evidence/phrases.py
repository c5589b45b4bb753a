"""Words of a value as they stand in a resume: one after the other, or each by itself."""

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import Final, NamedTuple

from resume_assets.evidence.folding import Folded, fold_value


class Found(NamedTuple):
    """Where something was found: positions in `Folded.words`, or (`raw`) in the original text."""

    start: int
    end: int
    raw: bool = False


FEW: Final = 2
"""Characters: of so short a word the case counts as well (Go, R, IT)."""
_EDGES: Final = re.compile(r"^[^\w+#&]+|[^\w+#&]+$")
_LEAST_JOINED: Final = 5  # letters of what may be written with other gaps than in the value
_MOST_SPELLINGS: Final = 24
KEPT: Final = 1 << 14
"""Values that are remembered, by each function that looks at nothing else."""


def _same_words() -> dict[str, tuple[str, ...]]:
    """Each word or phrase that has other spellings, with those."""
    same: dict[str, list[str]] = {}
    for line in files(__package__).joinpath("same_words.txt").read_text("utf-8").splitlines():
        group = line.split(", ")
        for word in group:
            same.setdefault(word, []).extend(other for other in group if other != word)
    return {word: tuple(others) for word, others in same.items()}


_SAME: Final = _same_words()
_HAS_OTHERS: Final = re.compile(
    rf"(?<![^ ])(?:{'|'.join(map(re.escape, sorted(_SAME, key=len, reverse=True)))})(?![^ ])"
)


@lru_cache(maxsize=KEPT)
def _spellings(value: str) -> tuple[str, ...]:
    """Other spellings of a folded value: Sr. for Senior, VP, 2nd, Saint."""
    parts: list[tuple[str, ...]] = []
    at = 0
    for word in _HAS_OTHERS.finditer(value):
        parts += [(value[at : word.start()],), (word[0], *_SAME[word[0]])]
        at = word.end()
    if not parts:
        return ()
    parts.append((value[at:],))
    spelt = ["".join(one) for _, one in zip(range(_MOST_SPELLINGS), product(*parts), strict=False)]
    return tuple(spelt[1:])  # the first is the value itself


def phrase(value: str, resume: Folded) -> Found | None:
    """Find a value's words, one after the other and as whole words.

    Between them may be other gaps and signs, in them a hyphen at a line's end.
    """
    folded = fold_value(value)
    if not folded:  # nothing but signs, emoji among them
        at = resume.text.find(value) if value.strip() else -1
        return Found(at, at + len(value), raw=True) if at >= 0 else None
    is_short = len(folded) <= FEW and folded.isascii()
    found = short(_EDGES.sub("", value), resume) if is_short else None
    is_there = not is_short and _may_be_there(folded, resume)
    if is_there:
        found = _as_words(folded, resume)
    if found is not None:
        return found
    for other in _spellings(folded):
        if len(other) <= FEW:
            found = short(other.upper(), resume)
        elif _may_be_there(other, resume):
            found = _as_words(other, resume)
        if found is not None:
            return found
    return (_bounded(folded, resume) or _other_gaps(folded, resume)) if is_there else None


def _may_be_there(folded: str, resume: Folded) -> bool:
    """Tell whether the letters of a value are there; nearly always they are not."""
    return folded.replace(" ", "") in resume.joined


def _as_words(folded: str, resume: Folded) -> Found | None:
    at = resume.words.find(f" {folded} ")
    return Found(at + 1, at + 1 + len(folded)) if at >= 0 else None


def short(value: str, resume: Folded) -> Found | None:
    """Find a word in the very case that it has, or in capitals."""
    text = resume.text
    for spelling in dict.fromkeys((value, value.upper())):
        at = text.find(spelling)
        while at >= 0:
            end = at + len(spelling)
            if not (_is_part(text[at - 1 : at]) or _is_part(text[end : end + 1])):
                return Found(at, end, raw=True)
            at = text.find(spelling, at + 1)
    return None


def _is_part(neighbour: str) -> bool:
    return neighbour.isalnum() or (neighbour != "" and neighbour in "+#&")


# Scripts that have no spaces between words, or join them (Korean).
_UNSPACED: Final = re.compile(
    "["
    "\u0e00-\u109f"  # Thai, Lao, Tibetan, Burmese
    "\u1100-\u11ff"  # Hangul, decomposed
    "\u1780-\u17ff"  # Khmer
    "\u3040-\ua4cf"
    "\uac00-\ud7af"
    "\uf900-\ufaff"
    "\U00020000-\U0010ffff"
    "]"
)


def _is_unspaced(character: str) -> bool:
    return _UNSPACED.match(character) is not None


def _bounded(folded: str, resume: Folded) -> Found | None:
    """Find a value after a sign (#Jane), or within a script that has no spaces."""
    words = resume.words
    at = words.find(folded)
    while at >= 0:
        end = at + len(folded)
        left, right = words[at - 1], words[end]
        if (left in " #+&" or _is_unspaced(left) or _is_unspaced(folded[0])) and (
            right in " &" or _is_unspaced(right) or _is_unspaced(folded[-1])
        ):
            return Found(at, end)
        at = words.find(folded, at + 1)
    return None


def _other_gaps(folded: str, resume: Folded) -> Found | None:
    """Find the same letters with other gaps: Power Point, U.S. Army, develop-<new line>ment."""
    letters = folded.replace(" ", "")
    unspaced = _is_unspaced(letters[0])
    if len(letters) < _LEAST_JOINED and not unspaced:
        return None
    spaced = " ?".join(map(re.escape, letters))
    found = re.search(spaced if unspaced else rf"(?<![^ ]){spaced}(?![^ ])", resume.words)
    return Found(*found.span()) if found else None


_PARTS: Final = re.compile(r"\s*[,;|/()\[\]]\s*|\s+[-–—]+\s+")
_LONG_PART: Final = 5  # characters that one of the parts has at least


def parts(value: str, resume: Folded) -> tuple[Found, ...] | None:
    """Find what commas, brackets and the like part, each by itself."""
    pieces = _pieces(value)
    return _each(pieces, resume) if pieces else None


@lru_cache(maxsize=KEPT)
def _pieces(value: str) -> tuple[str, ...]:
    pieces = tuple(filter(None, _PARTS.split(value)))
    return pieces if len(pieces) > 1 and max(map(len, pieces)) >= _LONG_PART else ()


def each_word(value: str, resume: Folded) -> tuple[Found, ...] | None:
    """Find every word of a value by itself."""
    return _each(value.split(), resume)


def _each(pieces: Iterable[str], resume: Folded) -> tuple[Found, ...] | None:
    found: list[Found] = []
    for piece in pieces:
        place = phrase(piece, resume)
        if place is not None:
            found.append(place)
        elif fold_value(piece):
            return None
    return tuple(found) or None


_BINDING_WORDS: Final = "and of in for to the on with at by as a an & de la und et y"
BINDING: Final = frozenset(_BINDING_WORDS.split())
"""Words that tell nothing by themselves."""


# Initials

_LEAST_INITIALS: Final = 3
_CAPITALS: Final = re.compile(r"[A-Z]{3,6}", re.ASCII)


def initials(value: str, resume: Folded) -> Found | None:
    """Find what a value is short for, or its own initials: AWS and Amazon Web Services."""
    if _CAPITALS.fullmatch(value):
        found = _initialled(value).search(resume.text)
        return Found(*found.span(), raw=True) if found else None
    letters = _initials(value)
    return short(letters, resume) if letters else None


@lru_cache(maxsize=KEPT)
def _initials(value: str) -> str:
    """Initials that a value may be known by, or nothing."""
    words = fold_value(value).split()
    letters = "".join([word[0] for word in words if word not in BINDING]).upper()
    return letters if len(letters) >= _LEAST_INITIALS and letters.isalpha() else ""


@lru_cache(maxsize=1 << 10)
def _initialled(letters: str) -> re.Pattern[str]:
    """Words in a row that begin with these capitals."""
    gap = r"[ \t-]+(?:(?:of|and|the|in|for|to|&)[ \t]+)?"
    return re.compile(r"\b" + gap.join(rf"{letter}[a-z]+" for letter in letters) + r"\b")
