"""The report in a terminal, word for word: who decides on a model reads nothing else."""

from dataclasses import replace

import pytest

from resume_assets.trials.report import (
    ColumnAgreement,
    PairReport,
    Quality,
    TrialReport,
    VariantReport,
)
from resume_assets.trials.report_text import interval, lines_of, signed, tokens
from resume_assets.trials.statistics import Figure
from resume_assets.words import duration

HALF = Figure(0.5, 0.4, 0.6, 1_200)

FIRST = VariantReport(
    name="a",
    model="gpt-a",
    prompt="lean",
    requests=1_200,
    usable=HALF,
    borne_out=None,
    coverage=Figure(0.25, 0.2, 0.3, 1_200),
    quality=None,
    reasons={"refused: policy": 1_000, "cut: length": 2},
    input_tokens=9_000,
    cached_tokens=1_500,
    cache_write_tokens=2_500,
    output_tokens=4_000,
    cost_usd=1_234.5,
    cost_per_thousand_usd=1_028.75,
    seconds=3_700.0,
)
SECOND = replace(
    FIRST,
    name="b",
    usable=Figure(0.9, 0.88, 0.92, 1_200),
    borne_out=HALF,
    quality=Quality(1_003, Figure(0.7, 0.6, 0.8, 30), Figure(0.8, 0.7, 0.9, 30), None),
    reasons={},
    cached_tokens=0,
    cache_write_tokens=0,
    cost_per_thousand_usd=None,
    seconds=None,
)
PAIR = PairReport(
    first="a",
    second="b",
    resumes=1_100,
    agreement=HALF,
    usable=Figure(-0.4, -0.45, -0.35, 1_200),
    borne_out=None,
    coverage=Figure(0.0, -0.01, 0.01, 1_100),
    f1=None,
    columns=(
        ColumnAgreement("Skill1", 1_000, 1_050, 50, ("3", "7")),
        ColumnAgreement("City", 1_100, 0, 0, ()),
    ),
)
REPORT = TrialReport("trial-1", 7, 1_200, 1_001, (FIRST, SECOND), (PAIR,))

LINES = """\
Trial trial-1: 1,200 resumes, drawn with seed 7
1,001 of them changed meanwhile and are left out.

a: gpt-a, prompt lean
  usable answers   50.0% (40.0% to 60.0%)
  values borne out not known
  columns filled   25.0% (20.0% to 30.0%)
  cost             $1,234.5000; $1,028.75 a thousand resumes
  tokens           9,000 in, 1,500 of them cached, 2,500 written to the cache,
    4,000 out
  time             62 min from submission to end
    1,000  gave no record: refused: policy
        2  gave no record: cut: length

b: gpt-a, prompt lean
  usable answers   90.0% (88.0% to 92.0%)
  values borne out 50.0% (40.0% to 60.0%)
  columns filled   25.0% (20.0% to 30.0%)
  precision        70.0% (60.0% to 80.0%)
  recall           80.0% (70.0% to 90.0%)
  F1               not known; values known: 1,003
  cost             no price known for gpt-a
  tokens           9,000 in, 4,000 out

a and b; with a record in both: 1,100
  values that agree 50.0% (40.0% to 60.0%)
  usable answers    -40.0 points (-45.0 to -35.0)
  columns filled    +0.0 points (-1.0 to +1.0: may be chance)
  columns that differ most       equal   differ  only one
    Skill1                      1,000   1,050       50
      userids 3, 7

What this shows, and what it does not:
- 1,200 resumes tell a share to some 10.0 points either way, 19 times in 20;
  for half of that it takes 4,800.
- Where an interval holds 0, the two may be equally good.
- Borne out: the value stands in the resume; it may still be in the wrong
  column.
- Agreement is no proof: two models may be wrong together.
"""


def test_all_of_it() -> None:
    assert "\n".join(lines_of(REPORT)) + "\n" == LINES


def test_what_there_is_not_is_not_told() -> None:
    alone = replace(FIRST, usable=None)
    told = "\n".join(lines_of(TrialReport("trial-1", 7, 10, 0, (alone,), ())))
    for word in ("changed meanwhile", "either way", "precision", "Borne out", "differ most"):
        assert word not in told
    assert "nothing here says" in told
    assert "differ most" not in "\n".join(lines_of(replace(REPORT, pairs=(_equal(),))))


def _equal() -> PairReport:
    return replace(PAIR, columns=PAIR.columns[1:])


def test_the_eight_columns_that_differ_most() -> None:
    columns = tuple(ColumnAgreement(f"Skill{n}", 1, 1, 0, (str(n),)) for n in range(1, 13))
    lines = list(lines_of(replace(REPORT, pairs=(replace(PAIR, columns=columns),))))
    assert sum(line.startswith("      userids") for line in lines) == 8


def test_no_line_is_shorter_than_it_may_be() -> None:
    reasons = {"x " * 90: 1, "xx " + "x " * 90: 2}
    lines = list(lines_of(replace(REPORT, variants=(replace(FIRST, reasons=reasons),))))
    assert max(map(len, lines)) == 79


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.4, "0 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (89 * 60, "89 min"),
        (90 * 60, "1 h 30 min"),
        (24 * 3_600, "24 h"),
    ],
)
def test_a_time_as_people_say_it(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_figures_by_themselves() -> None:
    assert interval(None) == "not known"
    assert signed(Figure(0.02, 0.0, 0.04, 9)).endswith("(+0.0 to +4.0: may be chance)")
    assert signed(Figure(-0.02, -0.04, 0.0, 9)).endswith("(-4.0 to +0.0: may be chance)")
    assert signed(Figure(0.123, 0.1, 0.15, 9)) == "+12.3 points (+10.0 to +15.0)"
    only_written = replace(SECOND, cache_write_tokens=7)
    assert tokens(only_written) == "9,000 in, 7 written to the cache, 4,000 out"
