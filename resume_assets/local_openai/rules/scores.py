"""How much a text looks like a job title, and how much like an employer."""

import re
from typing import Final

from resume_assets.local_openai.rules.vocabulary import (
    COMPANY,
    COMPANY_PARTS,
    TITLE_ENDINGS,
    TITLES,
    fold,
)

_WORD: Final = re.compile(r"[^\s,/()|:]+")

_UNSPACED_TITLES: Final = tuple(title for title in TITLES if not title.isascii())


def title_score(text: str) -> int:
    """Return how many of a text's words are of job titles; its last word counts twice."""
    score = 0
    words = [word.strip(".'’\"-") for word in _WORD.findall(fold(text))]
    for position, word in enumerate(words):
        if word in TITLES:
            score += 2 if position == len(words) - 1 else 1
        elif "-" in word and any(part in TITLES for part in word.split("-")):
            score += 1
    if not score:
        score = sum(word.endswith(TITLE_ENDINGS) for word in words)
    if not score and not text.isascii():
        score = sum(1 for title in _UNSPACED_TITLES if title in fold(text))
    return score


def company_score(text: str) -> int:
    """Return how many of a text's words are of employers' names; its last word counts twice."""
    score = 0
    words = [word.strip("'’\"-") for word in _WORD.findall(fold(text))]
    for position, word in enumerate(words):
        if word in COMPANY or word.rstrip(".") in COMPANY:
            score += 2 if position == len(words) - 1 else 1
    if not text.isascii():
        folded = fold(text)
        score += sum(2 for mark in COMPANY_PARTS if mark in folded)
    return score
