"""The local server as an Azure OpenAI resource, for a flow or a whole platform."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp

from resume_assets.local_openai.auth import api_key
from resume_assets.local_openai.azure import Azure
from resume_assets.local_openai.hosting import LocalServer
from resume_assets.local_openai.settings import IMMEDIATE
from resume_assets.openai_api.client import BatchApi, connected
from resume_assets.servers import server_of
from resume_assets.settings import Settings
from resume_assets_tests.flow import Flowing, flow_at
from resume_assets_tests.home import Platform, platform_at
from resume_assets_tests.local_openai.faults import Faults

KEY, OTHER_KEY = "key-1-of-the-resource", "key-2-of-the-resource"
DEPLOYMENT, ONLINE = "resumes-batch", "resumes-online"
BASE = "gpt-4.1-mini-2025-04-14"
FOR_EVER = replace(IMMEDIATE, expires=False)


def resource(**more: Any) -> Azure:
    """A resource with one deployment of each sort."""
    return Azure({DEPLOYMENT: BASE}, (KEY, OTHER_KEY), online={ONLINE: BASE}, **more)


class AtAzure(Faults):
    """Faults within a resource: the paths in its rules are those without `/openai`."""

    def __init__(self, azure: Azure, home: Path) -> None:
        super().__init__()
        self.azure = azure
        self._inner_key = api_key(home / "local_openai")

    def wrap(self, app: ASGIApp) -> ASGIApp:
        return self.azure.around(super().wrap(app), inner_key=self._inner_key)


def origin_of(server: LocalServer) -> str:
    """What the portal would show as the resource's endpoint."""
    return f"{server.base_url.removesuffix('v1')}"


@contextmanager
def reached(server: LocalServer, key: str = KEY) -> Iterator[BatchApi]:
    """The resource, as the platform reaches it with a key at a host of Azure's own."""
    configured = Settings.model_construct(
        azure_openai_endpoint=origin_of(server), azure_openai_api_key=SecretStr(key)
    )
    found = server_of(configured)
    with connected(
        found.url,
        found.key or "",
        timeout=20,
        connect_timeout=5,
        max_retries=0,
        account="azure|the resource",
        access=found.access,
    ) as api:
        yield api


@contextmanager
def azure_flow(home: Path, azure: Azure | None = None, **more: Any) -> Iterator[Flowing]:
    """A flow whose batches go to a resource."""
    azure = azure or resource()
    faults = AtAzure(azure, home)
    limits, pace = azure.limits(exact_tokens=False), more.pop("pace", FOR_EVER)
    with (
        flow_at(home, faults=faults, limits=limits, pace=pace, **more) as flow,
        reached(flow.client.server) as flow.api,
    ):
        flow.set(
            azure_openai_endpoint=origin_of(flow.client.server), model=DEPLOYMENT, base_model=BASE
        )
        yield flow


@contextmanager
def azure_platform(
    home: Path, monkeypatch: pytest.MonkeyPatch, azure: Azure | None = None, **server: Any
) -> Iterator[Platform]:
    """A platform that is told of the resource, but not how to log in."""
    azure = azure or resource()
    faults = AtAzure(azure, home)
    server = {"pace": FOR_EVER, **server}
    with (
        platform_at(
            home, wrap=faults.wrap, limits=azure.limits(exact_tokens=False), **server
        ) as platform,
        reached(platform.server) as platform.api,
    ):
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", origin_of(platform.server))
        monkeypatch.setenv("RESUME_MODEL", DEPLOYMENT)
        monkeypatch.setenv("RESUME_BASE_MODEL", BASE)
        yield platform
