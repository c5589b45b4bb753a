"""From a candidate to its columns."""

import datetime
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resume_assets.extraction.candidate import COLUMNS, PREFIXES, Candidate, ColumnKind, Position
from resume_assets.extraction.mapping import FALLBACK_CATEGORIES, fit, note_shape, to_record
from resume_assets.extraction.responses import read_line
from resume_assets.extraction.values import ANSWER, Change, Record, note
from resume_assets_tests.extraction.answers import candidate, full_answer, output_bytes
from resume_assets_tests.extraction.test_skills import CONNECTING

TODAY = datetime.date(2026, 11, 23)
NAMES = [column.name for column in COLUMNS]


def record(**changes: Any) -> Record:
    return to_record(candidate(**changes), TODAY)


def columns(**changes: Any) -> dict[str, str | None]:
    return dict(zip(NAMES, record(**changes).values, strict=True))


def position(
    company: str = "Acme", start: str = "", end: str = "", location: str = ""
) -> dict[str, str]:
    return {"company": company, "start": start, "end": end, "location": location}


def test_a_full_answer():
    filled = {name: value for name, value in columns().items() if value is not None}
    assert filled == {
        "FirstName": "Zofia",
        "LastName": "Łódzka",
        "Address": "12 Elm Street, Apt 4",
        "City": "Austin",
        "State": "TX",
        "Phone1": "(512) 555-0134",
        "Email": "zofia@example.com",
        "Email2": "z.lodzka@example.org",
        "Linkedin": "linkedin.com/in/zofia-example",
        "Bachelors": "BS Mechanical Engineering",
        "Masters": "MS Computer Science",
        "Certifications": "PMP, AWS Solutions Architect",
        "PrimaryTitle": "Data Engineer",
        "SecondaryTitle": "Analytics Lead",
        "TertiaryTitle": "ETL Developer",
        "MostRecentCompany": "Acme",
        "SecondMostRecentCompany": "Globex",
        "ThirdMostRecentCompany": "Initech",
        "MostRecentStartDate": "2021-03",
        "MostRecentEndDate": "Present",
        "SecondMostRecentStartDate": "2018-01",
        "SecondMostRecentEndDate": "2021-02",
        "ThirdMostRecentStartDate": "2015-01",
        "ThirdMostRecentEndDate": "2017-12",
        "MostRecentLocation": "Austin, TX",
        "SecondMostRecentLocation": "Dallas, TX",
        "ThirdMostRecentLocation": "Kraków, Poland",
        "PrimaryIndustry": "Energy",
        "SecondaryIndustry": "Software",
        "Skill1": "Python",
        "Skill2": "SQL",
        "Skill3": "Data Modeling",
        "Skill4": "Airflow",
        "Skill5": "Spark",
        "PrimarySoftwareLanguage": "Python",
        "SecondarySoftwareLanguage": "SQL",
        "TertiarySoftwareLanguage": "Scala",
        "SoftwareApp1": "Dagster",
        "SoftwareApp2": "Tableau",
        "Hardware1": "Raspberry Pi",
        "PrimaryCategory": "Data Engineering",
        "SecondaryCategory": "Analytics",
        "ProjectTypes": "Migrations, dashboards",
        "Specialty": "Data platforms",
        "Summary": "Builds data platforms. Ten years in energy and software.",
        # Computed: the model said 6, 10 and 3.5.
        "LengthinUS": "8.9",
        "YearsofExperience": "11.9",
        "AvgTenure": "3.9",
    }
    assert record().changes == {"ThirdMostRecentStartDate": Change.assumed}
    assert record().unreadable == {}


EMPTY: dict[str, Any] = {
    name: [] if isinstance(value, list) else "" if isinstance(value, str) else None
    for name, value in full_answer().items()
}


def test_an_empty_answer_has_categories_and_nothing_else():
    filled = {name: value for name, value in columns(**EMPTY).items() if value is not None}
    primary, secondary = FALLBACK_CATEGORIES
    assert filled == {"PrimaryCategory": primary, "SecondaryCategory": secondary}
    assert record(**EMPTY).changes == {
        "PrimaryCategory": Change.chosen,
        "SecondaryCategory": Change.chosen,
    }


@pytest.mark.parametrize(
    ("categories", "industries", "expected", "chosen"),
    [
        (["Nursing"], ["Health Care"], ["Nursing", "Health Care"], 1),
        (["Nursing", "nursing"], ["NURSING", "Health Care"], ["Nursing", "Health Care"], 1),
        (["Nursing"], [], ["Nursing", "Unclassified"], 1),
        (["N/A", ""], ["unknown", "Retail"], ["Retail", "Unclassified"], 2),
        (["x@y.example"], ["**Retail**"], ["Retail", "Unclassified"], 1),
        (["Unclassified"], [], ["Unclassified", "Other"], 1),
        (["Nursing", "Care", "Health"], [], ["Nursing", "Care"], 0),
    ],
)
def test_categories_are_two_and_different(categories, industries, expected, chosen):
    changes = {"categories": categories, "industries": industries}
    values = columns(**changes)
    assert [values["PrimaryCategory"], values["SecondaryCategory"]] == expected
    assert [*record(**changes).changes.values()].count(Change.chosen) == chosen


def test_lists_lose_repeats_and_what_is_too_much_is_counted():
    values = columns(titles=["Nurse", "nurse", "", "N/A", "Charge Nurse"], industries=["A", "a"])
    assert [values[name] for name in ("PrimaryTitle", "SecondaryTitle", "TertiaryTitle")] == [
        "Nurse",
        "Charge Nurse",
        None,
    ]
    assert values["SecondaryIndustry"] is None
    many = record(skills=[f"Skill {number}" for number in range(13)], hardware=list("abcdefg"))
    assert many.changes["Skill10"] == many.changes["Hardware5"] == Change.left_out


def test_skills_have_two_words_at_most():
    skills = ["Amazon Web Services (AWS)", "AWS", "Search Engine Optimization", "Go"]
    values = columns(skills=skills)
    assert [values[f"Skill{number}"] for number in range(1, 5)] == [
        "AWS",
        "Search Engine",
        "Go",
        None,
    ]
    changes = record(skills=skills).changes
    assert changes["Skill1"] == changes["Skill3"] == Change.cut
    assert changes["Skill2"] == Change.repeated  # AWS, once it was the abbreviation


@pytest.mark.parametrize(
    ("given", "kept", "change"),
    [
        ("Project\u00a0\u00a0Management", "Project Management", None),
        ("Project  Management", "Project Management", None),
        ("AWS (EC2, S3)", "AWS", Change.cut),
        ("Internet of Things", "Internet of Things", None),
        ("Research & Development", "Research & Development", None),
        ("English – native", "English", Change.cut),
        ("• Python", "Python", Change.mended),
        ("802.11", "802.11", None),
        ("] }", None, Change.nulled),
        ("ada@x.example", None, Change.nulled),
        ("N/A", None, Change.placeholder),
    ],
)
def test_a_skill(given, kept, change):
    changes = {"skills": [given]}
    assert columns(**changes)["Skill1"] == kept
    assert record(**changes).changes.get("Skill1") == change


def test_placeholders_become_null_and_are_counted_but_names_are_names():
    changes = {
        "first_name": "Na",
        "last_name": "Null",
        "city": "N/A",
        "masters": "Not provided",
        "certifications": ["None"],
        "phones": ["call me"],
        "emails": ["not an address", "Z <mailto:z@example.com>"],
    }
    values = columns(**changes)
    assert (values["FirstName"], values["LastName"]) == ("Na", "Null")
    assert [values[name] for name in ("City", "Masters", "Certifications", "Phone1")] == [None] * 4
    assert (values["Email"], values["Email2"]) == ("z@example.com", None)
    assert record(**changes).changes == {
        "City": Change.placeholder,
        "Masters": Change.placeholder,
        "Certifications": Change.placeholder,
        "Phone1": Change.nulled,
        "Email": Change.nulled,
        "Email2": Change.mended,
        "ThirdMostRecentStartDate": Change.assumed,
    }


def test_one_phone_in_two_spellings_is_one():
    values = columns(phones=["+1 (512) 555-0134", "15125550134", "512-555-0199"])
    assert (values["Phone1"], values["Phone2"]) == ("+1 (512) 555-0134", "512-555-0199")


def test_values_are_cut_to_their_columns_and_counted():
    values = record(
        titles=["T" * 300], state="Some very long name of a region " * 3, summary="s" * 9_000
    )
    by_name = dict(zip(NAMES, values.values, strict=True))
    assert len(by_name["PrimaryTitle"] or "") == 255
    assert by_name["State"] is None  # a code is whole or not there
    assert len(by_name["Summary"] or "") == 9_000
    assert values.changes["PrimaryTitle"] == Change.cut
    assert values.changes["State"] == Change.nulled


def test_a_location_that_grows_when_it_is_put_in_order_is_cut_as_well() -> None:
    result = record(positions=[position("Acme", "2020-01", "Present", "A" * 252 + " TX")])
    values = dict(zip(NAMES, result.values, strict=True))
    assert values["MostRecentLocation"] == "A" * 252 + ", T"
    assert result.changes["MostRecentLocation"] == Change.cut


def test_text_is_one_line_without_controls():
    values = columns(first_name="Zo\x00fia", summary="One.\n\nTwo.\tThree")
    assert (values["FirstName"], values["Summary"]) == ("Zofia", "One. Two. Three")


def test_positions_are_sorted_where_all_dates_can_be_read():
    positions = [
        position("Old", "2010-01", "2012-01"),
        position("Now", "2020-01", "Present"),
        position("Side", "2022-01", "Present"),
        position("Twin A", "2015-01", "2016-01"),
        position("Twin B", "2015-01", "2016-01"),
    ]
    values = columns(positions=positions)
    companies = [values[f"{prefix}Company"] for prefix in PREFIXES]
    assert companies == ["Side", "Now", "Twin A", "Twin B", "Old", None, None]
    assert values["SeventhMostRecentEndDate"] is None
    assert values["FifthMostRecentEndDate"] == "2012-01"


@pytest.mark.parametrize(
    ("given", "order"),
    [
        ("Old Now?", "Now? Old"),
        ("Old Mid Bare Present", "Present Mid Bare Old"),
        ("Bare Old Mid", "Bare Mid Old"),
        ("Old Bare Only Mid", "Mid Bare Only Old"),
        ("Present Mid Bare Old", "Present Mid Bare Old"),
        ("Bare Nothing", "Bare Nothing"),
    ],
)
def test_positions_without_dates_keep_their_place(given, order):
    known = {
        "Old": position("Old", "2010-01", "2012-01"),
        "Mid": position("Mid", "2014-01", "2016-01"),
        "Only": position("Only", "", "2013-01"),
        "Now?": position("Now?", "2020-01", ""),
        "Present": position("Present", "2018-01", "Present"),
        "Bare": position("Bare"),
        "Nothing": position("Nothing", "?", "N/A"),
    }
    positions = [known[name] for name in given.split()]
    values = columns(positions=positions)
    assert " ".join(filter(None, (values[f"{prefix}Company"] for prefix in PREFIXES))) == order
    reordered = Change.reordered in record(positions=positions).changes.values()
    assert reordered == (given != order)


def test_a_position_is_there_once():
    job = position("Acme", "2019-03", "2021-05", "Austin, TX")
    again = position("ACME", "March 2019", "May 2021")
    elsewhere = position("Acme", "2019-03", "2021-05", "Dallas, TX")
    result = record(
        positions=[again, job, *[job] * 6, elsewhere, position("Acme"), position("Acme")]
    )
    values = dict(zip(NAMES, result.values, strict=True))
    assert [values[f"{prefix}Company"] for prefix in PREFIXES[:4]] == ["ACME", "Acme", "Acme", None]
    assert values["MostRecentLocation"] == "Austin, TX"
    assert values["SecondMostRecentLocation"] == "Dallas, TX"
    assert result.changes["MostRecentCompany"] == Change.repeated
    assert result.changes["ThirdMostRecentCompany"] == Change.repeated
    assert values["AvgTenure"] == "2.2"  # of two jobs, not of nine


def test_the_same_company_without_dates_in_two_places_is_twice():
    positions = [position("Acme", location="Austin, TX"), position("Acme")]
    assert columns(positions=positions)["SecondMostRecentCompany"] == "Acme"


@pytest.mark.parametrize("dates", [("2019-03", ""), ("", "2021-05"), ("2019-03", "2021-05")])
@pytest.mark.parametrize("company", ["Acme", ""])
def test_a_position_that_comes_again_without_its_place_is_the_same(
    company: str, dates: tuple[str, str]
) -> None:
    placed, bare = position(company, *dates, "Austin, TX"), position(company, *dates)
    for positions in ([placed, bare], [bare, placed]):
        values = columns(positions=positions)
        assert values["MostRecentCompany"] == (company or None)
        assert values["MostRecentLocation"] == "Austin, TX"
        assert values["SecondMostRecentStartDate"] is None
        assert values["SecondMostRecentEndDate"] is None


def test_the_position_that_ended_last_comes_first_and_of_two_the_one_that_began_last() -> None:
    long, short = position("Long", "2010-01", "2020-01"), position("Short", "2012-01", "2014-01")
    late, end = position("Late", "2013-01", "2014-01"), position("End", "", "2014-01")
    values = columns(positions=[short, late, end, long])
    assert [values[f"{prefix}Company"] for prefix in PREFIXES[:4]] == [
        *("Long", "End", "Late", "Short")
    ]


def test_a_position_that_is_repeated_and_moved_is_told_to_be_repeated() -> None:
    old, new = position("Old", "2010-01", "2012-01"), position("New", "2015-01", "2016-01")
    changes = record(positions=[old, new, new]).changes
    assert changes["MostRecentCompany"] == Change.repeated
    assert changes["SecondMostRecentCompany"] == Change.reordered


def test_of_seven_positions_none_is_left_out() -> None:
    positions = [position(f"C{year}", f"{year}-01", f"{year}-06") for year in range(2007, 2000, -1)]
    assert Change.left_out not in record(positions=positions).changes.values()


def test_more_than_seven_positions():
    positions = [position(f"C{year}", f"{year}-01", f"{year + 1}-01") for year in range(2005, 2015)]
    result = record(positions=positions)
    assert result.changes["SeventhMostRecentCompany"] == Change.left_out
    values = dict(zip(NAMES, result.values, strict=True))
    assert values["MostRecentCompany"] == "C2014"
    assert values["SeventhMostRecentCompany"] == "C2008"
    assert values["YearsofExperience"] == "10"  # those without a column count too


def test_positions_that_say_nothing_are_left_out():
    values = columns(positions=[position(""), position("Acme")])
    assert values["MostRecentCompany"] == "Acme"


@pytest.mark.parametrize(
    "only", [{"start": "2019-03"}, {"end": "2019-03"}, {"location": "Austin, TX"}]
)
def test_a_position_of_one_thing_keeps_its_row(only):
    values = columns(positions=[position("", **only), position("Acme", "2001-01", "2002-01")])
    there = {
        name: value
        for name, value in values.items()
        if name.startswith("MostRecent") and value is not None
    }
    column = {"start": "StartDate", "end": "EndDate", "location": "Location"}[next(iter(only))]
    assert there == {f"MostRecent{column}": next(iter(only.values()))}
    assert values["SecondMostRecentCompany"] == "Acme"


def test_unreadable_dates_are_null_with_their_raw_text_by_column():
    positions = [
        position("Now", "2020-01", "Present"),
        position("Old", "when I was young", "before the\x00 war " + "x" * 200),
    ]
    result = record(positions=positions)
    values = dict(zip(NAMES, result.values, strict=True))
    assert values["SecondMostRecentStartDate"] is None
    assert values["SecondMostRecentEndDate"] is None
    assert result.unreadable["SecondMostRecentStartDate"] == "when I was young"
    assert result.unreadable["SecondMostRecentEndDate"].startswith("before the war x")
    assert len(result.unreadable["SecondMostRecentEndDate"]) == 100
    assert list(result.unreadable) == ["SecondMostRecentStartDate", "SecondMostRecentEndDate"]
    assert all(result.changes[column] == Change.unread for column in result.unreadable)


def test_escapes_are_read_in_every_column():
    values = columns(
        last_name="M\0fcller",
        city="S&atilde;o Paulo",
        certifications=["T\0dcV S\0dcD", "R&amp;D"],
        skills=["Caf\0e9", "C&#43;&#43;"],
        positions=[
            position("R&amp;D GmbH", "M&auml;rz&nbsp;2019", "D\0e9c 2020", "K\0f6ln, Germany")
        ],
        summary="Na\0efve&nbsp;Bayes",
    )
    assert values["LastName"] == "Müller"
    assert values["City"] == "São Paulo"
    assert values["Certifications"] == "TÜV SÜD, R&D"
    assert (values["Skill1"], values["Skill2"]) == ("Café", "C++")
    assert values["MostRecentCompany"] == "R&D GmbH"
    assert values["MostRecentStartDate"] == "2019-03"
    assert values["MostRecentEndDate"] == "2020-12"
    assert values["MostRecentLocation"] == "Köln, Germany"
    assert values["Summary"] == "Naïve Bayes"


def test_lost_letters_are_counted_and_escapes_are_not():
    escapes = record(last_name="M\0fcller", city="R&amp;D").changes
    assert Change.lost not in escapes.values()
    lost = record(last_name="M\x07ller", skills=["a\0b", "C"], city="T\x0fr").changes
    columns = {column for column, change in lost.items() if change is Change.lost}
    assert columns == {"LastName", "City", "Skill1"}


def test_one_field_of_a_position_helps_to_read_the_other():
    positions = [
        position("A", "01/03/2019", "31/12/2020"),
        position("B", "Jan 2015 - Mar 2018", ""),
        position("C", "", "Agustus 2012 - Sept 2014"),
        position("D", "Xyzzy 2010", "2011"),
    ]
    result = record(positions=positions)
    values = dict(zip(NAMES, result.values, strict=True))
    assert (values["MostRecentStartDate"], values["MostRecentEndDate"]) == ("2019-03", "2020-12")
    assert values["SecondMostRecentStartDate"] == "2015-01"
    assert values["SecondMostRecentEndDate"] == "2018-03"
    assert values["ThirdMostRecentStartDate"] == "2012-08"
    assert values["ThirdMostRecentEndDate"] == "2014-09"
    assert values["FourthMostRecentStartDate"] is None
    assert result.unreadable == {"FourthMostRecentStartDate": "Xyzzy 2010"}
    assert [*result.changes.values()].count(Change.assumed) == 1


def test_assumed_months_are_counted_for_written_positions():
    positions = [position(f"C{year}", f"{year}", f"{year}-06") for year in range(2001, 2010)]
    assert [*record(positions=positions).changes.values()].count(Change.assumed) == 7


def test_no_place_is_null_and_counted():
    result = record(positions=[position("Acme", "2020-01", "Present", "Remote")])
    assert dict(zip(NAMES, result.values, strict=True))["MostRecentLocation"] is None
    assert result.changes["MostRecentLocation"] == Change.placeholder


NUMBERS = ("LengthinUS", "YearsofExperience", "AvgTenure")


@pytest.mark.parametrize(
    ("positions", "numbers", "done"),
    [
        ([], [None] * 3, [Change.nulled] * 3),
        ([position("Acme")], ["4", "12.5", None], [Change.claimed, Change.claimed, Change.nulled]),
        (
            [position("Acme", "2016-11", "Present", "Bangalore, IN")],
            ["4", "10", "10"],
            [Change.claimed, None, None],
        ),
        (
            [position("Acme", "2016-11", "Present", "Austin, TX")],
            ["10", "10", "10"],
            [None] * 3,
        ),
    ],
)
def test_a_number_that_only_the_model_knows_is_told(positions, numbers, done):
    given = {"positions": positions, "years_in_us": 4, "years_experience": 12.5}
    result = record(**given, average_tenure=3.8)
    values = dict(zip(NAMES, result.values, strict=True))
    assert [values[name] for name in NUMBERS] == numbers
    assert [result.changes.get(name) for name in NUMBERS] == done


@pytest.mark.parametrize(
    ("field", "column", "given", "kept", "change"),
    [
        ("first_name", "FirstName", "Na", "Na", None),
        ("first_name", "FirstName", "N/A", None, Change.placeholder),
        ("middle_name", "MiddleName", "NA", None, Change.placeholder),
        ("middle_name", "MiddleName", "None", None, Change.placeholder),
        ("middle_name", "MiddleName", "-", None, Change.placeholder),
        ("middle_name", "MiddleName", "Not provided", None, Change.placeholder),
        ("middle_name", "MiddleName", "Q.", "Q.", None),
        ("last_name", "LastName", "Null", "Null", None),
        ("last_name", "LastName", "NULL", "NULL", None),
        ("last_name", "LastName", "Na", "Na", None),
        ("last_name", "LastName", "unknown", None, Change.placeholder),
        ("first_name", "FirstName", "X Æ A-12", "X Æ A-12", None),
        ("first_name", "FirstName", "李娜", "李娜", None),
        ("first_name", "FirstName", "**Ada**", "Ada", Change.mended),
        ("last_name", "LastName", "walt@example.com", None, Change.nulled),
        ("street", "Address", "2019-07-31T08:45:56Z", None, Change.nulled),
        ("street", "Address", "1600 Elm", "1600 Elm", None),
        ("city", "City", "78701", None, Change.nulled),
        ("city", "City", "https://x.example", None, Change.nulled),
        ("state", "State", "nazarendu", None, Change.nulled),
        ("state", "State", "Bavaria", "Bavaria", Change.unknown),
        ("state", "State", "New York, NY", "NY", None),
        ("state", "State", "USA", None, Change.nulled),
        ("bachelors", "Bachelors", "http://x.example/bs", None, Change.nulled),
        ("bachelors", "Bachelors", "BS, 2015", "BS, 2015", None),
        ("masters", "Masters", "2015", None, Change.nulled),
        ("masters", "Masters", "Jun 2015 - Present", None, Change.nulled),
        ("linkedin", "Linkedin", "LinkedIn", None, Change.nulled),
        ("linkedin", "Linkedin", "N/A", None, Change.placeholder),
        (
            "linkedin",
            "Linkedin",
            "[LinkedIn](https://linkedin.com/in/ada)",
            "https://linkedin.com/in/ada",
            Change.mended,
        ),
        ("specialty", "Specialty", "] }", None, Change.nulled),
    ],
)
def test_what_is_plausible(field, column, given, kept, change):
    changes = {field: given}
    assert columns(**changes)[column] == kept
    assert record(**changes).changes.get(column) == change


@pytest.mark.parametrize(
    "company",
    [
        *("3M", "7-Eleven", "1-800-Flowers", "84 Lumber", "Booking.com", "1010data", "180", "4711"),
        *(
            "37signals",
            "23andMe",
            "E*TRADE",
            "Yahoo!",
            "AT&T",
            "[24]7.ai",
            "C3.ai",
            "2U",
            "株式会社",
        ),
        *("Front Range Builders, Inc.", "Node.js/React Guild", "Acme @ Home", "1999 Films"),
    ],
)
def test_companies_are_companies(company):
    positions = [position(company, "2020-01", "Present", "Austin, TX")]
    assert columns(positions=positions)["MostRecentCompany"] == company
    assert record(positions=positions).changes == {}


@pytest.mark.parametrize(
    "company",
    [
        "walt@example.com",
        "www.acme.example",
        "2019",
        "03/2019 - Present",
        "512-555-0142",
        "] }",
        "12345",
    ],
)
def test_what_is_no_company(company):
    positions = [position(company, "2020-01", "Present", "Austin, TX")]
    assert columns(positions=positions)["MostRecentCompany"] is None
    assert record(positions=positions).changes == {"MostRecentCompany": Change.nulled}


@pytest.mark.parametrize("title", ["1234567890", "7", "2015 - 2019", "ada@x.example", "www.x.com"])
def test_what_is_no_title(title):
    values = columns(titles=[title, "Nurse"])
    assert (values["PrimaryTitle"], values["SecondaryTitle"]) == ("Nurse", None)
    assert record(titles=[title, "Nurse"]).changes["PrimaryTitle"] == Change.nulled


def test_two_phones_and_two_addresses_in_one_text():
    values = columns(phones=["(555) 010-0199 / (555) 010-0188"], emails=["a@x.example/b@y.example"])
    assert (values["Phone1"], values["Phone2"]) == ("(555) 010-0199", "(555) 010-0188")
    assert (values["Email"], values["Email2"]) == ("a@x.example", "b@y.example")


@pytest.mark.parametrize(
    ("field", "column", "text"),
    [
        ("emails", "Email", f"{'a' * 250}@x.example"),
        ("linkedin", "Linkedin", f"linkedin.com/in/{'a' * 250}"),
        ("phones", "Phone1", f"+1 512{' ' * 40}555-0142 x123456"),
    ],
)
def test_what_can_be_reached_is_whole_or_not_there(field, column, text):
    changes = {field: text if field == "linkedin" else [text]}
    assert columns(**changes)[column] is None
    assert record(**changes).changes[column] == Change.nulled


def test_of_two_changes_the_graver_one_is_told():
    changes: dict[str, Change] = {}
    for change in (Change.mended, Change.cut, Change.placeholder):
        note(changes, "City", change)
    assert changes == {"City": Change.cut}


def test_a_text_is_read_the_same_when_it_comes_again():
    first = record(city="**Austin**", titles=["** **", "Nurse"])
    assert record(city="**Austin**", titles=["** **", "Nurse"]) == first


def test_the_shape_of_the_answer_is_told_by_column():
    answer = read_line(output_bytes("Here: " + json.dumps(full_answer(city=7, emails=None, x=1))))
    assert answer.candidate is not None
    result = to_record(answer.candidate, TODAY)
    note_shape(result, answer.odd_fields, recovered=answer.recovered)
    assert result.changes["Email"] == result.changes[ANSWER] == Change.mended
    assert result.changes["City"] == Change.nulled  # graver: a bare number is no city


def test_fit_is_here_too():
    assert fit("😀😀", 3) == "😀"


def test_from_the_line_to_the_record():
    answer = read_line(output_bytes(json.dumps(full_answer())))
    assert answer.candidate is not None
    assert to_record(answer.candidate, TODAY) == record()


texts = st.text(st.characters(codec=None), max_size=60) | st.sampled_from(
    ["N/A", "2019", "Present", "2019-03", "Austin, TX", "x" * 400, "😀" * 200, ""]
)
jobs = st.lists(
    st.builds(position, texts, texts, texts, texts),
    max_size=9,
)


def _by_type(name: str, value: Any) -> st.SearchStrategy[Any]:
    if name == "positions":
        return jobs
    if isinstance(value, list):
        return st.lists(texts, max_size=12)
    return texts if isinstance(value, str) else st.none() | st.floats()


anyone = st.fixed_dictionaries(
    {name: _by_type(name, value) for name, value in full_answer().items()}
)


@settings(max_examples=300)
@given(anyone)
def test_every_record_is_writable(answer):
    positions = [Position(**job) for job in answer["positions"]]
    result = to_record(Candidate(**answer | {"positions": positions}), TODAY)
    assert len(result.values) == len(COLUMNS)
    for column, value in zip(COLUMNS, result.values, strict=True):
        if value is None:
            continue
        assert value
        assert "\x00" not in value
        value.encode()
        if column.length is not None:
            assert len(value.encode("utf-16-le")) <= 2 * column.length
        if column.kind is ColumnKind.number:
            assert 0 <= float(value) < 71
        if column.kind is ColumnKind.start_date:
            assert value[4] == "-"
            assert 1 <= int(value[5:]) <= 12
    by_name = dict(zip(NAMES, result.values, strict=True))
    categories = {
        (by_name[f"{rank}Category"] or "").casefold() for rank in ("Primary", "Secondary")
    }
    assert len(categories - {""}) == 2
    for names in (
        [f"Skill{number}" for number in range(1, 11)],
        ["PrimaryTitle", "SecondaryTitle", "TertiaryTitle"],
    ):
        present = [value.casefold() for value in map(by_name.get, names) if value]
        assert len(set(present)) == len(present)
    for n in range(1, 11):
        words = (by_name[f"Skill{n}"] or "").split(" ")
        assert sum(word.casefold() not in CONNECTING for word in words) <= 3
    assert set(result.changes) <= set(NAMES)
    assert set(result.changes.values()) <= set(Change)
    assert all(by_name[column_name] is None for column_name in result.unreadable)
