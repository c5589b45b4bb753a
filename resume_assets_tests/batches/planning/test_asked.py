"""What a batch asks: chosen when it is planned, and the same from then on."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from resume_assets.batches.planning.asked import (
    asked_by,
    asked_in,
    asked_now,
    columns_of,
    fixed_tokens,
)
from resume_assets.batches.store import REQUESTS
from resume_assets.choices import ResponseFormat
from resume_assets.extraction.prompt import PromptError, load_prompt, prompt_names
from resume_assets.models.catalogue import find_model
from resume_assets.models.tokens import counter_for
from resume_assets.settings import Settings
from resume_assets_tests.flow import KEY, Flowing

MODEL = find_model("gpt-4o-mini-2024-07-18")


def requests(flow: Flowing, key: str = KEY) -> bytes:
    with flow.store.batch(key).read(REQUESTS) as stream:
        return stream.read()


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.md"
    path.write_text("Extract as our recruiters want it.\nsummary: in German")
    return path


def test_a_prompt_of_ones_own_goes_through_a_whole_batch(flow: Flowing, mine: Path) -> None:
    flow.set(prompt=str(mine))
    batch = flow.until_done()
    prompt = load_prompt(str(mine))
    assert batch.succeeded == 3
    assert (batch.prompt_name, batch.prompt_version) == ("mine.md", prompt.version)
    assert batch.prompt_text == prompt.text
    assert batch.response_format == "json_schema"
    assert requests(flow).count(b'"content":"Extract as our recruiters want it.\\nsum') == 3
    assert batch.overhead_tokens == fixed_tokens(asked_now(flow.settings, MODEL))


@pytest.mark.parametrize("crashed", [False, True])
def test_what_is_planned_stays_whatever_becomes_of_file_and_settings(
    flow: Flowing, mine: Path, *, crashed: bool
) -> None:
    flow.set(prompt=str(mine))
    planned = load_prompt(str(mine))
    flow.plan()
    if crashed:  # a first file was written, and the ledger not told
        flow.claim()
        flow.build()
        first = requests(flow)
        flow.update(state="claimed", prompt_version=planned.version)
    mine.unlink()
    flow.set(prompt="nowhere.md", response_format=ResponseFormat.none, temperature=1.0)
    if not crashed:
        flow.claim()
    batch = flow.build()
    assert (batch.prompt_version, batch.response_format) == (planned.version, "json_schema")
    assert b"Extract as our recruiters" in requests(flow)
    if crashed:
        assert requests(flow) == first


def test_each_batch_has_the_prompt_of_its_own_plan(flow: Flowing, mine: Path) -> None:
    flow.plan("lean", rows=1)
    flow.set(prompt=str(mine))
    flow.plan("mine", rows=1)
    for key in ("lean", "mine"):
        flow.claim(key)
        flow.build(key)
    assert b"our recruiters" not in requests(flow, "lean")
    assert b"our recruiters" in requests(flow, "mine")
    assert flow.batch("lean").prompt_version == load_prompt("lean").version


def test_planned_anew_it_takes_the_prompt_of_today(flow: Flowing, mine: Path) -> None:
    flow.plan()
    flow.update(state="abandoned")
    flow.set(prompt=str(mine), response_format=ResponseFormat.json_object)
    flow.plan()
    batch = flow.batch()
    assert (batch.prompt_name, batch.response_format) == ("mine.md", "json_object")


def test_a_batch_from_before_there_was_a_choice_asks_as_it_did_then(flow: Flowing) -> None:
    flow.plan()
    flow.update(prompt_name=None, prompt_text=None, prompt_version=None, response_format=None)
    flow.set(prompt="detailed", response_format=ResponseFormat.none)
    asked = asked_by(flow.batch(), MODEL)
    assert asked.prompt == load_prompt("lean")
    assert asked.response_format is ResponseFormat.json_schema
    flow.claim()
    assert flow.build().prompt_version == load_prompt("lean").version


def test_nothing_is_planned_with_a_prompt_that_is_not_there(flow: Flowing) -> None:
    flow.set(prompt="nowhere.md")
    with pytest.raises(PromptError, match=r"nowhere\.md is not there"):
        flow.plan()
    assert not flow.batches()


class TestRoom:
    """A prompt may be as long as a resume still fits beside it."""

    @staticmethod
    def settings(path: Path, **more: Any) -> Settings:
        return Settings.model_construct(prompt=str(path), **more)

    def test_too_long(self, tmp_path: Path) -> None:
        path = tmp_path / "long.md"
        path.write_text("word " * 123_000)
        with pytest.raises(PromptError) as refused:
            asked_now(self.settings(path), MODEL)
        message = str(refused.value)
        assert message.startswith("The prompt long.md is too long: it has 123,4")
        assert "in the 128,000 of gpt-4o-mini-2024-07-18's window" in message
        assert "RESUME_MAX_OUTPUT_TOKENS" in message

    def test_to_the_token(self, mine: Path) -> None:
        settings = self.settings(mine)
        tokens = fixed_tokens(asked_now(settings, MODEL))
        window = tokens + 1_000 + settings.max_output_tokens
        asked_now(settings, replace(MODEL, context_window=window))
        with pytest.raises(PromptError):
            asked_now(settings, replace(MODEL, context_window=window - 1))

    def test_many_bytes_may_be_few_tokens(self, tmp_path: Path) -> None:
        path = tmp_path / "long.md"
        path.write_text("word " * 100_000)
        assert asked_now(self.settings(path), MODEL).prompt.name == "long.md"

    def test_the_schema_counts_where_it_is_told(self, mine: Path) -> None:
        count = counter_for(MODEL.name).count
        tokens = {
            form: fixed_tokens(asked_now(self.settings(mine, response_format=form), MODEL))
            for form in ResponseFormat
        }
        assert tokens[ResponseFormat.json_object] == tokens[ResponseFormat.none]
        told = tokens[ResponseFormat.none] - count(load_prompt(str(mine)).text)
        assert 140 < told < tokens[ResponseFormat.json_schema] / 2


def test_the_documentation_tells_the_tokens() -> None:
    page = Path(__file__).parents[3] / "docs" / "prompts.md"
    rows = re.findall(r"^\| `(\w+)`[^|]* \| (\d+) \| (\d+) \| (\d+) \|$", page.read_text(), re.M)
    assert sorted(name for name, *_ in rows) == prompt_names()
    for name, *told in rows:
        counted = [
            counter_for(MODEL.name).count(load_prompt(name).text),
            *(
                fixed_tokens(
                    asked_now(Settings.model_construct(prompt=name, response_format=form), MODEL)
                )
                for form in (ResponseFormat.json_schema, ResponseFormat.none)
            ),
        ]
        assert [int(tokens) for tokens in told] == counted


def test_the_room_for_an_answer_is_the_plan_s_own_unless_more_is_wanted() -> None:
    settings = Settings.model_construct(max_output_tokens=3_000)
    columns = columns_of(settings, load_prompt("lean"))
    assert asked_in(columns, MODEL).max_output_tokens == 3_000
    assert asked_in(columns, MODEL, 2).max_output_tokens == 6_000
