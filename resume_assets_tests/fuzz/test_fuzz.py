"""The parsers of what others write, under fire: they never raise, and keep what they promise.

For longer than in each run of the tests: RESUME_FUZZ_SECONDS=600.
"""

import datetime
import json
import os
import re
import time

from resume_assets.extraction import (
    candidate,
    lenient,
    mapping,
    numbers,
    places,
    recovery,
    responses,
    text,
    values,
)
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.dates import forms, reading, tokens
from resume_assets.extraction.dates import words as date_words
from resume_assets.extraction.mapping import to_record
from resume_assets.extraction.responses import Outcome, read_line
from resume_assets_tests.extraction.answers import full_answer, output_bytes
from resume_assets_tests.fuzz.fuzzer import Fuzzer

SECONDS = float(os.environ.get("RESUME_FUZZ_SECONDS", "6"))
SEED = int(os.environ.get("RESUME_FUZZ_SEED", "0"))
DATES = (reading, forms, tokens, date_words)
TODAY = datetime.date(2026, 11, 1)
MONTH = re.compile(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])", re.ASCII)
REASON = re.compile(r"[A-Za-z0-9_.:\- \[\]]{0,200}", re.ASCII)


def read_an_answer(line: bytes) -> None:
    began = time.monotonic()
    answer = read_line(line)
    assert (answer.candidate is not None) == (answer.outcome is Outcome.succeeded)
    assert answer.custom_id is None or re.fullmatch(r"[A-Za-z0-9_-]{1,64}", answer.custom_id)
    assert REASON.fullmatch(answer.reason), answer.reason
    for count in (answer.input_tokens, answer.cached_tokens, answer.output_tokens):
        assert 0 <= count < 2**31
    if answer.candidate is not None:
        record = to_record(answer.candidate, TODAY)
        assert len(record.values) == len(COLUMNS)
        for value, column in zip(record.values, COLUMNS, strict=True):
            if value is not None:
                assert "\0" not in value
                units = len(value.encode("utf-16-le")) // 2  # raises for a lone surrogate
                assert column.length is None or units <= column.length, column.name
    assert time.monotonic() - began < 20


def read_a_date(data: bytes) -> None:
    raw = data.decode("utf-8", "replace")
    for end in (False, True):
        found = reading.read_date(raw, end=end)
        value = found.value
        assert value is None or MONTH.fullmatch(value) or (end and value == "Present"), value
        assert not (found.unreadable and value is not None)
        assert reading.standardize_date(raw, end=end) == value
        if value is not None:
            assert reading.standardize_date(value, end=end) == value
    start, _, finish = raw.partition("|")
    for found in reading.read_period(start, finish):
        assert found.value is None or found.value == "Present" or MONTH.fullmatch(found.value)


def test_answers() -> None:
    whole = output_bytes(full_answer())
    seeds = [
        whole,
        whole[: len(whole) // 2],
        output_bytes("not JSON"),
        output_bytes(json.dumps(full_answer()) + " and so on"),
        b'{"custom_id":"1","response":{"status_code":400,"body":{"error":{"code":"x"}}}}',
        b'{"custom_id":"1","error":{"code":"batch_expired"}}',
        b"",
    ]
    words = tuple(
        word.encode()
        for word in (
            *("null", "true", "[]", "{}", '""', "1e999", "-1", "NaN", "\\ud800", "\\u0000", "```"),
            *('"stop"', '"length"', '"refusal":"no"', '"status_code":500', '"content":'),
            *(f'"{name}":' for name in full_answer()),
            *("2019-03", "Present", "\\n", '\\"', "json", "9" * 30),
        )
    )
    modules = (responses, lenient, recovery, mapping, candidate, numbers, places, text, values)
    fuzzer = Fuzzer(read_an_answer, modules, words, seed=SEED)
    fuzzer.fuzz(SECONDS, seeds)
    assert fuzzer.runs > 100
    assert len(fuzzer.corpus) > len(seeds)  # it was guided


def test_dates() -> None:
    seeds = [
        seed.encode()
        for seed in (
            *("2019-03-15", "03/2019", "3/15/2019", "March 2019", "Sept. 2020", "Jan '14", "2017"),
            *("2015-00", "Summer 2016", "Q3 2018", "05.2018", "since 2011", "Present (on leave)"),
            *(
                "still employed",
                "2015 - 02/2019",
                "2019-03|2019",
                "März 2019",
                "２０１９年３月",
                "",
            ),
        )
    ]
    words = tuple(
        word.encode()
        for word in (
            *("2019", "'99", "13", "31", "0", "/", "-", ".", " - ", "–", "to", "Present", "now"),
            *("März", "avril", "Sept.", "Q4", "Winter", "FY", "th", "\u200b", "٢٠١٩", "|", "\0"),
        )
    )
    fuzzer = Fuzzer(read_a_date, DATES, words, seed=SEED)
    fuzzer.fuzz(SECONDS, seeds)
    assert fuzzer.runs > 100
    assert len(fuzzer.corpus) > len(seeds)
