"""What a JSON schema must look like for `strict: true`.

https://platform.openai.com/docs/guides/structured-outputs, "Supported schemas". Bounds and patterns
are refused here although newer models take some of them: Azure and older snapshots do not, and a
schema that is tried out on this server should pass everywhere.
"""

from collections.abc import Iterator
from typing import Any

from resume_assets.local_openai.errors import ApiError

_PERMITTED = frozenset(
    {"$defs", "$ref", "additionalProperties", "anyOf", "const", "definitions", "description"}
    | {"enum", "items", "properties", "required", "title", "type"}
)
_MOST_PROPERTIES, _MOST_LEVELS, _MOST_ENUM_VALUES, _LONGEST_NAMES = 5_000, 10, 1_000, 120_000

_Context = tuple[str, ...]


def check_strict(name: str, schema: dict[str, Any]) -> None:
    """Raise the ApiError (400, `param` response_format) that OpenAI answers such a schema with."""
    if schema.get("type") != "object":
        raise _invalid(name, (), "schema must be a JSON Schema of 'type: \"object\"'")
    properties = enum_values = characters = 0
    for context, level, part in _walk(schema):
        wrong = _wrong_with(part)
        if wrong:
            raise _invalid(name, context, wrong)
        names = part.get("properties", {})
        values = part.get("enum", [])
        properties += len(names)
        enum_values += len(values)
        characters += sum(map(len, names)) + sum(len(v) for v in values if isinstance(v, str))
        if level > _MOST_LEVELS:
            raise _invalid(name, context, f"nesting exceeds the limit of {_MOST_LEVELS} levels")
    for number, most, what in (
        (properties, _MOST_PROPERTIES, "object properties"),
        (enum_values, _MOST_ENUM_VALUES, "enum values"),
        (characters, _LONGEST_NAMES, "characters in names and enum values"),
    ):
        if number > most:
            raise _invalid(name, (), f"schema has {number} {what}, the limit is {most}")


def _walk(root: dict[str, Any]) -> Iterator[tuple[_Context, int, dict[str, Any]]]:
    """Every schema in the schema, with its path and how many objects it is nested in."""
    waiting: list[tuple[_Context, int, Any]] = [((), 1, root)]
    while waiting:
        context, level, part = waiting.pop()
        if not isinstance(part, dict):
            part = {"not a schema": part}
        yield context, level, part
        if level > _MOST_LEVELS:
            continue
        for key in ("properties", "$defs", "definitions"):
            below = part.get(key)
            if isinstance(below, dict):
                deeper = level + 1 if key == "properties" else level
                waiting += [((*context, key, n), deeper, s) for n, s in below.items()]
        if "items" in part:
            waiting.append(((*context, "items"), level, part["items"]))
        if isinstance(part.get("anyOf"), list):
            waiting += [
                ((*context, "anyOf", str(n)), level, s) for n, s in enumerate(part["anyOf"])
            ]


def _wrong_with(part: dict[str, Any]) -> str | None:
    for key in part:
        if key not in _PERMITTED:
            return f"'{key[:64]}' is not permitted"
    if "$ref" in part:
        extra = sorted(part.keys() - {"$ref", "description"})
        return f"$ref cannot have keywords {extra}" if extra else None
    if not part.keys() & {"type", "anyOf", "enum", "const"}:
        return "schema must have a 'type' key"
    kinds = part.get("type")
    if kinds == "object" or (isinstance(kinds, list) and "object" in kinds):
        return _wrong_with_object(part)
    if (kinds == "array" or (isinstance(kinds, list) and "array" in kinds)) and "items" not in part:
        return "array schema missing items"
    return None


def _wrong_with_object(part: dict[str, Any]) -> str | None:
    if part.get("additionalProperties") is not False:
        return "'additionalProperties' is required to be supplied and to be false"
    names, required = part.get("properties", {}), part.get("required", [])
    if not isinstance(names, dict) or not isinstance(required, list):
        return "'properties' must be an object and 'required' an array"
    rule = (
        "'required' is required to be supplied and to be an array including every key in properties"
    )
    for key in names:
        if key not in required:
            return f"{rule}. Missing '{key[:64]}'"
    if len(required) > len(names):
        return f"{rule}. Extra required key supplied"
    return None


def _invalid(name: str, context: _Context, what: str) -> ApiError:
    return ApiError(
        f"Invalid schema for response_format '{name}': In context={context!r}, {what}.",
        param="response_format",
    )
