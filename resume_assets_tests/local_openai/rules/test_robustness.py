"""No text stops the rules, and none takes them more than linear time."""

import os
import subprocess
import sys
import time

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resume_assets.extraction.candidate import response_format
from resume_assets.extraction.exact import read_exactly
from resume_assets.local_openai.rules import answer
from resume_assets.samples import load

FORMAT = response_format()
SAMPLES = [sample.text for sample in load() if sample.text and len(sample.text) < 3_000]
LINES = sorted({line for text in SAMPLES for line in text.splitlines()})


@settings(max_examples=150)
@given(
    st.text() | st.lists(st.sampled_from(LINES) | st.text(max_size=30), max_size=40).map("\n".join)
)
def test_any_text_gets_a_valid_answer(text):
    found = answer(FORMAT, text)
    read_exactly(orjson.dumps(found).decode())


@given(st.sampled_from(SAMPLES), st.integers(0, 3_000), st.integers(0, 3_000))
@settings(max_examples=50)
def test_a_resume_cut_anywhere_gets_a_valid_answer(text, first, last):
    found = answer(FORMAT, text[:first] + "\n[...]\n" + text[last:])
    read_exactly(orjson.dumps(found).decode())


def test_lone_surrogates_and_nul_get_a_valid_answer():
    found = answer(FORMAT, "Jane\ud800 Doe\x00\nSkills: a\udfff, b")
    read_exactly(orjson.dumps(found).decode())


_ANSWERS = """
import hashlib, json
from resume_assets_tests.local_openai.rules.test_robustness import FORMAT, SAMPLES, answer
print(hashlib.sha256(json.dumps([answer(FORMAT, text) for text in SAMPLES]).encode()).hexdigest())
"""


def test_the_same_text_gets_the_same_answer_whatever_the_order_of_sets():
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _ANSWERS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
        )
        for seed in ("1", "2", "3")
    ]
    said = [process.communicate()[0] for process in processes]
    assert len(said[0].strip()) == 64
    assert len(set(said)) == 1


@pytest.mark.parametrize(
    "unit",
    [
        "a", "@", "a.", "1 ", "(", " ", "\n", "2019 - ", "a, ", "|", "[", "</", "A B ", "Jan ",
        "- ", "**", "1 Elm ", "年", "Experience\nAcme\n\n", "Engineer, Acme Inc 2019 - 2020\n",
        "Company: a\nTitle: b\n", "| 2019 - 2020 | a |\n",
        "From 2015 to 2019 I worked at Acme Corp as a welder. ",
    ],
)  # fmt: skip
def test_a_megabyte_of_anything_takes_seconds_at_most(unit):
    """Quadratic time would take hours, so that a busy machine can't fail the test."""
    text = unit * (1_000_000 // len(unit))
    started = time.process_time()
    answer(FORMAT, text)
    assert time.process_time() - started < 15
