"""`evaluate`: records, as they are in the database, against known answers."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from math import floor
from pathlib import Path
from typing import Final

from resume_assets import samples
from resume_assets.batches.records.judging import Judgement, judge
from resume_assets.commands.output import answer, say, say_as_it_is, wants_json
from resume_assets.database.connect import Database
from resume_assets.errors import PlatformError, WrongUseError
from resume_assets.evaluation.gold import Known
from resume_assets.evaluation.gold_file import read
from resume_assets.evaluation.groups import GROUP_OF
from resume_assets.evaluation.measures import FIGURES, Report, Score
from resume_assets.words import counted

_SHOWN: Final = ("right", "wrong", "missing", "invented", "cases")
_SHARES: Final = ("precision", "recall", "f1", "coverage")
_HEADS: Final = ("right", "wrong", "miss", "inv", "cases", "prec", "rec", "F1", "cov")
_LEGEND: Final = """\
miss: a value is known, the record has none. inv: there is certainly no value,
the record has one. prec: of the record's values, those right. rec: of the known
values, those the record has. F1: both in one. cov: of the known values, those
for which the record has any. In per cent, rounded down. Known NULLs that are
NULL are among the cases, and in none of the shares."""


class NothingToCompare(PlatformError):
    """No known answer has a record in this database."""


def known(path: Path | None) -> list[Known]:
    """Return the known answers of a file, or the samples'. Raises BadGold."""
    return samples.gold() if path is None else read(path)


def evaluate(database: Database, gold: Sequence[Known], *, as_csv: bool = False) -> int:
    """Print how the records compare; 0 whatever the measures are.

    Raises NothingToCompare where not one of the candidates has a record.
    """
    if as_csv and wants_json():
        raise WrongUseError("--json or --csv: both at once can't be read.")
    found = judge(database, gold)
    if not found.report.records:
        raise NothingToCompare(
            f"No candidate with known answers has a record in this database: {_unjudged(found)}. "
            "`resume-assets submit` sends what waits; `resume-assets demo` takes the samples "
            "through a batch, in the embedded database."
        )
    answer(**as_dict(found))
    if as_csv:
        say_as_it_is(_as_csv(found.report))
    else:
        _show(found)
    return 0


def as_dict(found: Judgement) -> dict[str, object]:
    """Everything that is told, as JSON can hold it: names, counts, shares, and no values."""
    told = found.report.as_dict()
    unjudged = {str(reason): count for reason, count in found.unjudged.items()}
    return {"records": told.pop("records"), "not_compared": unjudged, **told}


def _as_csv(report: Report) -> str:
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(["column", "group", *FIGURES])
    for column, score in report.by_column.items():
        figures = [
            round(figure, 4) if isinstance(figure, float) else figure
            for figure in score.as_dict().values()
        ]
        writer.writerow([column, GROUP_OF[column], *figures])
    return lines.getvalue().rstrip("\n")


def _show(found: Judgement) -> None:
    report, total = found.report, found.report.total
    say(_row("group", _HEADS))
    for group, score in report.by_group.items():
        say(_row(group, _figures(score)))
    say(_row("all", _figures(total)))
    faulty = [(column, score) for column, score in report.worst_first() if score.met < score.cases]
    if faulty:
        say()
        say(_row("column, most missed first", _HEADS))
        for column, score in faulty:
            say(_row(column, _figures(score)))
    if whole := len(report.by_column) - len(faulty):
        say(f"{counted(whole, 'more column' if faulty else 'column')} without a fault.")
    say(f"\n{_LEGEND}")
    say(
        f"\n{total.accuracy or 0:.1%} of {counted(total.cases, 'known answer')} are met, in "
        f"{counted(report.records, 'record')}."
    )
    if found.unjudged:
        say(f"Not compared: {_unjudged(found)}.")


def _row(name: str, cells: Iterable[str]) -> str:
    right, wrong, missing, invented, cases, *shares = cells
    return f"{name:<26}{right:>6}{wrong:>6}{missing:>6}{invented:>6}{cases:>7}" + "".join(
        f"{share:>5}" for share in shares
    )


def _figures(score: Score) -> Iterator[str]:
    figures = score.as_dict()
    for name in _SHOWN:
        yield str(figures[name])
    for name in _SHARES:
        share = figures[name]
        yield "-" if share is None else f"{floor(100 * share)}"  # 100 only without a fault


def _unjudged(found: Judgement) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in found.unjudged.items())
