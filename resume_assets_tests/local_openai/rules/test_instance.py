"""Whatever strict schema comes: the answer is an instance of it."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resume_assets.local_openai.rules import answer
from resume_assets_tests.local_openai.rules.strict import errors, schemas, strict_object

RESUME = """\
Jane Q. Doe, RN
Austin, TX 78701 | (512) 555-0142 | jane@example.com, jd@example.org

Experience

Charge Nurse, St. Brigid Hospital, Austin, TX
March 2019 - Present

Staff Nurse, Mercy Clinic, Waco, TX
June 2015 - February 2019

Education
Bachelor of Science in Nursing, University of Central Texas, 2015

Skills
Triage, Wound care, Python, Epic
"""
TEXT = {"type": "string"}


def ask(properties: dict[str, Any], resume: str = RESUME) -> dict[str, Any]:
    return answer(strict_object(properties), resume)


@settings(max_examples=150)
@given(schemas, st.sampled_from([RESUME, "", "Pat Ferreira", "Jan 2019"]))
def test_the_answer_is_valid(schema, resume):
    found = answer(schema, resume)
    assert errors(found, schema, schema) == []
    orjson.dumps(found)


def test_the_validator_sees_what_is_wrong():
    schema = strict_object({"a": {"type": "integer", "minimum": 3}, "b": {"enum": ["x"]}})
    assert errors({"a": 3, "b": "x"}, schema, schema) == []
    assert len(errors({"a": 2, "b": "y"}, schema, schema)) == 2
    assert errors({"a": True, "b": "x"}, schema, schema)
    assert errors({"a": 3}, schema, schema)
    assert errors({"a": 3, "b": "x", "c": 1}, schema, schema)


def test_names_are_known_in_any_spelling():
    names = ["FirstName", "first_name", "given name", "FIRST-NAME"]
    assert ask(dict.fromkeys(names, TEXT)) == dict.fromkeys(names, "Jane")


def test_a_list_may_be_asked_for_whole_or_by_number():
    answered = ask(
        {
            "emails": {"type": "array", "items": TEXT},
            "email": TEXT,
            "Email2": TEXT,
            "Email3": {"type": ["string", "null"]},
            "skills": TEXT,
        }
    )
    assert answered["emails"] == ["jane@example.com", "jd@example.org"]
    assert answered["email"] == "jane@example.com"
    assert answered["Email2"] == "jd@example.org"
    assert answered["Email3"] is None
    assert answered["skills"].startswith("Triage, Wound care")


def test_positions_as_objects_or_as_flat_columns():
    job = strict_object({"employer": TEXT, "job_title": TEXT, "from": TEXT, "to": TEXT})
    answered = ask(
        {
            "work_history": {"type": "array", "items": job},
            "MostRecentCompany": TEXT,
            "SecondMostRecentStartDate": TEXT,
            "ThirdMostRecentCompany": TEXT,
        }
    )
    assert answered == {
        "work_history": [
            {
                "employer": "St. Brigid Hospital",
                "job_title": "Charge Nurse",
                "from": "March 2019",
                "to": "Present",
            },
            {
                "employer": "Mercy Clinic",
                "job_title": "Staff Nurse",
                "from": "June 2015",
                "to": "February 2019",
            },
        ],
        "MostRecentCompany": "St. Brigid Hospital",
        "SecondMostRecentStartDate": "June 2015",
        "ThirdMostRecentCompany": "",
    }


def test_a_list_of_jobs_is_known_by_what_it_holds():
    job = strict_object({"company": TEXT, "start": TEXT})
    answered = ask({"stations_of_life": {"type": "array", "items": job}})
    assert [each["company"] for each in answered["stations_of_life"]] == [
        "St. Brigid Hospital",
        "Mercy Clinic",
    ]


def test_nested_objects_see_the_facts_around_them():
    answered = ask({"person": strict_object({"last_name": TEXT, "city": TEXT})})
    assert answered == {"person": {"last_name": "Doe", "city": "Austin"}}


@pytest.mark.parametrize(
    ("schema", "empty"),
    [
        ({"type": "string"}, ""),
        ({"type": ["string", "null"]}, None),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, None),
        ({"type": "number"}, 0),
        ({"type": "integer", "minimum": 1}, 1),
        ({"type": "boolean"}, False),
        ({"type": "array", "items": {"type": "string"}}, []),
        ({"type": "array", "items": {"type": "string"}, "minItems": 1}, [""]),
        ({"enum": ["low", "high"]}, "low"),
        ({"enum": ["low", None]}, None),
        ({"const": 7}, 7),
    ],
)
def test_an_unknown_name_gets_an_empty_value(schema, empty):
    assert ask({"shoe_size": schema}) == {"shoe_size": empty}


def test_an_enumeration_takes_what_the_resume_says():
    states = {"type": "string", "enum": ["CA", "TX"]}
    assert ask({"state": states}) == {"state": "TX"}
    assert ask({"category": {"enum": ["Sales", "nursing"]}}) == {"category": "nursing"}


def test_a_pattern_that_does_not_match_is_not_filled():
    digits = {"anyOf": [{"type": "string", "pattern": "^[0-9]+$"}, {"type": "null"}]}
    assert ask({"first_name": digits}) == {"first_name": None}
    assert ask({"first_name": {"type": ["string", "null"], "pattern": "[invalid"}}) == {
        "first_name": None
    }


def test_a_schema_without_an_instance_ends_too():
    endless = strict_object({"next": {"$ref": "#"}})
    assert isinstance(answer(endless, RESUME), dict)
    circular = strict_object({"a": {"$ref": "#/$defs/a"}}) | {"$defs": {"a": {"$ref": "#/$defs/a"}}}
    assert answer(circular, RESUME) == {"a": None}


@pytest.mark.parametrize("around", ["json_schema", "schema"])
def test_the_response_format_around_the_schema_is_taken_off(around):
    schema = strict_object({"first_name": TEXT})
    wrapped = {"json_schema": {"schema": schema}} if around == "json_schema" else {"schema": schema}
    assert answer({"type": "json_schema", **wrapped}, RESUME) == {"first_name": "Jane"}
