"""Degrees, abbreviated or in full: B.S. in Biology, BSc Biology, Bachelor of Science, Biology."""

import re
from typing import Final

from resume_assets.evidence.folding import Folded, fold
from resume_assets.evidence.phrases import Found

# What degrees are called, folded, and what that says: the level, for science and arts with that,
# and words of the field. Between the letters of an abbreviation may be spaces (B. Sc.).
_DEGREES: Final = {
    r"b ?s ?(?:c ?)?n": "bachelor:science nursing",
    r"b ?s ?b ?a": "bachelor:science business administration",
    r"b ?b ?a": "bachelor business administration",
    r"b ?s ?e": "bachelor:science engineering",
    r"b ?e(?: ?ng)?": "bachelor engineering",
    r"b ?tech": "bachelor technology",
    r"b ?com(?: ?m)?": "bachelor commerce",
    r"b ?ed": "bachelor education",
    r"b ?f ?a": "bachelor fine arts",
    r"b ?a ?s ?c": "bachelor applied science",
    r"ll ?b": "bachelor laws",
    r"b ?s(?: ?c)?|bachelors?(?: s)? (?:of|in) sciences?": "bachelor:science",
    r"b ?a|bachelors?(?: s)? (?:of|in) arts?": "bachelor:arts",
    r"bachelors?(?: s)?|baccalaureate|bacharelado|licence|licenciatura": "bachelor",
    r"m ?s ?n": "master:science nursing",
    r"(?:e ?)?m ?b ?a": "master business administration",
    r"m ?eng": "master engineering",
    r"m ?tech": "master technology",
    r"m ?com(?: ?m)?": "master commerce",
    r"m ?ed": "master education",
    r"m ?f ?a": "master fine arts",
    r"m ?p ?h": "master public health",
    r"m ?p ?a": "master public administration",
    r"m ?s ?w": "master social work",
    r"ll ?m": "master laws",
    r"m ?s(?: ?c)?|masters?(?: s)? (?:of|in) sciences?": "master:science",
    r"m ?a|masters?(?: s)? (?:of|in) arts?": "master:arts",
    r"masters?(?: s)?|mestrado|maestria|laurea magistrale": "master",
    r"ph ?d|d ?phil|doctors? of philosophy|doctorate": "doctor",
}
_CALLED: Final = [(re.compile(called), said.split()) for called, said in _DEGREES.items()]
_DEGREE: Final = re.compile(
    rf"(?<![^ ])(?=[bdelmp])(?:{'|'.join(f'(?:{called})' for called in _DEGREES)})(?![^ ])"
)
_FILLING_WORDS: Final = (
    "of in the degree & and with a an major majoring minor hons honours honors s programme program "
    "de en em la le des et y e und der die das"
)
_FILLING: Final = frozenset(_FILLING_WORDS.split())
_BEFORE, _BEHIND = 40, 80  # characters around a degree in which its field stands


def degree(value: str, resume: Folded) -> Found | None:
    """Find a degree however it is called, with the words of its field near by."""
    folded = f" {fold(value)} "
    called = _DEGREE.search(folded)
    if called is None:
        return None
    level, *field = _said(called[0])
    rest = folded[: called.start()] + folded[called.end() :]
    field += [word for word in rest.split() if word not in _FILLING]
    words = resume.words
    for other in _DEGREE.finditer(words):
        its_level, *its_field = _said(other[0])
        # Who has a Bachelor of Science has a bachelor's degree, but not the other way round.
        if its_level != level and not its_level.startswith(f"{level}:"):
            continue
        lacking = [word for word in field if word not in its_field]
        around = Found(max(0, other.start() - _BEFORE), other.end() + _BEHIND)
        places = [words.find(f" {word} ", around.start, around.end) + 1 for word in lacking]
        if all(places):
            ends = [place + len(word) for place, word in zip(places, lacking, strict=True)]
            return Found(min([other.start(), *places]), max([other.end(), *ends]))
    return None


def _said(called: str) -> list[str]:
    return next(said for pattern, said in _CALLED if pattern.fullmatch(called))
