"""States and locations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.extraction.places import location, state


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("TX", "TX"),
        ("tx", "TX"),
        ("Texas", "TX"),
        ("N.Y.", "NY"),
        ("new york", "NY"),
        ("D.C.", "DC"),
        ("Texas, USA", "TX"),
        ("TX 75201", "TX"),
        ("Ontario", "ON"),
        ("Québec", "QC"),
        ("Ontario, Canada", "ON"),
        ("ON M5V 2T6", "ON"),
        ("Bavaria", "Bavaria"),
        ("NSW", "NSW"),
        ("Texas, Germany", "Texas, Germany"),
        ("ZZ", "ZZ"),
    ],
)
def test_state(raw, code):
    assert state(raw) == code


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
        ("Washington", "Washington", True),
        ("Main Campus, Ann Arbor, MI", "Ann Arbor, MI", True),
        ("Springfield, Sangamon County, IL", "Springfield, IL", True),
        ("Remote, TX", "TX", True),
        ("Remote, USA", None, True),
        ("Toronto, ON", "Toronto, ON", False),
        ("Toronto, Ontario, Canada", "Toronto, ON", False),
        ("London, United Kingdom", "London, United Kingdom", False),
        ("Tbilisi, Georgia", "Tbilisi, Georgia", False),
        ("Atlanta, Georgia", "Atlanta, GA", True),
        ("Dallas, USA", "Dallas, USA", True),
        ("USA", "USA", True),
        ("Kraków", "Kraków", None),
        ("Remote", None, None),
        ("(remote)", None, None),
        (",", ",", None),
    ],
)
def test_location(raw, text, in_us):
    assert location(raw) == (text, in_us)


@given(st.text(max_size=150) | st.text(st.sampled_from("TX, remoteUSA.()1"), max_size=30))
def test_nothing_raises(text):
    assert isinstance(state(text), str)
    place = location(text)
    assert place.text is None or isinstance(place.text, str)


def test_long_locations_stay_out_of_the_cache():
    assert location("A" * 200 + ", TX").text == "A" * 200 + ", TX"
