"""Records as a batch left them, without the batch."""

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from resume_assets.database.connect import Database
from resume_assets.settings import Settings
from resume_assets_tests.databases import settings

WRITTEN = datetime.datetime(2026, 11, 27, 10, 15)  # noqa: DTZ001 (a column without zone)

ADA: dict[str, Any] = {
    "FirstName": "Ada",
    "MiddleName": "King",
    "LastName": "Løvelace",
    "Address": "12 Elm Street",
    "City": "Austin",
    "State": "TX",
    "Phone1": "+1 512 555 0142",
    "Phone2": "(512) 555-0143",
    "Email": "ada@example.com",
    "Email2": "ada@example.org",
    "Linkedin": "linkedin.com/in/ada-nord",
    "Bachelors": "B.S. Mathematics",
    "Masters": "M.S. Computing",
    "Certifications": "PMP, AWS Solutions Architect",
    "PrimaryTitle": "Data Engineer",
    "SecondaryTitle": "Analyst",
    "MostRecentCompany": "Acme",
    "MostRecentStartDate": "2021-03",
    "MostRecentEndDate": "Present",
    "MostRecentLocation": "Austin, TX",
    "SecondMostRecentCompany": "Globex",
    "SecondMostRecentStartDate": "2018-01",
    "SecondMostRecentEndDate": "2021-02",
    "PrimaryIndustry": "Energy",
    "Skill1": "Python",
    "Skill2": "SQL",
    "PrimarySoftwareLanguage": "Python",
    "SoftwareApp1": "Dagster",
    "Hardware1": "Raspberry Pi",
    "PrimaryCategory": "Data Engineering",
    "SecondaryCategory": "Analytics",
    "Summary": "Builds data platforms.",
    "YearsofExperience": "8.5",
}
"""A whole record, of nobody."""


def record(
    database: Database,
    rows: Mapping[Any, Mapping[str, Any]],
    *,
    written: Any = WRITTEN,
) -> None:
    """Put candidates with these values there, LastProcessed set; None: it is not."""
    there = database.candidates
    spelt = {column: target.name for column, target in there.by_column.items()}
    values = [
        {
            there.userid.name: userid,
            there.text.name: "resume",
            there.processed.name: written,
            **dict.fromkeys(there.names),
            **{spelt.get(name, name): value for name, value in row.items()},
        }
        for userid, row in rows.items()
    ]
    database.write(lambda connection: connection.execute(there.table.insert(), values))


def numbered(userids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """So many short records."""
    return {userid: {"FirstName": "Ada", "LastName": f"No. {userid}"} for userid in userids}


def at(folder: Path) -> Settings:
    """Settings of a home there, which read nothing else."""
    return settings(home=folder / "home")
