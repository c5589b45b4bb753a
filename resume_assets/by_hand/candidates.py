"""Candidates that a person names in a field of the launchpad."""

from collections.abc import Iterable
from typing import Any

from resume_assets.assets.fields import BadField, texts
from resume_assets.batches.ledger.forgotten import are_personal
from resume_assets.database.connect import Database


def ids_in(database: Database, values: Iterable[Any], command: str) -> list[str]:
    """The ids of `userids`, as text. Raises BadField, also for ids that may name a person.

    Dagster keeps a run's configuration; `command` is what to type instead.
    """
    found = texts("userids", values)
    if found and are_personal(database):
        raise BadField(
            "The ids of this table are texts, which may tell who somebody is, and Dagster keeps "
            f"what a run is given: use `resume-assets {command}`, and delete this run. Nothing "
            "was done."
        )
    return list(found)
