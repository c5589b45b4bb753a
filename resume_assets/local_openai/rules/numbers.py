"""Numbers: read from a fact, and brought within the bounds of a schema."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
_GRAIN: Final = 0.5


def read_number(fact: Any) -> float | None:
    """Return the number that a fact is or begins with, None where there is none."""
    if isinstance(fact, bool):
        return None
    if isinstance(fact, int | float):
        return float(fact)
    match = _NUMBER.search(fact) if isinstance(fact, str) else None
    return float(match[0]) if match is not None else None


def nearest(schema: Mapping[str, Any], number: float, *, whole: bool) -> float | int:
    """Return the number, or the nearest one that the schema's bounds allow."""
    step = schema.get("multipleOf") or (1 if whole else 0)
    grain = step or _GRAIN
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
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
