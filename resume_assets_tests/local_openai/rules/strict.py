"""Strict schemas made up by Hypothesis, and a small validator for them."""

import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

NAMES = [
    "first_name", "LastName", "email", "emails", "Phone2", "phones", "positions", "experience",
    "company", "start", "end_date", "location", "titles", "title", "skills", "Skill3",
    "languages", "software", "city", "state", "bachelors", "summary", "years_of_experience",
    "avg_tenure", "SecondMostRecentCompany", "name", "education", "degree", "category",
    "unheard_of", "x", "números", "",
]  # fmt: skip

_enums = st.lists(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["TX", "Nursing", "a", ""]),
    min_size=1,
    max_size=4,
).map(lambda values: {"enum": values})
_consts = st.sampled_from([{"const": None}, {"const": "one"}, {"const": 3}])
_strings = st.builds(
    lambda low, more: {"type": "string"} | low | more,
    st.sampled_from([{}, {"minLength": 3}]),
    st.sampled_from([{}, {"maxLength": 12}]),
)
_numbers = st.builds(
    lambda kind, low, high: {"type": kind} | low | high,
    st.sampled_from(["number", "integer"]),
    st.sampled_from([{}, {"minimum": 2}, {"exclusiveMinimum": -4}]),
    st.sampled_from([{}, {"maximum": 7}, {"exclusiveMaximum": 60}, {"multipleOf": 2}]),
)
_plain = st.sampled_from([{"type": "boolean"}, {"type": "null"}])
_several = st.lists(
    st.sampled_from(["string", "number", "integer", "boolean", "null"]),
    min_size=1,
    max_size=3,
    unique=True,
).map(lambda kinds: {"type": kinds})
_leaves = _enums | _consts | _strings | _numbers | _plain | _several


def strict_object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    arrays = st.builds(
        lambda items, bounds: {"type": "array", "items": items} | bounds,
        inner,
        st.sampled_from([{}, {}, {"minItems": 2}, {"maxItems": 1}]),
    )
    choices = st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options})
    objects = st.dictionaries(st.sampled_from(NAMES), inner, max_size=6).map(strict_object)
    return arrays | choices | objects


# The definitions may contain themselves, as long as they leave a way out.
DEFINITIONS = {
    "tree": strict_object(
        {
            "name": {"type": "string"},
            "positions": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
        }
    ),
    "chain": strict_object(
        {
            "company": {"type": "string"},
            "next": {"anyOf": [{"$ref": "#/$defs/chain"}, {"type": "null"}]},
        }
    ),
    "state": {"type": "string", "enum": ["TX", "CA"]},
    "again": {"$ref": "#/$defs/state"},
}
_references = st.sampled_from([{"$ref": f"#/$defs/{name}"} for name in DEFINITIONS])
_inner = st.recursive(_leaves | _references, _around, max_leaves=12)

schemas = st.dictionaries(st.sampled_from(NAMES), _inner, max_size=8).map(
    lambda properties: strict_object(properties) | {"$defs": DEFINITIONS}
)


def errors(instance: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$") -> list[str]:
    """What is wrong with an instance; an independent reading of the keywords used above."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return errors(instance, root["$defs"][name], root, at)
    if "anyOf" in schema:
        tried = [errors(instance, option, root, at) for option in schema["anyOf"]]
        return [] if any(not each for each in tried) else [f"{at}: none of anyOf"]
    if "enum" in schema:
        same = any(type(instance) is type(v) and instance == v for v in schema["enum"])
        return [] if same else [f"{at}: not in enum"]
    if "const" in schema:
        return [] if instance == schema["const"] else [f"{at}: not const"]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(_IS[kind](instance) for kind in kinds):
        return [f"{at}: {type(instance).__name__} is none of {kinds}"]
    return [*_bounds(instance, schema, at), *_inside(instance, schema, root, at)]


_IS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _bounds(instance: Any, schema: dict[str, Any], at: str) -> list[str]:
    size = len(instance) if isinstance(instance, str | list) else instance
    checks: dict[str, Callable[[Any], bool]] = {
        "minLength": lambda bound: size >= bound,
        "maxLength": lambda bound: size <= bound,
        "minItems": lambda bound: size >= bound,
        "maxItems": lambda bound: size <= bound,
        "minimum": lambda bound: size >= bound,
        "maximum": lambda bound: size <= bound,
        "exclusiveMinimum": lambda bound: size > bound,
        "exclusiveMaximum": lambda bound: size < bound,
        "multipleOf": lambda bound: size % bound == 0,
        "pattern": lambda bound: re.search(bound, instance) is not None,
    }
    return [
        f"{at}: {name}"
        for name, holds in checks.items()
        if name in schema and not holds(schema[name])
    ]


def _inside(instance: Any, schema: dict[str, Any], root: dict[str, Any], at: str) -> list[str]:
    if isinstance(instance, list):
        return [
            problem
            for number, item in enumerate(instance)
            for problem in errors(item, schema["items"], root, f"{at}[{number}]")
        ]
    if not isinstance(instance, dict):
        return []
    if set(instance) != set(schema["properties"]):
        return [f"{at}: properties"]
    return [
        problem
        for name, inner in schema["properties"].items()
        for problem in errors(instance[name], inner, root, f"{at}.{name}")
    ]
