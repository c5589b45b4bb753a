"""JSON Resume documents: valid by the published schema, and nothing of a record is lost."""

import hashlib
import json
from datetime import date, datetime, time
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.exports import jsonresume
from resume_assets.exports.jsonresume import schema
from resume_assets.exports.jsonresume.document import document
from resume_assets.extraction.candidate import COLUMNS
from resume_assets_tests.exports.recorded import ADA, WRITTEN

VALIDATOR = jsonschema.Draft7Validator(
    schema.load(), format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
)


def valid(record: dict[str, Any]) -> dict[str, Any]:
    """The record's document, which the schema takes, once it is JSON."""
    found: dict[str, Any] = json.loads(json.dumps(document(record)))
    VALIDATOR.validate(found)
    return found


def test_the_schema_is_the_published_one() -> None:
    jsonschema.Draft7Validator.check_schema(schema.load())
    text = files(jsonresume).joinpath(f"schema-{schema.VERSION}.json").read_bytes()
    published = "8911e912ee487954b10cb59da39265c7e62ef7cba5973706d125448adc853969"
    assert hashlib.sha256(text).hexdigest() == published
    assert "MIT" in files(jsonresume).joinpath("LICENSE.md").read_text("utf-8")
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({"work": [{"startDate": "July 2019"}]})


def test_a_whole_record() -> None:
    found = valid({"userid": 7, **ADA, "LastProcessed": WRITTEN})
    assert found["basics"] == {
        "name": "Ada King Løvelace",
        "label": "Data Engineer",
        "email": "ada@example.com",
        "phone": "+1 512 555 0142",
        "summary": "Builds data platforms.",
        "location": {"address": "12 Elm Street", "city": "Austin", "region": "TX"},
        "profiles": [
            {
                "network": "LinkedIn",
                "username": "ada-nord",
                "url": "https://linkedin.com/in/ada-nord",
            }
        ],
    }
    assert found["work"] == [
        {"name": "Acme", "location": "Austin, TX", "startDate": "2021-03"},
        {"name": "Globex", "startDate": "2018-01", "endDate": "2021-02"},
    ]
    assert found["education"] == [
        {"studyType": "M.S. Computing"},
        {"studyType": "B.S. Mathematics"},
    ]
    assert found["certificates"] == [{"name": "PMP"}, {"name": "AWS Solutions Architect"}]
    assert found["skills"] == [
        {"name": "Python"},
        {"name": "SQL"},
        {"name": "Software languages", "keywords": ["Python"]},
        {"name": "Software", "keywords": ["Dagster"]},
        {"name": "Hardware", "keywords": ["Raspberry Pi"]},
    ]
    assert found["meta"] == {
        "version": "v1.2.1",
        "lastModified": "2026-11-27T10:15:00",
        "resume_assets": {
            "userid": 7,
            "Phone2": "(512) 555-0143",
            "Email2": "ada@example.org",
            "SecondaryTitle": "Analyst",
            "MostRecentEndDate": "Present",
            "PrimaryIndustry": "Energy",
            "PrimaryCategory": "Data Engineering",
            "SecondaryCategory": "Analytics",
            "YearsofExperience": "8.5",
        },
    }


@pytest.mark.parametrize(
    ("column", "value", "where"),
    [
        ("MostRecentStartDate", "July 2019", None),
        ("MostRecentStartDate", "2019", "2019"),
        ("MostRecentStartDate", date(2019, 7, 1), "2019-07"),
        ("MostRecentStartDate", date(2019, 7, 15), "2019-07-15"),
        ("MostRecentStartDate", datetime.combine(date(2019, 7, 1), time.min), "2019-07"),
        ("MostRecentStartDate", date(199, 7, 1), None),
        ("MostRecentStartDate", "2019-07\n", None),
    ],
)
def test_a_date_is_in_its_place_only_as_the_schema_has_it(
    column: str, value: Any, where: str | None
) -> None:
    found = valid({"userid": 7, column: value})
    if where is None:
        assert "work" not in found
        told = value if isinstance(value, str) else value.isoformat()
        assert found["meta"]["resume_assets"][column] == told
    else:
        assert found["work"] == [{"startDate": where}]
        assert found["meta"]["resume_assets"] == {"userid": 7}


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://www.linkedin.com/in/ada", "https://www.linkedin.com/in/ada"),
        ("linkedin.com/in/jürgen", "https://linkedin.com/in/j%C3%BCrgen"),
        ("see my website", None),
        ("javascript:alert(1)", None),
        ("https://linkedin.com/in/a%zz", None),
    ],
)
def test_a_link_is_a_url_or_stays_what_it_was(value: str, url: str | None) -> None:
    found = valid({"userid": 7, "Linkedin": value})
    if url is None:
        assert found["meta"]["resume_assets"]["Linkedin"] == value
    else:
        assert found["basics"]["profiles"][0]["url"] == url


VALUES = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.sampled_from(["Present", "2019-07", "2019", "a@b", "a@example.com", "@", "x/y", "\ud800"]),
    st.dates(),
    st.datetimes(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(
    st.dictionaries(st.sampled_from([column.name for column in COLUMNS]), VALUES, max_size=20),
    st.one_of(st.integers(), st.uuids(), st.text(min_size=1)),
    VALUES,
)
def test_whatever_stands_in_the_table_the_document_is_valid_and_has_it_all(
    record: dict[str, Any], userid: Any, written: Any
) -> None:
    found = valid({"userid": userid, **record, "LastProcessed": written})
    del found["meta"]["resume_assets"]["userid"]
    held = json.dumps(found, ensure_ascii=False)
    for column, value in record.items():
        if column == "Certifications" or not isinstance(value, str):
            continue
        kept = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        assert json.dumps(kept, ensure_ascii=False)[1:-1] in held or column == "Linkedin", column
