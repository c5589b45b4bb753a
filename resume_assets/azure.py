"""Azure OpenAI's addresses: which hosts are Azure's, where the v1 surface is, what tokens are for.

Sources: Microsoft's pages on the v1 API, custom subdomains and sovereign clouds (August 2026).
"""

from urllib.parse import urlsplit

_CLOUDS = ("azure.com", "azure.us", "azure.cn")  # all the world, the US government, China
_SERVICES = ("openai", "cognitiveservices", "services.ai")
_REGIONAL = ".api.cognitive.microsoft.com"
_V1 = "/openai/v1"


def host_of(url: str | None) -> str:
    """A URL's host in small letters; empty where there is none."""
    try:
        return (urlsplit(url or "").hostname or "").lower()
    except ValueError:  # half a bracket
        return ""


def is_azure(url: str | None) -> bool:
    """Whether the URL's host is Azure's own: `RESOURCE.openai.azure.com` or one of its kin."""
    host = host_of(url)
    return host.endswith(_REGIONAL) or any(
        host.endswith(f".{service}.{cloud}") for service in _SERVICES for cloud in _CLOUDS
    )


def v1_url(endpoint: str) -> str:
    """Where the v1 surface of a resource is, whatever page its address was copied from.

    Of a host that is not Azure's own, a gateway's, the path before `/openai` is kept.
    """
    parts = urlsplit(endpoint)
    path = "" if is_azure(endpoint) else parts.path.partition("/openai")[0].rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}{_V1}"


def token_scope(url: str) -> str:
    """What an Entra token has to be asked for, in the cloud that the URL's host belongs to."""
    host = host_of(url)
    cloud = next((cloud for cloud in _CLOUDS if host.endswith(f".{cloud}")), _CLOUDS[0])
    return f"https://cognitiveservices.{cloud}/.default"
