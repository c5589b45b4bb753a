"""What a trial found: its figures by variant, and where the variants differ, without any value.

The report holds counts, names of columns and userids, so that it may be kept and shown where
values may not. Where the values stand side by side is the page, see `report_page`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from resume_assets.evaluation import Agreement, agreement, score
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.trials.results import TrialResult, VariantResult
from resume_assets.trials.statistics import Figure, difference, ratio, share

PRESENT: Final = "the present record"
"""What the candidate table holds now, compared like a variant."""

NAMED: Final = 10
"""Userids that are named for a column, at most."""

_COLUMNS: Final = tuple(column.name for column in COLUMNS)

Pair = tuple[float, float]
"""Of one resume: the part and the whole of a ratio."""


@dataclass(frozen=True)
class Quality:
    """How a variant's records meet the known answers; see `evaluation` for what each means."""

    known: int
    precision: Figure | None
    recall: Figure | None
    f1: Figure | None


@dataclass(frozen=True)
class VariantReport:
    """The figures of one model with one prompt. Tokens are of all its requests together."""

    name: str
    model: str
    prompt: str
    requests: int
    usable: Figure | None
    borne_out: Figure | None
    coverage: Figure | None
    quality: Quality | None
    reasons: dict[str, int]
    input_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    output_tokens: int
    cost_usd: float | None
    cost_per_thousand_usd: float | None
    seconds: float | None


@dataclass(frozen=True)
class ColumnAgreement:
    """One column of two variants, over the resumes where at least one of them has a value."""

    column: str
    equal: int
    different: int
    only_one: int
    userids: tuple[str, ...]

    @property
    def compared(self) -> int:
        """Resumes where at least one has a value."""
        return self.equal + self.different + self.only_one


@dataclass(frozen=True)
class PairReport:
    """Two variants side by side, over the resumes of which both have a record.

    The differences are the first less the second; `columns`: most different first.
    """

    first: str
    second: str
    resumes: int
    agreement: Figure | None
    usable: Figure | None
    borne_out: Figure | None
    coverage: Figure | None
    f1: Figure | None
    columns: tuple[ColumnAgreement, ...]


@dataclass(frozen=True)
class TrialReport:
    """All of a trial. `changed`: resumes left out, whose text changed between the variants."""

    trial_key: str
    seed: int
    resumes: int
    changed: int
    variants: tuple[VariantReport, ...]
    pairs: tuple[PairReport, ...]


_adapter: Final = TypeAdapter(TrialReport)


def as_json(report: TrialReport) -> bytes:
    """The report as JSON; the names are those of the classes here."""
    return _adapter.dump_json(report, indent=2)


def from_json(text: str | bytes) -> TrialReport:
    """The report that `as_json` wrote. Raises pydantic's ValidationError for anything else."""
    return _adapter.validate_json(text)


def without_names(report: TrialReport) -> TrialReport:
    """The report without userids, for where they may not be kept: a text may be an address."""
    return replace(
        report,
        pairs=tuple(
            replace(pair, columns=tuple(replace(column, userids=()) for column in pair.columns))
            for pair in report.pairs
        ),
    )


def report_of(result: TrialResult) -> TrialReport:
    """Work out a finished trial's figures; the same result gives the same report."""
    sample = [userid for userid in result.sample if userid not in result.changed]
    gold = {userid: result.gold[userid] for userid in sample if userid in result.gold}
    scores = {variant.name: _scores(variant, gold) for variant in result.variants}
    variants = tuple(_variant(variant, sample, scores[variant.name]) for variant in result.variants)
    pairs = [
        _pair(first, second, sample, scores) for first, second in combinations(result.variants, 2)
    ]
    if result.present:
        pairs += [_against_present(variant, result) for variant in result.variants]
    return TrialReport(
        trial_key=result.key,
        seed=result.seed,
        resumes=len(result.sample),
        changed=len(result.changed),
        variants=variants,
        pairs=tuple(pairs),
    )


@dataclass(frozen=True)
class _Scores:
    """Of one variant, by resume with known answers: the pairs that its quality comes from."""

    known: int
    precision: dict[Any, Pair]
    recall: dict[Any, Pair]
    f1: dict[Any, Pair]


def _scores(variant: VariantResult, gold: Mapping[Any, Any]) -> _Scores:
    """Score each resume by itself; one that gave no record misses all that is known of it."""
    scores = _Scores(0, {}, {}, {})
    known = 0
    for userid, answers in gold.items():
        counts = score([(answers, variant.records.get(userid, {}))]).total
        given = counts.right + counts.wrong + counts.invented
        wanted = counts.right + counts.wrong + counts.missing
        known += counts.cases
        scores.precision[userid] = (counts.right, given)
        scores.recall[userid] = (counts.right, wanted)
        scores.f1[userid] = (2 * counts.right, given + wanted)
    return _Scores(known, scores.precision, scores.recall, scores.f1)


def _variant(variant: VariantResult, sample: Sequence[Any], scores: _Scores) -> VariantReport:
    answered = len(variant.records)
    cost = None if variant.cost_usd is None else float(variant.cost_usd)
    return VariantReport(
        name=variant.name,
        model=variant.model,
        prompt=variant.prompt,
        requests=variant.requests,
        usable=share(answered, len(sample)),
        borne_out=ratio(_borne_out(variant).values()),
        coverage=ratio(_coverage(variant).values()),
        quality=_quality(scores),
        reasons=dict(Counter(variant.reasons).most_common()),
        input_tokens=variant.input_tokens,
        cached_tokens=variant.cached_tokens,
        cache_write_tokens=variant.cache_write_tokens,
        output_tokens=variant.output_tokens,
        cost_usd=cost,
        cost_per_thousand_usd=cost / variant.requests * 1_000
        if cost is not None and variant.requests
        else None,
        seconds=variant.seconds,
    )


def _quality(scores: _Scores) -> Quality | None:
    if not scores.known:
        return None
    return Quality(
        known=scores.known,
        precision=ratio(scores.precision.values()),
        recall=ratio(scores.recall.values()),
        f1=ratio(scores.f1.values()),
    )


def _coverage(variant: VariantResult) -> dict[Any, Pair]:
    """How many of the columns each record fills."""
    return {
        userid: (sum(record.get(column) is not None for column in _COLUMNS), len(_COLUMNS))
        for userid, record in variant.records.items()
    }


def _borne_out(variant: VariantResult) -> dict[Any, Pair]:
    """How many of the values that were looked for stand in the resume; empty without evidence."""
    if variant.checked is None or variant.not_borne_out is None:
        return {}
    return {
        userid: (checked - len(variant.not_borne_out.get(userid, ())), checked)
        for userid, checked in variant.checked.items()
    }


def _usable(variant: VariantResult, sample: Sequence[Any]) -> dict[Any, Pair]:
    return {userid: (float(userid in variant.records), 1.0) for userid in sample}


def _pair(
    first: VariantResult,
    second: VariantResult,
    sample: Sequence[Any],
    scores: Mapping[str, _Scores],
) -> PairReport:
    columns, by_resume = _agreements(first.records, second.records)
    return PairReport(
        first=first.name,
        second=second.name,
        resumes=len(by_resume),
        agreement=ratio(by_resume.values()),
        usable=_difference(_usable(first, sample), _usable(second, sample)),
        borne_out=_difference(_borne_out(first), _borne_out(second)),
        coverage=_difference(_coverage(first), _coverage(second)),
        f1=_difference(scores[first.name].f1, scores[second.name].f1),
        columns=columns,
    )


def _against_present(variant: VariantResult, result: TrialResult) -> PairReport:
    """How a variant differs from what is in the candidate table now; not which is right."""
    columns, by_resume = _agreements(variant.records, result.present)
    return PairReport(
        first=variant.name,
        second=PRESENT,
        resumes=len(by_resume),
        agreement=ratio(by_resume.values()),
        usable=None,
        borne_out=None,
        coverage=None,
        f1=None,
        columns=columns,
    )


def _difference(first: Mapping[Any, Pair], second: Mapping[Any, Pair]) -> Figure | None:
    both = [userid for userid in first if userid in second]
    return difference([first[userid] for userid in both], [second[userid] for userid in both])


def _agreements(
    first: Mapping[Any, Mapping[str, Any]], second: Mapping[Any, Mapping[str, Any]]
) -> tuple[tuple[ColumnAgreement, ...], dict[Any, Pair]]:
    """Compare the resumes that both have: by column, most different first, and by resume."""
    counts: dict[str, Counter[Agreement]] = {column: Counter() for column in _COLUMNS}
    differing: dict[str, list[str]] = {column: [] for column in _COLUMNS}
    by_resume: dict[Any, Pair] = {}
    for userid in (userid for userid in first if userid in second):
        verdicts = agreement(first[userid], second[userid])
        for column, verdict in verdicts.items():
            counts[column][verdict] += 1
            if verdict is not Agreement.equal:
                differing[column].append(str(userid))
        equal = sum(verdict is Agreement.equal for verdict in verdicts.values())
        by_resume[userid] = (equal, len(verdicts))
    columns = [
        ColumnAgreement(
            column=column,
            equal=count[Agreement.equal],
            different=count[Agreement.different],
            only_one=count[Agreement.only_one],
            userids=tuple(differing[column][:NAMED]),
        )
        for column, count in counts.items()
        if count
    ]
    columns.sort(key=lambda one: (one.equal - one.compared, one.column))
    return tuple(columns), by_resume
