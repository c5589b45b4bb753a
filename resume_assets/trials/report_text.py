"""A trial's report in a terminal of 80 columns: plain lines, nothing of a resume."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from resume_assets.trials.report import (
    ColumnAgreement,
    PairReport,
    TrialReport,
    VariantReport,
)
from resume_assets.trials.statistics import Figure
from resume_assets.words import duration

_WIDTH: Final = 79

_WORST: Final = 8
"""Columns that are named for a pair, most different first."""


def lines_of(report: TrialReport) -> Iterator[str]:
    """The report, a line at a time."""
    for line in _lines(report):
        hanging = " " * (len(line) - len(line.lstrip()) + 2)
        yield from wrap(line, _WIDTH, subsequent_indent=hanging) or [""]


def _lines(report: TrialReport) -> Iterator[str]:
    yield f"Trial {report.trial_key}: {report.resumes:,} resumes, drawn with seed {report.seed}"
    if report.changed:
        yield f"{report.changed:,} of them changed meanwhile and are left out."
    for variant in report.variants:
        yield ""
        yield from _variant(variant)
    for pair in report.pairs:
        yield ""
        yield from _pair(pair)
    yield ""
    yield "What this shows, and what it does not:"
    for sentence in cautions(report):
        yield f"- {sentence}"


def _variant(variant: VariantReport) -> Iterator[str]:
    yield f"{variant.name}: {variant.model}, prompt {variant.prompt}"
    yield f"  usable answers   {interval(variant.usable)}"
    yield f"  values borne out {interval(variant.borne_out)}"
    yield f"  columns filled   {interval(variant.coverage)}"
    if (quality := variant.quality) is not None:
        yield f"  precision        {interval(quality.precision)}"
        yield f"  recall           {interval(quality.recall)}"
        yield f"  F1               {interval(quality.f1)}; values known: {quality.known:,}"
    yield f"  cost             {cost(variant)}"
    yield f"  tokens           {tokens(variant)}"
    if variant.seconds is not None:
        yield f"  time             {duration(variant.seconds)} from submission to end"
    for reason, count in variant.reasons.items():
        yield f"  {count:>7,}  gave no record: {reason}"


def _pair(pair: PairReport) -> Iterator[str]:
    yield f"{pair.first} and {pair.second}; with a record in both: {pair.resumes:,}"
    yield f"  values that agree {interval(pair.agreement)}"
    for what, figure in differences(pair):
        yield f"  {what:<17} {signed(figure)}"
    differing = [column for column in pair.columns if column.equal < column.compared]
    if differing:
        yield "  columns that differ most       equal   differ  only one"
    for column in differing[:_WORST]:
        yield _column(column)
        if column.userids:  # a report that is kept has none where ids are texts
            yield f"      userids {', '.join(column.userids)}"


def _column(column: ColumnAgreement) -> str:
    return (
        f"    {column.column:<26} {column.equal:>6,}  {column.different:>6,}  {column.only_one:>7,}"
    )


def interval(figure: Figure | None) -> str:
    """A share with the interval it is uncertain by."""
    if figure is None:
        return "not known"
    return f"{figure.value:.1%} ({figure.low:.1%} to {figure.high:.1%})"


def signed(figure: Figure) -> str:
    """A difference of two shares in points, and whether it could be chance."""
    points = f"{figure.value * 100:+.1f} points"
    if is_chance(figure):
        return f"{points} ({figure.low * 100:+.1f} to {figure.high * 100:+.1f}: may be chance)"
    return f"{points} ({figure.low * 100:+.1f} to {figure.high * 100:+.1f})"


def is_chance(figure: Figure) -> bool:
    """Whether no difference at all would fit these resumes as well."""
    return figure.low <= 0 <= figure.high


def differences(pair: PairReport) -> Iterator[tuple[str, Figure]]:
    """The differences of a pair that are known, each with its name."""
    named = (
        ("usable answers", pair.usable),
        ("values borne out", pair.borne_out),
        ("columns filled", pair.coverage),
        ("F1", pair.f1),
    )
    yield from ((what, figure) for what, figure in named if figure is not None)


def cost(variant: VariantReport) -> str:
    """What the variant cost, and what a thousand such resumes will."""
    if variant.cost_usd is None or variant.cost_per_thousand_usd is None:
        return f"no price known for {variant.model}"
    return f"${variant.cost_usd:,.4f}; ${variant.cost_per_thousand_usd:,.2f} a thousand resumes"


def tokens(variant: VariantReport) -> str:
    """Its tokens in and out."""
    cached = f", {variant.cached_tokens:,} of them cached" if variant.cached_tokens else ""
    written = (
        f", {variant.cache_write_tokens:,} written to the cache"
        if variant.cache_write_tokens
        else ""
    )
    return f"{variant.input_tokens:,} in{cached}{written}, {variant.output_tokens:,} out"


def cautions(report: TrialReport) -> Iterator[str]:
    """What the figures show and what they do not, a sentence or two at a time."""
    usable = [variant.usable for variant in report.variants if variant.usable is not None]
    if usable:
        half = max(figure.high - figure.low for figure in usable) / 2 * 100
        yield (
            f"{report.resumes:,} resumes tell a share to some {half:.1f} points either way, 19 "
            f"times in 20; for half of that it takes {report.resumes * 4:,}."
        )
    yield "Where an interval holds 0, the two may be equally good."
    if not any(variant.quality for variant in report.variants):
        yield (
            "No answer was known beforehand: where variants differ, nothing here says which is "
            "right. --gold FILE takes answers that a person has checked."
        )
    if any(variant.borne_out for variant in report.variants):
        yield "Borne out: the value stands in the resume; it may still be in the wrong column."
    yield "Agreement is no proof: two models may be wrong together."
