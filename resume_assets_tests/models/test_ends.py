"""When a model ends, whose word that is, and what people are told."""

from datetime import date
from typing import Any

import pytest
from pydantic import SecretStr

from resume_assets.models.catalogue import find_model, model_for, models
from resume_assets.models.ends import SOON, ModelEnd, end_of
from resume_assets.settings import Settings

MINI = "gpt-4o-mini-2024-07-18"
KEY = SecretStr("k")
ANNOUNCED = date(2027, 2, 1)


def end(announced: date | None = None, **values: Any) -> ModelEnd | None:
    settings = Settings.model_construct(**values)
    return end_of(settings, model_for(settings), announced)


@pytest.mark.parametrize(
    ("values", "on", "is_binding"),
    [
        # At OpenAI its own dates hold, wherever it is reached.
        ({"openai_api_key": KEY}, date(2027, 1, 14), True),
        ({"openai_base_url": "https://api.openai.com/v1"}, date(2027, 1, 14), True),
        ({"openai_base_url": "https://eu.api.openai.com/v1"}, date(2027, 1, 14), True),
        # At Azure other dates hold.
        ({"openai_base_url": "https://us.openai.azure.com/openai/v1"}, date(2026, 10, 1), True),
        # What another server does with a model of that name is its own affair.
        ({"openai_base_url": "https://gateway.example/v1"}, date(2027, 1, 14), False),
        ({"openai_base_url": "http://127.0.0.1:8000/v1"}, date(2027, 1, 14), False),
        ({}, date(2027, 1, 14), False),  # the local server: rules do not end
    ],
)
def test_whose_word_it_is(values: dict[str, Any], on: date, is_binding: bool):
    assert end(**values) == ModelEnd(MINI, on, "gpt-6-luna", is_binding)
    # What the endpoint says of itself counts more than any list.
    assert end(ANNOUNCED, **values) == ModelEnd(MINI, ANNOUNCED, "gpt-6-luna", True)


def test_no_end_is_known_of_most():
    assert end(openai_api_key=KEY, model="gpt-6-luna") is None
    assert end(openai_api_key=KEY, model="their-own-7b") is None
    azure = "https://us.openai.azure.com/openai/v1"
    assert end(openai_base_url=azure, model="gpt-5.1") is None
    found = end(ANNOUNCED, openai_api_key=KEY, model="their-own-7b")
    assert found == ModelEnd("their-own-7b", ANNOUNCED, None, True)


def test_a_fine_tuned_model_ends_with_its_base():
    found = end(openai_api_key=KEY, model="ft:gpt-4.1-2025-04-14:me::1")
    assert found is not None
    assert found.on == date(2027, 1, 14)


MINI_ENDS = ModelEnd(MINI, date(2027, 1, 14), "gpt-6-luna", True)


def test_it_is_told_ninety_days_before():
    assert MINI_ENDS.is_soon(date(2026, 10, 16))
    assert not MINI_ENDS.is_soon(date(2026, 10, 15))
    assert MINI_ENDS.is_soon(date(2030, 1, 1))
    assert MINI_ENDS.days_left(date(2026, 10, 16)) == SOON


def test_what_is_said():
    assert MINI_ENDS.in_words(date(2026, 11, 27)) == (
        "gpt-4o-mini-2024-07-18 is shut down on 2027-01-14, in 48 days. Its successor is "
        "gpt-6-luna: `resume-assets trial --model gpt-4o-mini-2024-07-18 --model gpt-6-luna "
        "--sample 200` compares the two on your own resumes, and RESUME_MODEL=gpt-6-luna switches."
    )
    assert "in 1 day. " in MINI_ENDS.in_words(date(2027, 1, 13))
    afterwards = MINI_ENDS.in_words(date(2027, 1, 14))
    assert afterwards.startswith("gpt-4o-mini-2024-07-18 was shut down on 2027-01-14. Set RESUME_")
    assert "RESUME_MODEL=gpt-6-luna, its successor" in afterwards
    told = ModelEnd(MINI, date(2027, 1, 14), None, is_binding=False)
    assert "is shut down at OpenAI on 2027-01-14" in told.in_words(date(2026, 11, 27))
    assert "--model NEW" in told.in_words(date(2026, 11, 27))
    assert told.in_words(date(2027, 2, 1)).endswith("Set RESUME_MODEL to another model.")


@pytest.mark.parametrize("name", [model.name for model in models() if model.successor])
def test_no_successor_ends_before_its_predecessor(name: str):
    model = find_model(name)
    after = find_model(model.successor or "")
    assert after.shutdown is None or after.shutdown > (model.shutdown or date.max)


def test_at_azure_a_successor_is_deployed_first():
    told = end(
        azure_openai_endpoint="https://r.openai.azure.com", model="mine", base_model="gpt-4o-mini"
    )
    assert told is not None
    words = told.in_words(date(2026, 9, 1))
    assert "mine is shut down on 2026-10-01" in words
    assert "Its successor is gpt-6-luna, to be deployed first, under that name: `resume" in words
    assert "to be deployed first" in told.in_words(date(2026, 11, 1))
