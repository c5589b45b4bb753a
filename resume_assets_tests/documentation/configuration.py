"""`docs/configuration.md`, made of the settings class: `python -m …documentation.configuration`."""

import inspect
import re
from enum import EnumType
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from resume_assets.settings import Settings
from resume_assets_tests.documentation.pages import DOCS

PAGE = DOCS / "configuration.md"

_HEAD = """\
# Configuration

Variables are read once, from the environment or from a file `.env` in the folder where a command
or the code location is started; the environment wins. An empty variable counts as none. Names match
by exact case, and one that looks like ours and is none is named. `resume-assets doctor` shows each
value that is in force and where it comes from, keys and passwords hidden.

Without a database the embedded SQLite file is used. Without a key a local server answers by rules:
it is no language model, and serves the embedded database only.

This page is made of `resume_assets/settings.py`, by
`python -m resume_assets_tests.documentation.configuration`.
"""

_TABLE = "| variable | default | may be | |\n| --- | --- | --- | --- |\n"

_SECTION = re.compile(r"^    # (?P<section>.+)$")
_FIELD = re.compile(r"^    (?P<name>\w+): ")
_TEXT = re.compile(r'^    """(?P<text>.*?)"""', re.MULTILINE | re.DOTALL)


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    source = inspect.getsource(Settings)
    for line, rest in _lines(source[: source.index("@field_validator")]):
        if found := _SECTION.match(line):
            parts.append(f"\n## {found['section']}\n\n{_TABLE}")
        elif (found := _FIELD.match(line)) and found["name"] in Settings.model_fields:
            text = _TEXT.search(rest)
            assert text, f"{found['name']} says nowhere what it is for"
            parts.append(_row(Settings.model_fields[found["name"]], " ".join(text["text"].split())))
    return "".join(parts)


def _lines(source: str) -> list[tuple[str, str]]:
    """Each line, and what follows it up to the next field."""
    lines = source.splitlines()
    return [(line, "\n".join(lines[place + 1 :])) for place, line in enumerate(lines)]


def _row(field: FieldInfo, text: str) -> str:
    return f"| `{field.alias}` | {_default(field)} | {_allowed(field)} | {text} |\n"


def _default(field: FieldInfo) -> str:
    match field.default:
        case None:
            return "–"
        case bool(value):
            return str(value).lower()
        case int(value) | float(value):
            return f"{value:,}"
        case value:
            return f"`{value}`"


def _allowed(field: FieldInfo) -> str:
    kinds = [
        kind
        for kind in (get_args(field.annotation) or (field.annotation,))
        if kind is not type(None)
    ]
    (kind,) = kinds
    if get_args(kind):  # Annotated
        kind, *more = get_args(kind)
        bounds = [bound for part in more for bound in part.metadata]
    else:
        bounds = list(field.metadata)
    if isinstance(kind, EnumType):
        return ", ".join(f"`{choice.value}`" for choice in kind)  # type: ignore[var-annotated]
    if kind is bool:
        return "true, false"
    if kind in (int, float):
        return " ".join([{int: "a whole number", float: "a number"}[kind], *_limits(bounds)])
    return {SecretStr: "a secret", Path: "a path"}.get(kind, "a text")


def _limits(bounds: list[Any]) -> list[str]:
    words = {"ge": "from", "gt": "over", "le": "to", "lt": "under"}
    return [
        f"{word} {getattr(bound, name):,}"
        for bound in bounds
        for name, word in words.items()
        if getattr(bound, name, None) is not None
    ]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
