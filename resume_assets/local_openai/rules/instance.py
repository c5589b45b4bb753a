"""The walk over a strict JSON schema: an instance of it, filled with what the facts can give.

Names of properties are compared without case, spaces and underscores; a name that is not known gets
null where the schema allows it, else an empty value of its type. Of the keywords of JSON Schema
those are honoured that OpenAI's structured outputs accept (`$ref`, `$defs`, `anyOf`, `enum`, `const`,
types, lengths and bounds); of `pattern` and `format` only that a value which does not match is not used.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from resume_assets.local_openai.rules.names_of_facts import fact_for
from resume_assets.local_openai.rules.vocabulary import fold

_DEEPEST: Final = 24
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")


class Walk:
    """One schema; `instance` gives the values."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Of the root, which holds the definitions."""
        self._root = schema

    def instance(self, facts: Mapping[str, Any]) -> Any:
        """An instance of the whole schema."""
        return self._value(self._root, facts, facts, 0)

    def _value(self, schema: Any, fact: Any, scope: Mapping[str, Any], depth: int) -> Any:
        schema = self._resolved(schema)
        if depth > _DEEPEST:
            fact = None
        options = schema.get("anyOf") or schema.get("oneOf")
        if options:
            return self._option(options, fact, scope, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return _chosen(schema["enum"], fact)
        kinds = schema.get("type")
        if isinstance(kinds, list):
            return self._option([{**schema, "type": kind} for kind in kinds], fact, scope, depth)
        if kinds is None:
            kinds = "object" if "properties" in schema else "array" if "items" in schema else "null"
        if kinds == "object":
            return self._object(schema, fact, scope, depth)
        if kinds == "array":
            return self._array(schema, fact, scope, depth)
        return _scalar(kinds, schema, fact)

    def _resolved(self, schema: Any) -> Mapping[str, Any]:
        for _ in range(_DEEPEST):
            if not isinstance(schema, Mapping):
                return {}
            if isinstance(schema.get("allOf"), list) and len(schema["allOf"]) == 1:
                schema = schema["allOf"][0]
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema
            target: Any = self._root
            for step in reference.lstrip("#").strip("/").split("/"):
                if step:
                    step = step.replace("~1", "/").replace("~0", "~")
                    target = target.get(step) if isinstance(target, Mapping) else None
            schema = target
        return {}

    def _option(
        self, options: Sequence[Any], fact: Any, scope: Mapping[str, Any], depth: int
    ) -> Any:
        """The first option that suits the fact; null where nothing is known and null is allowed."""
        resolved = [self._resolved(option) for option in options]
        empty = _is_empty(fact) or depth > _DEEPEST - 4
        if empty and any(self._allows_null(option) for option in resolved):
            return None
        for option in resolved:
            if self._suits(option, fact, depth):
                return self._value(option, fact, scope, depth + 1)
        if any(self._allows_null(option) for option in resolved):
            return None
        plain = [option for option in resolved if not _is_compound(option)]
        return self._value((plain or resolved)[0], fact, scope, depth + 1)

    def _allows_null(self, schema: Mapping[str, Any]) -> bool:
        kinds = schema.get("type")
        return (
            kinds == "null"
            or (isinstance(kinds, list) and "null" in kinds)
            or ("const" in schema and schema["const"] is None)
            or None in schema.get("enum", ())
        )

    def _suits(self, schema: Mapping[str, Any], fact: Any, depth: int) -> bool:
        if "anyOf" in schema or "$ref" in schema:
            return depth < _DEEPEST
        if "enum" in schema:
            return any(_same(value, fact) for value in schema["enum"])
        if "const" in schema:
            return _same(schema["const"], fact)
        kinds = schema.get("type", "object" if "properties" in schema else None)
        if isinstance(kinds, list):
            return any(self._suits({**schema, "type": kind}, fact, depth) for kind in kinds)
        if kinds == "object":
            return isinstance(fact, Mapping)
        if kinds == "array":
            return isinstance(fact, list)
        if kinds == "null":
            return fact is None
        return _from_fact(kinds, schema, fact) is not None

    def _object(
        self, schema: Mapping[str, Any], fact: Any, scope: Mapping[str, Any], depth: int
    ) -> dict[str, Any]:
        """A nested object of an unknown name sees the facts of the one around it."""
        inner = fact if isinstance(fact, Mapping) else scope
        properties = schema.get("properties") or {}
        required = schema.get("required", properties)
        names = list(properties) if depth <= _DEEPEST else [n for n in properties if n in required]
        built: dict[str, Any] = {}
        for name in names:
            wanted = self._resolved(properties[name])
            found = fact_for(name, inner, whole=inner is not scope or depth == 0)
            if found is None and depth <= _DEEPEST and self._is_record_list(wanted):
                found = self._records(wanted, scope)
            built[name] = self._value(wanted, found, inner, depth + 1)
        return built

    def _is_record_list(self, schema: Mapping[str, Any]) -> bool:
        return schema.get("type") == "array" and "properties" in self._resolved(schema.get("items"))

    def _records(self, schema: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
        """For a list of objects with a name of its own: positions or degrees, by what they hold."""
        names = {fold(name) for name in self._resolved(schema.get("items"))["properties"]}
        if any("company" in name or "employer" in name for name in names):
            return scope.get("positions")
        if any("degree" in name for name in names):
            return scope.get("education")
        return None

    def _array(
        self, schema: Mapping[str, Any], fact: Any, scope: Mapping[str, Any], depth: int
    ) -> list[Any]:
        items = self._resolved(schema.get("items", {}))
        found = fact if isinstance(fact, list) else [] if _is_empty(fact) else [fact]
        most = schema.get("maxItems")
        least = schema.get("minItems", 0)
        built: list[Any] = []
        if depth <= _DEEPEST:
            for each in found[:most]:
                if self._suits(items, each, depth):
                    built.append(self._value(items, each, scope, depth + 1))
        while len(built) < least and depth <= _DEEPEST * 2:
            built.append(self._value(items, None, {}, depth + 1))
        return built


def _is_compound(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("properties") or schema.get("anyOf") or schema.get("$ref"))


def _is_empty(fact: Any) -> bool:
    return fact is None or fact == "" or fact == [] or fact == {}


def _same(value: Any, fact: Any) -> bool:
    if isinstance(value, str) and isinstance(fact, str):
        return fold(value) == fold(fact)
    return type(value) is type(fact) and bool(value == fact)


def _chosen(values: Sequence[Any], fact: Any) -> Any:
    """The value that the fact names; null where nothing does and null is one; else the first."""
    facts = fact if isinstance(fact, list) else [fact]
    for each in facts:
        for value in values:
            if _same(value, each):
                return value
    for each in facts:
        for value in values:
            if isinstance(each, str) and isinstance(value, str) and fold(value) in fold(each):
                return value
    return None if None in values or not values else values[0]


def _scalar(kind: str, schema: Mapping[str, Any], fact: Any) -> Any:
    value = _from_fact(kind, schema, fact)
    if value is not None or kind == "null":
        return value
    if kind == "string":
        return " " * int(schema.get("minLength", 0))
    if kind == "boolean":
        return False
    return _nearest(schema, 0, whole=kind == "integer")


def _from_fact(kind: Any, schema: Mapping[str, Any], fact: Any) -> Any:
    """The fact in the type that is wanted, or None."""
    if isinstance(fact, list):
        if kind == "string" and all(isinstance(item, str) for item in fact) and fact:
            fact = ", ".join(fact)
        else:
            return None
    if kind == "string":
        return _text(schema, fact)
    if kind == "boolean":
        return fact if isinstance(fact, bool) else None
    if kind in {"number", "integer"}:
        number = _number(fact)
        if number is None:
            return None
        found = _nearest(schema, number, whole=kind == "integer")
        return found
    return None


def _text(schema: Mapping[str, Any], fact: Any) -> str | None:
    if isinstance(fact, bool) or not isinstance(fact, str | int | float):
        return None
    text = str(fact)
    if len(text) < schema.get("minLength", 0):
        return None
    text = text[: schema.get("maxLength")]
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        try:
            return text if re.search(pattern, text[:1_000]) else None
        except re.error:
            return None
    return text


def _number(fact: Any) -> float | None:
    if isinstance(fact, bool):
        return None
    if isinstance(fact, int | float):
        return float(fact)
    match = _NUMBER.search(fact) if isinstance(fact, str) else None
    return float(match[0]) if match is not None else None


def _nearest(schema: Mapping[str, Any], number: float, *, whole: bool) -> float | int:
    """The number, or the nearest one that the bounds allow."""
    step = schema.get("multipleOf") or (1 if whole else 0)
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    grain = step or 0.5
    if "exclusiveMinimum" in schema:
        low = max(low, schema["exclusiveMinimum"] + grain)
    if "exclusiveMaximum" in schema:
        high = min(high, schema["exclusiveMaximum"] - grain)
    number = min(max(number, low), high)
    if step:
        number = round(number / step) * step
        if number < low:
            number = math.ceil(low / step) * step
        elif number > high:
            number = math.floor(high / step) * step
    return int(number) if whole else number
