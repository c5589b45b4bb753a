"""OpenAI's API, any server that speaks it, or the local server where nothing is configured."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import httpx2
import openai
from pydantic import Field

from resume_assets.batches.batch_api import BatchApi
from resume_assets.resources.settings_resource import SettingsResource
from resume_assets.settings import Endpoint

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class OpenAIResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A client for the Files and Batches endpoints.

    The key is read from OPENAI_API_KEY when it connects and is no part of this configuration.
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
    def api(self, *, quick: bool = False) -> Iterator[BatchApi]:
        """The API; `quick`: as a sensor needs it, 10 s a call and no retries.

        Raises SettingsError where no endpoint is configured for a database of someone's own.
        """
        settings = self.settings.load()
        timeout = 10.0 if quick else self.timeout_seconds
        retries = 0 if quick else self.max_retries
        if settings.endpoint is Endpoint.openai:
            key = settings.openai_api_key
            # A server of one's own may want no key; the client wants one.
            shown = key.get_secret_value() if key is not None else "none"
            with self._client(settings.openai_base_url, shown, timeout, retries) as client:
                yield BatchApi(client)
            return
        from resume_assets.local_openai.server import running

        with (
            running(settings.home_folder / "local_openai") as server,
            self._client(server.base_url, server.api_key, timeout, retries) as client,
        ):
            yield BatchApi(client, endpoint="local_openai")

    def _client(
        self, base_url: str | None, key: str, timeout: float, retries: int
    ) -> openai.OpenAI:
        # A proxy that the environment names knows nothing of this machine's own servers.
        is_here = httpx2.URL(base_url or "").host in _LOOPBACK
        return openai.OpenAI(
            api_key=key,
            base_url=base_url,
            timeout=httpx2.Timeout(timeout, connect=min(timeout, self.connect_seconds)),
            max_retries=retries,
            http_client=openai.DefaultHttpxClient(trust_env=not is_here),
        )
