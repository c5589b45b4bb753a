import datetime
import re
import sys
import time
import unicodedata
from collections import defaultdict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resume_assets.extraction.dates import month_names, words
from resume_assets.extraction.dates.reading import (
    DateReading,
    read_date,
    read_period,
    standardize_date,
)
from resume_assets.extraction.dates.tokens import fold

NEITHER = (None, None)

# What the text gives for a start, and for an end.
READ: dict[str, dict[str, tuple[str | None, str | None]]] = {
    "numbers": {
        "2019-03-15": ("2019-03", "2019-03"),
        "2019-03": ("2019-03", "2019-03"),
        "2019-3": ("2019-03", "2019-03"),
        "2019/03": ("2019-03", "2019-03"),
        "2019.03.15": ("2019-03", "2019-03"),
        "2019.03.": ("2019-03", "2019-03"),
        "2019_03": ("2019-03", "2019-03"),
        "2019 03": ("2019-03", "2019-03"),
        "03 2019": ("2019-03", "2019-03"),
        "201903": ("2019-03", "2019-03"),
        "20190315": ("2019-03", "2019-03"),
        "032019": ("2019-03", "2019-03"),
        "15032019": ("2019-03", "2019-03"),
        "03/2019": ("2019-03", "2019-03"),
        "3/2019": ("2019-03", "2019-03"),
        "3 / 2019": ("2019-03", "2019-03"),
        "05.2018": ("2018-05", "2018-05"),
        "05-2018": ("2018-05", "2018-05"),
        "3/15/2019": ("2019-03", "2019-03"),
        "3/4/2019": ("2019-03", "2019-03"),
        "15/3/2019": ("2019-03", "2019-03"),
        "15.03.2019": ("2019-03", "2019-03"),
        "15. 03. 2019": ("2019-03", "2019-03"),
        "2019/15/03": ("2019-03", "2019-03"),
        "2019/13/03": ("2019-03", "2019-03"),
        "2019-03-15T00:00:00Z": ("2019-03", "2019-03"),
        "2019-03-15 10:30:00+02:00": ("2019-03", "2019-03"),
        "Fri, 15 Mar 2019 00:00:00 GMT": ("2019-03", "2019-03"),
        "2019 – 03": ("2019-03", "2019-03"),
        "13/13/2019": NEITHER,
        "2015-13": NEITHER,
        "13/2015": NEITHER,
        "2019-03-45": NEITHER,
        "32/3/2019": NEITHER,
        "2015-03-2018": NEITHER,
        "1552608000": NEITHER,
        "20": NEITHER,
    },
    "the day first": {
        "01.09.2018 – heute": ("2018-09", "Present"),
        "7.3.2019": ("2019-03", "2019-03"),
        "1. 9. 2018": ("2018-09", "2018-09"),
        "01.09.2018 - 02.10.2019": ("2018-09", "2019-10"),
        "13/3/2019": ("2019-03", "2019-03"),
        "3/13/2019": ("2019-03", "2019-03"),
        "12/12/2019": ("2019-12", "2019-12"),
        "31 March 2019": ("2019-03", "2019-03"),
        "32 March 2019": NEITHER,
        "31/12/2019": ("2019-12", "2019-12"),
        "3.15.2019": ("2019-03", "2019-03"),
        "01/03/2019 - 31/12/2020": ("2019-03", "2020-12"),
        "31/12/2018 to 01/03/2019": ("2018-12", "2019-03"),
        "01-03-2019 – 31-12-2020": ("2019-03", "2020-12"),
        "01/03/2019 - 12/31/2020": ("2019-01", "2020-12"),
        "01/03/2019 - 02/04/2020": ("2019-01", "2020-02"),
        "15/3/2019 - 3/15/2020 - 3/4/2021": ("2019-03", None),  # proves both
        "05/05/2019": ("2019-05", "2019-05"),
        "00/05/2019": ("2019-05", "2019-05"),
        "05/00/2019": ("2019-05", "2019-05"),
        "00/00/2019": ("2019-01", "2019-01"),
        "00/15/2019": ("2019-01", "2019-01"),
        "3月5日2019年": ("2019-03", "2019-03"),
        "2019年3月5日": ("2019-03", "2019-03"),
    },
    "beside a year": {
        "Graduated 2019": ("2019-01", "2019-01"),
        "Expected graduation: 2025": ("2025-01", "2025-01"),
        "Class of 2019": ("2019-01", "2019-01"),
        "Mitte 2019": ("2019-01", "2019-01"),
        "fin 2019": ("2019-01", "2019-01"),
        "início de 2019": ("2019-01", "2019-01"),
        "2019 г.": ("2019-01", "2019-01"),
        "tahun 2019": ("2019-01", "2019-01"),
        "2019 (Berlin)": ("2019-01", "2019-01"),
        "as of 2019": ("2019-01", "2019-01"),
        "Summer Intern 2019": ("2019-01", "2019-01"),
        "Acme: 2015 - 2018": ("2015-01", "2018-01"),
        "Acme | 03/2015 - 04/2018": ("2015-03", "2018-04"),
        "Acme (2015 - 2018)": ("2015-01", "2018-01"),
        "Employed 05/2019 - 06/2020": ("2019-05", "2020-06"),
        "Acme 2015 - 2018": (None, "2018-01"),
        "AD 2019": ("2019-01", "2019-01"),
        "Agustus 2019": ("2019-08", "2019-08"),
        "أكتوبر 2019": ("2019-10", "2019-10"),
        "اكتوبر ٢٠١٩": ("2019-10", "2019-10"),
        "تشرين الأول 2019": ("2019-10", "2019-10"),
        "במרץ 2019": ("2019-03", "2019-03"),
        "ජනවාරි 2019": ("2019-01", "2019-01"),
        "Oṣù Ògún 2019": ("2019-08", "2019-08"),
        "มี.ค. 2019": ("2019-03", "2019-03"),
        "Xyzzy 2019": NEITHER,
        "Company 2019": NEITHER,
        "2019 Xyzzy": NEITHER,
        "Xyzzy, 2019": NEITHER,
        "Xyzzy-2019": NEITHER,
        "Xyzzy of 2019": NEITHER,
        "Xyzzy '19": NEITHER,
        "Xyzzy 5 2019": NEITHER,
        "Xyzzy 5, 2019": NEITHER,
        "5 Xyzzy 2019": NEITHER,
        "2019-08-Xyzzy": ("2019-08", None),
        "Xyzzy 2019 - March 2021": (None, "2021-03"),
        "March 2019 - Xyzzy 2021": ("2019-03", None),
        "Xyzzy 2019 - Present": (None, "Present"),
    },
    "numbers of something else": {
        "Semester 2 2019": NEITHER,
        "2nd semester 2019": NEITHER,
        "Semester II 2019": NEITHER,
        "Term I 2019": NEITHER,
        "Term 2, 2019": NEITHER,
        "2/2019 semester": NEITHER,
        "KW 12/2019": NEITHER,
        "KW: 12/2019": NEITHER,
        "2019/12 KW": NEITHER,
        "Week 12 2019": NEITHER,
        "Week 2019-12": NEITHER,
        "Sprint 2019-12": NEITHER,
        "Semester 2019-2": NEITHER,
        "2015-00 Xyzzy": NEITHER,
        "Week of March 5, 2019": ("2019-03", "2019-03"),
        "Batch 11 2019": NEITHER,
        "Batch #11 2019": NEITHER,
        "Batch: 11/2019": NEITHER,
        "Batch no. 11 2019": NEITHER,
        "No. 3/2019": NEITHER,
        "Sprint 3 2019": NEITHER,
        "Level II 2019": NEITHER,
        "Year 12 2019": NEITHER,
        "año 2019-03": ("2019-03", "2019-03"),
        "month 3 of 2019": ("2019-03", "2019-03"),
        "w XII 2019": ("2019-12", "2019-12"),  # in December, in Polish
        "Graduated 05/2019": ("2019-05", "2019-05"),
        "FY2019": NEITHER,
        "Q3 FY2019": NEITHER,
    },
    "other calendars": {
        "2076 BS": NEITHER,
        "B.S. 2076": NEITHER,
        "05/2076 BS": NEITHER,
        "2076-05-12 B.S.": NEITHER,
        "B.S. 12/05/2076": NEITHER,
        "EC May 2011": NEITHER,
        "2011 E.C.": NEITHER,
        "May 2011 E.C.": NEITHER,
        "05/2011 ዓ.ም": NEITHER,
        "2076 वि.सं.": NEITHER,
        "Vikram Samvat 2076": NEITHER,
        "1941 Saka": NEITHER,
        "1440 AH": NEITHER,
        "12/05/1440 AH": NEITHER,
        "1398": NEITHER,
        "مهر 1398": NEITHER,
        "มีนาคม 2562": NEITHER,
        "พ.ศ. 2562": NEITHER,
        "ค.ศ. 2019": ("2019-01", "2019-01"),
        "5779": NEITHER,
        "令和3年5月": NEITHER,
        "昭和60年": NEITHER,
        "R3.5": NEITHER,
        "民國108年": NEITHER,
        "西暦2019年5月": ("2019-05", "2019-05"),
        "BS, May 2019": ("2019-05", "2019-05"),  # a degree
    },
    "years": {
        "2017": ("2017-01", "2017-01"),
        "1900": ("1900-01", "1900-01"),
        "2099": ("2099-01", "2099-01"),
        "1899": NEITHER,
        "2100": NEITHER,
        "03/1899": NEITHER,
        "2015-00": ("2015-01", "2015-01"),
        "00/2015": ("2015-01", "2015-01"),
        "2015-00-00": ("2015-01", "2015-01"),
        "2015-XX": ("2015-01", "2015-01"),
        "??/2015": ("2015-01", "2015-01"),
        "2015-03-??": ("2015-03", "2015-03"),
        "'14": ("2014-01", "2014-01"),
        "14": NEITHER,
        "1990s": NEITHER,
        "the '90s": NEITHER,
        "1990er": NEITHER,
        "2562": NEITHER,  # Thailand
        "平成27年3月": NEITHER,
    },
    "months": {
        "March 2019": ("2019-03", "2019-03"),
        "MARCH 2019": ("2019-03", "2019-03"),
        "March, 2019": ("2019-03", "2019-03"),
        "March of 2019": ("2019-03", "2019-03"),
        "March 15, 2019": ("2019-03", "2019-03"),
        "Thursday, March 5th, 2020": ("2020-03", "2020-03"),
        "1st of March 2019": ("2019-03", "2019-03"),
        "15-Mar-2019": ("2019-03", "2019-03"),
        "Mar-2019": ("2019-03", "2019-03"),
        "Mar2019": ("2019-03", "2019-03"),
        "March - 2019": ("2019-03", "2019-03"),
        "2019 March": ("2019-03", "2019-03"),
        "2019-Mar-15": ("2019-03", "2019-03"),
        "2017 (May)": ("2017-05", "2017-05"),
        "Sept. 2020": ("2020-09", "2020-09"),
        "Sept.2020": ("2020-09", "2020-09"),
        "Jan '14": ("2014-01", "2014-01"),
        "Jan'14": ("2014-01", "2014-01"),
        "Dec '99": ("1999-12", "1999-12"),
        "15 Mar '19": ("2019-03", "2019-03"),
        "03/'19": ("2019-03", "2019-03"),
        "Mar 19": NEITHER,
        "Mar-19": NEITHER,
        "15-Mar-19": NEITHER,
        "March": NEITHER,
        "I may have started in 2017": ("2017-01", None),
        "**Mar 2019**": ("2019-03", "2019-03"),
        "'05/2019'": ("2019-05", "2019-05"),
        "15.IX.2019": ("2019-09", "2019-09"),
        "XII 2019": ("2019-12", "2019-12"),
        "V/2019": ("2019-05", "2019-05"),
        "March 2019 (2019)": ("2019-03", "2019-03"),
    },
    "parts of a year": {
        "Summer 2016": ("2016-06", "2016-06"),
        "Fall of 2016": ("2016-09", "2016-09"),
        "Fall semester 2016": ("2016-09", "2016-09"),
        "autumn 2016": ("2016-09", "2016-09"),
        "Winter '16": ("2016-12", "2016-12"),
        "2016 spring": ("2016-03", "2016-03"),
        "Frühjahr 2016": ("2016-03", "2016-03"),
        "été 2016": ("2016-06", "2016-06"),
        "otoño de 2016": ("2016-09", "2016-09"),
        "zima 2016": ("2016-12", "2016-12"),
        "Q1 2018": ("2018-01", "2018-01"),
        "Q3 2018": ("2018-07", "2018-07"),
        "Q3/2018": ("2018-07", "2018-07"),
        "2018 Q3": ("2018-07", "2018-07"),
        "2018Q4": ("2018-10", "2018-10"),
        "2018-Q2": ("2018-04", "2018-04"),
        "3Q 2018": ("2018-07", "2018-07"),
        "Q3'18": ("2018-07", "2018-07"),
        "3Q18": NEITHER,
        "Q5 2018": NEITHER,
        "T3 2018": ("2018-07", "2018-07"),  # trimestre
        "S1 2019": NEITHER,
        "W12 2019": NEITHER,
        "2019-W12": NEITHER,
        "Quarter 3 2019": ("2019-07", "2019-07"),
        "Quarter 3, 2019": ("2019-07", "2019-07"),
        "Qtr. 2/2019": ("2019-04", "2019-04"),
        "Quartal IV 2019": ("2019-10", "2019-10"),
        "Quarter 12 2019": NEITHER,
        "Half 2 2019": ("2019-07", "2019-07"),
        "third quarter of 2018": ("2018-07", "2018-07"),
        "3. Quartal 2018": ("2018-07", "2018-07"),
        "II kwartał 2018": ("2018-04", "2018-04"),
        "H1 2019": ("2019-01", "2019-01"),
        "second half of 2019": ("2019-07", "2019-07"),
    },
    "ranges": {
        "Jan 2015 - Mar 2018": ("2015-01", "2018-03"),
        "Jan2015-Mar2018": ("2015-01", "2018-03"),
        "2015–2018": ("2015-01", "2018-01"),
        "2015/2018": ("2015-01", "2018-01"),
        "2015..2018": ("2015-01", "2018-01"),
        "2015 -> 2018": ("2015-01", "2018-01"),
        "2015->2018": ("2015-01", "2018-01"),
        "'14-'16": ("2014-01", "2016-01"),
        "03/2015 bis 04/2018": ("2015-03", "2018-04"),
        "3/15/2015-4/20/2018": ("2015-03", "2018-04"),
        "2015-03 - 2018-04": ("2015-03", "2018-04"),
        "2015.03-2018.04": ("2015-03", "2018-04"),
        "2015-03/2018-04": ("2015-03", "2018-04"),
        "2015-03-01/2018-04-01": ("2015-03", "2018-04"),
        "201503-201804": ("2015-03", "2018-04"),
        "2015 - 03/2018": ("2015-01", "2018-03"),
        "2015 - March 2018": ("2015-01", "2018-03"),
        "2015-March 2018": ("2015-01", "2018-03"),
        "2015 March - 2018 June": ("2015-03", "2018-06"),
        "Mar 2015 (Berlin) to Apr 2018 (3 yrs 2 mos)": ("2015-03", "2018-04"),
        "between 2015 and 2018": ("2015-01", "2018-01"),
        "de 2015 à 2018": ("2015-01", "2018-01"),
        "Jan - Mar 2018": ("2018-01", "2018-03"),
        "2018 Jan - Mar": ("2018-01", "2018-03"),
        "Q1-Q3 2018": ("2018-01", "2018-07"),
        "2015-2017, 2019-2021": ("2015-01", "2021-01"),
        "2015 to present": ("2015-01", "Present"),
        "5/2018-present": ("2018-05", "Present"),
        "2011 - Present · 3 yrs 2 mos": ("2011-01", "Present"),
        "Present - Jan 2015": ("2015-01", "Present"),
        "2015年3月～2018年4月": ("2015-03", "2018-04"),
        "2015年3月至今": ("2015-03", "Present"),
        "May, March 2019": NEITHER,
        "2019 March, May": NEITHER,
        "March to 2018": NEITHER,
        "March through 2018": NEITHER,
        "2018 to March": NEITHER,
        "Nov - Feb 2018": NEITHER,  # of which year is November?
        "Mar 15 - Apr 2019": NEITHER,
        "2015/16": NEITHER,
        "2015-18": NEITHER,
        "2011 – 12": NEITHER,  # December, or 2012?
        "1998 – 03": NEITHER,
        "2015 2018": NEITHER,
        "2015, 2018": NEITHER,
        "Jan 2015 - Mar 18": NEITHER,
        "2015 - unknown": ("2015-01", None),
        "2015 - ?": ("2015-01", None),
        "2015 - ??": ("2015-01", None),
        "2015 - N/A": ("2015-01", None),
        "2015 - xyzzy": ("2015-01", None),
        "unknown - 2018": (None, "2018-01"),
    },
    "words around": {
        "since 2011": ("2011-01", "Present"),
        "seit März 2011": ("2011-03", "Present"),
        "2018 onwards": ("2018-01", "Present"),
        "from 2011": ("2011-01", None),
        "2011 -": ("2011-01", None),
        "until March 2020": (None, "2020-03"),
        "to 2018": (None, "2018-01"),
        "- March 2018": ("2018-03", "2018-03"),  # a bullet
        "mid 2017": ("2017-01", "2017-01"),
        "circa 2015": ("2015-01", "2015-01"),
        "approx. 2016": ("2016-01", "2016-01"),
        "~2016": ("2016-01", "2016-01"),
        "late 2019": ("2019-01", "2019-01"),
        "expected 2025": ("2025-01", "2025-01"),
        "graduated May 2014": ("2014-05", "2014-05"),
        "2018 (now part of Acme)": ("2018-01", "2018-01"),
        "Team 7, 2018": NEITHER,
        "Jan 2015 - Mar 2018, currently elsewhere": ("2015-01", None),
    },
    "other languages": {
        "le 1er mars 2019": ("2019-03", "2019-03"),
        "15. März 2019": ("2019-03", "2019-03"),
        "15 de marzo de 2019": ("2019-03", "2019-03"),
        "1º de março de 2019": ("2019-03", "2019-03"),
        "dès septembre 2015": ("2015-09", None),
        "des. 2015": ("2015-12", "2015-12"),
        "2019. március 15.": ("2019-03", "2019-03"),
        "1 апреля 2019 года": ("2019-04", "2019-04"),
        "05.2018 года": ("2018-05", "2018-05"),
        "m. 2019 kovo": ("2019-03", "2019-03"),
        "2019年3月15日": ("2019-03", "2019-03"),
        "二〇一九年三月": ("2019-03", "2019-03"),
        "2019년 3월": ("2019-03", "2019-03"),
        "tháng 3 năm 2019": ("2019-03", "2019-03"),
        "٢٠١٩/٠٣": ("2019-03", "2019-03"),
        "２０１９．０３": ("2019-03", "2019-03"),
        "Ｍａｒｃｈ　２０１９": ("2019-03", "2019-03"),
    },
}

OBJECTS = [
    (2017, "2017-01"),
    (201703, "2017-03"),
    (2017.0, "2017-01"),
    (datetime.date(2017, 5, 3), "2017-05"),
    (True, None),
    (2017.5, None),
    (float("nan"), None),
    (-2017, None),
    (10**5000, None),
    (b"2017", None),
    ((), None),
]

PRESENT = """
Present|PRESENT|present.|(current)|Current position|Present (on leave)|still employed|Now|nowadays
ongoing|to date|till date|until now|up to the present day|as of today|in progress|till now|to-date
on-going|open|2011 (now)
heute|bis heute|derzeit|aktuell|bis jetzt|bis auf Weiteres|bis dato|gegenwärtig|laufend
aujourd'hui|aujourd’hui|à ce jour|actuellement|en cours|présent|jusqu'à présent|maintenant
actualidad|actualmente|presente|hasta la fecha|hoy|en curso|la actualidad
atual|até o momento|presente|hoje|em andamento|até à data
oggi|ad oggi|in corso|attuale|presente|tuttora
heden|nu|tot op heden|huidig|momenteel|obecnie|do dziś|nadal|do chwili obecnej
současnost|dosud|dnes|nuvarande|pågående|nu|i dag|nåværende|nuværende|d.d.|til dags dato|nå
nykyinen|tällä hetkellä|edelleen|prezent|în prezent|jelenleg|a mai napig|halen|günümüz|devam ediyor
по настоящее время|настоящее время|н.в.|по н/в|сейчас|по сей день|дотепер|по теперішній час
до настоящего времени|σήμερα|έως σήμερα|至今|現在|现在|目前|현재|在职|ปัจจุบัน|الآن
2011 - nu|2011 bis heute|currently, since 2011
""".strip().replace("\n", "|")

NO_PRESENT = [
    "not current",
    "not currently employed",
    "no longer present",
    "currently not working",
    "former employee",
    "presented",
    "now closed",
    "continuing education",
    "date",
    "nothing",
]

NOTHING: list[str | None] = [
    "",
    " ",
    "-",
    "–",
    "...",
    "N/A",
    "n.a.",
    "NULL",
    "none",
    "unknown",
    "?",
    "not provided",
]
NOTHING += ["0000-00-00", "0", "\n", "( )", "unbekannt", None]

VALUE = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        pytest.param(text, *expected, id=f"{group}: {text}")
        for group, texts in READ.items()
        for text, expected in texts.items()
    ],
)
def test_texts(text, start, end):
    assert (standardize_date(text), standardize_date(text, end=True)) == (start, end)
    assert read_date(text).unreadable == (start is None)
    assert read_date(text, end=True).unreadable == (end is None)


@pytest.mark.parametrize("text", PRESENT.split("|"))
def test_present_is_an_end_and_never_a_start(text):
    assert read_date(text, end=True) == DateReading("Present", False, False)
    assert standardize_date(text) in (None, "2011-01")


@pytest.mark.parametrize("text", NO_PRESENT)
def test_words_that_only_look_like_the_present(text):
    assert read_date(text, end=True) == DateReading(None, False, True)


@pytest.mark.parametrize("text", NOTHING)
@pytest.mark.parametrize("end", [False, True])
def test_texts_without_a_date_are_not_counted_as_unreadable(text, end):
    assert read_date(text, end=end) == DateReading(None, False, False)


@pytest.mark.parametrize(
    ("text", "assumed"),
    {
        "2017": True,
        "2015-00": True,
        "mid 2017": True,
        "2017-01": False,
        "Jan 2017": False,
        "Summer 2016": False,
        "Q1 2016": False,
        "Present": False,
        "Mar 19": False,
    }.items(),
)
def test_a_month_that_was_not_given_is_counted(text, assumed):
    assert read_date(text, end=True).month_assumed is assumed


@pytest.mark.parametrize("apostrophe", "'’‘‛ʼʻʹ`´′＇")
def test_every_apostrophe(apostrophe):
    assert standardize_date(f"Jan {apostrophe}14") == "2014-01"
    assert standardize_date(f"aujourd{apostrophe}hui", end=True) == "Present"


@pytest.mark.parametrize("dash", "-‐‑‒–—―−－~～〜→")
def test_every_dash(dash):
    for text in (f"2015{dash}2018", f"2015 {dash} 2018"):
        assert standardize_date(text) == "2015-01"
        assert standardize_date(text, end=True) == "2018-01"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2017-05", "2017", ("2017-05", True)),
        ("May 2017", "mid 2017", ("2017-05", True)),
        ("2017", "2017", ("2017-01", True)),
        ("2017-05", "2018", ("2018-01", True)),
        ("2017-05", "2017-03", ("2017-03", False)),
        ("2017-05", "Winter 2017", ("2017-12", False)),
        ("2017-05", "Q1 2017", ("2017-01", False)),
        ("2017-05", "Present", ("Present", False)),
        ("May 2017 - 2018", "May 2017 - 2017", ("2017-05", True)),
        (None, "2017", ("2017-01", True)),
        ("Present", "2017", ("2017-01", True)),
        ("2017-05", None, (None, False)),
    ],
)
def test_an_end_given_as_its_starts_year_takes_its_month(start, end, expected):
    first, last = read_period(start, end)
    assert first == read_date(start)
    assert (last.value, last.month_assumed) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("01/03/2019", "31/12/2020", ("2019-03", "2020-12")),
        ("31/12/2018", "01/03/2019", ("2018-12", "2019-03")),
        ("01/03/2019", "12/31/2020", ("2019-01", "2020-12")),
        ("01/03/2019", "02/04/2020", ("2019-01", "2020-02")),
        ("01-03-2019", "31/12/2020", ("2019-03", "2020-12")),
        ("01/03/2019 - 02/04/2020", "31/12/2020", ("2019-03", "2020-12")),
        ("15/3/2019", "3/4/2019 - 5/6/2020", ("2019-03", "2020-06")),
        ("12/31/2018", "01/02/2019 - 31/12/2020", ("2018-12", "2020-12")),
        ("01/03/2019", "31.12.2020", ("2019-01", "2020-12")),  # dots prove nothing for slashes
        ("01/03/2019", "Present", ("2019-01", "Present")),
    ],
)
def test_each_field_proves_the_order_of_the_other(start, end, expected):
    assert tuple(reading.value for reading in read_period(start, end)) == expected


@pytest.mark.parametrize("empty", ["", None, "N/A", "-"])
@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("Jan 2019 - Present", "2019-01", "Present"),
        ("Jan 2019 - Mar 2021", "2019-01", "2021-03"),
        ("Jan - Mar 2021", "2021-01", "2021-03"),
        ("since 2019", "2019-01", "Present"),
        ("2019 onwards", "2019-01", "Present"),
        ("01/03/2019 - 31/12/2020", "2019-03", "2020-12"),
    ],
)
def test_a_field_that_tells_both_is_read_for_both(text, start, end, empty):
    assert [reading.value for reading in read_period(text, empty)] == [start, end]
    assert [reading.value for reading in read_period(empty, text)] == [start, end]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("Jan 2019", "", ("2019-01", None)),
        ("", "Jan 2019", (None, "2019-01")),
        ("Jan 2019 - ?", "", ("2019-01", None)),
        ("Jan 2019 - Xyzzy 2021", "", ("2019-01", None)),
        ("Present", "", (None, None)),
        ("", "Present", (None, "Present")),
        ("Jan 2019 - Present", "Mar 2021", ("2019-01", "2021-03")),
        ("Jan 2019 - Present", "gone", ("2019-01", None)),
        ("Feb 2020", "Jan 2019 - Mar 2021", ("2020-02", "2021-03")),
        ("2018 (now part of Acme)", "", ("2018-01", None)),
    ],
)
def test_a_field_that_tells_one_is_read_for_one(start, end, expected):
    readings = read_period(start, end)
    assert tuple(reading.value for reading in readings) == expected
    assert all(
        text or not reading.unreadable for text, reading in zip((start, end), readings, strict=True)
    )


# Names


FORMATS = [
    "{name} {year}",
    "{name}. {year}",
    "{name}, {year}",
    "{name} '{short}",
    "{name}-{year}",
    "{name}/{year}",
    "15 {name} {year}",
    "15. {name} {year}",
    "{name} 15, {year}",
    "{year} {name}",
    "{year}. {name} 15.",
    "in {name} of {year}",
    "{year}-{name}-15",
]


@pytest.mark.parametrize("shape", FORMATS)
def test_every_name_in_every_format(shape):
    for name, month in month_names.spellings().items():
        for spelling in {name, name.upper(), name.title(), words.plain(name)}:
            if words.KINDS.get(spelling.casefold()) != words.PART:
                continue  # dès, without its accent the Norwegian December
            text = shape.format(name=spelling, year=2017, short=17)
            for end in (False, True):
                assert standardize_date(text, end=end) == f"2017-{month:02}", text


def test_decomposed_accents():
    for name, month in month_names.spellings().items():
        assert standardize_date(unicodedata.normalize("NFD", name) + " 2017") == f"2017-{month:02}"


def test_twelve_months_a_language():
    assert {language: len(line.split()) for language, line in month_names.MONTHS.items()} == (
        dict.fromkeys(month_names.MONTHS, 12)
    )


def test_no_word_has_two_meanings():
    meanings: defaultdict[str, set[int | str]] = defaultdict(set)
    for line in month_names.MONTHS.values():
        for month, group in enumerate(line.split(), 1):
            for name in group.split("/"):
                meanings[name].add(month)
    for month, seasons in month_names.SEASONS.items():
        for name in seasons.split():
            meanings[name].add(month)
    for kind, line in words._WORDS.items():
        for word in line.split():
            meanings[word].add(kind)
    ambiguous = {word: found for word, found in meanings.items() if len(found) > 1}
    assert ambiguous == {"listopad": {10, 11}}  # as month_names says


# Numbers


STRFTIME = (
    """
%Y-%m|%Y/%m|%Y.%m|%m/%Y|%m.%Y|%m-%Y|%Y-%m-%d|%Y/%m/%d|%m/%d/%Y|%Y%m|%Y%m%d|%d-%b-%Y|%d.%B.%Y
%Y-%m-%dT%H:%M:%SZ|%B/%Y|%b%Y|%B %Y|%d %B %Y|%B %d, %Y|%A, %d %b %Y|%Y %B|%a %b %d %Y %H:%M:%S|%c
""".strip()
    .replace("\n", "|")
    .split("|")
)


@given(
    st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)),
    st.sampled_from(STRFTIME),
)
def test_formats_round_trip(date, form):
    text = date.strftime(form)
    assert standardize_date(text) == f"{date.year}-{date.month:02}"
    assert standardize_date(text, end=True) == f"{date.year}-{date.month:02}"


@given(st.integers(1, 12), st.integers(13, 31), st.integers(1900, 2099), st.sampled_from("/.- "))
def test_day_first_where_the_month_would_pass_12(month, day, year, sign):
    expected = f"{year}-{month:02}"
    assert standardize_date(f"{month}{sign}{day}{sign}{year}") == expected
    assert standardize_date(f"{day}{sign}{month}{sign}{year}") == expected


ZEROS = [
    chr(point)
    for point in range(sys.maxunicode)
    if unicodedata.decimal(chr(point), None) == 0 and unicodedata.category(chr(point)) == "Nd"
]


@pytest.mark.parametrize(
    "text", ["2019-03-15", "03/2019", "2017", "201903", "5 May 2018", "Jan '14"]
)
def test_digits_of_any_script(text):
    assert len(ZEROS) > 60
    for zero in ZEROS:
        digits = {ord("0") + i: chr(ord(zero) + i) for i in range(10)}
        assert read_date(text.translate(digits)) == read_date(text), zero


# Anything


FRAGMENTS = st.lists(
    st.one_of(
        st.sampled_from(sorted(words.KINDS)),
        st.sampled_from(["-", " - ", "–", "/", ".", ",", " ", " ", " ", "'", "(", ")", "年", "月"]),
        st.integers(0, 40).map(str),
        st.integers(1890, 2110).map(str),
        st.sampled_from(["Q3", "H1", "3rd", "3 years", "10:30", "50%", "1990s", "II", "n/a"]),
        st.text(max_size=3),
    ),
    max_size=9,
).map("".join)
ANY_CHARACTERS = st.text(st.characters(codec=None, exclude_categories=()))  # surrogates and all


@given(st.one_of(FRAGMENTS, ANY_CHARACTERS), st.booleans())
@example("\ud800 2017\x00-05", False)
@example("\udfff" * 500, True)
@example("2" * 5000, True)
@example("²⁰¹⁹-½", False)
@example("İ" * 300, False)
def test_nothing_is_invented(text, end):
    reading = read_date(text, end=end)
    value = reading.value
    assert value == standardize_date(text, end=end)
    assert not (reading.unreadable and value)
    if reading.month_assumed:
        assert value
        assert value.endswith("-01")
    if value is None:
        return
    assert standardize_date(value, end=end) == value
    if value == "Present":
        assert end
        return
    assert VALUE.fullmatch(value)
    folded = fold(text)
    assert value[:4] in folded or value[2:4] in folded.partition("'")[2]


@pytest.mark.parametrize(
    ("given_object", "expected"), OBJECTS, ids=lambda each: type(each).__name__
)
def test_objects_that_are_no_text(given_object, expected):
    assert read_date(given_object, end=True).value == expected
    assert read_date(given_object).unreadable == (expected is None)


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.binary(), st.datetimes()))
def test_any_object(given_object):
    start, end = read_date(given_object), read_date(given_object, end=True)
    assert start.value is None or VALUE.fullmatch(start.value)
    assert end.value in (start.value, "Present")  # no object is a range
    assert not (start.unreadable and start.value)
    assert read_period(given_object, given_object) == (start, end)


@given(st.integers(0, 10**8))
def test_any_number(number):
    value = standardize_date(number)
    assert value == standardize_date(str(number))
    if value is None:
        return
    digits = str(number)
    assert value[:4] in digits
    assert value[5:] in digits or (value.endswith("-01") and len(digits) == 4)


@given(st.one_of(FRAGMENTS, ANY_CHARACTERS), st.one_of(FRAGMENTS, ANY_CHARACTERS))
def test_any_period(start, end):
    for reading, whole in zip(read_period(start, end), (start, end), strict=True):
        assert reading.value is None or reading.value == "Present" or VALUE.fullmatch(reading.value)
        assert not (reading.unreadable and reading.value)
        if reading.unreadable:
            assert whole.strip()
    assert read_period(start, end)[0].value != "Present"


@given(
    st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)),
    st.dates(datetime.date(1900, 1, 13), datetime.date(2099, 12, 31)).filter(lambda d: d.day > 12),
    st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d %m %Y"]),
    st.booleans(),
)
def test_any_date_that_another_proves(date, proof, form, first):
    months = [f"{each.year}-{each.month:02}" for each in (date, proof)]
    texts = [each.strftime(form) for each in (date, proof)]
    if first:
        months, texts = months[::-1], texts[::-1]
    assert [reading.value for reading in read_period(*texts)] == months
    assert [reading.value for reading in read_period(" to ".join(texts), "")] == months


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)))
def test_with_dots_the_day_comes_first(date):
    for text in (date.strftime("%d.%m.%Y"), f"{date.day}. {date.month}. {date.year}"):
        assert standardize_date(text) == f"{date.year}-{date.month:02}"


def test_a_text_of_another_class():
    class Text(str):
        def __str__(self):
            return "2020"

    assert standardize_date(Text("2019-03")) == "2019-03"


def test_only_the_beginning_of_a_long_text_counts():
    assert standardize_date("March 2019 " + "x " * 100_000) == "2019-03"
    assert standardize_date("x " * 200 + "March 2019") is None
    assert standardize_date(" " * 100_000 + "March 2019") == "2019-03"
    cut_in_the_year = "x" * 250 + " " * 45 + "20190"  # the 300th character is the last of 2019
    assert standardize_date(cut_in_the_year) is None


@pytest.mark.parametrize(
    "piece",
    ["1", " ", "-", "- ", "mar ", "to ", "since ", "' ", "1:0", "jan - ", "ﷺ", "1 2 ", "not "],
)
def test_time_does_not_explode(piece):
    for text in (piece * 300, piece * 300_000, piece * 70 + "2019!"):
        begin = time.process_time()
        read_date(text, end=True)
        assert time.process_time() - begin < 0.5  # measured: 5 ms at most
