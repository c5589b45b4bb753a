"""Where the values of a record are shown in its resume."""

import pytest

from resume_assets.evidence.placing import in_utf16, places_of

RESUME = """\
Ada Nord – ada@example.com
Worked for Acme and Globex since 2009, in Turku and Oslo.

Acme, Turku
Welder, 2015 – 2019

Globex, Oslo
Smith, 2009 – 2015
Certificates: PMP, OSHA 10
"""


def shown(text: str, changes: dict[str, str] | None = None, **values: str | None) -> dict[str, str]:
    """By column, number of the line and what is marked of it."""
    found = places_of(values, changes or {}, text)
    return {
        column: " … ".join(
            f"{text[:start].count(chr(10)) + 1}: {text[start:end]}" for start, end in places
        )
        for column, places in found.items()
    }


def test_each_value_is_shown_where_it_stands() -> None:
    assert shown(RESUME, FirstName="ADA", Email="ada@example.com", City=None, State="TX") == {
        "FirstName": "1: Ada",
        "Email": "1: ada@example.com",
    }


def test_a_position_is_shown_where_it_is_told_not_where_it_is_mentioned() -> None:
    found = shown(
        RESUME,
        MostRecentCompany="Acme",
        MostRecentStartDate="2015-01",
        MostRecentEndDate="2019-12",
        MostRecentLocation="Turku",
        SecondMostRecentCompany="Globex",
        SecondMostRecentStartDate="2009-01",
        SecondMostRecentEndDate="2015-01",
        SecondMostRecentLocation="Oslo",
    )
    assert found["MostRecentStartDate"] == "5: 2015"
    assert found["MostRecentEndDate"] == "5: 2019"
    assert found["MostRecentLocation"] == "4: Turku"
    assert found["SecondMostRecentStartDate"] == "8: 2009"
    assert found["SecondMostRecentEndDate"] == "8: 2015"
    assert found["SecondMostRecentLocation"] == "7: Oslo"


@pytest.mark.parametrize(
    "text",
    [
        "Acme\n2015 – 2019\nGlobex\n2009 – 2015\n",
        "2015 – 2019\nAcme\n2009 – 2015\nGlobex\n",
        "Acme 2015 – 2019\nGlobex 2009 – 2015\n",
        "Acme\n\n2015 – 2019\n\n\nGlobex\n\n2009 – 2015",
        "Acme\nfrom: 2015\nto: 2019\nGlobex\nfrom: 2009\nto: 2015",
    ],
)
def test_dates_below_above_and_beside_the_company(text: str) -> None:
    found = shown(
        text,
        MostRecentCompany="Acme",
        MostRecentStartDate="2015-01",
        MostRecentEndDate="2019-05",
        SecondMostRecentCompany="Globex",
        SecondMostRecentEndDate="2015-06",
        SecondMostRecentStartDate="2009-02",
    )
    first, second = found["MostRecentStartDate"], found["SecondMostRecentEndDate"]
    assert first.endswith("2015")
    assert second.endswith("2015")
    assert int(first.partition(":")[0]) < int(second.partition(":")[0])


def test_what_is_not_beside_the_company_is_shown_where_it_is_at_all() -> None:
    text = "Acme\n" + "a line\n" * 9 + "1999\n"
    assert shown(text, MostRecentCompany="Acme", MostRecentStartDate="1999-01") == {
        "MostRecentCompany": "1: Acme",
        "MostRecentStartDate": "11: 1999",
    }


def test_a_list_is_shown_as_far_as_it_stands_there() -> None:
    assert shown(RESUME, Certifications="PMP, CPA, OSHA 10") == {
        "Certifications": "9: PMP … 9: OSHA 10"
    }


def test_numbers_of_years_only_where_they_are_the_answers_own() -> None:
    text = "12 years of experience"
    assert shown(text, YearsofExperience="12") == {}
    assert shown(text, {"YearsofExperience": "not computed"}, YearsofExperience="12") == {
        "YearsofExperience": "1: 12"
    }


def test_judgements_and_present_are_looked_for_nowhere() -> None:
    text = "Present: Energy"
    assert shown(text, PrimaryIndustry="Energy", MostRecentEndDate="Present") == {}


FIRST = "2015, elsewhere\n" + "a line\n" * 4  # where a year is shown that is not beside a company


@pytest.mark.parametrize(
    ("behind", "line"),
    [
        ("Acme, 2015\n", 6),
        ("2015, Acme\n", 6),
        ("2015\nAcme\n", 6),
        ("Acme\n" + "a line\n" * 2 + "2015\n", 9),
        ("Acme\n" + "a line\n" * 3 + "2015\n", 1),
        ("2015\n" + "a line\n" * 2 + "Acme\n", 6),
        ("2015\n" + "a line\n" * 3 + "Acme\n", 1),
        ("Acme\n" + "\n" * 5 + "2015\n", 12),  # lines without text are not counted
        ("2015\n" + "\n" * 5 + "Acme\n", 6),
        (("Acme\n" + "a line\n" * 7) * 4 + "Acme\n2015\n", 39),
        (("Acme\n" + "a line\n" * 7) * 5 + "Acme\n2015\n", 1),
    ],
)
def test_how_near_to_a_company_its_year_is_looked_for(behind: str, line: int) -> None:
    found = shown(FIRST + behind, MostRecentCompany="Acme", MostRecentStartDate="2015-01")
    assert found["MostRecentStartDate"] == f"{line}: 2015"


def test_half_of_what_is_no_list_is_not_shown() -> None:
    assert shown(RESUME, PrimaryTitle="Welder, Pilot") == {}


@pytest.mark.parametrize(
    "text", ["\uffff 😀 Ada", "Ada", "😀 Ada", "é Ada", "😀 😀 Ada 😀", "A\u0301 😀\nAda"]
)
def test_places_as_javascript_counts(text: str) -> None:
    [(start, end)] = in_utf16(text, places_of({"FirstName": "Ada"}, {}, text)["FirstName"])
    units = text.encode("utf-16-le")
    assert units[2 * start : 2 * end].decode("utf-16-le") == "Ada"
