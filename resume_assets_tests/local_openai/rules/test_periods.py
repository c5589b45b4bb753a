import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.local_openai.rules.periods import find_periods, order_key


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("Jan 2019 - Present", "Jan 2019", "Present"),
        ("Welder, Acme, 03/2019–05/2021", "03/2019", "05/2021"),
        ("2015-2019", "2015", "2019"),
        ("2015-19", "2015", "2019"),
        ("2015 – 19", "2015", "2019"),
        ("2014 / 2016", "2014", "2016"),
        ("seit 05/2018", "05/2018", "Present"),
        ("since 2011", "2011", "Present"),
        ("Sept. 2020 to date", "Sept. 2020", "to date"),
        ("Nov 2019 to till date", "Nov 2019", "till date"),
        ("Mar – Jun 2019", "Mar 2019", "Jun 2019"),
        ("2020年4月 ～ 現在", "2020年4月", "現在"),
        ("2019-03-15 to 2020-01-01", "2019-03-15", "2020-01-01"),
        ("Jan '14 - Feb '16", "Jan '14", "Feb '16"),
        ("Q3 2018 – Q1 2019", "Q3 2018", "Q1 2019"),
        ("Summer 2016 - Spring 2018", "Summer 2016", "Spring 2018"),
        ("05.2018 - heute", "05.2018", "heute"),
        ("de mars 2015 à juin 2018", "mars 2015", "juin 2018"),
        ("março de 2020 – até o momento", "março de 2020", "até o momento"),
        ("styczeń 2019 – obecnie", "styczeń 2019", "obecnie"),
        ("2015-00 - 12/2016", "2015-00", "12/2016"),
        ("March 15, 2019 – Apr 1, 2020", "March 15, 2019", "Apr 1, 2020"),
        ("1 September 2018 to ongoing", "1 September 2018", "ongoing"),
        ("from May 2011 until November 2014", "May 2011", "November 2014"),
        ("Aug 2021 – Present (on leave)", "Aug 2021", "Present"),
        ("２０１５/０４ – ２０１９/０５", "2015/04", "2019/05"),
        ("Sep 2020 -", "Sep 2020", "Present"),
        ("Market 2019 - 2020", "2019", "2020"),
    ],
)
def test_a_period(text, start, end):
    period = find_periods(text)[0]
    assert (period.start, period.end, period.single) == (start, end, False)


@pytest.mark.parametrize("text", ["2017", "Summer 2016", "May 2015", "B.S. in Physics, 2015"])
def test_a_lone_date(text):
    [period] = find_periods(text)
    assert period.single
    assert period.start == period.end


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(512) 555-0142",
        "$2,019 saved",
        "ZIP 72015",
        "room 1899",
        "2101 W Sunset St",
        "3.2019.1",
    ],
)
def test_no_date(text):
    assert find_periods(text) == []


def test_several_from_left_to_right():
    periods = find_periods("2015 - 2017 Acme; 2018 - present Bolt")
    assert [(each.start, each.end) for each in periods] == [("2015", "2017"), ("2018", "present")]


@given(st.text() | st.text("0123456789 -–/.'QJanFebTo", max_size=80))
def test_any_text_is_read_and_places_are_right(text):
    periods = find_periods(text)
    ends = 0
    for period in periods:
        assert 0 <= period.first < period.last <= len(text)
        assert period.last >= ends
        ends = period.last
        order_key(period.start)
        order_key(period.end)


def test_order():
    dates = [None, "1999", "Jan '14", "05.2018", "2018-07-01", "Summer 2019", "Dec 2019", "Present"]
    assert sorted(dates, key=order_key) == dates
