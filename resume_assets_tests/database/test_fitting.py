"""A value as its column takes it; the values are pure, no database is asked."""

import datetime
from decimal import Decimal, localcontext
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.dialects import mssql

from resume_assets.database.code_pages import is_held, plain
from resume_assets.database.fitting import Fitted, fitter_for
from resume_assets.extraction.candidate import COLUMNS, Column, ColumnKind
from resume_assets.extraction.values import LOSSES, Change

BY_NAME = {column.name: column for column in COLUMNS}
TITLE, EMAIL, YEARS = BY_NAME["PrimaryTitle"], BY_NAME["Email"], BY_NAME["LengthinUS"]
START, END = BY_NAME["MostRecentStartDate"], BY_NAME["MostRecentEndDate"]


def fitted(value: str, column: Column, kind: Any, codec: str | None = None) -> Fitted:
    fitter = fitter_for(column, kind, codec)
    return fitter(value) if fitter else (value, None)


@given(st.text(max_size=60), st.integers(1, 50))
def test_a_text_always_fits(text: str, length: int) -> None:
    value, change = fitted(text, TITLE, sa.Unicode(length))
    assert len((value or "").encode("utf-16-le", "surrogatepass")) // 2 <= length
    assert text.startswith(value or "")
    assert change == (None if (value or "") == text else Change.cut)


@pytest.mark.parametrize("codec", ["utf-8", "cp932", "cp1252", "cp1251", "cp437"])
@given(st.text("aéłß日ソЖ½😀 1", max_size=30), st.one_of(st.none(), st.integers(1, 40)))
def test_a_text_fits_a_column_of_one_code_page(codec: str, text: str, length: int | None) -> None:
    value, change = fitted(text, TITLE, mssql.VARCHAR(length), codec)
    encoded = (value or "").encode(codec)  # nothing in it that the server would make a ? of
    assert length is None or len(encoded) <= length
    assert (change is None) == (value == text)
    if change is Change.cut:
        assert text.startswith(value or "")


@pytest.mark.parametrize(
    ("text", "length", "codec", "expected"),
    [
        ("abcdef", 3, None, ("abc", Change.cut)),
        ("abcdef", 3, "cp1252", ("abc", Change.cut)),
        ("Müller", 3, "utf-8", ("Mü", Change.cut)),
        ("日本語", 4, "cp932", ("日本", Change.cut)),
        ("日本語", 2, "utf-8", (None, Change.cut)),
        ("😀😀", 3, None, ("😀", Change.cut)),
        ("😀", 1, None, (None, Change.cut)),
        ("Łukasz Ł", 6, "cp1252", ("Lukasz", Change.lost)),  # both; the letters weigh more
    ],
)
def test_no_more_is_cut_than_has_to_be(
    text: str, length: int, codec: str | None, expected: Fitted
) -> None:
    assert fitted(text, TITLE, mssql.NVARCHAR(length), codec) == expected


@pytest.mark.parametrize("length", [None, -1, 0, "max"])
def test_a_column_without_a_length_takes_any_text(length: Any) -> None:
    kind = sa.Unicode()
    kind.length = length
    assert fitter_for(TITLE, kind) is None
    assert fitted("a" * 5_000, TITLE, kind, "cp1252") == ("a" * 5_000, None)


def test_a_column_as_long_as_declared_takes_its_texts_as_they_are() -> None:
    assert TITLE.length is not None
    assert fitter_for(TITLE, sa.Unicode(TITLE.length)) is None
    assert fitter_for(TITLE, sa.Unicode(TITLE.length - 1)) is not None


@pytest.mark.parametrize(
    ("text", "codec", "held"),
    [
        ("Łukasz", "cp1252", "Lukasz"),
        ("Łukasz", "cp1250", "Łukasz"),
        ("Wisła Logistyka", "cp1252", "Wisla Logistyka"),
        ("Đặng Văn Sơn", "cp1252", "Dang Van Son"),
        ("Müller", "cp1251", "Muller"),
        ("e\u0301lan", "cp1252", "élan"),
        ("Œuvre", "cp850", "Oeuvre"),
        ("İbrahim Ağaoğlu", "cp1252", "Ibrahim Agaoglu"),
        ("O\u02bcNeill – lead…", "cp437", "O'Neill - lead..."),
        ("Dev 🚀 Ops", "cp1252", "Dev Ops"),
        ("3½ years", "cp1251", "3 1/2 years"),
        ("CO₂", "cp1252", "CO2"),
        ("山田", "cp1252", None),
        ("山田", "cp932", "山田"),
        ("Kim 민준", "cp1252", None),  # half a name would be a wrong one
        ("Владимир", "cp1252", None),
        ("Владимир", "cp1251", "Владимир"),
        ("🚀", "cp1252", None),
    ],
)
def test_what_a_code_page_does_not_have(text: str, codec: str, held: str | None) -> None:
    value, change = fitted(text, BY_NAME["FirstName"], mssql.VARCHAR(100), codec)
    assert value == held
    assert change == (None if held == text else Change.lost)


@given(st.text(max_size=40), st.sampled_from(["cp1252", "cp437", "cp874", "cp949", "utf-8"]))
def test_the_plain_form_is_held(text: str, codec: str) -> None:
    form = plain(text, codec)
    assert form is None or is_held(form, codec)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Email", "jane.doe@example.com"),
        ("Email2", "jane.doe@example.com"),
        ("Phone1", "+1 (555) 010-0199 ext 12"),
        ("Linkedin", "https://www.linkedin.com/in/jane"),
        ("State", "Saskatchewan"),
        ("MostRecentStartDate", "2019-03"),
        ("MostRecentEndDate", "Present"),
        ("AvgTenure", "20.75"),
    ],
)
@pytest.mark.parametrize("codec", [None, "utf-8", "cp1252"])
def test_what_is_whole_or_not_there(column: str, value: str, codec: str | None) -> None:
    for length in range(1, len(value) + 3):
        there = fitted(value, BY_NAME[column], mssql.VARCHAR(length), codec)
        assert there == ((value, None) if len(value) <= length else (None, Change.nulled))


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("20.5", sa.Integer(), (21, Change.cut)),
        ("20.4", sa.Integer(), (20, Change.cut)),
        ("20", sa.Integer(), (20, None)),
        ("7.25", sa.Numeric(3, 1), (Decimal("7.3"), Change.cut)),
        ("7.5", sa.Numeric(3, 1), (Decimal("7.5"), None)),
        ("99.96", sa.Numeric(3, 1), (None, Change.nulled)),  # 100.0
        ("99.94", sa.Numeric(3, 1), (Decimal("99.9"), Change.cut)),
        ("256", mssql.TINYINT(), (None, Change.nulled)),
        ("255.4", mssql.TINYINT(), (255, Change.cut)),
        ("-1", mssql.TINYINT(), (None, Change.nulled)),
        ("32767.5", sa.SmallInteger(), (None, Change.nulled)),
        ("20.5", sa.Float(), (Decimal("20.5"), None)),
        ("20.5", mssql.REAL(), (Decimal("20.5"), None)),
        ("0", mssql.TINYINT(), (0, None)),
        ("255", mssql.TINYINT(), (255, None)),
        ("7.1", sa.Float(53), (Decimal("7.1"), None)),
        ("7.1", mssql.REAL(), (Decimal("7.099999904632568"), None)),  # as it will be read
        ("7.5", sa.Numeric(3), (8, Change.cut)),
        ("1e3", sa.Integer(), (None, Change.nulled)),
        ("1_0", sa.Integer(), (None, Change.nulled)),
        ("NaN", sa.Float(), (None, Change.nulled)),
    ],
)
def test_a_number_is_rounded_or_not_there(value: str, kind: Any, expected: Fitted) -> None:
    assert fitted(value, YEARS, kind) == expected


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        (sa.SmallInteger(), 2**15 - 1),
        (sa.Integer(), 2**31 - 1),
        (sa.BigInteger(), 2**63 - 1),
        (sa.Numeric(5), 99_999),
        (sa.Numeric(18, 0), 10**18 - 1),
        (sa.Numeric(), 10**15),
        (sa.Float(), 10**15),
        (sa.Float(53), 10**15),
    ],
)
def test_the_least_and_the_greatest_number_that_a_column_takes(kind: Any, most: int) -> None:
    for sign in (1, -1):
        assert fitted(str(sign * most), YEARS, kind) == (sign * most, None)
        assert fitted(str(sign * (most + 1)), YEARS, kind) == (None, Change.nulled)


def test_a_column_of_whole_numbers_is_given_whole_numbers() -> None:
    for kind in (sa.Integer(), sa.Numeric(3, 0)):
        assert isinstance(fitted("20.5", YEARS, kind)[0], int)
    assert isinstance(fitted("20.5", YEARS, sa.Numeric(3, 1))[0], Decimal)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("15550100199", sa.BigInteger(), (15550100199, None)),
        ("0155501001", sa.BigInteger(), (None, Change.nulled)),  # without its zero another one
        ("16777217", mssql.REAL(), (None, Change.nulled)),  # which holds 16777216
        ("16777217", sa.Float(53), (Decimal(16777217), None)),
        ("555.5", sa.Integer(), (None, Change.nulled)),
    ],
)
def test_a_phone_in_a_column_of_numbers_is_whole_or_not_there(
    value: str, kind: Any, expected: Fitted
) -> None:
    assert fitted(value, BY_NAME["Phone1"], kind) == expected


@given(
    st.text(max_size=12)
    | st.decimals(allow_nan=False, allow_infinity=False).map(str)
    | st.from_regex(r"-?[0-9]{20,30}(\.[0-9]{1,30})?", fullmatch=True)
)
@example("1" + "0" * 26)
@example("9" * 30 + "." + "9" * 30)
def test_a_number_never_fails(text: str) -> None:
    numeric = (sa.Numeric(5, 2), sa.Numeric(38), sa.Numeric(38, 10))
    for kind in (sa.Integer(), sa.SmallInteger(), *numeric, sa.Float(), mssql.REAL()):
        number, change = fitted(text, YEARS, kind)
        if number is None:
            assert change is Change.nulled
        else:
            rounded = Decimal("0.5") if change is not None else Decimal(0)
            if isinstance(kind, sa.Float):  # the nearest that the column holds
                rounded = abs(Decimal(text)) / 10**7
            with localcontext(prec=100):
                assert abs(number - Decimal(text)) <= rounded


def test_the_longest_numbers() -> None:
    nines = "9" * 30
    assert fitted(nines, YEARS, sa.Numeric(38)) == (Decimal(nines), None)
    assert fitted(nines, YEARS, sa.Numeric(30)) == (Decimal(nines), None)
    assert fitted(nines + ".5", YEARS, sa.Numeric(30)) == (None, Change.nulled)
    assert fitted("-" + nines, YEARS, sa.Numeric(29)) == (None, Change.nulled)
    fine = "9" * 28 + "." + "1" * 30
    held = Decimal(fine[:39])
    assert fitted(fine, YEARS, sa.Numeric(38, 10)) == (held, Change.cut)


@pytest.mark.parametrize(
    ("value", "column", "expected"),
    [
        ("2019-03", START, (datetime.date(2019, 3, 1), None)),
        ("Present", END, (None, None)),  # by agreement
        ("1234 Main Street", BY_NAME["Address"], (None, Change.nulled)),
        ("20.5", YEARS, (None, Change.nulled)),
    ],
)
def test_a_date_is_one_or_not_there(value: str, column: Column, expected: Fitted) -> None:
    day, change = fitted(value, column, sa.Date())
    assert (day, change) == expected
    moment, change = fitted(value, column, sa.DateTime())
    assert (moment and moment.date(), change) == expected


@given(st.text(max_size=20))
def test_any_value_into_any_column(text: str) -> None:
    """Whatever the site made of a column: nothing raises, and nothing is changed silently."""
    kinds = (sa.Date(), sa.DateTime(), sa.Integer(), sa.Numeric(3, 1), sa.Unicode(3), sa.Unicode())
    for column in (TITLE, EMAIL, YEARS, START):
        for kind in kinds:
            value, change = fitted(text, column, kind)
            if value is None:
                assert change in LOSSES or text == "Present"


def test_the_kinds_that_are_whole_or_not_there() -> None:
    exact = {column.name for column in COLUMNS if column.kind is ColumnKind.exact}
    assert exact == {"State", "Phone1", "Phone2", "Email", "Email2", "Linkedin"}
