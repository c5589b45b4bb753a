"""A resume as facts with names: what the walk over a schema takes its values from."""

import datetime
from typing import Any, Final

from resume_assets.local_openai.rules.contact import Contact, read_contact
from resume_assets.local_openai.rules.education import Degree, read_degrees
from resume_assets.local_openai.rules.employment import Job, read_jobs
from resume_assets.local_openai.rules.lines import Line, clean, read_lines
from resume_assets.local_openai.rules.periods import order_key
from resume_assets.local_openai.rules.places import is_place, state_code
from resume_assets.local_openai.rules.topics import Mentions, best, listed
from resume_assets.local_openai.rules.vocabulary import (
    CATEGORIES,
    INDUSTRIES,
    TOPICS,
    fold,
)

_LISTING: Final = frozenset({"skills", "software", "programming", "hardware"})
_LONGEST_SUMMARY: Final = 600


def read_facts(resume: str, today: datetime.date | None = None) -> dict[str, Any]:
    """What the rules read in a resume, under canonical names; None, "" or [] where it is silent.

    `today` stands for a position that has not ended; the day by the clock where it is not given.
    """
    text = clean(resume)
    lines = read_lines(text)
    contact = read_contact(lines)
    jobs = read_jobs(lines)
    degrees = read_degrees(lines)
    facts = _person(contact)
    facts["positions"] = [_position(job) for job in jobs]
    facts |= _education(degrees)
    facts |= _topics(text, lines)
    facts["titles"] = _titles(contact, jobs)
    facts |= _judgements(contact, jobs, facts, lines)
    facts |= _years(jobs, today or datetime.datetime.now(datetime.UTC).date())
    return facts


def _person(contact: Contact) -> dict[str, Any]:
    name = contact.name
    parts = [part for part in (name or ()) if part]
    place = contact.place
    return {
        "name": " ".join(parts) or None,
        "first_name": name.first if name else None,
        "middle_name": name.middle if name else None,
        "last_name": name.last if name else None,
        "emails": contact.emails,
        "phones": contact.phones,
        "linkedin": contact.linkedin,
        "address": contact.address,
        "city": place.city if place else None,
        "state": place.state if place else None,
    }


def _position(job: Job) -> dict[str, Any]:
    city, _, state = (job.location or "").partition(",")
    return {
        "company": job.company,
        "title": job.title,
        "start": job.start,
        "end": job.end,
        "location": job.location,
        "city": city.strip() or None,
        "state": state_code(state),
    }


def _education(degrees: list[Degree]) -> dict[str, Any]:
    def first(level: str) -> str | None:
        return next((degree.text for degree in degrees if degree.level == level), None)

    return {
        "education": [
            {
                "degree": degree.text,
                "level": degree.level,
                "school": degree.school,
                "start": degree.start,
                "end": degree.end,
            }
            for degree in degrees
        ],
        "bachelors": first("bachelor"),
        "masters": first("master"),
        "doctorate": first("doctor"),
    }


def _topics(text: str, lines: list[Line]) -> dict[str, Any]:
    listing = "\n".join(line.text for line in lines if line.section in _LISTING)
    mentions = Mentions(text, listing)
    programming = mentions.of("programming")
    software = mentions.of("software")
    hardware = mentions.of("hardware")
    own_software = listed(lines, frozenset({"software"}), 40)
    own_hardware = listed(lines, frozenset({"hardware"}), 40)
    known = {fold(word) for word in (*programming, *TOPICS["software"])}
    software = _together(software, [item for item in own_software if fold(item) not in known])
    hardware = _together(hardware, own_hardware)
    skills = [item for item in listed(lines, frozenset({"skills"})) if not is_place(item)]
    short = [item for item in skills if len(item.split()) <= 2]
    short = _together(short, mentions.of("skills"))
    return {
        "skills": _together(short, [*programming, *software][:10]) if len(short) < 10 else short,
        "programming_languages": programming,
        "software": software,
        "hardware": hardware,
        "certifications": listed(lines, frozenset({"certifications"}), 120)
        or mentions.of("certifications"),
        "spoken_languages": listed(lines, frozenset({"languages"}), 40),
        "project_types": listed(lines, frozenset({"projects"}), 80)[:5],
    }


def _together(first: list[str], second: list[str]) -> list[str]:
    found = {fold(item): item for item in reversed([*first, *second])}
    return list(dict.fromkeys(found[fold(item)] for item in [*first, *second]))


def _titles(contact: Contact, jobs: list[Job]) -> list[str]:
    titles: dict[str, str] = {}
    for job in jobs:
        if job.title:
            titles.setdefault(fold(job.title), job.title)
    if contact.headline and not titles:
        titles[fold(contact.headline)] = contact.headline
    return list(titles.values())


def _judgements(
    contact: Contact, jobs: list[Job], facts: dict[str, Any], lines: list[Line]
) -> dict[str, Any]:
    """Industries, categories and the texts: what a reader would conclude."""
    titles = facts["titles"]
    companies = [job.company for job in jobs]
    industries = best(INDUSTRIES, [*companies, *titles, contact.headline])
    categories = best(CATEGORIES, [*titles, contact.headline, *facts["skills"][:10]])
    told = " ".join(line.text for line in lines if line.section == "summary" and line.text)
    return {
        "industries": industries,
        "categories": _together(categories, ["Business Administration", "Customer Service"]),
        "specialty": next(
            (item for item in [contact.headline, *facts["skills"], *titles] if item), None
        ),
        "summary": told[:_LONGEST_SUMMARY] or _summary(titles, companies) or None,
    }


def _summary(titles: list[str], companies: list[str | None]) -> str:
    named = [company for company in companies if company]
    if titles and named:
        return f"{titles[0]}, most recently at {named[0]}."
    return f"{titles[0]}." if titles else ""


def _years(jobs: list[Job], today: datetime.date) -> dict[str, Any]:
    """The three numbers, in years, from the periods that can be compared."""
    spans: list[tuple[float, float, bool]] = []
    for job in jobs:
        first, last = (_in_years(order_key(date), today) for date in (job.start, job.end))
        if first is not None and last is not None and last >= first:
            spans.append((first, last, _in_the_us(job.location)))
    covered = reached = 0.0
    for first, last, _ in sorted(spans):
        covered += max(0.0, last - max(first, reached))
        reached = max(reached, last)
    abode = [first for first, _, here in spans if here]
    now = today.year + (today.month - 1) / 12
    return {
        "years_of_experience": round(covered, 1) if spans else None,
        "average_tenure": round(sum(last - first for first, last, _ in spans) / len(spans), 1)
        if spans
        else None,
        "length_in_us": round(now - min(abode), 1) if abode else None,
    }


def _in_years(key: tuple[int, int], today: datetime.date) -> float | None:
    year, month = key
    if year == 9999:
        year, month = today.year, today.month
    return year + (max(month, 1) - 1) / 12 if year else None


_CANADA: Final = frozenset({"AB", "BC", "MB", "NB", "NL", "NS", "ON", "PE", "QC", "SK"})


def _in_the_us(location: str | None) -> bool:
    if not location:
        return False
    tail = location.rpartition(",")[2].strip()
    if fold(tail) in {"usa", "us", "u.s.a.", "united states"}:
        return True
    code = state_code(tail)
    return code is not None and code not in _CANADA
