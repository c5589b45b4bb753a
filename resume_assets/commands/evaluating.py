"""`evaluate`: the samples' records, as they are in the database, against their known answers."""

from typing import Any

import sqlalchemy as sa

from resume_assets import samples
from resume_assets.commands.output import say
from resume_assets.database.connect import Database
from resume_assets.errors import PlatformError
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.evaluation import Evaluation
from resume_assets.extraction.evaluation import evaluate as compare_all


class NoSamples(PlatformError):
    """There is nothing to compare."""


def evaluate(database: Database) -> int:
    """Print a table: how many known answers of each column are right, wrong, missing."""
    evaluation = accuracy(database)
    if not evaluation.records:
        raise NoSamples(
            "No sample has a record in this database: `resume-assets demo` takes them through a "
            "batch, in the embedded one."
        )
    import pandas as pd  # half a second that no other command need pay

    scores = evaluation.in_order(column.name for column in COLUMNS)
    table = pd.DataFrame(
        {
            "column": [score.column for score in scores],
            "known": [score.expected for score in scores],
            "right": [score.right for score in scores],
            "wrong": [score.wrong for score in scores],
            "missing": [score.missing for score in scores],
            "accuracy": [score.accuracy for score in scores],
        }
    )
    say(table.to_string(index=False, formatters={"accuracy": "{:.1%}".format}))
    say(
        f"\n{evaluation.share:.1%} of {evaluation.expected:,} known values are met, in "
        f"{evaluation.records} records."
    )
    return 0


def accuracy(database: Database) -> Evaluation:
    """How the records of the samples compare; a candidate with another text is not counted."""
    there = database.candidates
    known = {str(sample.userid): sample for sample in samples.load() if sample.expected}
    columns = [COLUMNS[target.index].name for target in there.targets]
    kind = there.userid.type.python_type
    written = sa.select(
        there.userid, there.text, *(there.table.c[name] for name in there.names)
    ).where(there.processed.is_not(None), there.userid.in_([kind(userid) for userid in known]))
    rows: Any = database.read(lambda connection: connection.execute(written).all())
    return compare_all(
        (known[str(userid)].expected, dict(zip(columns, values, strict=True)))
        for userid, text, *values in rows
        if text == known[str(userid)].text
    )
