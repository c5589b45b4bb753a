"""OpenAI's API, any server that speaks it, or the local server where nothing is configured."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from resume_assets.choices import Endpoint
from resume_assets.resources.settings_resource import SettingsResource

if TYPE_CHECKING:
    from resume_assets.openai_api.client import BatchApi


class OpenAIResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A client for the Files and Batches endpoints.

    The API key is read from OPENAI_API_KEY on connecting and is no part of this configuration.
    """

    settings: dg.ResourceDependency[SettingsResource]
    timeout_seconds: float = Field(
        default=120.0, gt=0, description="For one call, between two bytes."
    )
    connect_seconds: float = Field(default=10.0, gt=0, description="To reach the server.")
    max_retries: int = Field(
        default=3, ge=0, description="Of calls that may be repeated; creating a batch never is."
    )

    @contextmanager
    def api(self, *, quick: bool = False) -> "Iterator[BatchApi]":
        """The API. `quick`: 10 s per call and no retries, for a sensor tick.

        Raises SettingsError where a database is configured and no endpoint.
        """
        # Imported only when used: the client takes as long to load as half of Dagster.
        from resume_assets.openai_api.client import connected

        settings = self.settings.load()
        timeout = 10.0 if quick else self.timeout_seconds
        connect = partial(
            connected,
            timeout=timeout,
            connect_timeout=min(timeout, self.connect_seconds),
            max_retries=0 if quick else self.max_retries,
        )
        if settings.endpoint is Endpoint.openai:
            key = settings.openai_api_key
            # A server of one's own may want no key; the client wants one.
            shown = key.get_secret_value() if key is not None else "none"
            with connect(settings.openai_base_url, shown) as api:
                yield api
            return
        from resume_assets.local_openai.server import running

        with (
            running(settings.home_folder / "local_openai") as server,
            connect(server.base_url, server.api_key, endpoint="local_openai") as api,
        ):
            yield api
