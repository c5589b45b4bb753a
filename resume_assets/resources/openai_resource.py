"""OpenAI's API, any server that speaks it, or the local server where nothing is configured."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from resume_assets.batches.store_errors import shown_url
from resume_assets.choices import Endpoint
from resume_assets.resources.in_force import showing
from resume_assets.resources.settings_resource import SettingsResource
from resume_assets.servers import Access, server_of

if TYPE_CHECKING:
    from resume_assets.openai_api.client import BatchApi


def _facts(resource: "OpenAIResource") -> dict[str, object]:
    settings = resource.settings.load()
    server = None if settings.endpoint is Endpoint.local else server_of(settings)
    return {
        "endpoint": (
            "local_openai: answers by rules, costs nothing"
            if server is None
            else shown_url(server.url or "https://api.openai.com/v1")
        ),
        "key": None if server is None else server.key_in_words,
        "model": settings.model,
        "prompt": settings.prompt,
        "tokens of an answer, at most": f"{settings.max_output_tokens:,}",
    }


@showing(_facts)
class OpenAIResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A client for the Files and Batches endpoints.

    The API key is read from the environment on connecting and is no part of this configuration.
    """

    settings: dg.ResourceDependency[SettingsResource]
    # Without a default that Dagster knows of: the launchpad opens with every such value.
    timeout_seconds: float | None = Field(
        default=None, gt=0, description="For one call, between two bytes; 120 if not given."
    )
    connect_seconds: float | None = Field(
        default=None, gt=0, description="To reach the server; 10 if not given."
    )
    max_retries: int | None = Field(
        default=None,
        ge=0,
        description="Of calls that may be repeated, which creating a batch never is; 3 if not "
        "given.",
    )

    @contextmanager
    def api(self, *, quick: bool = False) -> "Iterator[BatchApi]":
        """The API. `quick`: 10 s per call and no retries, for a sensor tick.

        Raises SettingsError where a database is configured and no endpoint, or none that is sure.
        """
        # Imported only when used: the client takes as long to load as half of Dagster.
        from resume_assets.openai_api.client import connected
        from resume_assets.openai_api.entra import token_provider

        settings = self.settings.load()
        timeout = 10.0 if quick else self.timeout_seconds or 120.0
        retries = 3 if self.max_retries is None else self.max_retries
        connect = partial(
            connected,
            timeout=timeout,
            connect_timeout=min(timeout, self.connect_seconds or 10.0),
            max_retries=0 if quick else retries,
        )
        if settings.endpoint is Endpoint.openai:
            server = server_of(settings)
            key: str | Callable[[], str]
            if server.access is Access.entra:
                key = token_provider(server.url or "")
            else:
                key = server.key or "none"  # a server of one's own may want none; the client does
            with connect(server.url, key, account=server.account, access=server.access) as api:
                yield api
            return
        from resume_assets.local_openai.server import running
        from resume_assets.openai_api.endpoints import LOCAL

        with (
            running(settings.home_folder / "local_openai") as local,
            connect(local.base_url, local.api_key, endpoint=LOCAL) as api,
        ):
            yield api
