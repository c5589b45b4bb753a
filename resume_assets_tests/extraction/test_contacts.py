"""Phones, addresses and profiles: whole, bare, each once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.extraction import contacts
from resume_assets.extraction.contacts import (
    each_phone_once,
    emails_in,
    phone_key,
    phones_in,
    profiles_in,
)


@pytest.mark.parametrize(
    "phone",
    [
        "(512) 555-0142",
        "+1 512-555-0142",
        "1-800-555-0142",
        "5125550142",
        "555-0134",
        "0711/123456",
        "0711 / 123456",
        "+49 (0)711/1234567",
        "+48 42 555 01 50",
        "020 7946 0958",
        "(512) 555-0142 x12",
        "512-555-0142 ext. 5",
        "(+1) 512-555-0142",
        "+491512345678901",  # as many digits as a number may have
    ],
)
def test_a_phone_is_kept_as_it_is_written(phone):
    assert phones_in(phone) == [phone]


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("(555) 010-0199 / (555) 010-0188", ["(555) 010-0199", "(555) 010-0188"]),
        ("512-555-0142, 512-555-0143", ["512-555-0142", "512-555-0143"]),
        ("512-555-0142 512-555-0143", ["512-555-0142", "512-555-0143"]),
        ("512-555-0142 or 512-555-0143", ["512-555-0142", "512-555-0143"]),
        ("5125550142;5125550143", ["5125550142", "5125550143"]),
        ("+15125550142+15125550143", ["+15125550142", "+15125550143"]),
        ("512 555 0142 - (512) 555-0143", ["512 555 0142", "(512) 555-0143"]),
        ("Home: (512) 555-0142 Cell: (512) 555-0143", ["(512) 555-0142", "(512) 555-0143"]),
        ("+1 512 555 0142 / +48 42 555 01 50", ["+1 512 555 0142", "+48 42 555 01 50"]),
        ("Tel. 512.555.0142", ["512.555.0142"]),
        ("(512)555-0142(mobile)", ["(512)555-0142"]),
        ("**512-555-0142**", ["512-555-0142"]),
        ("tel:+15125550142", ["+15125550142"]),
        ("512-555-0142|ada1234567@x.example", ["512-555-0142"]),
        ("2012–2016, 512-555-0142", ["512-555-0142"]),
        ("2019 - 512-555-0142", ["512-555-0142"]),
    ],
)
def test_phones_among_other_things(text, phones):
    assert phones_in(text) == phones


@pytest.mark.parametrize(
    "text",
    [
        "ada1234@example.com",
        "ada1234567@example.com",
        "1234567.ada@example.com",
        "2015 - 2019",
        "2015–2019",
        "2003-01",
        "2019-07-31",
        "07/31/2019",
        "01/2015 - 02/2019",
        "2015-01 - 2019-02",
        "20190731",
        "Jan 2015 - 2019",
        "2015",
        "78701-1234",
        "1200-001",
        "123-45-6789",
        "12345",
        "555-012",
        "+4915123456789012",
        "512-555-0142 512-555-0143 99",
        "call me",
        "",
    ],
)
def test_what_is_no_phone(text):
    assert phones_in(text) == []


@pytest.mark.parametrize(
    ("phones", "kept"),
    [
        (["(512) 555-0142", "+1 512-555-0142"], ["(512) 555-0142"]),
        (["001 512 555 0142", "512.555.0142"], ["001 512 555 0142"]),
        (["+44 (0)20 7946 0958", "020 7946 0958"], ["+44 (0)20 7946 0958"]),
        (["555-0142", "(512) 555-0142"], ["(512) 555-0142"]),
        (["512-555-0142", "512-555-0142 x7"], ["512-555-0142 x7"]),
        (["512-555-0142 x7", "512-555-0142"], ["512-555-0142 x7"]),
        (["512-555-0142 x6", "512-555-0142 x7"], ["512-555-0142 x6", "512-555-0142 x7"]),
        (["512-555-0142", "512-555-0143"], ["512-555-0142", "512-555-0143"]),
        (["512-555-0142", "412-555-0142"], ["512-555-0142", "412-555-0142"]),
        (["(512) 555-0142", "555-0142"], ["(512) 555-0142"]),
        (["+49 30 1234567", "030 1234567"], ["+49 30 1234567"]),
        (["000-0000", "000-0000"], ["000-0000"]),
        (["512-555-0142 x7", "(512) 555-0142 ext. 7"], ["512-555-0142 x7"]),
        (["555-0142", "(512) 555-0142", "512-555-0143"], ["(512) 555-0142", "512-555-0143"]),
    ],
)
def test_each_phone_once(phones, kept):
    assert each_phone_once(phones) == kept


@pytest.mark.parametrize(
    ("phone", "key"),
    [
        ("(512) 555-0142", "5125550142"),
        ("+1 512.555.0142 ext. 7", "5125550142 7"),
        ("555-0142", "5550142"),
        ("55-0142", None),
    ],
)
def test_what_the_spellings_of_a_phone_have_in_common(phone: str, key: str | None) -> None:
    assert phone_key(phone) == key


@pytest.mark.parametrize(
    ("text", "emails"),
    [
        ("a@x.example", ["a@x.example"]),
        ("o'brien+jobs@mail.x.example", ["o'brien+jobs@mail.x.example"]),
        ("_a@x.example", ["_a@x.example"]),
        ("é@exämple.de", ["é@exämple.de"]),
        ("a@x.xn--p1ai", ["a@x.xn--p1ai"]),
        ("a@x.example/b@y.example", ["a@x.example", "b@y.example"]),
        ("a@x.example, b@y.example", ["a@x.example", "b@y.example"]),
        ("E-mail: a@x.example;b@y.example", ["a@x.example", "b@y.example"]),
        ("**a@x.example**", ["a@x.example"]),
        ("_a@x.example_", ["a@x.example"]),
        ("_a@x.example_ (home)", ["a@x.example"]),
        ("Ada (dot) ada@x.example", ["ada@x.example"]),
        ("`a@x.example`", ["a@x.example"]),
        ("<a@x.example>", ["a@x.example"]),
        ("'a@x.example'", ["a@x.example"]),
        ("a@x.example.", ["a@x.example"]),
        ("mailto:a@x.example?subject=Hi", ["a@x.example"]),
        ("[a@x.example](mailto:a@x.example)", ["a@x.example"]),
        ("ada\\_n@x.example", ["ada_n@x.example"]),
        ("ada [at] example [dot] com", ["ada@example.com"]),
        ("ada(at)example.com", ["ada@example.com"]),
        ("a@localhost", []),
        ("a@x..example", []),
        ("@handle", []),
        ("http://x.example/@ada", []),
        ("not an address", []),
    ],
)
def test_emails(text, emails):
    assert emails_in(text) == emails


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ("linkedin.com/in/ada-nord", "linkedin.com/in/ada-nord"),
        ("https://www.linkedin.com/in/ada-nord/", "https://www.linkedin.com/in/ada-nord/"),
        ("https://www.linkedin.com/in/%C5%82ukasz-9", "https://www.linkedin.com/in/%C5%82ukasz-9"),
        ("linkedin.com/in/łukasz", "linkedin.com/in/łukasz"),
        ("https://uk.linkedin.com/in/ada?trk=x", "https://uk.linkedin.com/in/ada"),
        ("linkedin.com/pub/ada-nord/1/2a/3b4", "linkedin.com/pub/ada-nord/1/2a/3b4"),
        ("https://linkedin.com/profile/view?id=12", "https://linkedin.com/profile/view?id=12"),
        ("[LinkedIn](https://linkedin.com/in/ada-nord)", "https://linkedin.com/in/ada-nord"),
        ("**linkedin.com/in/ada**", "linkedin.com/in/ada"),
        ("<https://linkedin.com/in/ada>", "https://linkedin.com/in/ada"),
        ("LinkedIn: www.linkedin.com/in/ada.", "www.linkedin.com/in/ada"),
        ("linkedin.com/in/ada\\_nord", "linkedin.com/in/ada_nord"),
        ("in/ada-nord", "linkedin.com/in/ada-nord"),
        ("LinkedIn", None),
        ("Ada Nord", None),
        ("a@x.example", None),
        ("https://www.linkedin.com/connection/ada", None),
        ("https://www.linkedin.com/company/acme", None),
        ("https://www.linkedin.com/jobs/view/1", None),
        ("https://www.linkedin.com/feed/", None),
        ("linkedin.com/in/", None),
        ("linkedin.com", None),
        ("https://x.example/linkedin.com/in/ada", None),
        ("https://linkedin.com.x.example/in/ada", None),
        ("https://notlinkedin.com/in/ada", None),
        ("https://github.com/ada", None),
    ],
)
def test_profile(text, profile):
    assert profiles_in(text) == ([profile] if profile else [])


texts = st.text(max_size=60) | st.text(st.sampled_from("0123456789 ()+-/@.xa_[]"), max_size=60)


@given(texts)
def test_what_is_found_is_found_again(text):
    for phone in phones_in(text):
        assert 7 <= sum(map(str.isdecimal, phone)) <= 21
        assert phone in text
        assert phones_in(phone) == [phone]
    for email in emails_in(text):
        assert emails_in(email) == [email]
    for profile in profiles_in(text):
        assert profiles_in(profile) == [profile]


@pytest.mark.parametrize("text", ["1 " * 5_000, "(" * 5_000, "a.@" * 3_000, "1-" * 5_000])
def test_long_nonsense_is_quick(text):
    phones_in(text), emails_in(text), profiles_in(text)


def test_what_stands_too_far_behind_is_not_looked_at():
    near, far = (" " * number for number in (contacts._LONGEST - 20, contacts._LONGEST))
    for find, text in (
        (phones_in, "(512) 555-0134"),
        (emails_in, "ada@example.com"),
        (profiles_in, "linkedin.com/in/ada"),
    ):
        assert find(near + text) == [text]
        assert find(far + text) == []
