"""The catalogue: limits, what each model's requests may carry, ends and successors."""

import json
from datetime import date
from typing import Any

import pytest

from resume_assets.choices import ResponseFormat
from resume_assets.extraction.prompt import load_prompt
from resume_assets.extraction.requests import Caching, RequestSettings, RequestTemplate
from resume_assets.local_openai.chat_request import read_request
from resume_assets.local_openai.settings import Limits
from resume_assets.models.caching import with_caching
from resume_assets.models.catalogue import Model, UnknownBaseModel, find_model, model_for, models
from resume_assets.settings import Settings

DAY = date(2026, 11, 27)


def asked(model: Model, temperature: float | None, max_output_tokens: int) -> RequestSettings:
    return model.request_settings(
        temperature, max_output_tokens, load_prompt("lean"), ResponseFormat.json_schema
    )


def settings(**values: Any) -> Settings:
    return Settings.model_construct(**values)


@pytest.mark.parametrize(
    ("alias", "snapshot"),
    [
        ("gpt-4o-mini", "gpt-4o-mini-2024-07-18"),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-11-20"),
        ("gpt-4.1-mini", "gpt-4.1-mini-2025-04-14"),
        ("gpt-5.4-nano", "gpt-5.4-nano-2026-03-17"),
        ("gpt-5.6", "gpt-5.6-sol"),
    ],
)
def test_an_alias_has_its_snapshots_facts_under_its_own_name(alias: str, snapshot: str):
    model = find_model(alias)
    assert (model.name, model.facts_of, model.known) == (alias, snapshot, True)
    assert model.shutdown == find_model(snapshot).shutdown
    assert asked(model, 0.2, 100).model == alias


@pytest.mark.parametrize("name", ["gpt-4o-mini-2031-01-01", "llama-4-scout", "my-deployment"])
def test_an_unknown_model_can_be_used(name: str):
    model = find_model(name)
    assert (model.known, model.facts_of, model.shutdown) == (False, name, None)
    assert model.input_limit(4_000) >= 100_000
    assert asked(model, 0.2, 4_000).temperature == 0.2


@pytest.mark.parametrize("name", ["ft:gpt-4.1-mini-2025-04-14:acme::8Xy", "gpt-4.1-mini.ft-0af3"])
def test_a_fine_tuned_model_carries_its_base(name: str):
    model = find_model(name, "gpt-6-luna")
    assert (model.name, model.known) == (name, False)
    assert model.facts_of == "gpt-4.1-mini-2025-04-14"
    assert (model.max_output, model.shutdown) == (32_768, date(2027, 1, 14))
    assert model.priced_as == name


def test_a_base_model_lends_its_facts_to_names_that_are_not_listed():
    luna = model_for(settings(model="resumes-prod", base_model="gpt-6-luna"))
    assert (luna.name, luna.facts_of) == ("resumes-prod", "gpt-6-luna")
    assert luna.priced_as == "gpt-6-luna"
    request = asked(luna, 0.2, 4_000)
    assert (request.temperature, request.reasoning_effort) == (None, "none")
    assert with_caching(request, luna, 657, DAY).caching is Caching.off
    listed = model_for(settings(model="gpt-4o-mini", base_model="gpt-6-luna"))
    assert listed.facts_of == "gpt-4o-mini-2024-07-18"
    assert model_for(settings(base_model="gpt-6-luna"), "x").facts_of == "gpt-6-luna"
    with pytest.raises(UnknownBaseModel, match="RESUME_BASE_MODEL=llama"):
        model_for(settings(base_model="llama"))


def test_limits_that_are_set():
    """Of a model that is not listed they count as they are; of another they can only lower."""
    own = model_for(settings(model="their-own-7b", context_window=32_000, output_limit=2_000))
    assert (own.context_window, own.max_output, own.input_limit(4_000)) == (32_000, 2_000, 30_000)
    wide = model_for(settings(model="their-own-7b", context_window=1_000_000))
    assert (wide.context_window, wide.max_output) == (1_000_000, 16_384)
    deployed = model_for(
        settings(model="prod", base_model="gpt-5.4-nano", context_window=1_000_000)
    )
    assert deployed.input_limit(4_000) == 996_000
    mini = model_for(settings(model="gpt-4o-mini", context_window=10**9, output_limit=10**9))
    assert (mini.context_window, mini.max_output) == (128_000, 16_384)
    low = model_for(settings(model="gpt-6-luna", context_window=50_000))
    assert low.input_limit(4_000) == 46_000
    brief = model_for(settings(model="gpt-4o-mini", output_limit=2_000))
    assert (brief.context_window, brief.max_output) == (128_000, 2_000)


def test_limits():
    model = find_model("gpt-4o-mini")
    assert model.input_limit(4_000) == 124_000
    assert model.input_limit(10**9) == 128_000 - 16_384
    assert asked(model, 0.2, 10**9).max_output_tokens == 16_384
    assert find_model("gpt-5.4-nano").input_limit(4_000) == 272_000
    assert find_model("gpt-6-luna").input_limit(4_000) == 922_000


@pytest.mark.parametrize(
    ("name", "effort"),
    [
        ("gpt-4o-mini", None),
        ("gpt-4.1", None),
        ("o3", "low"),
        ("gpt-5-mini", "minimal"),
        ("gpt-5.1", "none"),
        ("gpt-5.6-terra", "none"),
        ("gpt-6-luna", "none"),
        ("gpt-6.1-sol", "low"),
        ("gpt-6.1-terra", "none"),
        ("gpt-6.2-sol", "low"),
        ("gpt-5.9-new", None),
        ("llama-4-scout", None),
    ],
)
def test_a_model_reasons_as_little_as_it_can(name: str, effort: str | None):
    request = asked(find_model(name), 0.2, 4_000)
    assert request.reasoning_effort == effort
    # What reasons takes no temperature.
    takes = name.startswith(("gpt-4", "llama"))
    assert request.temperature == (0.2 if takes else None)


def test_other_servers_get_the_parameter_that_all_know():
    assert asked(find_model("llama-4-scout"), 0, 10).token_parameter == "max_tokens"


@pytest.mark.parametrize("tokens", [657, 5_000])
@pytest.mark.parametrize("name", [model.name for model in models()])
def test_what_is_asked_of_a_model_is_what_it_takes(name: str, tokens: int):
    """By the local server, which refuses what OpenAI would."""
    model = find_model(name)
    sent = with_caching(asked(model, 0.2, 4_000), model, tokens, DAY)
    body = json.loads(RequestTemplate(sent).line("1", "a resume"))["body"]
    request = read_request(body, Limits())
    assert (request.model.name, request.resume, request.max_tokens) == (name, "a resume", 4_000)
    assert ("prompt_cache_options" in body) is model.takes_cache_options
    assert request.caching.is_implicit is not model.takes_cache_options
    is_long = tokens > 1_024
    assert request.caching.has_breakpoint is (model.takes_cache_options and is_long)


def test_every_entry_is_complete():
    known = {model.name for model in models()}
    assert len(known) >= 20
    for model in models():
        assert model.max_output < model.context_window
        assert model.max_input is None or model.max_input < model.context_window
        assert model.encoding == "o200k_base"
        assert model.facts_of == model.name
        assert model.known
        assert model.successor is None or find_model(model.successor).known
        if model.successor is not None:
            assert model.shutdown is not None
            assert find_model(model.successor).shutdown is None
