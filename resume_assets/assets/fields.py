"""Fields of the launchpad: what several jobs have, and what is wrong with one, in a sentence.

Dagster checks a field's type before a run begins, and its range only when it has begun, with a
traceback: so ranges are checked here.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import Field

from resume_assets.errors import WrongUseError

USERIDS: Any = Field(
    default=[],
    description="Ids (userid) of candidates, as in [4711, 4712]; none: all that there are.",
)
DRY_RUN: Any = Field(
    default=True,
    description="true: only tell what it would come to. Set it to false to do it.",
)


class BadField(WrongUseError):
    """A field of the job's configuration that can't be; nothing was done."""


def required(name: str, value: str, what: str) -> str:
    """The field's text without the spaces around it. Raises BadField where there is none."""
    if not value.strip():
        raise BadField(f"{name} is empty: it takes {what}. Nothing was done.")
    return value.strip()


def within(name: str, value: float | None, least: float, most: float | None = None) -> None:
    """Raise BadField for a number outside of these limits; None is no number."""
    if value is None or (value >= least and (most is None or value <= most)):
        return
    limits = f"{least:,} or more" if most is None else f"{least:,} to {most:,}"
    raise BadField(f"{name} is {value:,}: it takes {limits}. Nothing was done.")


def texts(name: str, values: Iterable[Any]) -> Sequence[str]:
    """The elements of a list as text, however they were typed. Raises BadField for others."""
    found = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
            raise BadField(
                f"{name} takes a list of names or numbers, as in [4711, 4712]. Nothing was done."
            )
        found.append(str(value).strip())
    return found
