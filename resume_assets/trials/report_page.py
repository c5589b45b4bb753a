"""A trial's report as one self-contained HTML page: figures, plots, and values side by side.

Nothing is loaded and nothing runs (see `pages`). All that comes from resumes or answers is escaped.
With values in it the page is personal data, and whoever writes it to a file makes it private.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from math import ceil, floor
from typing import Any, Final, NamedTuple

from resume_assets.pages import document
from resume_assets.trials.report import (
    PRESENT,
    ColumnAgreement,
    PairReport,
    TrialReport,
    VariantReport,
)
from resume_assets.trials.report_text import (
    cautions,
    cost,
    differences,
    interval,
    signed,
    tokens,
)
from resume_assets.trials.results import TrialResult
from resume_assets.trials.statistics import Figure
from resume_assets.words import duration

_COLUMNS_SHOWN: Final = 12
"""Columns whose values are shown side by side for a pair, most different first."""

_UNKNOWN: Final = "no answer known"

_LEFT: Final = 340  # where a plot begins, to the right of the names; pixels
_PLOT_WIDTH: Final = 520
_ROUNDING: Final = 1e-9

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --quiet: #595959; --line: #d0d0d0;
  --mark: #0b57a4; --band: #b9d3ec; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eee; --paper: #161616; --quiet: #b0b0b0; --line: #444; --mark: #8ec2f5;
    --band: #2c4a66; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; } h3 { font-size: 1rem; }
table { border-collapse: collapse; margin: .5rem 0; }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: break-word; }
th[scope=row] { font-weight: 600; } td.number, th.number { text-align: right; white-space: nowrap; }
.quiet { color: var(--quiet); } .wide { overflow-x: auto; }
svg text { fill: var(--ink); font: 14px system-ui, sans-serif; }
svg .axis { stroke: var(--line); } svg .band { stroke: var(--band); stroke-width: 8; }
svg .mark { fill: var(--mark); }
"""


def page_of(report: TrialReport, result: TrialResult | None = None) -> str:
    """The page; with `result`, also the values that differ, each beside the other."""
    title = f"Trial {report.trial_key}"
    body = "\n".join(
        [
            f"<h1>{escape(title)}</h1>",
            f"<p>{_opening(report)}</p>",
            *_plots(report.variants),
            _figures(report.variants),
            *(part for pair in report.pairs for part in _pair(pair, result)),
            "<h2>What this shows, and what it does not</h2>",
            f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in cautions(report))}</ul>",
        ]
    )
    return document(title, f"<main>\n{body}\n</main>", style=_STYLE)


def _opening(report: TrialReport) -> str:
    changed = f" {report.changed:,} of them changed meanwhile and are left out." * bool(
        report.changed
    )
    return f"{report.resumes:,} resumes, drawn at random with seed {report.seed}.{changed}"


def _plots(variants: Iterable[VariantReport]) -> Iterator[str]:
    """One plot a share: a dot for each variant on a line from 0 to 100 %, its interval behind."""
    named = (
        ("Usable answers", "usable"),
        ("Values borne out", "borne_out"),
        ("Columns filled", "coverage"),
    )
    for title, attribute in named:
        figures = {variant.name: getattr(variant, attribute) for variant in variants}
        yield _plot(title, figures)
    yield _plot(
        "F1 against the known answers",
        {one.name: one.quality.f1 if one.quality else None for one in variants},
    )


def _plot(title: str, figures: Mapping[str, Figure | None]) -> str:
    known = {name: figure for name, figure in figures.items() if figure is not None}
    if not known:
        return ""
    told = "; ".join(f"{name}: {interval(figure)}" for name, figure in known.items())
    scale = _Scale.around(known.values())
    rows = "".join(
        _dot(index, name, figure, scale) for index, (name, figure) in enumerate(known.items())
    )
    height = 34 * len(known) + 26
    axis = "".join(
        f'<line class="axis" x1="{scale.x(step)}" x2="{scale.x(step)}" y1="0" y2="{height - 22}"/>'
        f'<text x="{scale.x(step)}" y="{height - 4}" text-anchor="middle">{step:.0%}</text>'
        for step in scale.steps()
    )
    return (
        f"<h2>{escape(title)}</h2>"
        f'<div class="wide"><svg role="img" aria-label="{escape(f"{title}. {told}")}" '
        f'viewBox="0 0 900 {height}" width="900" height="{height}">{axis}{rows}</svg></div>'
    )


def _dot(index: int, name: str, figure: Figure, scale: "_Scale") -> str:
    y = 34 * index + 17
    low, value, high = map(scale.x, (figure.low, figure.value, figure.high))
    return (
        f'<text x="0" y="{y + 5}">{escape(_short(name))}</text>'
        f'<line class="band" x1="{low}" x2="{high}" y1="{y}" y2="{y}"/>'
        f'<circle class="mark" cx="{value}" cy="{y}" r="6"/>'
    )


class _Scale(NamedTuple):
    """An axis in tenths, from `low` to `high`: as much of 0 to 100 % as the intervals need."""

    low: int
    high: int

    @classmethod
    def around(cls, figures: Iterable[Figure]) -> "_Scale":
        shown = list(figures)
        low = floor(min(figure.low for figure in shown) * 10 + _ROUNDING)
        high = ceil(max(figure.high for figure in shown) * 10 - _ROUNDING)
        return cls(low, max(high, low + 1))

    def steps(self) -> list[float]:
        return [step / 10 for step in range(self.low, self.high + 1)]

    def x(self, share: float) -> str:
        return f"{_LEFT + _PLOT_WIDTH * (share * 10 - self.low) / (self.high - self.low):.1f}"


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39]}…"


def _figures(variants: Sequence[VariantReport]) -> str:
    """One column a variant, so that figures of a kind stand side by side."""
    told: tuple[tuple[str, Callable[[VariantReport], str]], ...] = (
        ("Model", lambda one: one.model),
        ("Prompt", lambda one: one.prompt),
        ("Requests", lambda one: f"{one.requests:,}"),
        ("Usable answers", lambda one: interval(one.usable)),
        ("Values borne out", lambda one: interval(one.borne_out)),
        ("Columns filled", lambda one: interval(one.coverage)),
        ("Precision", lambda one: interval(one.quality.precision) if one.quality else _UNKNOWN),
        ("Recall", lambda one: interval(one.quality.recall) if one.quality else _UNKNOWN),
        ("F1", lambda one: interval(one.quality.f1) if one.quality else _UNKNOWN),
        ("Tokens", tokens),
        ("Cost", cost),
        ("Time", lambda one: "" if one.seconds is None else duration(one.seconds)),
        ("Gave no record", lambda one: "; ".join(f"{n:,} {why}" for why, n in one.reasons.items())),
    )
    rows = "".join(
        f'<tr><th scope="row">{what}</th>'
        + "".join(f"<td>{escape(tell(variant))}</td>" for variant in variants)
        + "</tr>"
        for what, tell in told
    )
    return f"<h2>All figures</h2>{_table(('', *(one.name for one in variants)), rows)}"


def _pair(pair: PairReport, result: TrialResult | None) -> Iterator[str]:
    yield f"<h2>{escape(pair.first)} and {escape(pair.second)}</h2>"
    yield f"<p>{pair.resumes:,} resumes have a record in both. Values that agree: "
    yield f"{escape(interval(pair.agreement))}.</p>"
    told = "".join(
        f"<li>{escape(f'{what}: {signed(one)}')}</li>" for what, one in differences(pair)
    )
    if told:
        yield f"<p>The first less the second:</p><ul>{told}</ul>"
    rows = "".join(_column(column) for column in pair.columns)
    heads = ("Column", "Equal", "Different", "Only one has a value", "Userids")
    yield f"<details><summary>Column by column</summary>{_table(heads, rows)}</details>"
    if result is not None:
        yield from _values(pair, result)


def _column(column: ColumnAgreement) -> str:
    counts = (column.equal, column.different, column.only_one)
    cells = "".join(f'<td class="number">{count:,}</td>' for count in counts)
    return (
        f'<tr><th scope="row">{escape(column.column)}</th>{cells}'
        f"<td>{escape(', '.join(column.userids))}</td></tr>"
    )


def _values(pair: PairReport, result: TrialResult) -> Iterator[str]:
    """The values of the columns that differ most: whoever decides wants to see them."""
    records = {PRESENT: result.present} | {one.name: one.records for one in result.variants}
    first, second = _by_text(records[pair.first]), _by_text(records[pair.second])
    differing = [column for column in pair.columns if column.equal < column.compared]
    for column in differing[:_COLUMNS_SHOWN]:
        rows = "".join(
            f'<tr><th scope="row">{escape(userid)}</th>'
            f"<td>{_value(first.get(userid, {}).get(column.column))}</td>"
            f"<td>{_value(second.get(userid, {}).get(column.column))}</td></tr>"
            for userid in column.userids
        )
        heads = ("userid", pair.first, pair.second)
        yield f"<h3>{escape(column.column)}</h3>{_table(heads, rows)}"


def _by_text(records: Mapping[Any, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {str(userid): record for userid, record in records.items()}


def _value(value: Any) -> str:
    return '<span class="quiet">–</span>' if value is None else escape(str(value))


def _table(heads: Iterable[str], rows: str) -> str:
    head = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
