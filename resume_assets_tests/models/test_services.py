"""How a request that is sent by itself is served, by model, day and endpoint."""

from datetime import date
from typing import Any

import pytest
from pydantic import SecretStr

from resume_assets.models.catalogue import find_model
from resume_assets.models.prices import Service
from resume_assets.models.services import parameters_of, service_for, storing
from resume_assets.settings import Settings

KEY = SecretStr("k")
DAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("values", "has_tiers"),
    [
        ({"openai_api_key": KEY}, True),
        ({"openai_base_url": "https://eu.api.openai.com/v1"}, True),
        ({"openai_base_url": "https://example.openai.azure.com/openai/v1"}, False),
        ({"azure_openai_endpoint": "https://example.openai.azure.com"}, False),
        ({"openai_base_url": "https://notopenai.com/v1"}, False),
        ({"openai_base_url": "http://127.0.0.1:8000/v1"}, False),
        ({}, True),  # the local server
    ],
)
def test_only_openai_is_asked_for_a_tier_and_told_to_store_nothing(
    values: dict[str, Any], has_tiers: bool
) -> None:
    settings, model = Settings.model_construct(**values), find_model("gpt-6-luna")
    service = service_for(settings, model, DAY)
    assert service is (Service.flex if has_tiers else Service.standard)
    assert parameters_of(service, settings) == ({"service_tier": "flex"} if has_tiers else {})
    assert storing(settings) is (False if has_tiers else None)


def test_flex_only_where_the_model_has_it_and_nobody_wants_more() -> None:
    settings = Settings.model_construct(openai_api_key=KEY)
    assert service_for(settings, find_model("gpt-4o-mini"), DAY) is Service.standard
    assert service_for(settings, find_model("no-model"), DAY) is Service.standard
    luna = find_model("gpt-6-luna")
    assert service_for(settings, luna, DAY, standard=True) is Service.standard
    assert parameters_of(Service.standard, settings) == {"service_tier": "default"}
