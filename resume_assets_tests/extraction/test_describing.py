"""What people read of a column: in the catalog, and beside what they export."""

import pytest

from resume_assets.extraction.candidate import COLUMNS, PREFIXES
from resume_assets.extraction.describing import descriptions


@pytest.mark.parametrize(
    ("column", "line"),
    [
        ("FirstName", "First name: must stand in the resume."),
        ("State", "State: never cut, two-letter code, must stand in the resume."),
        ("Phone1", "Phones, the 1st of 2: never cut, must stand in the resume."),
        ("Linkedin", "LinkedIn profile: never cut, must stand in the resume."),
        ("Certifications", "Certifications: a list, comma-separated, must stand in the resume."),
        ("TertiaryTitle", "Titles, the 3rd of 3: must stand in the resume."),
        ("Skill4", "Skills, the 4th of 10: must stand in the resume."),
        ("Skill10", "Skills, the 10th of 10: must stand in the resume."),
        ("PrimaryCategory", "Categories, the 1st of 2: the model's judgement."),
        ("LengthinUS", "Years in the US: years, computed from the positions."),
        ("MostRecentCompany", "Company of the most recent position: must stand in the resume."),
        (
            "SixthMostRecentStartDate",
            "Start of the sixth most recent position: YYYY-MM, the year must stand in the resume.",
        ),
    ],
)
def test_a_columns_line(column: str, line: str) -> None:
    assert descriptions()[column] == line


def test_each_column_has_a_line_and_no_two_have_the_same() -> None:
    lines = descriptions()
    assert set(lines) == {column.name for column in COLUMNS}
    assert len(set(lines.values())) == len(lines)
    for part in ("Company", "StartDate", "EndDate", "Location"):
        assert " of the seventh most recent position: " in lines[f"{PREFIXES[-1]}{part}"]
