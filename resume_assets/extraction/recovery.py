"""The one JSON object in an answer that has more around it, or is not quite JSON.

Models and servers without strict schemas put prose or a fence around the object, or leave a comma
too many in it. What is unambiguous is recovered; what is not is refused: two different objects, or
one that was cut and would have to be completed by guessing.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from resume_assets.extraction.candidate import Candidate, fields_of
from resume_assets.extraction.lenient import ShapeError

LONGEST = 200_000
"""Characters; no answer within a model's limits is longer, and searching must stay quick."""
_MOST_STARTS = 200
_DEEPEST = 6  # of an answer; a candidate has three levels

_START = re.compile(r"\{\s*[\"']")
_FIELDS = fields_of(Candidate).keys()
_OUR_KEYS = "|".join(_FIELDS)
_OUR_KEY = re.compile(f"[\"'](?:{_OUR_KEYS})[\"']\\s*:")
_NAME = re.compile(f"\\b(?:{_OUR_KEYS})\\b(?=[\"']?\\s*:|[\"'])")
_THOUGHT = ("<think>", "</think>")
_DECODER = json.JSONDecoder()


def find_object(text: str) -> dict[str, Any]:
    """Return the only object in the text that has keys of `Candidate`.

    Raises ShapeError with `not_json`, `ambiguous` or `truncated`.
    """
    if len(text) > LONGEST:
        raise ShapeError("not_json")
    opening, closing = _THOUGHT
    if text.lstrip().startswith(opening):  # a reasoning model's draft is not its answer
        text = text.partition(closing)[2] or text
    if "{" not in text:
        raise ShapeError("not_json")
    rest: list[str] = []
    found: list[dict[str, Any]] = []
    position = 0
    for start, end, value in _complete_objects(text):
        if value.keys() & _FIELDS:
            found.append(value)
            rest.append(text[position:start])
            position = end
    rest.append(text[position:])
    if not found:
        return _repaired(text)
    if any(value != found[0] for value in found[1:]) or _OUR_KEY.search("\n".join(rest)):
        raise ShapeError("ambiguous")
    return found[0]


def _complete_objects(text: str) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Yield start, end and value of each object that is JSON as it stands, outermost first."""
    position = 0
    for _ in range(_MOST_STARTS):
        match = _START.search(text, position)
        if match is None:
            return
        try:
            value, end = _DECODER.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            position = match.start() + 1
            continue
        yield match.start(), end, value
        position = end


def _repaired(text: str) -> dict[str, Any]:
    """Return what json-repair makes of the text between the first brace and the last.

    json-repair completes whatever was cut off; so an object that does not close is refused before
    the call, and one that json-repair had to close is refused after it.
    """
    segment = text[text.index("{") : text.rfind("}") + 1]
    if not _closes_once(segment):
        raise ShapeError("truncated")
    # Loaded here: 50 ms that only odd answers need.
    from json_repair import repair_json

    try:
        value, repairs = repair_json(
            segment, return_objects=True, skip_json_loads=True, logging=True, strict=True
        )
    except (ValueError, RecursionError):
        raise ShapeError("not_json") from None
    if any("missed the closing" in repair["text"] for repair in repairs):
        raise ShapeError("truncated")
    # Where a colon or a quote is missing, keys are swallowed by values or values become keys.
    if not isinstance(value, dict) or value.keys() ^ set(_NAME.findall(segment)):
        raise ShapeError("not_json")
    return value


def _closes_once(segment: str) -> bool:
    """Tell whether the first bracket closes at the segment's very end, and every other in between.

    Quotes are followed as JSON has them.
    """
    open_brackets: list[str] = []
    in_string = escaped = False
    for index, character in enumerate(segment):
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "{[":
            open_brackets.append("}" if character == "{" else "]")
            if len(open_brackets) > _DEEPEST:
                return False
        elif character in "}]":
            if not open_brackets or open_brackets.pop() != character:
                return False
            if not open_brackets:
                return index == len(segment) - 1
    return False
