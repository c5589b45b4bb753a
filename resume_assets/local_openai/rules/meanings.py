"""Which fact a property of some schema means: `Phone2`, `email_address`, `SecondaryIndustry`.

Names are compared without case, spaces and underscores.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

_SYNONYMS: Final[dict[str, str]] = {
    alias: name
    for name, aliases in {
        "name": "name fullname candidatename applicantname",
        "first_name": "firstname first givenname forename given",
        "middle_name": "middlename middle middleinitial",
        "last_name": "lastname last surname familyname family",
        "emails": "emails email emailaddress emailaddresses mail",
        "phones": "phones phone phonenumber phonenumbers telephone mobile tel",
        "linkedin": "linkedin linkedinurl linkedinprofile linkedinlink",
        "address": "address street streetaddress addressline addressline1",
        "city": "city town",
        "state": "state province statecode region",
        "positions": "positions position jobs experience experiences workexperience workhistory"
        " employment employmenthistory employers careerhistory roles",
        "titles": "titles title jobtitles jobtitle currenttitle role",
        "company": "company employer organization companyname employername organisation",
        "title": "title jobtitle role position designation",
        "start": "start startdate from begin began started startedon datestart",
        "end": "end enddate to until ended endedon dateend",
        "location": "location place worklocation joblocation",
        "skills": "skills skill keyskills technicalskills topskills competencies",
        "programming_languages": "programminglanguages programminglanguage softwarelanguages"
        " softwarelanguage codinglanguages",
        "spoken_languages": "languages language spokenlanguages naturallanguages",
        "software": "software softwareapps softwareapp softwareapplications softwareapplication"
        " applications tools apps",
        "hardware": "hardware equipment hardwares instruments",
        "certifications": "certifications certification certificates licenses licences credentials",
        "education": "education degrees educations studies",
        "bachelors": "bachelors bachelor bachelordegree bachelorsdegree undergraduate",
        "masters": "masters master masterdegree mastersdegree graduate",
        "doctorate": "doctorate phd doctoraldegree",
        "degree": "degree degreename qualification",
        "level": "level degreelevel",
        "school": "school institution university college",
        "industries": "industries industry",
        "categories": "categories category jobcategory jobcategories",
        "project_types": "projecttypes projecttype projects",
        "specialty": "specialty speciality specialization specialisation specialties",
        "summary": "summary profile professionalsummary about objective overview",
        "years_of_experience": "yearsofexperience yearsexperience totalyears experienceyears"
        " totalexperience totalyearsofexperience",
        "length_in_us": "lengthinus yearsinus yearsintheus timeinus usyears",
        "average_tenure": "avgtenure averagetenure tenure meantenure averagejobtenure",
    }.items()
    for alias in aliases.split()
}
_FIRST_OF: Final[dict[str, str]] = {"title": "titles"}
"""A name that means one of a list where it is asked for outside the list's own objects."""
_INNER: Final[dict[str, str]] = {"title": "title", "position": "title", "role": "title"}
_ORDINALS: Final = {
    word: at
    for at, words in enumerate(
        ("primary first main", "secondary second", "tertiary third", "fourth", "fifth", "sixth",
         "seventh", "eighth", "ninth", "tenth")
    )
    for word in words.split()
}  # fmt: skip
_RANKED: Final = re.compile(rf"^({'|'.join(_ORDINALS)})(.{{3,}})$")
_NUMBERED: Final = re.compile(r"^(.*\D)(\d{1,2})$")
_RECENT: Final = re.compile(r"^(second|third|fourth|fifth|sixth|seventh)?mostrecent(.+)$")
_NOT_NAME: Final = re.compile(r"[\W_]+")


def fact_for(name: str, facts: Mapping[str, Any]) -> Any:
    """Return the fact that a property's name means, None where there is none."""
    key, at, inner = _meaning(name)
    if key is None:
        return None
    if inner is not None:
        found = _item(facts.get(key), at or 0)
        return found.get(inner) if isinstance(found, Mapping) else None
    if key not in facts and key in _FIRST_OF:
        return _item(facts.get(_FIRST_OF[key]), at or 0)
    value = facts.get(key)
    if at is None:
        return value
    return _item(value, at) if isinstance(value, list) else value if at == 0 else None


def _item(value: Any, at: int) -> Any:
    return value[at] if isinstance(value, list) and 0 <= at < len(value) else None


@lru_cache(maxsize=4096)
def _meaning(name: str) -> tuple[str | None, int | None, str | None]:
    """(fact, place in its list, name inside the item) of a property's name."""
    plain = _NOT_NAME.sub("", name).lower()
    recent = _RECENT.match(plain)
    if recent is not None:
        inner = _SYNONYMS.get(recent[2])
        return "positions", _ORDINALS.get(recent[1] or "first", 0), _INNER.get(recent[2], inner)
    if plain in _SYNONYMS:
        key = _SYNONYMS[plain]
        return key, 0 if key in _LISTS and not plain.endswith("s") else None, None
    numbered = _NUMBERED.match(plain)
    if numbered is not None and numbered[1] in _SYNONYMS:
        return _SYNONYMS[numbered[1]], int(numbered[2]) - 1, None
    ranked = _RANKED.match(plain)
    if ranked is not None and ranked[2] in _SYNONYMS:
        return _SYNONYMS[ranked[2]], _ORDINALS[ranked[1]], None
    return None, None, None


_LISTS: Final = frozenset({"emails", "phones", "titles", "skills", "industries", "categories"})
