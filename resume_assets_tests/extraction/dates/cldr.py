"""The names of the months in the Unicode CLDR, as Babel carries it.

`python -m resume_assets_tests.extraction.dates.cldr` writes the table that the package reads. Babel
is needed here only: the table changes when the CLDR does, not with every run.
"""

from pathlib import Path

from babel import Locale

from resume_assets.extraction.dates import month_names
from resume_assets.extraction.dates.tokens import fold

_MOST_SPOKEN = """
    en zh hi es ar bn fr pt ru id ur de ja pcm mr vi te ha tr sw fil ta yue pa ko fa jv it gu am kn
    bho th pl yo uk ml or my uz"""
_WRITTEN_OTHERWISE = "ar_LB ar_DZ ar_MA ar_MR pa_Arab fa_AF uz_Cyrl de_AT sr_Latn"
_OTHERS = """
    ro nl el hu cs sv be bg hr sr sk sl da nb is fi et lv lt ca
    mai sd ps ig ms so az az_Cyrl ne as km lo zu xh af su ceb he ckb sq mk kk ky tg ka hy mn"""
_BY_HAND = """
    en de de_AT fr es pt it ca nl pl cs sk sl hr sr_Latn da nb sv is fi et lv lt ro hu tr ru uk
    bg el zh"""

MOST_SPOKEN = tuple(_MOST_SPOKEN.split())
"""The forty languages with the most speakers of those that the CLDR has, about in that order."""

LOCALES = (*MOST_SPOKEN, *_WRITTEN_OTHERWISE.split(), *_OTHERS.split())
"""Those, in other countries and scripts too, and their neighbours.

Sinhala is not among them: the CLDR has its lunar months.
"""

BY_HAND = frozenset(_BY_HAND.split())
"""`month_names.MONTHS` has these, in more cases than the CLDR."""

NO_MONTHS = frozenset(["sat"])
"""Hausa for September, and a Saturday beside any English date."""

NOTICE = (
    "# Names of months from the Unicode CLDR. Copyright © 1991-2025 Unicode, Inc.; "
    "Unicode License v3, https://www.unicode.org/license.txt\n"
)

_AROUND = " .'׳॰"


def names(locale: str) -> dict[int, list[str]]:
    """Return the spellings of each month, 1 to 12, as Babel gives them; none with digits."""
    found: dict[int, list[str]] = {month: [] for month in range(1, 13)}
    for forms in Locale.parse(locale).months.values():
        for width in ("wide", "abbreviated"):
            for month, name in forms[width].items():
                bare = name.rstrip("’")  # behind মে in Assamese
                if not any(map(str.isdigit, bare)) and bare not in found[month]:
                    found[month].append(bare)
    return found


def _bare(spellings: dict[int, list[str]]) -> dict[int, list[str]]:
    """Fold the names, and drop a first word that all of them share: it means month."""
    folded = {
        month: list(dict.fromkeys(fold(name).strip(_AROUND) for name in of_month))
        for month, of_month in spellings.items()
    }
    first = {name.split(" ")[0] for of_month in folded.values() for name in of_month}
    if len(first) == 1:
        return {
            month: [name.partition(" ")[2] for name in of_month]
            for month, of_month in folded.items()
        }
    return folded


def _is_name(word: str) -> bool:
    return len(word) > 1 and word not in NO_MONTHS


def table() -> str:
    """Return the table: a line for each language that brings names of its own."""
    lines: dict[str, str] = {}
    for locale in LOCALES:
        months = _bare(names(locale))
        if locale not in BY_HAND and all(months.values()):
            line = "|".join("/".join(filter(_is_name, names)) for names in months.values())
            lines.setdefault(line, locale)
    return NOTICE + "".join(f"{locale}|{line}\n" for line, locale in lines.items())


if __name__ == "__main__":
    Path(month_names.CLDR_TABLE).write_text(table(), encoding="utf-8")
