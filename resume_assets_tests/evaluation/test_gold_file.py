"""The file of known answers: what a line may say, and what is told of one that is at fault."""

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.evaluation import Not, Since, score
from resume_assets.evaluation.gold import Known, together
from resume_assets.evaluation.gold_file import BadGold, read
from resume_assets.extraction.text import text_hash

DAY = datetime.date(2026, 1, 15)
SECRET = "Zebulon Quick"  # a value that no message may hold
OTHER = text_hash("another text")


def written(folder: Path, *lines: Any) -> Path:
    path = folder / "gold.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", "utf-8")
    return path


def one(folder: Path, line: Any) -> Known:
    [known] = read(written(folder, line))
    return known


def test_values_and_nulls(tmp_path: Path):
    known = one(tmp_path, {"userid": 7, "known": {"Email": " ada@x.org ", "Phone2": None}})
    assert known == Known("7", None, {"Email": "ada@x.org", "Phone2": None})


def test_who_it_is_about(tmp_path: Path):
    known = {"City": "Turku"}
    assert one(tmp_path, {"userid": "a-7", "known": known}).userid == "a-7"
    assert one(tmp_path, {"text": "# Ada", "known": known}).text_hash == text_hash("# Ada")
    assert one(tmp_path, {"text_hash": OTHER, "known": known}).text_hash == OTHER
    both = one(tmp_path, {"userid": 7, "text": "# Ada", "known": known})
    assert (both.userid, both.text_hash) == ("7", text_hash("# Ada"))


def test_dates_and_numbers_are_read(tmp_path: Path):
    known = {"MostRecentStartDate": "March 2019", "MostRecentEndDate": "now", "AvgTenure": 4.5}
    assert one(tmp_path, {"userid": 7, "known": known}).answers == {
        "MostRecentStartDate": "2019-03",
        "MostRecentEndDate": "Present",
        "AvgTenure": "4.5",
    }


def test_an_empty_text_is_a_null(tmp_path: Path):
    columns = ("City", "AvgTenure", "MostRecentStartDate", "MostRecentEndDate")
    known = one(tmp_path, {"userid": 7, "known": dict.fromkeys(columns, " ")})
    assert known.answers == dict.fromkeys(columns)


def test_years_that_grow(tmp_path: Path):
    known = one(tmp_path, {"userid": 7, "known": {"LengthinUS": {"since": "2015-06"}}})
    assert known.answers == {"LengthinUS": Since("2015-06")}
    assert known.about({}, DAY) == {"LengthinUS": "10.6"}
    assert known.about({}, None) == {}


def test_what_is_just_wrong(tmp_path: Path):
    told = one(tmp_path, {"userid": 7, "wrong": {"State": "TX", "City": None}})
    assert told.answers == {"State": Not("TX"), "City": Not(None)}
    listed = one(tmp_path, {"userid": 7, "known": {"City": "Turku"}, "wrong": ["State", "City"]})
    assert listed.wrong == {"State"}, "a right value says more"
    assert listed.about({"State": "TX"}, DAY) == {"City": "Turku", "State": Not("TX")}


def test_a_column_marked_wrong_counts_as_wrong_while_unchanged(tmp_path: Path):
    known = one(tmp_path, {"userid": 7, "wrong": ["State", "Linkedin"]})
    present = {"State": "TX", "Linkedin": None}
    total = score([(known.about(present, DAY), present)]).total
    assert (total.wrong, total.missing) == (1, 1)
    another = {"State": "LA", "Linkedin": "linkedin.com/in/ada"}
    assert score([(known.about(present, DAY), another)]).total.cases == 0


def test_lines_about_one_candidate_are_taken_together_and_the_later_counts(tmp_path: Path):
    path = written(
        tmp_path,
        {"userid": 7, "known": {"City": "Turku", "State": "TX"}, "wrong": ["Email"]},
        {"userid": 8, "known": {"City": "Waco"}},
        {"userid": 7, "known": {"City": "Åbo", "Email": None}, "wrong": ["State"]},
        "",
    )
    seven, eight = read(path)
    assert seven == Known("7", None, {"City": "Åbo", "Email": None}, frozenset(["State"]))
    assert eight.answers == {"City": "Waco"}


def test_lines_about_one_candidates_texts(tmp_path: Path):
    """With a text or without; and what was known of an earlier text is void."""
    old = {"userid": 7, "text": "# Ada", "known": {"City": "Turku"}}
    same = {"userid": 7, "known": {"State": None}}
    new = {"userid": 7, "text": "# Ada Nord", "known": {"Email": None}}
    for lines in ([old, same], [same, old]):
        answers = {"City": "Turku", "State": None}
        assert read(written(tmp_path, *lines)) == [Known("7", text_hash("# Ada"), answers)]
    assert read(written(tmp_path, old, new)) == [
        Known("7", text_hash("# Ada Nord"), {"Email": None})
    ]


def test_texts_are_told_apart():
    lines = [Known(None, digest, {"City": "Waco"}) for digest in ("a" * 64, "b" * 64, "a" * 64)]
    assert len(together(lines)) == 2


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path):
    path = tmp_path / "gold.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"userid": 7, "known": {"City": "Turku"}}\r\n\r\n')
    assert [known.userid for known in read(path)] == ["7"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"userid": 7, "known": {"City": "Zebulon Quick"}', "it is no JSON (Expecting"),
        ('["Zebulon Quick"]', "it is no JSON object"),
        ("[" * 100_000, "it is no JSON"),
        ({"known": {"City": SECRET}}, "it has neither `userid` nor `text`"),
        ({"userid": True, "known": {"City": SECRET}}, "`userid` is neither"),
        ({"userid": " ", "known": {"City": SECRET}}, "`userid` is neither"),
        ({"text": " ", "known": {"City": SECRET}}, "`text` is no resume"),
        ({"text": 5, "known": {"City": SECRET}}, "`text` is no resume"),
        ({"text_hash": SECRET, "known": {"City": SECRET}}, "`text_hash` is no SHA-256"),
        ({"userid": 7, "text_hash": 5, "known": {"City": SECRET}}, "`text_hash` is no SHA-256"),
        ({"userid": 7}, "it knows nothing"),
        ({"userid": 7, "known": {}, "wrong": []}, "it knows nothing"),
        ({"userid": 7, "known": SECRET}, "`known` is no JSON object"),
        ({"userid": 7, "wrong": SECRET}, "`wrong` is no JSON object"),
        ({"userid": 7, "known": {"City": SECRET}, SECRET: 1}, "1 of its keys are none of"),
        (
            {"userid": 7, "known": {"City": SECRET, "Emial": SECRET}},
            "entry 2 of `known` names no column; is Email meant?",
        ),
        ({"userid": 7, "known": {SECRET: "x"}}, "entry 1 of `known` names no column"),
        ({"userid": 7, "wrong": ["City", 5]}, "entry 2 of `wrong` names no column"),
        ({"userid": 7, "wrong": [SECRET]}, "entry 1 of `wrong` names no column"),
        ({"userid": 7, "known": {"City": [SECRET]}}, "City: neither a text nor a number"),
        ({"userid": 7, "known": {"City": True}}, "City: neither a text nor a number"),
        ({"userid": 7, "known": {"City": {"since": "2015-06"}}}, "City: an object is"),
        ({"userid": 7, "known": {"AvgTenure": {"since": SECRET}}}, "AvgTenure: an object is"),
        (
            {"userid": 7, "known": {"AvgTenure": {"since": "2015-06", "until": SECRET}}},
            "AvgTenure: an object is",
        ),
        ({"userid": 7, "known": {"AvgTenure": SECRET}}, "AvgTenure: no number"),
        ({"userid": 7, "known": {"AvgTenure": float("nan")}}, "AvgTenure: no number"),
        ({"userid": 7, "known": {"MostRecentStartDate": SECRET}}, "MostRecentStartDate: no date"),
        ({"userid": 7, "known": {"MostRecentStartDate": "Present"}}, "MostRecentStartDate: no"),
        ({"userid": 7, "wrong": {"AvgTenure": {"since": "2015-06"}}}, "in `wrong`, {since}"),
    ],
)
def test_a_line_at_fault_is_told_by_its_number_and_without_its_values(
    tmp_path: Path, line: Any, told: str
):
    path = written(tmp_path, {"userid": 1, "known": {"City": "Turku"}}, "", line)
    with pytest.raises(BadGold) as caught:
        read(path)
    assert f"line 3: {told}" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "Zebulon" not in str(caught.value)


def test_another_encoding(tmp_path: Path):
    path = tmp_path / "gold.jsonl"
    path.write_bytes('{"userid": 7, "known": {"City": "Åbo"}}'.encode("latin-1"))
    with pytest.raises(BadGold, match="line 1: it is not UTF-8"):
        read(path)


def test_ten_lines_are_named_and_the_others_counted(tmp_path: Path):
    with pytest.raises(BadGold) as caught:
        read(written(tmp_path, *["{"] * 25))
    assert "line 10:" in str(caught.value)
    assert "line 11:" not in str(caught.value)
    assert "15 lines more" in str(caught.value)


def test_of_ten_lines_at_fault_none_is_left_to_count(tmp_path: Path):
    with pytest.raises(BadGold) as caught:
        read(written(tmp_path, *["{"] * 10))
    assert "line 10:" in str(caught.value)
    assert "more" not in str(caught.value)


def test_no_file_a_folder_or_nothing_in_it(tmp_path: Path):
    with pytest.raises(BadGold, match="can't be read: No such file"):
        read(tmp_path / "nowhere.jsonl")
    with pytest.raises(BadGold, match="can't be read: Is a directory"):
        read(tmp_path)
    with pytest.raises(BadGold, match="has no line with known answers"):
        read(written(tmp_path, "", " "))


@given(st.binary(max_size=200))
def test_whatever_a_file_holds_it_is_read_or_told(tmp_path_factory: Any, content: bytes):
    path = tmp_path_factory.mktemp("gold") / "gold.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadGold):
        read(path)
