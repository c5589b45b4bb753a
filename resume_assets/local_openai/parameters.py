"""Checks of a call's parameters; each raises the ApiError that the API itself would give."""

from collections.abc import Mapping
from typing import Any

from resume_assets.local_openai.errors import ApiError, invalid_type, invalid_value, missing

_LONGEST_EXPIRY = 2_592_000  # seconds: thirty days

_METADATA_PAIRS, _METADATA_KEY, _METADATA_VALUE = 16, 64, 512


def whole_number(value: str | None, param: str, default: int, lowest: int, highest: int) -> int:
    """A number from the query string, within its bounds."""
    if value is None:
        return default
    try:
        number = int(value)
    except ValueError:
        raise invalid_type(param, "an integer", value) from None
    return bounded(number, param, lowest, highest)


def bounded(number: int, param: str, lowest: int, highest: int) -> int:
    """The number, if it is within its bounds."""
    for wrong, side, sign, bound in (
        (number < lowest, "below_min", ">=", lowest),
        (number > highest, "above_max", "<=", highest),
    ):
        if wrong:
            raise ApiError(
                f"Invalid '{param}': integer {side.replace('_', ' ')}imum value. "
                f"Expected a value {sign} {bound}, but got {number} instead.",
                code=f"integer_{side}_value",
                param=param,
            )
    return number


def expires_after(anchor: object, seconds: object, param: str, least: int) -> int:
    """Seconds of an expiration policy, `least` at least."""
    if anchor is None:
        raise missing(f"{param}.anchor")
    if anchor != "created_at":
        raise invalid_value(f"{param}.anchor", "'created_at'")
    if seconds is None:
        raise missing(f"{param}.seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise invalid_type(f"{param}.seconds", "an integer", seconds)
    return bounded(seconds, f"{param}.seconds", least, _LONGEST_EXPIRY)


def metadata(value: object) -> dict[str, str] | None:
    """Metadata of an object: at most 16 pairs, keys to 64 and values to 512 characters."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise invalid_type("metadata", "an object", value)
    if len(value) > _METADATA_PAIRS:
        raise ApiError(
            "Invalid 'metadata': too many properties. Expected an object with at most "
            f"{_METADATA_PAIRS} properties, but got an object with {len(value)} properties "
            "instead.",
            code="object_above_max_properties",
            param="metadata",
        )
    for key, item in value.items():
        _no_longer_than(key, _METADATA_KEY, "metadata")
        if not isinstance(item, str):
            raise invalid_type(f"metadata.{key}", "a string", item)
        _no_longer_than(item, _METADATA_VALUE, f"metadata.{key}")
    return value


def text(body: Mapping[str, Any], param: str) -> str:
    """A required string."""
    value = body.get(param)
    if value is None:
        raise missing(param)
    if not isinstance(value, str):
        raise invalid_type(param, "a string", value)
    return value


def _no_longer_than(value: str, longest: int, param: str) -> None:
    if len(value) > longest:
        raise ApiError(
            f"Invalid '{param}': string too long. Expected a string with maximum length {longest}, "
            f"but got a string with length {len(value)} instead.",
            code="string_above_max_length",
            param=param,
        )
