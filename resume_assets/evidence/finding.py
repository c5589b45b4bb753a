"""What bears a value out: for each kind of evidence the ways in which it is looked for."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from resume_assets.evidence.contacts import email, link, phone
from resume_assets.evidence.degrees import degree
from resume_assets.evidence.folding import Folded, Place, fold, fold_value
from resume_assets.evidence.forms import inflected
from resume_assets.evidence.phrases import KEPT, Found, each_word, initials, parts, phrase
from resume_assets.evidence.places import place, state
from resume_assets.evidence.years import PRESENT, number, year
from resume_assets.extraction.candidate import Evidence

CONTACTS: Final = frozenset([Evidence.phone, Evidence.email, Evidence.link])
"""What somebody is reached by: a wrong one reaches another person."""

VERBATIM: Final = frozenset(Evidence) - {Evidence.year, Evidence.computed, Evidence.judged}
"""What must itself stand in the resume."""

Finds = tuple[Found, ...]
Way = Callable[[str, Folded], Found | Finds | None]

# Legal forms, which a resume may leave out or spell in another way.
_LEGAL_FORMS: Final = (
    "ab ag aps as bv co company corp corporation gmbh group holding holdings inc incorporated kg "
    "kft limited llc llp lp ltd ltda mbh nv oy oyj pc plc pllc private pte pty pvt sa sarl sas se "
    "sl sp spa srl sro the zoo"
)
_LEGAL: Final = frozenset(_LEGAL_FORMS.split())
_DOTTED: Final = re.compile(r"\b(?:[A-Za-z]\.\s?){2,}")
_LEAST_NAME: Final = 3  # letters of a company without its legal form
# Makers whose name a resume may leave out (Excel, Photoshop).
_MAKERS: Final = ("microsoft ", "ms ", "adobe ", "apache ", "autodesk ", "atlassian ")
_LEAST_PRODUCT: Final = 4


def _without_form(value: str, resume: Folded) -> Found | None:
    """Find a company without its legal form: Inc., GmbH, and the article before it."""
    bare = _bare(value)
    return phrase(bare, resume) if bare else None


@lru_cache(maxsize=KEPT)
def _bare(value: str) -> str:
    """A company's name without legal form, folded; nothing where it has none or is too short."""
    words = fold(_DOTTED.sub(lambda form: form[0].replace(".", "").replace(" ", "") + " ", value))
    kept = words.split()
    while len(kept) > 1 and kept[-1] in _LEGAL:
        kept.pop()
    if len(kept) > 1 and kept[0] == "the":
        kept = kept[1:]
    bare = " ".join(kept)
    return bare if bare != fold_value(value) and len(bare) >= _LEAST_NAME else ""


def _without_maker(value: str, resume: Folded) -> Found | None:
    """Find a product without its maker's name."""
    folded = fold_value(value)
    if not folded.startswith(_MAKERS):
        return None  # nearly always
    product = folded[len(next(filter(folded.startswith, _MAKERS))) :]
    return phrase(product, resume) if len(product) >= _LEAST_PRODUCT else None


def _terms(value: str, resume: Folded) -> Finds | None:
    """Find each item of a list that commas part."""
    found: list[Found] = []
    for item in value.split(", "):
        finds = first_found(WAYS[Evidence.term], item, resume)
        if finds is None:
            return None
        found += finds
    return tuple(found)


WAYS: Final[dict[Evidence, tuple[Way, ...]]] = {
    Evidence.name: (phrase, each_word),
    Evidence.phrase: (phrase, parts),
    Evidence.company: (phrase, _without_form, parts, initials),
    Evidence.degree: (phrase, degree, parts),
    Evidence.term: (phrase, _without_maker, parts, initials),
    Evidence.terms: (_terms,),
    Evidence.skill: (phrase, inflected, initials, parts),
    Evidence.place: (place,),
    Evidence.state: (state,),
    Evidence.phone: (phone,),
    Evidence.email: (email,),
    Evidence.link: (link,),
    Evidence.year: (year,),
    Evidence.computed: (number,),
}
"""By kind of evidence, what is tried one after the other; what is judged is not looked for."""


def first_found(ways: tuple[Way, ...], value: str, resume: Folded) -> Finds | None:
    """Return what the first of these ways finds that finds anything."""
    for way in ways:
        found = way(value, resume)
        if found is not None:
            return (found,) if isinstance(found, Found) else found
    return None


def is_borne_out(evidence: Evidence, value: str, resume: Folded) -> bool:
    """Tell whether the resume bears a value out; one that is judged needs no evidence."""
    if evidence is Evidence.judged or (evidence is Evidence.year and value == PRESENT):
        return True
    return first_found(WAYS[evidence], value, resume) is not None


def find(evidence: Evidence, value: str, resume: Folded) -> tuple[Place, ...] | None:
    """Return where a value stands in the original text: a place for each part found by itself.

    None where the resume does not bear it out; no place for what needs no evidence.
    """
    if evidence is Evidence.judged or (evidence is Evidence.year and value == PRESENT):
        return ()
    finds = first_found(WAYS[evidence], value, resume)
    if finds is None:
        return None
    return tuple(
        (found.start, found.end) if found.raw else resume.place(found.start, found.end)
        for found in finds
    )
