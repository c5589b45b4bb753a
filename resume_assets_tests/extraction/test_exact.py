"""Answers as the schema asks: what is taken at once, and what is left to `lenient`."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from resume_assets.extraction.candidate import fields_of, response_format
from resume_assets.extraction.exact import read_exactly
from resume_assets_tests.extraction.answers import full_answer

SCHEMA = response_format()["json_schema"]["schema"]
OTHERS: dict[str, list[Any]] = {
    "string": [None, 5, True, ["x"], {}],
    "array": [None, "x", {}, [5], [None], [["x"]]],
    "number": ["6", True, [6], {}],
}
"""By type of the schema: what is none of it."""

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
padded = st.tuples(st.sampled_from(["", " ", "\n\t", "\u00a0"]), texts).map("".join)


def _of(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    match schema["type"]:
        case "object":
            return st.fixed_dictionaries(
                {name: _of(item) for name, item in schema["properties"].items()}
            )
        case "array":
            return st.lists(_of(schema["items"]), max_size=3)
        case "string":
            return padded | padded.map(lambda text: text[::-1])
        case _:
            return st.none() | st.integers(0, 60) | st.floats(0, 60)


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _stripped(item) for name, item in value.items()}
    if isinstance(value, list):
        return [*map(_stripped, value)]
    return value.strip() if isinstance(value, str) else value


@given(_of(SCHEMA), st.sampled_from([None, 2]), st.booleans())
def test_what_the_schema_allows_is_read_with_its_texts_stripped(
    answer: dict[str, Any], indent: int | None, ensure_ascii: bool
) -> None:
    found = read_exactly(json.dumps(answer, indent=indent, ensure_ascii=ensure_ascii))
    read = asdict(found) | {"positions": [asdict(job) for job in found.positions]}
    assert read == _stripped(answer)


@pytest.mark.parametrize("name", list(SCHEMA["properties"]))
def test_a_value_of_another_type_is_refused(name: str) -> None:
    kind = SCHEMA["properties"][name]["type"]
    for other in OTHERS[kind if isinstance(kind, str) else kind[0]]:
        with pytest.raises(ValueError, match="Expected"):
            read_exactly(json.dumps(full_answer(**{name: other})))


@pytest.mark.parametrize("part", list(SCHEMA["properties"]["positions"]["items"]["properties"]))
def test_a_position_of_another_shape_is_refused(part: str) -> None:
    job = full_answer()["positions"][0]
    for odd in (
        job | {part: None},
        job | {"pay": "5"},
        {key: value for key, value in job.items() if key != part},
    ):
        with pytest.raises(ValueError, match=r"positions"):
            read_exactly(json.dumps(full_answer(positions=[odd])))


@pytest.mark.parametrize("name", list(SCHEMA["properties"]))
def test_a_missing_field_is_refused(name: str) -> None:
    answer = full_answer()
    del answer[name]
    with pytest.raises(ValueError, match=name):
        read_exactly(json.dumps(answer))


FULL = json.dumps(full_answer())


@pytest.mark.parametrize(
    "content",
    [
        *("", "{}", "null", "[]", f"[{FULL}]", json.dumps(FULL)),
        *(FULL[:-1], FULL + "}", FULL + FULL, "```json\n" + FULL + "\n```"),
        FULL[:-1] + ', "extra": 1}',
        *(FULL.replace('"Zofia"', text) for text in ('"\\ud800"', '"\ud800"', "'Zofia'", '"\n"')),
        *(FULL[: FULL.rindex(":")] + f": {number}}}" for number in ("NaN", "1e400", "01", "-")),
    ],
)
def test_whatever_else_is_refused(content: str) -> None:
    with pytest.raises((msgspec.MsgspecError, UnicodeError)):
        read_exactly(content)


def test_each_field_is_of_a_type_that_is_known_here() -> None:
    """A new type of field must be stripped, too."""
    for name, field in fields_of(type(read_exactly(FULL))).items():
        assert field.type in (str, list[str], float | None) or name == "positions"
