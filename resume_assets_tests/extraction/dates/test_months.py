"""Months by their names, in the languages of the world."""

import calendar
from collections import Counter, defaultdict

import pytest

from resume_assets.extraction.dates import month_names, words
from resume_assets.extraction.dates.reading import read_date, standardize_date
from resume_assets_tests.extraction.dates import cldr

# Two languages, two meanings: of two months the one with more speakers has the word.
DECIDED = {
    ("hr", "tra"): None,  # between, in Italian: tra 2015 e 2018
    ("hr", "lip"): 7,
    ("hr", "lis"): 11,
    ("hr", "listopada"): 11,
    ("hr", "listopad"): 11,
    ("hr", "srp"): 8,
    ("ha", "sat"): None,  # beside an English date a Saturday
}
FORMATS = [
    "{name} {year}",
    "{name}, {year}",
    "{name}-{year}",
    "{name}/{year}",
    "15 {name} {year}",
    "{name} 15, {year}",
    "{year} {name}",
    "{name} {year} – {name} {year}",
]


def test_the_table_is_that_of_the_cldr():
    assert month_names.CLDR_TABLE.read_text(encoding="utf-8") == cldr.table()


def test_forty_languages():
    assert len(cldr.MOST_SPOKEN) == 40
    assert all(any(cldr.names(locale).values()) or locale in NUMBERED for locale in cldr.LOCALES)


NUMBERED = frozenset(["ja", "ko", "vi", "yue"])  # months without names: their fifth is their 5


@pytest.mark.parametrize("shape", FORMATS)
def test_every_name_of_the_cldr(shape):
    wrong = []
    for locale in cldr.LOCALES:
        for month, spellings in cldr.names(locale).items():
            for name in spellings:
                expected = DECIDED.get((locale, name.strip(".").casefold()), month)
                if expected is None or len(name) == 1:  # Burmese has months of one letter
                    continue
                for spelling in {name, name.upper(), name.title(), name.replace("أ", "ا")}:
                    text = shape.format(name=spelling, year=2019)
                    if standardize_date(text, end=True) != f"2019-{expected:02}":
                        wrong.append((locale, text))
    assert not wrong


@pytest.mark.parametrize("number", range(1, 13))
@pytest.mark.parametrize(
    "shape", ["2019年{}月", "2019년 {}월", "tháng {} năm 2019", "Tháng {}/2019", "thg {} 2019"]
)
def test_months_that_are_numbers(shape, number):
    assert standardize_date(shape.format(number)) == f"2019-{number:02}"


def test_words_of_two_months_are_known():
    months: defaultdict[str, set[int]] = defaultdict(set)
    for line in month_names.MONTHS.values():
        for month, group in enumerate(line.split(), 1):
            for name in group.split("/"):
                months[words.plain(name)].add(month)
    for locale in cldr.LOCALES:
        for month, names in cldr._bare(cldr.names(locale)).items():
            for name in names:
                months[words.plain(name)].add(month)
    doubtful = {word for word, found in months.items() if len(found) > 1}
    assert doubtful == {"lip", "lis", "listopad", "listopada", "srp"}


@pytest.mark.parametrize(
    ("text", "value"),
    {
        "Febuary 2019": "2019-02",
        "Feburary 2019": "2019-02",
        "Janurary 2019": "2019-01",
        "Septmeber 2019": "2019-09",
        "Setpember 2019": "2019-09",
        "Ocotber 2019": "2019-10",
        "Novemeber 2019": "2019-11",
        "Decemner 2019": "2019-12",
        "Agust 2019": "2019-08",
        "Marhc 2019": "2019-03",
        "Jully 2019": "2019-07",
        "Septiembr 2019": "2019-09",
        "Dezenber 2019": "2019-12",
    }.items(),
)
def test_misspelt(text, value):
    assert standardize_date(text) == value


ENGLISH = calendar.month_name[1:]


def letters_apart(one: str, other: str) -> int:
    first, second = Counter(one.casefold()), Counter(other.casefold())
    return (first - second).total() + (second - first).total()


@pytest.mark.parametrize(("word", "month"), month_names.misspellings().items())
def test_a_usual_mistake_is_the_month_whose_letters_it_has(word: str, month: int):
    assert standardize_date(f"{word} 2019") == f"2019-{month:02}"
    assert min(ENGLISH, key=lambda name: letters_apart(word, name)) == ENGLISH[month - 1]


NO_MONTHS = """
    remember remembers student interns marcus javier province juliet members octopus decimal septum
    maple juno janet marketing maybe decade mayor apricot"""


@pytest.mark.parametrize("word", NO_MONTHS.split())
def test_words_that_are_no_months(word):
    assert words.misspelt(word) is None
    assert standardize_date(f"{word} 2019") is None


def test_one_letter_leads_from_no_month_to_another():
    names = month_names.long_names()
    for name, month in names.items():
        assert words.misspelt(name) == month
        for at in range(len(name)):
            assert words.misspelt(name[:at] + name[at + 1 :]) in (month, None)
            assert words.misspelt(name[:at] + "x" + name[at:]) in (month, None)


OTHER_CALENDARS = """
    Baisakh Jestha Asar Shrawan Bhadra Ashwin Kartik Mangsir Poush Magh Falgun Chaitra
    Muharram Safar Rajab Shaban Ramadan Shawwal Tishrei Cheshvan Kislev Tevet Shevat Iyar Sivan
    Farvardin Ordibehesht Khordad Tir Mordad Shahrivar Mehr Aban Azar Dey Bahman Esfand
    Meskerem Tikimt Hidar Tahsas Yekatit Megabit Miyazya Ginbot Sene Hamle Nehase
    वैशाख ज्येष्ठ आषाढ कार्तिक مهر فروردین محرم رمضان መስከረም ጥቅምት"""


@pytest.mark.parametrize("name", OTHER_CALENDARS.split())
@pytest.mark.parametrize("shape", ["{} 2019", "15 {} 2019", "{} 5, 2019", "2019 {} 5", "{} 5 2019"])
def test_months_of_other_calendars_have_no_value(shape, name):
    for end in (False, True):
        reading = read_date(shape.format(name), end=end)
        assert (reading.value, reading.unreadable) == (None, True)
