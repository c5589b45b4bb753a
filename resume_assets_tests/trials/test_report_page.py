"""The report as a page: what is drawn where, and which values stand side by side."""

import re
from dataclasses import replace
from pathlib import Path

from resume_assets.trials.pages import page_path, write_page
from resume_assets.trials.report import (
    PRESENT,
    ColumnAgreement,
    PairReport,
    Quality,
    TrialReport,
    VariantReport,
)
from resume_assets.trials.report_page import page_of
from resume_assets.trials.results import TrialResult
from resume_assets.trials.statistics import Figure
from resume_assets_tests.databases import settings
from resume_assets_tests.trials.test_report import trial, variant
from resume_assets_tests.trials.test_report_text import FIRST, PAIR, REPORT, SECOND

PLOT = re.compile(r'<h2>([^<]*)</h2><div class="wide"><svg[^>]*height="(\d+)">(.*?)</svg>')
ROW = re.compile(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>')


def plots(*variants: VariantReport) -> dict[str, str]:
    """What is drawn, by the title of the plot."""
    page = page_of(replace(REPORT, variants=variants, pairs=()))
    return {title: drawn for title, _, drawn in PLOT.findall(page)}


def shown(page: str) -> dict[str, list[str]]:
    """The cells of each row of the tables."""
    return {head: re.findall(r"<td[^>]*>(.*?)</td>", cells) for head, cells in ROW.findall(page)}


def usable(low: float, value: float, high: float) -> VariantReport:
    return replace(FIRST, usable=Figure(value, low, high, 100))


def test_a_dot_for_each_variant_and_its_interval_behind() -> None:
    drawn = plots(usable(0.4, 0.5, 0.6), replace(usable(0.8, 0.9, 0.9), name="b"))["Usable answers"]
    # From 40 % to 90 % over 520 pixels, to the right of 340.
    dots = re.findall(r'cx="([\d.]+)" cy="(\d+)"', drawn)
    assert dots == [("444.0", "17"), ("860.0", "51")]
    bands = re.findall(r'class="band" x1="([\d.]+)" x2="([\d.]+)" y1="(\d+)" y2="(\d+)"', drawn)
    assert bands == [("340.0", "548.0", "17", "17"), ("756.0", "860.0", "51", "51")]
    assert re.findall(r'<text x="0" y="(\d+)">(\w)<', drawn) == [("22", "a"), ("56", "b")]
    ticks = re.findall(r'<text x="([\d.]+)" y="(\d+)" text-anchor="middle">(\d+)%', drawn)
    assert ticks == [(f"{340 + 104 * step:.1f}", "90", str(40 + 10 * step)) for step in range(6)]
    assert set(re.findall(r'class="axis" [^>]* y1="(\d+)" y2="(\d+)"', drawn)) == {("0", "72")}


def test_an_axis_of_one_tenth_at_least() -> None:
    for figure in ((0.3, 0.3, 0.3), (0.31, 0.35, 0.4), (0.3 - 1e-12, 0.35, 0.4 + 1e-12)):
        assert ticks_of(plots(usable(*figure))) == ["30", "40"]
    assert ticks_of(plots(usable(0.95, 0.96, 1.0))) == ["90", "100"]
    assert ticks_of(plots(usable(0.0, 0.0, 0.01))) == ["0", "10"]
    assert len(ticks_of(plots(usable(0.0, 0.5, 1.0)))) == 11


def ticks_of(drawn: dict[str, str]) -> list[str]:
    return re.findall(r">(\d+)%<", drawn["Usable answers"])


def test_only_what_is_known_is_drawn() -> None:
    assert list(plots(FIRST)) == ["Usable answers", "Columns filled"]
    known = replace(SECOND, quality=Quality(3, None, None, Figure(0.7, 0.6, 0.8, 30)))
    drawn = plots(FIRST, known)
    assert list(drawn) == [
        "Usable answers",
        "Values borne out",
        "Columns filled",
        "F1 against the known answers",
    ]
    assert [one.count("<circle") for one in drawn.values()] == [2, 1, 2, 1]
    page = page_of(replace(REPORT, variants=(FIRST, known)))
    assert 'aria-label="Usable answers. a: 50.0% (40.0% to 60.0%); b: 90.0%' in page
    assert re.search(r'viewBox="0 0 900 94" width="900" height="94"', page)
    assert re.search(r'viewBox="0 0 900 60" width="900" height="60"', page)


def test_a_long_name_is_cut_in_a_plot_alone() -> None:
    for length, told in ((40, "n" * 40), (41, "n" * 39 + "…")):
        named = replace(FIRST, name="n" * length)
        assert f">{told}</text>" in plots(named)["Usable answers"]
    assert "n" * 41 in page_of(replace(REPORT, variants=(replace(FIRST, name="n" * 41),)))


def test_all_figures_by_variant() -> None:
    page = page_of(REPORT)
    assert "1,200 resumes, drawn at random with seed 7. 1,001 of them changed" in page
    assert "changed meanwhile" not in page_of(replace(REPORT, changed=0))
    cells = shown(page)
    assert cells["Requests"] == ["1,200", "1,200"]
    assert cells["Precision"] == ["no answer known", "70.0% (60.0% to 80.0%)"]
    assert cells["Recall"] == ["no answer known", "80.0% (70.0% to 90.0%)"]
    assert cells["F1"] == ["no answer known", "not known"]
    assert cells["Time"] == ["62 min", ""]
    assert cells["Gave no record"] == ["1,000 refused: policy; 2 cut: length", ""]


def test_columns_of_a_pair() -> None:
    page = page_of(REPORT)
    assert "<h2>a and b</h2>" in page
    assert "1,100 resumes have a record in both. Values that agree: \n50.0%" in page
    assert "<li>usable answers: -40.0 points (-45.0 to -35.0)</li>" in page
    assert shown(page)["Skill1"] == ["1,000", "1,050", "50", "3, 7"]
    assert "The first less the second" not in page_of(
        replace(REPORT, pairs=(replace(PAIR, usable=None, coverage=None),))
    )


def values_of(pair: PairReport, result: TrialResult) -> str:
    return page_of(replace(REPORT, variants=(), pairs=(pair,)), result).partition("</details>")[2]


def test_the_values_that_differ_stand_side_by_side() -> None:
    record, other = {"Skill1": "Welding", "City": "Turku"}, {"Skill1": None, "City": "Turku"}
    result = trial(variant("a", {3: record}), variant("b", {3: other}), present={7: record})
    page = values_of(PAIR, result)
    assert "<h3>City</h3>" not in page, "they are equal"
    assert shown(page)["3"] == ["Welding", '<span class="quiet">–</span>']
    assert shown(page)["7"] == ['<span class="quiet">–</span>'] * 2
    present = values_of(replace(PAIR, second=PRESENT), result)
    assert shown(present)["7"] == ['<span class="quiet">–</span>', "Welding"]
    assert "Welding" not in page_of(REPORT)


def test_the_twelve_columns_that_differ_most() -> None:
    columns = tuple(ColumnAgreement(f"Skill{n}", 1, 1, 0, (str(n),)) for n in range(1, 16))
    page = values_of(replace(PAIR, columns=columns), trial(variant("a", {}), variant("b", {})))
    assert page.count("<h3>") == 12


def test_a_page_is_for_its_user_alone(tmp_path: Path) -> None:
    path = page_path(settings(home=tmp_path / "home"), "trial-1")
    path.parent.mkdir(parents=True, mode=0o755)
    for file in (path, path.with_name(f"{path.name}.part")):  # a page before, and half a one
        file.write_text("before")
        file.chmod(0o644)
    write_page(path, REPORT)
    assert path.read_text("utf-8") == page_of(REPORT)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["trial-1.html"]
    assert path.parent.stat().st_mode & 0o777 == 0o755, "the folder may be another's"


def test_its_folder_is_made_and_private(tmp_path: Path) -> None:
    path = page_path(settings(home=tmp_path / "home"), "trial-1")
    assert path == tmp_path / "home" / "trials" / "trial-1.html"
    result = trial(variant("a", {3: {"Skill1": "Welding"}}), variant("b", {}))
    write_page(path, TrialReport("trial-1", 7, 1, 0, (), (PAIR,)), result)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert "Welding" in path.read_text("utf-8")
