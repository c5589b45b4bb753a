"""States and locations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.extraction.place_names import DOUBLE, STATES, US_STATES, code_of, fits
from resume_assets.extraction.places import _ends_a_place, location, state
from resume_assets.extraction.values import Change


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("TX", "TX"),
        ("tx", "TX"),
        ("Texas", "TX"),
        ("tExAs", "TX"),
        ("N.Y.", "NY"),
        ("N. Y.", "NY"),
        ("new york", "NY"),
        ("New York State", "NY"),
        ("State of Washington", "WA"),
        ("Commonwealth of Virginia", "VA"),
        ("D.C.", "DC"),
        ("Washington, D.C.", "DC"),
        ("New York, NY", "NY"),
        ("Austin, Texas", "TX"),
        ("Dallas, TX 75201-1234", "TX"),
        ("Austin TX", "TX"),
        ("Calif.", "CA"),
        ("Penna.", "PA"),
        ("W. Va.", "WV"),
        ("Wash", "WA"),
        ("Texas (TX)", "TX"),
        ("TX (Texas)", "TX"),
        ("TX - Texas", "TX"),
        ("Austin, TX - Texas", "TX"),
        ("Austin, TX,", "TX"),
        ("Texas (south)", "TX"),
        ("South (TX)", "TX"),
        ("Ontario, CA", "CA"),
        ("Texas, USA", "TX"),
        ("TX, U.S.A.", "TX"),
        ("TX 75201", "TX"),
        ("Puerto Rico", "PR"),
        ("U.S. Virgin Islands", "VI"),
        ("guam", "GU"),
        ("Ontario", "ON"),
        ("Québec", "QC"),
        ("Que.", "QC"),
        ("P.E.I.", "PE"),
        ("Ontario, Canada", "ON"),
        ("ON M5V 2T6", "ON"),
    ],
)
def test_state(raw, code):
    assert state(raw) == (code, None)


@pytest.mark.parametrize(
    ("raw", "value", "change"),
    [
        ("Bavaria", "Bavaria", Change.unknown),
        ("Bavaria |", "Bavaria", Change.unknown),
        ("Austin, TX •", "TX", None),
        (" - ", None, Change.placeholder),
        ("NSW", "NSW", Change.unknown),
        ("Texas, Germany", "Texas, Germany", Change.unknown),
        ("ZZ", "ZZ", Change.unknown),
        ("Île-de-France", "Île-de-France", Change.unknown),
        ("MO/KS", "MO", Change.left_out),
        ("TX or OK", "TX", Change.left_out),
        ("nazarendu", None, Change.nulled),
        ("USA", None, Change.nulled),
        ("75201", None, Change.nulled),
        ("9th District", None, Change.nulled),
        ("provincia Norte", None, Change.nulled),
        ("eThekwini", None, Change.nulled),
        ("Remote", None, Change.placeholder),
    ],
)
def test_what_is_no_state(raw, value, change):
    assert state(raw) == (value, change)


@pytest.mark.parametrize(
    ("raw", "text", "in_us"),
    [
        ("Austin, TX", "Austin, TX", True),
        ("Austin, Texas", "Austin, TX", True),
        ("Austin, Texas, United States", "Austin, TX", True),
        ("Austin, tx, U.S.A.", "Austin, TX", True),
        ("Austin, TX 78701", "Austin, TX", True),
        ("Austin TX", "Austin, TX", True),
        ("TX", "TX", True),
        ("Texas", "TX", True),
        ("Washington, DC", "Washington, DC", True),
        ("Washington, D.C.", "Washington, DC", True),
        ("Washington", "Washington", True),
        ("Main Campus, Ann Arbor, MI", "Ann Arbor, MI", True),
        ("Springfield, Sangamon County, IL", "Springfield, IL", True),
        ("Boston, Mass.", "Boston, MA", True),
        ("Nashville, Tenn.", "Nashville, TN", True),
        ("Raleigh, N.C.", "Raleigh, NC", True),
        ("Gary, Ind.", "Gary, IN", True),
        ("San Juan, PR", "San Juan, PR", True),
        ("Minneapolis/St. Paul, MN", "Minneapolis/St. Paul, MN", True),
        ("Raleigh-Durham, NC", "Raleigh-Durham, NC", True),
        ("Toronto, ON", "Toronto, ON", False),
        ("Toronto, Ontario, Canada", "Toronto, ON", False),
        ("Toronto, ON, CA", "Toronto, ON", False),
        ("Hamilton, Ont.", "Hamilton, ON", False),
        ("St. John's, Newfoundland and Labrador", "St. John's, NL", False),
        ("Newfoundland and Labrador", "NL", False),
        ("London, United Kingdom", "London, United Kingdom", False),
        ("London, U.K.", "London, U.K.", False),
        ("Kraków, Poland", "Kraków, Poland", False),
        ("Paris, FR", "Paris, FR", False),
        ("Sarajevo, Bosnia and Herzegovina", "Sarajevo, Bosnia and Herzegovina", False),
        ("Port of Spain, Trinidad & Tobago", "Port of Spain, Trinidad & Tobago", False),
        ("Tbilisi, Georgia", "Tbilisi, Georgia", False),
        ("Atlanta, Georgia", "Atlanta, GA", True),
        ("Dallas, USA", "Dallas, USA", True),
        ("Lebanon, USA", "Lebanon, USA", True),
        ("Springfield, Somewhere, USA", "Springfield, Somewhere, USA", True),
        ("Austin, TX, 78701", "Austin, TX", True),
        ("78701", "78701", None),
        ("NY, New York, NY", "New York, NY", True),
        ("Sangamon County, IL", "Sangamon County, IL", True),
        ("Nowhere, Kent County, DE", "Nowhere, DE", True),
        ("Nowhere, Illinois", "Nowhere, IL", True),
        ("Nowhere IN, USA", "Nowhere, IN", True),
        ("California", "CA", True),
        ("Various, TX", "TX", True),
        ("Sydney NSW", "Sydney NSW", None),
        ("Georgia, USA", "GA", True),
        ("Austin, TX,", "Austin, TX", True),
        ("Austin, TX, USA,", "Austin, TX", True),
        ("USA", "USA", True),
        ("Kraków", "Kraków", None),
        ("Sydney, NSW", "Sydney, NSW", None),
        ("Austin, Downtown (TX)", "Austin, Downtown (TX)", None),  # Downtown is no city
        ("Austin, TX /", "Austin, TX", True),  # layout leaves signs at either end
        ("| Austin, TX", "Austin, TX", True),
        ("• Austin, TX -", "Austin, TX", True),
        ("Berlin, Germany |", "Berlin, Germany", False),
        ("Austin / TX", "Austin, TX", True),
        ("Austin | TX", "Austin, TX", True),
    ],
)
def test_location(raw, text, in_us):
    assert location(raw) == (text, in_us, None)


@pytest.mark.parametrize(
    ("raw", "text", "in_us"),
    [
        ("Austin, TX (Remote)", "Austin, TX", True),
        ("Austin, TX - Remote", "Austin, TX", True),
        ("Austin, TX / Hybrid", "Austin, TX", True),
        ("Austin, TX, Remote", "Austin, TX", True),
        ("Austin, TX [on-site]", "Austin, TX", True),
        ("Austin, TX (Fully Remote)", "Austin, TX", True),
        ("Austin, TX (acquired 2019)", "Austin, TX", True),
        ("Remote - Austin, TX", "Austin, TX", True),
        ("Remote (Austin, TX)", "Austin, TX", True),
        ("Remote, TX", "TX", True),
        ("Austin (TX)", "Austin, TX", True),
        ("London (UK)", "London, UK", False),
        ("Dallas (USA)", "Dallas, USA", True),
        ("Remote - Austin (TX)", "Austin, TX", True),
        ("Remote - Austin [TX]", "Austin, TX", True),
        ("Kraków, Poland (hybrid)", "Kraków, Poland", False),
    ],
)
def test_how_one_works_is_no_part_of_where(raw, text, in_us):
    assert location(raw) == (text, in_us, Change.mended)


@pytest.mark.parametrize(
    ("raw", "in_us"),
    [
        ("Remote", None),
        ("(remote)", None),
        ("Hybrid/Remote", None),
        ("Work from home", None),
        ("Various locations", None),
        ("Remote, USA", True),
        ("Remote |", None),
        (",", None),
        (" – ", None),
    ],
)
def test_no_place(raw, in_us):
    assert location(raw) == (None, in_us, Change.placeholder)


@pytest.mark.parametrize(
    ("raw", "text", "in_us"),
    [
        ("San Francisco, CA & New York, NY", "San Francisco, CA", True),
        ("Austin, TX | Dallas, TX", "Austin, TX", True),
        ("Austin, TX; London, UK", "Austin, TX", True),
        ("Paris, France and London, UK", "Paris, France", False),
        (
            "Newfoundland and Labrador, Canada / London, UK",
            "Newfoundland and Labrador, Canada",
            False,
        ),
        ("Austin, Texas / Dallas, Texas", "Austin, TX", True),
        ("Austin, TX, Dallas, TX", "Austin, TX", True),
        ("Austin, TX, Dallas", "Austin, TX", True),
        ("Kansas City, MO/KS", "Kansas City, MO", True),
    ],
)
def test_of_two_places_it_is_the_first(raw, text, in_us):
    assert location(raw) == (text, in_us, Change.left_out)


@pytest.mark.parametrize(
    ("raw", "in_us"),
    [
        ("Bangalore, IN", None),
        ("Toronto, CA", None),
        ("Berlin, DE", None),
        ("Berlin, DE 10115", None),
        ("Jakarta, ID", None),
        ("Bogota, CO", None),
        ("Tel Aviv, IL", None),
        ("Casablanca, MA", None),
        ("Munich, BY, DE", None),
        ("Main Campus, Bangalore, IN", None),
        ("Mumbai, MH, IN", None),
        ("Ontario, CA", None),
        ("CA", None),
        ("Indianapolis, IN", True),
        ("Dublin, CA", True),
        ("Newark, DE", True),
        ("Moscow, ID", True),
        ("St. Louis, MO", True),
        ("Coeur d’Alene, ID", True),
        ("Ft. Wayne, IN", True),
        ("Greater Boston, MA", True),
        ("Nowhere, IN 46077", True),
        ("Nowhere, IN, USA", True),
    ],
)
def test_a_code_of_a_state_and_a_country_needs_a_city_that_fits(raw, in_us):
    place = location(raw)
    assert place.in_us is in_us
    assert place.text == raw.removesuffix(" 46077").removesuffix(", USA").removesuffix(" 10115")


def test_the_codes_of_two_places_are_those_of_iso_3166():
    assert len(DOUBLE) == 26
    assert {"AL", "AR", "AZ", "CA", "CO", "DE", "GA", "ID", "IL", "IN", "KY", "LA", "MA"} < DOUBLE
    assert {"MD", "ME", "MN", "MO", "MS", "MT", "NC", "NE", "PA", "SC", "SD", "TN", "VA"} < DOUBLE
    assert not DOUBLE & {"NY", "TX", "PR", "GU", "VI", "AS", "MP"}
    assert all(fits("Springfield", code) in (True, None) for code in DOUBLE)


def test_the_codes():
    assert len(US_STATES) == 56
    assert len(STATES) == 56 + 13
    assert all(code_of(code) == code_of(code.lower()) == code for code in STATES)


@given(st.text(max_size=150) | st.text(st.sampled_from("TX, remoteUSA.()1&|/"), max_size=30))
def test_nothing_raises_and_a_place_stays_as_it_is(text):
    assert state(text).value is None or len(state(text).value or "") <= len(text)
    place = location(text)
    if place.text and place.change is None:
        assert location(place.text).text == place.text


@given(st.text(st.characters(exclude_characters=",/&|;"), min_size=1, max_size=20))
def test_what_is_unknown_is_never_abroad(text):
    assert location(f"{text}ville, Qqq").in_us is None


def test_long_locations_stay_out_of_the_cache():
    assert location("A" * 200 + ", TX").text == "A" * 200 + ", TX"


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("Portland, OR", True),
        ("Portland, or", False),  # a word, as "in" and "me" are
        ("Portland, Oregon", True),
        ("portland, oregon", True),
        ("Lyon, France", True),
        ("Austin, USA", True),
        ("Portland", False),
    ],
)
def test_what_ends_with_a_state_or_a_country_is_a_place_by_itself(text: str, ends: bool):
    assert _ends_a_place(text) is ends


def test_a_county_is_in_the_state():
    assert fits("Kent County", "DE") is True
    assert fits("Kent", "DE") is not True
