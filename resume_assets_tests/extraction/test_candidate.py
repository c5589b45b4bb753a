"""The typed schema against the users' table and against what OpenAI's strict mode allows."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Struct

from resume_assets.extraction import candidate as module
from resume_assets.extraction.candidate import (
    COLUMNS,
    PREFIXES,
    Candidate,
    ColumnKind,
    Position,
    fields_of,
    fills,
    response_format,
)
from resume_assets.extraction.exact import read_exactly
from resume_assets.extraction.prompt import load_prompt
from resume_assets_tests.extraction.answers import full_answer

# The users' own names, to the letter and in their table's order.
_NAMES = """
FirstName MiddleName LastName Address City State Phone1 Phone2 Email Email2 Linkedin
Bachelors Masters Certifications PrimaryTitle SecondaryTitle TertiaryTitle
MostRecentCompany SecondMostRecentCompany ThirdMostRecentCompany FourthMostRecentCompany
FifthMostRecentCompany SixthMostRecentCompany SeventhMostRecentCompany
MostRecentStartDate MostRecentEndDate SecondMostRecentStartDate SecondMostRecentEndDate
ThirdMostRecentStartDate ThirdMostRecentEndDate FourthMostRecentStartDate FourthMostRecentEndDate
FifthMostRecentStartDate FifthMostRecentEndDate SixthMostRecentStartDate SixthMostRecentEndDate
SeventhMostRecentStartDate SeventhMostRecentEndDate
MostRecentLocation SecondMostRecentLocation ThirdMostRecentLocation FourthMostRecentLocation
FifthMostRecentLocation SixthMostRecentLocation SeventhMostRecentLocation
PrimaryIndustry SecondaryIndustry
Skill1 Skill2 Skill3 Skill4 Skill5 Skill6 Skill7 Skill8 Skill9 Skill10
PrimarySoftwareLanguage SecondarySoftwareLanguage TertiarySoftwareLanguage
SoftwareApp1 SoftwareApp2 SoftwareApp3 SoftwareApp4 SoftwareApp5
Hardware1 Hardware2 Hardware3 Hardware4 Hardware5
PrimaryCategory SecondaryCategory ProjectTypes Specialty Summary
LengthinUS YearsofExperience AvgTenure
"""
NAMES = _NAMES.split()

LENGTHS = {
    **dict.fromkeys(["FirstName", "MiddleName", "LastName", "City"], 100),
    **dict.fromkeys(["State", "Phone1", "Phone2"], 50),
    **dict.fromkeys(["LengthinUS", "YearsofExperience", "AvgTenure"], 50),
    **dict.fromkeys(["Certifications", "ProjectTypes", "Specialty", "Summary"], None),
    **{f"Skill{number}": 100 for number in range(1, 11)},
    **{f"{prefix}StartDate": 7 for prefix in PREFIXES},
    **{f"{prefix}EndDate": 10 for prefix in PREFIXES},
}


def test_columns_are_the_users_own_in_table_order():
    assert [column.name for column in COLUMNS] == NAMES
    assert {column.name: column.length for column in COLUMNS} == {
        name: LENGTHS.get(name, 255) for name in NAMES
    }


def test_kinds():
    starts = [column.name for column in COLUMNS if column.kind is ColumnKind.start_date]
    ends = [column.name for column in COLUMNS if column.kind is ColumnKind.end_date]
    numbers = [column.name for column in COLUMNS if column.kind is ColumnKind.number]
    assert starts == [f"{prefix}StartDate" for prefix in PREFIXES]
    assert ends == [f"{prefix}EndDate" for prefix in PREFIXES]
    assert numbers == ["LengthinUS", "YearsofExperience", "AvgTenure"]


def _objects(schema: dict[str, Any], depth: int = 1) -> Iterator[tuple[int, dict[str, Any]]]:
    yield depth, schema
    for inner in [*schema.get("properties", {}).values(), schema.get("items")]:
        if inner is not None:
            yield from _objects(inner, depth + 1)


def test_schema_is_strict_and_says_nothing_twice():
    wanted = response_format()
    assert wanted["type"] == "json_schema"
    assert wanted["json_schema"]["strict"] is True
    for depth, schema in _objects(wanted["json_schema"]["schema"]):
        assert depth <= 10
        assert set(schema) <= {"type", "properties", "required", "items", "additionalProperties"}
        if schema["type"] == "object":
            assert schema["additionalProperties"] is False
            assert schema["required"] == list(schema["properties"])


def test_schema_is_the_models_own():
    properties = response_format()["json_schema"]["schema"]["properties"]
    assert list(properties) == list(fields_of(Candidate))
    assert list(properties["positions"]["items"]["properties"]) == list(fields_of(Position))


def test_response_format_is_a_fresh_copy():
    response_format()["json_schema"]["schema"]["properties"].clear()
    assert response_format()["json_schema"]["schema"]["properties"]


def test_a_full_answer_is_valid_and_strict():
    answer = full_answer()
    assert read_exactly(json.dumps(answer)).first_name == answer["first_name"]
    for broken in ({**answer, "extra": 1}, {**answer, "city": 5}, {**answer, "skills": None}):
        with pytest.raises(ValueError, match=r"\$\.|unknown field"):
            read_exactly(json.dumps(broken))


def test_a_field_that_fills_nothing_is_a_mistake_in_the_model():
    class Forgetful(Struct):
        plain: str

    with pytest.raises(LookupError):
        fills(fields_of(Forgetful)["plain"])


def test_every_field_named_in_the_instructions_exists():
    named = [
        field.split("(")[0].strip()
        for line in load_prompt("lean").text.splitlines()[1:]
        for part in line.split(";")
        if ":" in part
        for field in part.split(":")[0].split(",")
    ]
    wildcard = [name for name in fields_of(Candidate) if name.startswith("years_")]
    assert len(named) > 15
    for field in named:
        assert field in fields_of(Candidate) or (field == "years_*" and wildcard)


def test_prompt_is_worth_its_price(o200k):
    schema = json.dumps(response_format(), separators=(",", ":"))
    assert (
        len(o200k.encode_ordinary(load_prompt("lean").text)) + len(o200k.encode_ordinary(schema))
        < 720
    )


def test_versions_are_short_hashes():
    assert len(module.SCHEMA_VERSION) == 12
