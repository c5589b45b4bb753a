"""The walk over a strict JSON schema: an instance of it, filled with what the facts can give.

Of the keywords of JSON Schema those are honoured that OpenAI's structured outputs accept: `$ref`,
`$defs`, `anyOf`, `enum`, `const`, types, lengths and bounds. `pattern` and `format` can't be met at
will: a fact that does not match a pattern is not used, and no value is made up to match one.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from resume_assets.local_openai.rules.meanings import fact_for
from resume_assets.local_openai.rules.numbers import nearest, read_number
from resume_assets.local_openai.rules.vocabulary import fold

_DEEP: Final = 60
"""Beyond it no facts are used, so that a schema that contains itself comes to an end."""
_DEEPEST: Final = 200
"""Beyond it the instance is cut off: the schema demands itself without end, and has no instance."""
_SHORTEST_GUESS: Final = 3


class Walk:
    """One schema; `instance` gives the values."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Take the root, which holds the definitions."""
        self._root = schema

    def instance(self, facts: Mapping[str, Any]) -> Any:
        """Return an instance of the whole schema."""
        return self._value(self._resolved(self._root), facts, facts, 0)

    def _value(
        self, schema: Mapping[str, Any], fact: Any, scope: Mapping[str, Any], depth: int
    ) -> Any:
        if depth > _DEEP:
            fact = None
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return _chosen(schema["enum"], fact)
        options = self._options(schema)
        if options:
            return self._option(options, fact, scope, depth)
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema, fact, scope, depth)
        if kind == "array":
            return self._array(schema, fact, scope, depth)
        return _scalar(kind, schema, fact)

    def _resolved(self, schema: Any) -> Mapping[str, Any]:
        """The schema that a chain of references ends at; empty where it ends nowhere."""
        for _ in range(_DEEP):
            if not isinstance(schema, Mapping):
                return {}
            if isinstance(schema.get("$ref"), str):
                schema = self._target(schema["$ref"])
            elif isinstance(schema.get("allOf"), list) and len(schema["allOf"]) == 1:
                schema = schema["allOf"][0]  # how some libraries write a reference with a remark
            else:
                found: Mapping[str, Any] = schema
                return found
        return {}

    def _target(self, reference: str) -> Any:
        target: Any = self._root
        for step in filter(None, reference.lstrip("#").split("/")):
            name = step.replace("~1", "/").replace("~0", "~")
            target = target.get(name) if isinstance(target, Mapping) else None
        return target

    def _options(self, schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """What the schema leaves to choose between; nothing where it is of one kind."""
        kinds = schema.get("type")
        if isinstance(kinds, list):
            return [{**schema, "type": kind} for kind in kinds]
        return [self._resolved(each) for each in schema.get("anyOf") or schema.get("oneOf") or ()]

    def _option(
        self,
        options: Sequence[Mapping[str, Any]],
        fact: Any,
        scope: Mapping[str, Any],
        depth: int,
    ) -> Any:
        """The first option that suits the fact; null where none does and null is allowed."""
        if not _is_empty(fact):
            for option in options:
                if self._suits(option, fact, depth):
                    return self._value(option, fact, scope, depth + 1)
        if any(self._allows_null(option, depth) for option in options):
            return None
        simplest = min(options, key=lambda option: "properties" in option or "anyOf" in option)
        return self._value(simplest, None, scope, depth + 1)

    def _allows_null(self, schema: Mapping[str, Any], depth: int) -> bool:
        if "const" in schema:
            return schema["const"] is None
        if "enum" in schema:
            return None in schema["enum"]
        options = self._options(schema)
        if options and depth < _DEEPEST:
            return any(self._allows_null(option, depth + 1) for option in options)
        return _kind(schema) == "null"

    def _suits(self, schema: Mapping[str, Any], fact: Any, depth: int) -> bool:
        """Whether an instance of the schema can hold the fact."""
        if "const" in schema:
            return _same(schema["const"], fact)
        if "enum" in schema:
            return any(_same(value, fact) for value in schema["enum"])
        options = self._options(schema)
        if options:
            return depth < _DEEP and any(self._suits(each, fact, depth + 1) for each in options)
        kind = _kind(schema)
        if kind == "object":
            return isinstance(fact, Mapping)
        if kind == "array":
            return isinstance(fact, list)
        return _from_fact(kind, schema, fact) is not None

    def _object(
        self, schema: Mapping[str, Any], fact: Any, scope: Mapping[str, Any], depth: int
    ) -> dict[str, Any]:
        """An object; one with an unknown name sees the facts of the one around it."""
        if depth > _DEEPEST:
            return {}
        facts = fact if isinstance(fact, Mapping) else scope
        built: dict[str, Any] = {}
        for name, found in (schema.get("properties") or {}).items():
            wanted = self._resolved(found)
            value = fact_for(name, facts)
            if value is None:
                value = self._records(wanted, facts)
            built[name] = self._value(wanted, value, facts, depth + 1)
        return built

    def _records(self, schema: Mapping[str, Any], facts: Mapping[str, Any]) -> Any:
        """The jobs or degrees for a list under an unknown name, by what its objects hold."""
        if schema.get("type") != "array":
            return None
        names = [fold(name) for name in self._resolved(schema.get("items")).get("properties", ())]
        if any("company" in name or "employer" in name for name in names):
            return facts.get("positions")
        if any("degree" in name for name in names):
            return facts.get("education")
        return None

    def _array(
        self, schema: Mapping[str, Any], fact: Any, scope: Mapping[str, Any], depth: int
    ) -> list[Any]:
        if depth > _DEEPEST:
            return []
        items = self._resolved(schema.get("items"))
        facts = fact if isinstance(fact, list) else [] if _is_empty(fact) else [fact]
        built = [
            self._value(items, each, scope, depth + 1)
            for each in facts[: schema.get("maxItems")]
            if self._suits(items, each, depth)
        ]
        while len(built) < schema.get("minItems", 0):
            built.append(self._value(items, None, {}, depth + 1))
        return built


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind
    return "object" if "properties" in schema else "array" if "items" in schema else "null"


def _is_empty(fact: Any) -> bool:
    return fact is None or (isinstance(fact, str | list | Mapping) and not fact)


def _same(value: Any, fact: Any) -> bool:
    if isinstance(value, str) and isinstance(fact, str):
        return fold(value) == fold(fact)
    return type(value) is type(fact) and bool(value == fact)


def _chosen(values: Sequence[Any], fact: Any) -> Any:
    """The value that the fact names; null where nothing does and null is one; else the first."""
    facts = fact if isinstance(fact, list) else [fact]
    for alike in (_same, _is_told_by):
        for each in facts:
            for value in values:
                if alike(value, each):
                    return value
    return None if None in values or not values else values[0]


def _is_told_by(value: Any, fact: Any) -> bool:
    if not (isinstance(value, str) and isinstance(fact, str)) or len(value) < _SHORTEST_GUESS:
        return False
    return fold(value) in fold(fact)


def _scalar(kind: str, schema: Mapping[str, Any], fact: Any) -> Any:
    value = _from_fact(kind, schema, fact)
    if value is not None or kind == "null":
        return value
    if kind == "string":
        return " " * schema.get("minLength", 0)
    if kind == "boolean":
        return False
    return nearest(schema, 0, whole=kind == "integer")


def _from_fact(kind: str, schema: Mapping[str, Any], fact: Any) -> Any:
    """The fact in the type that is wanted, or None."""
    if isinstance(fact, list):
        if kind != "string" or not fact or not all(isinstance(item, str) for item in fact):
            return None
        fact = ", ".join(fact)
    if kind == "string":
        return _text(schema, fact)
    if kind == "boolean":
        return fact if isinstance(fact, bool) else None
    if kind in {"number", "integer"}:
        number = read_number(fact)
        return None if number is None else nearest(schema, number, whole=kind == "integer")
    return None


def _text(schema: Mapping[str, Any], fact: Any) -> str | None:
    if isinstance(fact, bool) or not isinstance(fact, str | int | float):
        return None
    text = str(fact)[: schema.get("maxLength")]
    if len(text) < schema.get("minLength", 0):
        return None
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        try:
            return text if re.search(pattern, text[:1_000]) else None
        except re.error:  # a pattern of another dialect: not to be met, so no value
            return None
    return text
