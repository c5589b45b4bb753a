"""Skills: two words at most, and a term rather than half of one."""

import re
from typing import Final

_ABBREVIATION: Final = re.compile(r"\(([A-Z][\w&/+.-]{1,11})\)")
_BRACKETS: Final = re.compile(r"\s*[(\[{][^()\[\]{}]*(?:[)\]}]|$)")
_DESCRIBED: Final = re.compile(r"\s+[-–—]+\s+.*|\s*[:;,]\s.*", re.DOTALL)
# Between two words these belong to the term, and are not counted as its words. Those in _JOINING
# separate two terms where there is room for the first only.
_BINDING: Final = frozenset(["of", "in", "for", "to", "as", "on", "the"])
_JOINING: Final = frozenset(["and", "or", "with", "|", "-", "–", "—"])
_SIGNS: Final = frozenset(["&", "/", "+"])
_BETWEEN: Final = _BINDING | _JOINING | _SIGNS
_LOOSE: Final = " ,;:–—-/&|([{•·▪"


def _letters(text: str) -> int:
    return sum(map(str.isupper, text))


def skill(text: str) -> str:
    """Return a skill in two words at most, "" where nothing is left of it.

    Connecting words between the two are not counted: Internet of Things, Research & Development.
    """
    shorter = _shorter(text)
    while shorter != text:  # what is taken away may have held something together
        text, shorter = shorter, _shorter(shorter)
    return text


def _shorter(text: str) -> str:
    if text.startswith("(") and text.endswith(")") and text.count("(") == 1:
        text = text[1:-1]
    if text.count(" ") > 1 or text.count("(") != text.count(")"):
        text = _shortened(text)
    text = _stripped(text)
    if text.count("(") != text.count(")"):
        text = _stripped(text.replace("(", "").replace(")", ""))
        text = " ".join(_without_loose_end(text.split()))
    return text


def _stripped(text: str) -> str:
    return text.lstrip("•·▪*-–—,;:/&|)]} ").rstrip(_LOOSE)


def _shortened(text: str) -> str:
    short = _ABBREVIATION.search(text)
    bare = _BRACKETS.sub("", text).strip()
    if short and len(bare.split()) > 2 and _letters(short[1]) > 1:
        return short[1]  # "Amazon Web Services (AWS)"
    return " ".join(_term(_DESCRIBED.sub("", bare).split()))


def _term(words: list[str]) -> list[str]:
    """Return the first two words with what connects them, or the first of two terms."""
    kept: list[str] = []
    counted = 0
    for word in words:
        if word.casefold() not in _BETWEEN or not kept:
            if counted == 2:
                break
            counted += 1
        kept.append(word)
    else:
        return _without_loose_end(kept)  # the whole of it
    if counted == 2 and kept[-1].casefold() not in _BETWEEN:
        joint = next((n for n, word in enumerate(kept) if word.casefold() in _JOINING), None)
        if joint is not None:  # "Leadership and Team Management": the first term
            kept = kept[:joint]
    return _without_loose_end(kept)


def _without_loose_end(words: list[str]) -> list[str]:
    while len(words) > 1 and words[-1].casefold() in _BETWEEN:
        words = words[:-1]
    return words
