"""What a recruiter would call the same, and what not, form by form."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.evaluation.equality import (
    _WORD,
    _stands_for,
    _tables,
    folded,
    items_of,
    key,
    likeness,
    plain,
    same,
)
from resume_assets.evaluation.groups import Form
from resume_assets.evaluation.marks import Not, Since

SAME = [
    (Form.name, "Jane", "  JANE "),
    (Form.name, "Q.", "q"),
    (Form.name, "Łódzki", "Lodzki"),
    (Form.name, "O'Brien", "O’Brien"),
    (Form.name, "Anne-Marie", "Anne Marie"),
    (Form.name, "Weißmüller", "Weissmuller"),
    (Form.name, "Davis Jr.", "Davis Junior"),
    (Form.name, "St. Paul", "Saint Paul"),
    (Form.street, "1420 Elm St.", "1420 Elm Street"),
    (Form.street, "310 N Brand Blvd, Apt 4", "310 North Brand Boulevard #4"),
    (Form.state, "TX", "Texas"),
    (Form.state, "ON", "Ontario"),
    (Form.place, "Austin, TX", "Austin, Texas"),
    (Form.place, "Austin, TX", "Austin, TX, USA"),
    (Form.place, "München, Germany", "Munchen, Deutschland"),
    (Form.place, "Leeds, UK", "Leeds, England"),
    (Form.place, "Warszawa, Poland", "Warszawa, PL"),
    (Form.place, "Remote", "remote"),
    (Form.phone, "(512) 555-0142", "+1 512.555.0142"),
    (Form.phone, "+44 (0)1632 960155", "01632 960 155"),
    (Form.phone, "+49 30 5550143", "030 / 5550143"),
    (Form.phone, "555-0134", "5550134"),
    (Form.email, "Ada@Example.com", "ada@example.com"),
    (Form.link, "linkedin.com/in/jane", "https://www.linkedin.com/in/Jane/"),
    (Form.link, "linkedin.com/in/jane", "http://uk.linkedin.com/in/jane?trk=x"),
    (Form.degree, "B.S. in Nursing", "Bachelor of Science in Nursing"),
    (Form.degree, "BSN", "BS Nursing"),
    (Form.degree, "B.Sc. (Hons) Physics", "Bachelor's of Science, Physics"),
    (Form.degree, "Computer Science, M.S.", "Master of Science in Computer Science"),
    (Form.degree, "MBA", "Master of Business Administration"),
    (Form.degree, "Ph.D. Chemistry", "PhD in Chemistry"),
    (Form.certificate, "PMP", "Project Management Professional (PMP)"),
    (Form.certificate, "BLS", "Basic Life Support"),
    (Form.certificate, "OSHA 30", "OSHA-30 Certification"),
    (Form.certificate, "CNA", "Certified Nursing Assistant"),
    (Form.certificate, "CPA", "Certified Public Accountant (CPA)"),
    (Form.job_title, "Sr. Software Engineer", "Senior Software Engineer"),
    (Form.job_title, "VP of Sales", "Vice President of Sales"),
    (Form.job_title, "Engineer II", "Engineer 2"),
    (Form.job_title, "Health Care Assistant", "Healthcare Asst."),
    (Form.job_title, "Programme Manager", "program manager"),
    (Form.company, "Co.", "CO"),  # nothing else is left of it
    (Form.company, "Front Range Builders, Inc.", "Front Range Builders"),
    (Form.company, "Lumen GmbH & Co. KG", "Lumen"),
    (Form.company, "Wisła Logistyka Sp. z o.o.", "Wisla Logistyka"),
    (Form.company, "Banco Serra Azul S.A.", "Banco Serra Azul"),
    (Form.company, "Anvaya Infotech Pvt Ltd", "Anvaya Infotech Private Limited"),
    (Form.company, "Black & Tan Media", "Black and Tan Media"),
    (Form.company, "The Home Health Care Corp.", "Home HealthCare"),
    (Form.company, "株式会社青空システム", "青空システム"),
    (Form.term, "Microsoft Excel", "MS Excel"),
    (Form.term, "Excel", "Microsoft Excel"),
    (Form.term, "JavaScript", "JS"),
    (Form.term, "Postgres", "PostgreSQL"),
    (Form.term, "Node.js", "NodeJS"),
    (Form.start, "2019-03", "March 2019"),
    (Form.start, "2019-03", "03/2019"),
    (Form.end, "Present", "current"),
    (Form.years, "5", "5.0"),
    (Form.years, "5", "5.1"),
    (Form.years, "21.5", "21.4"),
]
DIFFERENT = [
    (Form.name, "Jane", "Janet"),
    (Form.name, "ガス", "カス"),  # its sign is part of the letter, no accent
    (Form.street, "12 3rd Street", "123rd Street"),
    (Form.street, "Unit 1 2nd Street", "Unit 12nd Street"),
    (Form.state, "TX", "LA"),
    (Form.place, "Austin, TX", "Austin, MN"),
    (Form.place, "Paris, France", "Paris, TX"),
    (Form.phone, "(512) 555-0142", "(512) 555-0143"),
    (Form.phone, "0142", "(512) 555-0142"),
    (Form.phone, "55-0142", "(512) 555-0142"),
    (Form.email, "ada@example.com", "ada@example.org"),
    (Form.link, "linkedin.com/in/jane", "linkedin.com/in/john"),
    (Form.degree, "B.S. in Nursing", "Bachelor of Science in Physics"),
    (Form.degree, "B.A. in Physics", "B.S. in Physics"),
    (Form.certificate, "OSHA 30", "OSHA 10"),
    (Form.certificate, "Cloud Developer (AWS)", "Cloud Developer"),
    (Form.certificate, "AWS Developer (Associate)", "AWS Developer"),
    (Form.job_title, "Senior Engineer", "Engineer"),
    (Form.job_title, "Engineer II", "Engineer III"),
    (Form.company, "Co", "Inc"),
    (Form.company, "Acme Robotics", "Acme Avionics"),
    (Form.company, "Mercy Hospital (Waco)", "Mercy Hospital (Austin)"),
    (Form.term, "C", "C++"),
    (Form.term, "C", "C#"),
    (Form.term, "Java", "JavaScript"),
    (Form.start, "2019-03", "2019-04"),
    (Form.end, "Present", "2023-01"),
    (Form.years, "5", "5.2"),
    (Form.years, "5", "five"),
]
texts = st.text(max_size=20)
forms = st.sampled_from(Form)


@pytest.mark.parametrize(("form", "one", "other"), SAME)
def test_the_same(form: Form, one: str, other: str):
    assert same(form, plain(one), plain(other))
    assert same(form, plain(other), plain(one))
    assert likeness(form, plain(one), plain(other)) == 1.0


@pytest.mark.parametrize(("form", "one", "other"), DIFFERENT)
def test_not_the_same(form: Form, one: str, other: str):
    assert not same(form, one, other)
    assert not same(form, other, one)
    assert likeness(form, one, other) < 1.0


@pytest.mark.parametrize("form", Form)
def test_words_that_stand_for_others_are_folded_and_lead_no_further(form: Form):
    """Or they would never match, or two spellings of one thing would not meet."""
    meanings = _stands_for(form.value)
    for word, meaning in meanings.items():
        assert _WORD.findall(folded(word)) == [word]
        assert [last for meant in meaning for last in meanings.get(meant, [meant])] == meaning


def test_each_table_of_words_belongs_to_a_form():
    forms = {form.value for form in Form}
    assert set(_tables()) - {"everywhere", "without"} <= forms
    assert set(_tables()["without"]) <= forms


@given(forms, texts.map(plain))
def test_each_value_is_the_same_as_itself(form: Form, text: str | None):
    assert same(form, text, text)


@given(forms, texts.map(plain), texts.map(plain))
def test_which_of_two_comes_first_does_not_matter(form: Form, one: str | None, other: str | None):
    assert same(form, one, other) == same(form, other, one)
    assert likeness(form, one, other) == likeness(form, other, one)
    assert 0.0 <= likeness(form, one, other) <= 1.0
    assert (likeness(form, one, other) == 1.0) == same(form, one, other)


@given(forms, texts.map(plain))
def test_a_value_is_never_null(form: Form, text: str | None):
    assert same(form, text, None) == (text is None)


@given(st.sampled_from([form for form in Form if form not in (Form.phone, Form.years)]), texts)
def test_a_text_is_not_left_without_a_key(form: Form, text: str):
    """Or all texts of nothing but signs would be the same."""
    assert bool(key(form, text)) == bool(text)


def test_two_emoji_are_two_values():
    assert not same(Form.term, "🎻", "🎺")


def test_a_common_year_and_common_words_are_alike():
    assert likeness(Form.start, "2019-03", "2019-09") == 0.5
    assert likeness(Form.start, "2019-03", "2018-03") == 0.0
    half = likeness(Form.company, "Mercy Clinic of Waco", "Mercy Clinic")
    assert half == pytest.approx(0.45)
    assert likeness(Form.company, "Mercy Clinic", "Iron Works") == 0.0
    assert likeness(Form.words, "New New", "New") == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        (" \t", None),
        (" Ada ", "Ada"),
        (5, "5"),
        (datetime.date(2019, 3, 1), "2019-03"),
        (datetime.datetime(2019, 3, 1, 12), "2019-03"),  # noqa: DTZ001 (a column without zone)
    ],
)
def test_values_of_columns_as_text(value: object, expected: str | None):
    assert plain(value) == expected


@pytest.mark.parametrize("mark", [Not("x"), Since("2015-06")])
def test_a_mark_is_no_value(mark: Not | Since):
    with pytest.raises(TypeError):
        plain(mark)


def test_items_of_a_list():
    assert items_of("PMP, OSHA 30,,  BLS ") == ["PMP", "OSHA 30", "BLS"]
    assert items_of(None) == []
