"""What an endpoint is called in the ledger: so it is known again, whatever key it is used with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resume_assets.choices import Endpoint
from resume_assets.servers import server_of
from resume_assets.settings import Settings, SettingsError

if TYPE_CHECKING:
    import httpx2

LOCAL: Final = "local_openai"
"""The local server, whose address changes."""

_OPENAI: Final = "https://api.openai.com/v1"


def endpoint_of(url: httpx2.URL) -> str:
    """Its name: the base URL without a user or a query."""
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.host}{port}{url.path.rstrip('/')}"


def endpoint_in(settings: Settings) -> str | None:
    """The name of the endpoint that is configured; None where none is."""
    import httpx2  # a tenth of a second that loading the definitions need not take

    try:
        if settings.endpoint is Endpoint.local:
            return LOCAL
        url = server_of(settings).url
    except SettingsError:  # whoever sends says so
        return None
    return endpoint_of(httpx2.URL(url or _OPENAI))
