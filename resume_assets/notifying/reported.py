"""Matters that the ledger does not tell, and whoever sees them reports: runs, checks, housekeeping.

Nothing says when one of them is over: reported again, it is the same, until it was not for long.
"""

import re
from collections.abc import Iterable, Iterator

from resume_assets.batches.planning.runs import Stage
from resume_assets.notifying.matters import Kind, Matter

_OWN = re.compile(r"\S*[\d/\\]\S*|(?<=[Bb]atch )\S+")
"""What tells one problem from another of its sort: a key, a count, a path."""

_GOES_ON = {Stage.submit: "submit --batch", Stage.collect: "check", Stage.trial: "trial"}

_OF_NO_BATCH = (Stage.trial.value, "export_day", "import_delivery")
"""Jobs whose partitions are no batches."""


def failed_run(run_id: str, job: str, key: str | None) -> Matter:
    """A run of Dagster's that failed; `key`: its partition, should it have one.

    Not what it said: that may name candidates.
    """
    of_what = f" for {key}" if key else ""
    stage = next((stage for stage in Stage if stage.value == job), None)
    if stage is not None and key is not None:
        then = "What the ledger says is kept, and the sensor asks for another run. By hand:"
        command = f"resume-assets {_GOES_ON[stage]} {key}"
    else:
        then = "What the ledger says is kept; Dagster's page of the run says why. It opens with:"
        command = "resume-assets ui"
    return Matter(
        Kind.run_failed,
        (job, key or ""),
        f"Run {run_id.partition('-')[0]} of {job} failed{of_what}. {then}",
        command,
        None if job in _OF_NO_BATCH else key,
        comes_again=True,
    )


def failed_check(key: str, name: str, promise: str) -> Matter:
    """An asset check of a batch that found an error; `promise`: what should hold."""
    return Matter(
        Kind.check_failed,
        (key, name),
        f"Check {name} failed for batch {key}. What should hold: {promise} The records are written "
        "as they are; the check's metadata names candidates and columns. This opens it:",
        "resume-assets ui",
        key,
        comes_again=True,
    )


def of_housekeeping(problems: Iterable[str]) -> Iterator[Matter]:
    """What stood in housekeeping's way: one matter for each sort, however many batches have it."""
    sorts: dict[str, list[str]] = {}
    for problem in problems:
        first_line = problem.partition("\n")[0]
        sorts.setdefault(_OWN.sub("*", first_line), []).append(first_line)
    for sort, alike in sorts.items():
        more = f" ({len(alike) - 1:,} more of this sort)" if len(alike) > 1 else ""
        yield Matter(
            Kind.housekeeping,
            (sort,),
            f"{alike[0]}{more} What is not deleted stays until the next day's try.",
            "resume-assets doctor",
            comes_again=True,
        )
