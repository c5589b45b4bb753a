"""A figure: its median and spread over the rounds of one run, and the target it is held to."""

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(".bench")
RESULTS = FOLDER / "results.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing; `low` and `high` are the extremes of its rounds."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    rounds: int
    note: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the target is met; empty where there is none."""
        if self.at_most is not None:
            return f"{'ok' if self.value <= self.at_most else 'MISSED'} (<= {self.at_most:g})"
        if self.at_least is not None:
            return f"{'ok' if self.value >= self.at_least else 'MISSED'} (>= {self.at_least:g})"
        return ""


def figure(name: str, values: Iterable[float], unit: str, note: str = "", **target: Any) -> Figure:
    """The median of the rounds' values."""
    rounds = sorted(values)
    return Figure(
        name, statistics.median(rounds), unit, rounds[0], rounds[-1], len(rounds), note, **target
    )


def ratio(
    name: str, ours: Sequence[float], floors: Sequence[float], note: str = "", **target: Any
) -> Figure:
    """The median of ours over floor, round by round: both saw the same noise."""
    pairs = zip(ours, floors, strict=True)
    return figure(name, [mine / floor for mine, floor in pairs], "x", note, **target)


def table(figures: Iterable[Figure]) -> str:
    """The figures as lines of equal columns."""
    rows = [("figure", "median", "spread", "unit", "target", "what")]
    for one in figures:
        spread = f"{short(one.low)}-{short(one.high)}" if one.rounds > 1 else ""
        rows.append((one.name, short(one.value), spread, one.unit, one.verdict, one.note))
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Lines of equal columns; the last is as long as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    return "\n".join("  ".join([*map(str.ljust, row, widths), row[-1]]).rstrip() for row in rows)


def write(figures: Iterable[Figure]) -> None:
    """Join the figures to those of `.bench/results.json`; a run of `--only` keeps the others."""
    results: dict[str, Any] = {}
    if RESULTS.exists():
        results = json.loads(RESULTS.read_text(encoding="utf-8"))
    for one in figures:
        results[one.name] = as_json(one)
    FOLDER.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def as_json(one: Figure) -> dict[str, Any]:
    """All but the name, and what it has not."""
    values = asdict(one).items()
    return {key: value for key, value in values if key != "name" and value not in (None, "")}


def short(value: float) -> str:
    """Three digits, or the whole number."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
