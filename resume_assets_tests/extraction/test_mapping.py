"""From a candidate to its columns."""

import datetime
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resume_assets.extraction.candidate import COLUMNS, PREFIXES, Candidate, ColumnKind
from resume_assets.extraction.mapping import FALLBACK_CATEGORIES, Record, fit, to_record
from resume_assets.extraction.responses import read_line
from resume_assets_tests.extraction.answers import full_answer, output_bytes

TODAY = datetime.date(2026, 11, 23)
NAMES = [column.name for column in COLUMNS]


def record(**changes: Any) -> Record:
    return to_record(Candidate.model_validate(full_answer(**changes)), TODAY)


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
    counts = record()
    assert counts.months_assumed == 1
    assert (counts.too_many, counts.trimmed, counts.odd_values, counts.defaulted) == (0, 0, 0, 0)
    assert counts.unreadable == {}


EMPTY: dict[str, Any] = {
    name: [] if isinstance(value, list) else "" if isinstance(value, str) else None
    for name, value in full_answer().items()
}


def test_an_empty_answer_has_categories_and_nothing_else():
    filled = {name: value for name, value in columns(**EMPTY).items() if value is not None}
    primary, secondary = FALLBACK_CATEGORIES
    assert filled == {"PrimaryCategory": primary, "SecondaryCategory": secondary}
    assert record(**EMPTY).defaulted == 2
    assert record(**EMPTY).odd_values == 0


@pytest.mark.parametrize(
    ("categories", "industries", "expected", "defaulted"),
    [
        (["Nursing"], ["Health Care"], ["Nursing", "Health Care"], 1),
        (["Nursing", "nursing"], ["NURSING", "Health Care"], ["Nursing", "Health Care"], 1),
        (["Nursing"], [], ["Nursing", "Unclassified"], 1),
        (["N/A", ""], ["unknown", "Retail"], ["Retail", "Unclassified"], 2),
        (["Unclassified"], [], ["Unclassified", "Other"], 1),
        (["Nursing", "Care", "Health"], [], ["Nursing", "Care"], 0),
    ],
)
def test_categories_are_two_and_different(categories, industries, expected, defaulted):
    changes = {"categories": categories, "industries": industries}
    values = columns(**changes)
    assert [values["PrimaryCategory"], values["SecondaryCategory"]] == expected
    assert record(**changes).defaulted == defaulted


def test_lists_lose_repeats_and_what_is_too_much_is_counted():
    values = columns(titles=["Nurse", "nurse", "", "N/A", "Charge Nurse"], industries=["A", "a"])
    assert [values[name] for name in ("PrimaryTitle", "SecondaryTitle", "TertiaryTitle")] == [
        "Nurse",
        "Charge Nurse",
        None,
    ]
    assert values["SecondaryIndustry"] is None
    many = record(skills=[f"Skill {number}" for number in range(13)], hardware=list("abcdefg"))
    assert many.too_many == 3 + 2


def test_skills_have_two_words_at_most():
    skills = ["Amazon Web Services (AWS)", "AWS", "Search Engine Optimization", "Go"]
    values = columns(skills=skills)
    assert [values[f"Skill{number}"] for number in range(1, 5)] == [
        "AWS",
        "Search Engine",
        "Go",
        None,
    ]
    assert record(skills=skills).trimmed == 2


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
    assert record(**changes).odd_values == 5


def test_one_phone_in_two_spellings_is_one():
    values = columns(phones=["+1 (512) 555-0134", "15125550134", "512-555-0199"])
    assert (values["Phone1"], values["Phone2"]) == ("+1 (512) 555-0134", "512-555-0199")


def test_values_are_cut_to_their_columns_and_counted():
    values = record(
        titles=["T" * 300], state="Some very long name of a region " * 3, summary="s" * 9_000
    )
    by_name = dict(zip(NAMES, values.values, strict=True))
    assert len(by_name["PrimaryTitle"] or "") == 255
    assert len(by_name["State"] or "") <= 50
    assert len(by_name["Summary"] or "") == 9_000
    assert values.trimmed == 2


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


def test_positions_keep_the_models_order_where_a_date_is_missing():
    positions = [position("Old", "2010-01", "2012-01"), position("Now", "2020-01", "")]
    assert columns(positions=positions)["MostRecentCompany"] == "Old"


def test_more_than_seven_positions():
    positions = [position(f"C{year}", f"{year}-01", f"{year + 1}-01") for year in range(2005, 2015)]
    result = record(positions=positions)
    assert result.too_many == 3
    values = dict(zip(NAMES, result.values, strict=True))
    assert values["MostRecentCompany"] == "C2014"
    assert values["SeventhMostRecentCompany"] == "C2008"
    assert values["YearsofExperience"] == "10"  # those without a column count too


def test_positions_that_say_nothing_are_left_out():
    values = columns(positions=[position(""), position("Acme")])
    assert values["MostRecentCompany"] == "Acme"


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
    assert len(result.unreadable["SecondMostRecentEndDate"]) <= 100
    assert list(result.unreadable) == ["SecondMostRecentStartDate", "SecondMostRecentEndDate"]


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
    assert record(last_name="M\0fcller", city="R&amp;D").odd_values == 0
    assert record(last_name="M\x07ller", skills=["a\0b", "C"], city="T\x0fr").odd_values == 3


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
    assert result.months_assumed == 1


def test_assumed_months_are_counted_for_written_positions():
    positions = [position(f"C{year}", f"{year}", f"{year}-06") for year in range(2001, 2010)]
    assert record(positions=positions).months_assumed == 7


def test_no_place_is_null_and_counted():
    result = record(positions=[position("Acme", "2020-01", "Present", "Remote")])
    assert dict(zip(NAMES, result.values, strict=True))["MostRecentLocation"] is None
    assert result.odd_values == 1


def test_numbers_fall_back_on_the_models_own():
    values = columns(positions=[], years_in_us=4, years_experience=12.5, average_tenure=300)
    assert values["LengthinUS"] == "4"
    assert values["YearsofExperience"] == "12.5"
    assert values["AvgTenure"] is None


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


@settings(max_examples=300, deadline=None)
@given(anyone)
def test_every_record_is_writable(answer):
    candidate = Candidate.model_construct(
        **{
            **answer,
            "positions": [
                type(Candidate.model_validate(full_answer()).positions[0]).model_construct(**job)
                for job in answer["positions"]
            ],
        }
    )
    result = to_record(candidate, TODAY)
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
    assert all(len((by_name[f"Skill{n}"] or "").split(" ")) <= 2 for n in range(1, 11))
